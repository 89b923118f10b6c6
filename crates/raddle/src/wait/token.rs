//! What ends the waits of a scope: one thread cancels, and every thread that waits inside leaves.
//!
//! A token is a node of a tree, as scopes are nested. It knows the parkers of the waits that sleep
//! under it, and its children. Cancelling marks it and all below it, and nudges each sleeper: that
//! one wakes as after a signal, looks, and abandons its wait under the rule of `waiters`: a wake-up
//! that had already chosen it is passed on. Only a wait that sleeps looks at a token, so no fast
//! path knows of it. A deadline is absolute, and no later than the parent's: nobody has to tell a
//! sleeper that it has passed.
//!
//! | word          | meaning                 | written                    | read                 |
//! |---------------|-------------------------|----------------------------|----------------------|
//! | `cancelled`   | sleeps here end at once | under the latch, once      | under it, or relaxed |
//! | `sleepers`    | parkers that are asleep | by their own threads       | by who cancels       |
//! | `children`    | the scopes inside       | when one is made; the dead | by who cancels       |
//! |               |                         | leave when it would grow   |                      |
//!
//! All but the relaxed look is under the latch. A sleeper enters itself and looks in one step, and
//! leaves before its parker goes: a cancel finds it asleep, or it finds the cancel. The relaxed look
//! ([`CancelToken::ended`]) is after a sleep, or the program's own: it orders nothing.

use std::fmt;
use std::mem;
use std::sync::{Arc, Weak};

use crate::os::sync::{AtomicBool, Ordering, UnsafeCell};
use crate::os::{Deadline, Latch, Parker, Wake, Wakeup, fork};
use crate::wait::Blocking;
use crate::wait::blocking::give_up_if_stuck;

/// Why the waits of a scope end.
///
/// ```
/// use raddle::{CancelToken, Cancelled, Deadline};
///
/// let late = CancelToken::new(Deadline::PAST);
/// assert_eq!(late.ended(), Some(Cancelled::Deadline));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cancelled {
    /// Somebody called [`CancelToken::cancel`].
    Requested,
    /// The scope's deadline has passed.
    Deadline,
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requested => "cancelled",
            Self::Deadline => "the deadline has passed",
        })
    }
}

impl std::error::Error for Cancelled {}

/// Ends the waits that are made under it, and those under its children.
///
/// A clone is the same token. No counterpart in `threading`; nearest are the cancellation tokens
/// of .NET and of tokio, which a wait must be handed as well.
///
/// ```
/// use raddle::{CancelToken, Cancelled, Deadline, Event};
///
/// let (token, event) = (CancelToken::new(Deadline::NEVER), Event::new());
/// raddle::scope(|scope| {
///     let waiter = scope.spawn(|| event.wait_with(&mut token.blocking(), Deadline::NEVER));
///     token.cancel();
///     assert_eq!(waiter.join().unwrap(), Err(Cancelled::Requested));
/// });
/// ```
#[derive(Clone, Debug)]
pub struct CancelToken {
    scope: Arc<Scope>,
}

#[derive(Debug)]
struct Scope {
    cancelled: AtomicBool,
    until: Deadline,
    /// Kept, so that whoever cancels one above finds what is below it.
    parent: Option<Arc<Self>>,
    latch: Latch,
    /// Guarded by the latch.
    inside: UnsafeCell<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    sleepers: Vec<*const Parker>,
    children: Vec<Weak<Scope>>,
}

// SAFETY: the parkers' addresses are used under the latch only, and each names a parker whose thread
// takes it out under the latch before it leaves.
unsafe impl Send for Scope {}
// SAFETY: as above.
unsafe impl Sync for Scope {}

impl Scope {
    fn new(until: Deadline, parent: Option<Arc<Self>>, cancelled: bool) -> Self {
        Self {
            cancelled: AtomicBool::new(cancelled),
            until,
            parent,
            latch: Latch::new(),
            inside: UnsafeCell::new(Inside::default()),
        }
    }

    /// Runs `run` under the latch; it does not wait and calls nothing foreign.
    fn with<R>(&self, run: impl FnOnce(&mut Inside) -> R) -> R {
        fork::watch();
        let locked = self.latch.lock();
        self.inside.with_mut(|inside| {
            // SAFETY: the latch is held.
            let inside = unsafe { &mut *inside };
            if locked.torn() {
                mem::forget(mem::take(inside)); // Half changed by a thread that is gone.
            } else if locked.stale() {
                inside.sleepers.clear(); // Those threads are the parent's, and so are their stacks.
            }
            run(inside)
        })
    }

    /// Marks it, and wakes those that sleep in it; its children are the caller's to cancel. Returns
    /// whether it was not marked before, and them.
    fn cancel(&self) -> (bool, Vec<Arc<Self>>) {
        let (first, wakeups, children) = self.with(|inside| {
            let first = !self.cancelled.swap(true, Ordering::Relaxed);
            // SAFETY: a listed parker is alive while the latch is held.
            let nudge = |parker: &*const Parker| unsafe { (**parker).nudge() };
            let wakeups: Vec<Wakeup> = inside.sleepers.iter().filter_map(nudge).collect();
            (first, wakeups, mem::take(&mut inside.children))
        });
        for wakeup in wakeups {
            wakeup.deliver();
        }
        (first, children.iter().filter_map(Weak::upgrade).collect())
    }
}

/// One by one: a long chain would need as much stack otherwise.
impl Drop for Scope {
    fn drop(&mut self) {
        let mut above = self.parent.take();
        while let Some(mut scope) = above.and_then(Arc::into_inner) {
            above = scope.parent.take();
        }
    }
}

impl CancelToken {
    /// A token whose waits end at `until` ([`Deadline::NEVER`]: only when it is cancelled).
    #[must_use]
    pub fn new(until: Deadline) -> Self {
        Self { scope: Arc::new(Scope::new(until, None, false)) }
    }

    /// A token that is cancelled with this one, and ends at `until` or with this one.
    #[must_use]
    pub fn child(&self, until: Deadline) -> Self {
        let until = until.or_sooner(self.scope.until);
        let scope = self.scope.with(|inside| {
            let cancelled = self.scope.cancelled.load(Ordering::Relaxed);
            let scope = Arc::new(Scope::new(until, Some(Arc::clone(&self.scope)), cancelled));
            if !cancelled {
                if inside.children.len() == inside.children.capacity() {
                    inside.children.retain(|child| child.strong_count() > 0);
                }
                inside.children.push(Arc::downgrade(&scope));
            }
            scope
        });
        Self { scope }
    }

    /// Ends all waits under this token and its children, those that come as well; returns whether
    /// it was the first to do so.
    pub fn cancel(&self) -> bool {
        let (first, mut left) = self.scope.cancel();
        while let Some(scope) = left.pop() {
            left.extend(scope.cancel().1);
        }
        first
    }

    /// Whether it, or one above it, was cancelled. (A deadline that has passed is not asked for.)
    #[inline]
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.scope.cancelled.load(Ordering::Relaxed)
    }

    /// Whether it is `other`, or one below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let mut scope = Some(&self.scope);
        while let Some(each) = scope {
            if Arc::ptr_eq(each, &other.scope) {
                return true;
            }
            scope = each.parent.as_ref();
        }
        false
    }

    /// When its waits end at the latest.
    #[inline]
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        self.scope.until
    }

    /// Why a wait under it would end at once, if it would.
    #[must_use]
    pub fn ended(&self) -> Option<Cancelled> {
        if self.is_cancelled() {
            return Some(Cancelled::Requested);
        }
        self.scope.until.has_passed().then_some(Cancelled::Deadline)
    }

    /// [`ended`](Self::ended), for `?`: what code that computes asks now and then.
    ///
    /// # Errors
    /// Why the scope has ended.
    pub fn check(&self) -> Result<(), Cancelled> {
        self.ended().map_or(Ok(()), Err)
    }

    /// Sleeps on `parker`, for [`Blocking::sleep`]: a [`Wake::Signal`] is also what the token's
    /// end is told by, and [`Blocking::on_signal`] has to ask [`ended`](Self::ended).
    pub fn park(&self, parker: &Parker, until: Deadline) -> Wake {
        let end = until.or_sooner(self.scope.until);
        let Some(_asleep) = Asleep::under(&self.scope, parker) else { return Wake::Signal };
        match parker.park(end) {
            Wake::TimedOut if end < until => Wake::Signal,
            wake => wake,
        }
    }

    /// How one wait under this token blocks: as [`Native`](crate::Native), until the token ends it.
    #[must_use]
    pub fn blocking(&self) -> Cancellable<'_> {
        Cancellable { token: self, ended: false }
    }
}

/// A parker is listed in a scope until this is dropped.
struct Asleep<'a>(&'a Scope, &'a Parker);

impl<'a> Asleep<'a> {
    /// Nothing, if the scope is cancelled.
    fn under(scope: &'a Scope, parker: &'a Parker) -> Option<Self> {
        let listed = scope.with(|inside| {
            let cancelled = scope.cancelled.load(Ordering::Relaxed);
            if !cancelled {
                inside.sleepers.push(parker);
            }
            !cancelled
        });
        listed.then_some(Self(scope, parker))
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        let Self(scope, parker) = self;
        scope.with(|inside| {
            let place = inside.sleepers.iter().rposition(|other| std::ptr::eq(*other, *parker));
            if let Some(place) = place {
                inside.sleepers.swap_remove(place); // Not in the child of a signal handler's fork.
            }
        });
    }
}

/// How one wait blocks that a [`CancelToken`] can end, see [`CancelToken::blocking`].
///
/// ```
/// use raddle::{CancelToken, Cancelled, Deadline, Semaphore};
/// use std::time::Duration;
///
/// let token = CancelToken::new(Deadline::after(Duration::from_millis(1)));
/// let ended = Semaphore::new(0).acquire_with(&mut token.blocking(), Deadline::NEVER);
/// assert_eq!(ended, Err(Cancelled::Deadline));
/// ```
#[derive(Clone, Debug)]
pub struct Cancellable<'a> {
    token: &'a CancelToken,
    /// It has ended a wait: that is tried once, since a condition has to take its lock back first.
    ended: bool,
}

impl Blocking for Cancellable<'_> {
    type Interrupt = Cancelled;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        if self.ended { parker.park(until) } else { self.token.park(parker, until) }
    }

    fn on_signal(&mut self) -> Result<(), Cancelled> {
        give_up_if_stuck();
        match self.token.ended() {
            Some(why) if !self.ended => {
                self.ended = true;
                Err(why)
            }
            _ => Ok(()),
        }
    }

    fn ends_by(&self) -> Deadline {
        if self.ended { Deadline::NEVER } else { self.token.deadline() }
    }
}
