//! Waiting for a change to what a lock protects.
//!
//! A waiter joins the line while it still holds the lock, so that no notification made under the
//! lock can be missed. Releasing the lock, waiting, and taking it back happen within one
//! [`Blocking`] session: a Python thread detaches from its interpreter once for all three.
//!
//! Rejected: moving a notified waiter straight to the lock's own queue ("wait morphing"). With
//! spinning, the notified thread is usually awake before the notifier releases the lock.
//! Rejected: [`WaitList::wait_as`], on which every other primitive stands. It joins the line and
//! blocks in one call; here the lock is released in between, by code that may be foreign, raise, or
//! not wait at all.

use std::cell::Cell;
use std::time::Duration;

use crate::clock::{self, Edge};
use crate::locks::{LockGuard, Ownership, RLock, RawLock};
use crate::os::sync::maybe_const;
use crate::os::{Deadline, Spin, turns};
use crate::wait::{Awaited, Blocking, Kind, Native, infallible};
use crate::waiters::{Abandoned, Ended, WaitList, Waiter};

/// A lock that a condition can release for the length of a wait and take back as it was.
///
/// ```
/// use raddle::{Condition, Deadline, Native, RawLock};
/// use std::time::Duration;
///
/// let (lock, filled) = (RawLock::new(), Condition::new());
/// lock.acquire();
/// let soon = Deadline::after(Duration::from_millis(1));
/// assert_eq!(filled.wait_with(&lock, &mut Native, soon), Ok(false));
/// assert!(lock.is_locked(), "taken back");
/// lock.release();
/// ```
pub trait Releasable {
    /// What is needed to take the lock back as it was.
    type Saved;

    /// Releases the lock, however often it is held.
    fn release_saving(&self) -> Self::Saved;

    /// Whether nobody holds the lock; out of date once returned.
    fn is_free(&self) -> bool;

    /// Takes the lock back; `Err` if `blocking` interrupted the wait for it.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait; the lock was then not taken.
    fn restore<B: Blocking>(
        &self,
        blocking: &mut B,
        saved: &Self::Saved,
    ) -> Result<(), B::Interrupt>;
}

impl Releasable for RawLock {
    /// Whether it was entered, to be exited again.
    type Saved = bool;

    fn release_saving(&self) -> bool {
        let scoped = self.is_scoped();
        if scoped {
            self.exit();
        } else {
            self.release();
        }
        scoped
    }

    fn is_free(&self) -> bool {
        !self.is_locked()
    }

    fn restore<B: Blocking>(
        &self,
        blocking: &mut B,
        scoped: &bool,
    ) -> Result<(), B::Interrupt> {
        let until = Deadline::NEVER;
        let taken = if *scoped {
            self.enter_with(blocking, until)
        } else {
            self.acquire_with(blocking, until)
        };
        taken.map(|_| ())
    }
}

impl Releasable for RLock {
    type Saved = Ownership;

    fn release_saving(&self) -> Ownership {
        self.release_all().expect("a condition's wait is called by the lock's owner")
    }

    fn is_free(&self) -> bool {
        !self.is_locked()
    }

    fn restore<B: Blocking>(
        &self,
        blocking: &mut B,
        held: &Ownership,
    ) -> Result<(), B::Interrupt> {
        self.restore_with(blocking, *held)
    }
}

/// Lets threads wait, with a lock released, until another thread notifies them.
///
/// Python's `threading.Condition`, without the lock inside: pass the guard to `wait`.
///
/// ```
/// use raddle::{Condition, Lock};
/// let (queue, filled) = (Lock::new(Vec::new()), Condition::new());
/// raddle::scope(|scope| {
///     scope.spawn(|| {
///         queue.acquire().push(7);
///         filled.notify_one();
///     });
///     let mut items = queue.acquire();
///     filled.wait_while(&mut items, |items| items.is_empty());
///     assert_eq!(*items, [7]);
/// });
/// ```
#[derive(Debug)]
pub struct Condition {
    waiters: WaitList,
    /// From each notification to what it wakes.
    order: Edge,
}

impl Condition {
    maybe_const! {
        /// A condition that nobody waits for.
        #[must_use]
        pub fn new() -> Self {
            Self { waiters: WaitList::new(), order: Edge::new() }
        }
    }

    /// Releases `lock`, waits to be notified or for `until` to pass, takes `lock` back; returns
    /// whether it was notified. The caller holds `lock`, before and after, interrupted or not.
    ///
    /// # Errors
    /// The (first) interrupt with which `blocking` ended the wait. A handler that runs while the
    /// lock is being taken back cannot end that: its interrupt is kept until the lock is held,
    /// since the caller is about to release it.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait_with<B: Blocking, L: Releasable>(
        &self,
        lock: &L,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        turns::about_several("Condition.wait");
        self.enroll(|ticket| {
            let saved = lock.release_saving();
            let mut outcome = ticket.wait_with(blocking, until);
            if B::RELEASE_SPIN != 0 && matches!(outcome, Ok(true)) {
                // The notifier holds it, and is about to release it: threads that queue for it
                // look seldom, and this one would come late.
                Spin::briefly(B::RELEASE_SPIN, || lock.is_free());
            }
            while let Err(interrupt) = lock.restore(blocking, &saved) {
                if matches!(outcome, Ok(true)) {
                    self.notify(1); // The caller will not act on the wake-up: somebody else must.
                }
                outcome = outcome.and(Err(interrupt));
            }
            outcome
        })
    }

    /// Joins the line for the length of `during`, which releases and takes back a lock that only
    /// the caller knows, and in between waits with [`Ticket::wait_with`].
    pub fn enroll<R>(&self, during: impl FnOnce(Ticket<'_>) -> R) -> R {
        clock::waits();
        let (waiter, used) = (Waiter::new(), Cell::new(false));
        self.waiters.lock().push_back(&waiter);
        let ticket = Ticket { condition: self, waiter: &waiter, used: &used };
        let result = self.waiters.guarded(&waiter, &Unused(self, &used), || during(ticket));
        if !used.get() {
            self.waiters.abandon(&waiter, self);
        }
        result
    }

    /// Releases the guard's lock, waits to be notified, takes the lock back.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait<T>(&self, guard: &mut LockGuard<'_, T>) {
        infallible(self.wait_with(guard.raw(), &mut Native, Deadline::NEVER));
    }

    /// [`wait`](Self::wait) for at most `timeout`; returns whether it was notified.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait_timeout<T>(&self, guard: &mut LockGuard<'_, T>, timeout: Duration) -> bool {
        infallible(self.wait_with(guard.raw(), &mut Native, Deadline::after(timeout)))
    }

    /// Waits while `blocked` says so.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait_while<T>(
        &self,
        guard: &mut LockGuard<'_, T>,
        mut blocked: impl FnMut(&mut T) -> bool,
    ) {
        while blocked(&mut *guard) {
            self.wait(guard);
        }
    }

    /// Waits while `blocked` says so, for at most `timeout`; returns whether it stopped.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait_while_timeout<T>(
        &self,
        guard: &mut LockGuard<'_, T>,
        timeout: Duration,
        mut blocked: impl FnMut(&mut T) -> bool,
    ) -> bool {
        let until = Deadline::after(timeout);
        while blocked(&mut *guard) {
            if !infallible(self.wait_with(guard.raw(), &mut Native, until)) {
                return !blocked(&mut *guard);
            }
        }
        true
    }

    /// Wakes up to `limit` of the threads that wait, longest first; returns how many.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn notify(&self, limit: usize) -> usize {
        turns::about_several("Condition.notify");
        let locked = self.waiters.lock();
        if limit > 0 && !locked.is_empty() {
            self.order.release();
        }
        locked.choose_many(limit, 0, || {})
    }

    /// Wakes the thread that has waited longest.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn notify_one(&self) {
        self.notify(1);
    }

    /// Wakes every thread that waits.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn notify_all(&self) {
        self.notify(usize::MAX);
    }

    /// The number of threads waiting; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiters.count()
    }
}

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

impl Awaited for Condition {
    fn kind(&self) -> Kind {
        Kind::Condition
    }
}

impl Abandoned for Condition {
    fn pass_on(&self, _: u8) {
        self.notify(1);
    }
}

/// A place in a condition's line, see [`Condition::enroll`]; it is good for one wait.
///
/// ```
/// use raddle::{Condition, Deadline, Native};
///
/// let filled = Condition::new();
/// let notified = filled.enroll(|ticket| {
///     filled.notify_one(); // it is in line from here on
///     ticket.wait_with(&mut Native, Deadline::NEVER)
/// });
/// assert_eq!(notified, Ok(true));
/// ```
#[derive(Debug)]
pub struct Ticket<'a> {
    condition: &'a Condition,
    waiter: &'a Waiter,
    /// Whether a wait has used, or passed on, the wake-up that may have come.
    used: &'a Cell<bool>,
}

impl Ticket<'_> {
    /// Waits to be notified or for `until` to pass; returns whether it was notified.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub fn wait_with<B: Blocking>(
        self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        let Self { condition, waiter, used } = self;
        used.set(true);
        match condition.waiters.block(waiter, blocking, until, condition) {
            // A thread that forked inside the wait may have missed a notification: better one too
            // many.
            Ended::Chosen | Ended::Forked => {
                condition.order.acquire();
                Ok(true)
            }
            Ended::TimedOut => Ok(false),
            Ended::Interrupted(interrupt) => Err(interrupt),
        }
    }
}

/// Passes on the wake-up of a ticket that was not used.
struct Unused<'a>(&'a Condition, &'a Cell<bool>);

impl Awaited for Unused<'_> {
    fn kind(&self) -> Kind {
        Kind::Condition
    }
}

impl Abandoned for Unused<'_> {
    fn pass_on(&self, _: u8) {
        if !self.1.get() {
            self.0.notify(1);
        }
    }
}
