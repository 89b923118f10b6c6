//! The threads that wait for one object, first come first served.
//!
//! A [`Waiter`] lives on its thread's stack and is linked into the object's [`WaitList`]. Links
//! are read and written under the list's latch only. A waiter is *chosen* when it is unlinked
//! and notified by somebody else, in one critical section.
//!
//! # The abandoned wait
//! A wait that times out or is interrupted takes the latch and looks whether it is still linked:
//! - still linked: it unlinks itself, and nobody will ever choose it;
//! - already chosen: the wake-up was meant for it and must not be lost, so it uses it (a
//!   time-out turns into success) or passes it on (an interrupt wakes the next in line).
//!
//! [`WaitList::block`] decides which of the two it was, in one place for every primitive; what
//! "using" and "passing on" mean is the primitive's part.

use std::ptr;

use crate::blocking::Blocking;
use crate::deadline::Deadline;
use crate::fork;
use crate::park::{Parker, Wake, Wakeup};
use crate::spin::Spin;
use crate::sync::{AtomicU8, Latch, LatchGuard, Ordering, UnsafeCell, maybe_const};

/// One wait of one thread; it must stay where it is while linked.
#[derive(Debug)]
pub(crate) struct Waiter {
    parker: Parker,
    /// What the chooser decided; written before the notification, read after it.
    verdict: AtomicU8,
    /// Guarded by the latch of the list that the waiter is in.
    links: UnsafeCell<Links>,
}

#[derive(Debug)]
struct Links {
    /// Null while unlinked.
    next: *const Waiter,
    previous: *const Waiter,
    /// The waiter has been passed over for long enough and wants the object handed to it.
    impatient: bool,
}

impl Waiter {
    pub(crate) fn new() -> Self {
        Self {
            parker: Parker::new(),
            verdict: AtomicU8::new(0),
            links: UnsafeCell::new(Links {
                next: ptr::null(),
                previous: ptr::null(),
                impatient: false,
            }),
        }
    }

    /// What the chooser left for this waiter; meaningful once it was chosen.
    pub(crate) fn verdict(&self) -> u8 {
        self.verdict.load(Ordering::Relaxed)
    }
}

/// How a wait in a list ended.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended<I> {
    /// Somebody chose this waiter.
    Chosen,
    /// The deadline passed, and nobody chose it.
    TimedOut,
    /// A signal handler ended it, and nobody had chosen it.
    Interrupted(I),
    /// A signal handler ended it after somebody had chosen it: the wake-up must be passed on.
    ChosenInterrupted(I),
}

/// A queue of waiters, guarded by its own latch; two words.
#[derive(Debug)]
pub(crate) struct WaitList {
    latch: Latch,
    spin: Spin,
    /// The first waiter or null; a ring, so that its `previous` is the last. Guarded by `latch`.
    head: UnsafeCell<*const Waiter>,
}

// SAFETY: the raw pointers are followed only under the latch, and each names a waiter whose
// thread does not leave its stack frame before it was unlinked.
unsafe impl Send for WaitList {}
// SAFETY: as above.
unsafe impl Sync for WaitList {}

impl WaitList {
    maybe_const! {
        /// An empty list.
        pub(crate) fn new() -> Self {
            Self { latch: Latch::new(), spin: Spin::new(), head: UnsafeCell::new(ptr::null()) }
        }
    }

    /// Locks the list. Hold it for a few instructions only, and call nothing foreign.
    pub(crate) fn lock(&self) -> Locked<'_> {
        let guard = self.latch.lock();
        if guard.stale() {
            // A parent process left it: the waiters' threads do not exist here.
            // SAFETY: the latch is held.
            self.head.with_mut(|head| unsafe { *head = ptr::null() });
        }
        Locked { list: self, _guard: guard }
    }

    /// The number of threads waiting; for reports and tests, out of date once returned.
    pub(crate) fn count(&self) -> usize {
        self.lock().count()
    }

    /// Blocks until `waiter` is chosen, the deadline passes or a handler interrupts, and settles
    /// whether an abandoned wait had been chosen. `on_leave` runs under the latch when the waiter
    /// unlinks itself.
    pub(crate) fn block<B: Blocking>(
        &self,
        waiter: &Waiter,
        blocking: &mut B,
        until: Deadline,
        on_leave: impl FnOnce(&Locked<'_>),
    ) -> Ended<B::Interrupt> {
        let generation = fork::generation();
        let interrupt = match self.sleep(waiter, blocking, until) {
            Ok(Wake::Unparked) => return Ended::Chosen,
            Ok(_) => None,
            Err(interrupt) => Some(interrupt),
        };
        let locked = self.lock();
        // A signal handler may have forked: this is then the child, whose list was emptied
        // without the waiter's knowledge.
        let still_linked = fork::generation() != generation || locked.unlink(waiter);
        if still_linked {
            on_leave(&locked);
        }
        drop(locked);
        match (still_linked, interrupt) {
            (true, None) => Ended::TimedOut,
            (true, Some(interrupt)) => Ended::Interrupted(interrupt),
            (false, None) => Ended::Chosen,
            (false, Some(interrupt)) => Ended::ChosenInterrupted(interrupt),
        }
    }

    /// Ends a wait without blocking: takes `waiter` out of line unless it was chosen.
    pub(crate) fn leave<I>(&self, waiter: &Waiter) -> Ended<I> {
        if self.lock().unlink(waiter) { Ended::TimedOut } else { Ended::Chosen }
    }

    /// Detach, spin, look for signals once, then sleep: see `spin` for the measured reasons.
    fn sleep<B: Blocking>(
        &self,
        waiter: &Waiter,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<Wake, B::Interrupt> {
        blocking.detach();
        if self.spin.until(|| waiter.parker.is_notified()) {
            blocking.woken_spinning();
            return Ok(Wake::Unparked);
        }
        blocking.poll()?;
        loop {
            match blocking.sleep(&waiter.parker, until) {
                Wake::Signal => blocking.on_signal()?,
                Wake::Unparked => {
                    blocking.woken_sleeping();
                    return Ok(Wake::Unparked);
                }
                Wake::TimedOut => return Ok(Wake::TimedOut),
            }
        }
    }
}

/// A locked wait list.
#[must_use]
pub(crate) struct Locked<'a> {
    list: &'a WaitList,
    _guard: LatchGuard<'a>,
}

impl Locked<'_> {
    fn head(&self) -> *const Waiter {
        // SAFETY: `self` proves that the latch is held.
        self.list.head.with(|head| unsafe { *head })
    }

    fn set_head(&self, waiter: *const Waiter) {
        // SAFETY: `self` proves that the latch is held.
        self.list.head.with_mut(|head| unsafe { *head = waiter });
    }

    /// Lends the links of a waiter of this list (or one about to join it).
    fn links<R>(&self, waiter: *const Waiter, change: impl FnOnce(&mut Links) -> R) -> R {
        // SAFETY: linked waiters are alive (their threads unlink them before returning), links
        // are touched under the latch only, which `self` proves, and `change` is not re-entrant.
        unsafe { (*waiter).links.with_mut(|links| change(&mut *links)) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head().is_null()
    }

    pub(crate) fn count(&self) -> usize {
        let head = self.head();
        let mut waiter = head;
        let mut count = 0;
        while !waiter.is_null() {
            count += 1;
            waiter = self.links(waiter, |links| links.next);
            if waiter == head {
                break;
            }
        }
        count
    }

    /// Adds `waiter` at the end of the line.
    ///
    /// The waiter is to be passed to [`WaitList::block`] next, which unlinks it before returning.
    pub(crate) fn push_back(&self, waiter: &Waiter) {
        fork::watch();
        let new = ptr::from_ref(waiter);
        let head = self.head();
        if head.is_null() {
            self.links(new, |links| (links.next, links.previous) = (new, new));
            self.set_head(new);
            return;
        }
        let last = self.links(head, |links| std::mem::replace(&mut links.previous, new));
        self.links(last, |links| links.next = new);
        self.links(new, |links| (links.next, links.previous) = (head, last));
    }

    /// Adds `waiter` at the front: it was chosen and then overtaken. `impatient` asks to have the
    /// object handed over next time.
    pub(crate) fn push_front(&self, waiter: &Waiter, impatient: bool) {
        self.push_back(waiter);
        self.set_head(waiter);
        self.links(waiter, |links| links.impatient = impatient);
    }

    /// Removes `waiter` if it is still linked, and says whether it was.
    fn unlink(&self, waiter: &Waiter) -> bool {
        let target = ptr::from_ref(waiter);
        let (next, previous) = self.links(target, |links| {
            let linked = (links.next, links.previous);
            (links.next, links.previous) = (ptr::null(), ptr::null());
            linked
        });
        if next.is_null() {
            return false;
        }
        if next == target {
            self.set_head(ptr::null());
        } else {
            self.links(previous, |links| links.next = next);
            self.links(next, |links| links.previous = previous);
            if self.head() == target {
                self.set_head(next);
            }
        }
        true
    }

    /// Whether the first in line wants the object handed to it.
    pub(crate) fn front_is_impatient(&self) -> bool {
        let head = self.head();
        !head.is_null() && self.links(head, |links| links.impatient)
    }

    /// Chooses the first in line, leaving it `verdict`. `None` if nobody waits.
    pub(crate) fn choose(&self, verdict: u8) -> Option<Choice> {
        let head = self.head();
        if head.is_null() {
            return None;
        }
        // SAFETY: a linked waiter is alive; after `notify` it is not touched again.
        let waiter = unsafe { &*head };
        self.unlink(waiter);
        waiter.verdict.store(verdict, Ordering::Relaxed);
        Some(Choice(waiter.parker.notify()))
    }

    /// Chooses up to `limit` waiters and wakes them; returns how many.
    ///
    /// `on_empty` runs under the latch if nobody is left in line.
    pub(crate) fn choose_many(
        self,
        limit: usize,
        verdict: u8,
        on_empty: impl FnOnce(),
    ) -> usize {
        let mut chosen = 0;
        let mut last = None;
        while chosen < limit {
            let Some(choice) = self.choose(verdict) else { break };
            // The common single waiter is woken after unlocking; a crowd does not need the
            // latch to return, so the calls for the others are made on the way.
            if let Some(earlier) = last.replace(choice) {
                Choice::wake(earlier);
            }
            chosen += 1;
        }
        if self.is_empty() {
            on_empty();
        }
        drop(self);
        if let Some(last) = last {
            last.wake();
        }
        chosen
    }
}

/// A chosen waiter that may still have to be woken.
#[must_use]
pub(crate) struct Choice(Option<Wakeup>);

impl Choice {
    /// Wakes it if it sleeps; to be called without the latch where possible.
    pub(crate) fn wake(self) {
        if let Some(wakeup) = self.0 {
            wakeup.deliver();
        }
    }
}
