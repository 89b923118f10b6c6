//! The mutual-exclusion lock itself, without the data it protects.
//!
//! Its [word](super::word) says which thread holds it and which is to have it next; behind that
//! is a line of waiters. The thread that releases it while others queue chooses the first in
//! line, which then competes for the free lock: a running thread may overtake it (handing the
//! lock over each time would make every contended acquisition wait for a wake-up). While the
//! chosen one is on its way, nobody else is woken: a second one would only be in its way. One
//! that has waited for [`STARVES_AFTER`] in all gets the lock reserved for it, so that nobody
//! starves.
//!
//! # Why a waiter looks seldom
//! A thread that takes the lock from another core also moves the cache lines of everything that
//! the lock protects. Where two threads want it all the time, a waiter that looks all the time
//! makes each acquisition pay for that. A waiter that looks seldom (see `Spin::watch`) lets the
//! other thread go on for some dozens of acquisitions at the speed of one thread. It sleeps when
//! that was not enough, and at once if others wait already.
//!
//! Rejected: spinning for 1 µs on the word, then on the waiter's own parker. Two threads that add
//! to a counter on 3.14t took 3.7 times as long as with CPython's lock, and six times the CPU.
//! Rejected: waking one waiter per release. Eight threads then keep two cores busy by waking
//! each other.
//!
//! Sources: a released lock that is competed for comes from the "parking lot" design of WebKit
//! (Pizlo, 2016); one waiter on its way at a time, and a lock reserved for one that has waited
//! for 1 ms, from Go's `sync.Mutex` (its `mutexWoken` and "starvation mode").

use std::sync::Arc;

use super::word::{Enlisted, Given, Hold, Next, Word};
use crate::card::{self, Card, CardCell};
use crate::os::sync::maybe_const;
use crate::os::{Deadline, deadline};
use crate::wait::{Awaited, Blocking, Here, Kind, Provider, Site, infallible};
use crate::waiters::{Abandoned, Locked, Passed, WaitList, Waiter, Why};

/// How long a waiter lets others overtake it, in nanoseconds.
const STARVES_AFTER: i64 = 1_000_000;

/// A mutual-exclusion lock without data, as Python's `threading.Lock`: any thread may release
/// it.
///
/// Rust programs want [`Lock`](super::Lock), whose guard cannot be misused.
///
/// ```
/// let lock = raddle::RawLock::new();
/// lock.acquire();
/// assert!(!lock.try_acquire());
/// raddle::scope(|scope| {
///     scope.spawn(|| lock.release()); // any thread may
/// });
/// assert!(!lock.is_locked());
/// ```
#[derive(Debug)]
pub struct RawLock {
    word: Word,
    waiters: WaitList,
    /// Filled if the word says that the lock is checked.
    card: CardCell,
}

impl RawLock {
    maybe_const! {
        /// A lock that nobody holds.
        #[must_use]
        pub fn new() -> Self {
            Self { word: Word::new(), waiters: WaitList::new(), card: CardCell::new() }
        }
    }

    /// Gives the lock a card: from now on it is checked. Returns whether it is.
    ///
    /// Called once, before the lock is used.
    pub fn check(&self, card: Card) -> bool {
        let checks = cfg!(feature = "deadlock");
        if checks && self.card.set(card) {
            self.word.check();
        }
        checks
    }

    /// The lock's card, if it is checked.
    pub fn card(&self) -> Option<Arc<Card>> {
        self.card.get()
    }

    /// Takes the lock if it is free, and says whether it did.
    #[inline]
    #[track_caller]
    pub fn try_acquire(&self) -> bool {
        self.try_take(Hold::mine(), Site::caller())
    }

    /// [`try_acquire`](Self::try_acquire) for a caller that is sure to release it with
    /// [`exit`](Self::exit), in the same thread.
    #[inline]
    #[track_caller]
    pub fn try_enter(&self) -> bool {
        self.try_enter_at(Site::caller())
    }

    #[inline]
    pub(super) fn try_enter_at(&self, site: Site) -> bool {
        self.try_take(Hold::scoped(), site)
    }

    /// Fast path: takes the lock by one compare-exchange; if that fails, it is for
    /// [`acquire_with`](Self::acquire_with) to see whether it is free.
    #[inline]
    pub fn acquire_fast(&self) -> bool {
        self.word.take_fast(Hold::mine())
    }

    /// [`acquire_fast`](Self::acquire_fast), before [`enter_with`](Self::enter_with).
    #[inline]
    pub fn enter_fast(&self) -> bool {
        self.word.take_fast(Hold::scoped())
    }

    #[inline]
    fn try_take(&self, hold: Hold, site: Site) -> bool {
        self.word.take_fast(hold) || self.try_take_cold(hold, site)
    }

    #[cold]
    fn try_take_cold(&self, hold: Hold, site: Site) -> bool {
        self.forget_parents_waiters();
        let taken = self.word.take(hold);
        if taken && let Some(card) = self.card.borrow() {
            card::taken(&card, site, None);
        }
        taken
    }

    /// Takes the lock, waiting for it until `until`; returns whether it was taken.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait; the lock was then not taken.
    #[inline]
    pub fn acquire_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        self.take_with(Hold::mine(), blocking, until)
    }

    /// [`acquire_with`](Self::acquire_with) for a caller that is sure to release it with
    /// [`exit`](Self::exit), in the same thread.
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn enter_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        self.take_with(Hold::scoped(), blocking, until)
    }

    #[inline]
    fn take_with<B: Blocking>(
        &self,
        hold: Hold,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        if self.word.take_fast(hold) {
            Ok(true)
        } else {
            self.acquire_cold(hold, blocking, until)
        }
    }

    /// Takes the lock, waiting for as long as it takes.
    #[inline]
    #[track_caller]
    pub fn acquire(&self) {
        infallible(self.acquire_with(&mut Here::new(), Deadline::NEVER));
    }

    #[cold]
    fn acquire_cold<B: Blocking>(
        &self,
        hold: Hold,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        self.forget_parents_waiters();
        match self.card.borrow() {
            None if self.word.take(hold) => Ok(true),
            None => self.acquire_slow(hold, blocking, until),
            Some(card) => self.acquire_checked(&card, hold, blocking, until),
        }
    }

    fn acquire_checked<B: Blocking>(
        &self,
        card: &Arc<Card>,
        hold: Hold,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        let site = blocking.site();
        if until.is_never()
            && let Some(found) = card::before(card, site, blocking)
        {
            blocking.on_inversion(&found)?;
        }
        if self.word.take(hold) {
            card::taken(card, site, None);
            return Ok(true);
        }
        let wait = (until != Deadline::PAST).then(|| card::wait(card, || blocking.led(site)));
        let wait = wait.flatten();
        let outcome = self.acquire_slow(hold, blocking, until);
        match (&outcome, wait) {
            (Ok(true), wait) => card::taken(card, site, wait),
            (_, Some(wait)) => card::missed(card, &wait),
            _ => {}
        }
        outcome
    }

    fn acquire_slow<B: Blocking>(
        &self,
        hold: Hold,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        if until == Deadline::PAST {
            return Ok(false);
        }
        blocking.detach();
        let starves_at = deadline::present() + STARVES_AFTER;
        let mut chosen = false;
        loop {
            if self.compete(hold, chosen) {
                blocking.woken_spinning();
                return Ok(true);
            }
            if chosen && until.has_passed() {
                return Ok(self.word.withdraw(hold));
            }
            let waiter = Waiter::starving_at(starves_at);
            let join = |waiter: &Waiter| {
                self.forget_parents_waiters();
                let locked = self.waiters.lock();
                let queued = self.word.enlist(hold, chosen) != Enlisted::Taken;
                if queued {
                    locked.push(waiter, chosen);
                }
                queued
            };
            let acquiring = Acquiring { lock: self, hold };
            match self.waiters.wait_as(waiter, false, blocking, until, &acquiring, join)? {
                Passed::AtOnce => return Ok(true),
                Passed::Chosen(_) => chosen = true,
                Passed::Forked => chosen = false,
                Passed::TimedOut => return Ok(false),
            }
        }
    }

    /// Looks at the lock for a while and takes it once it is free; `chosen` if it is this
    /// thread's turn.
    fn compete(&self, hold: Hold, chosen: bool) -> bool {
        let look = || if chosen { self.word.arrive(hold) } else { self.word.take(hold) };
        // (A model has just looked.)
        if !chosen && (cfg!(raddle_loom) || self.word.is_waited_for()) {
            return false;
        }
        self.waiters.watch(look)
    }

    /// Releases the lock, whichever thread holds it.
    ///
    /// The caller knows that it is locked: releasing a free lock is a bug (see
    /// [`try_release`](Self::try_release)).
    #[inline]
    pub fn release(&self) {
        let released = self.try_release();
        debug_assert!(released, "release of a lock that nobody holds");
    }

    /// Releases the lock if it is locked, and says whether it was.
    #[inline]
    pub fn try_release(&self) -> bool {
        self.give(Hold::mine())
    }

    /// [`try_release`](Self::try_release) of what [`try_enter`](Self::try_enter) or
    /// [`enter_with`](Self::enter_with) took.
    #[inline]
    pub fn exit(&self) -> bool {
        self.give(Hold::scoped())
    }

    #[inline]
    fn give(&self, hold: Hold) -> bool {
        self.word.give_fast(hold) || self.give_cold(hold)
    }

    /// [`give`](Self::give) of a lock that others wait for, that was lent, that has a card,
    /// that was taken in another way or by another thread, or that nobody holds.
    #[cold]
    fn give_cold(&self, hold: Hold) -> bool {
        self.forget_parents_waiters();
        if let Some(card) = self.card.borrow().filter(|_| self.is_locked()) {
            card::released(&card, self.word.is_anothers(hold));
        }
        loop {
            match self.word.give(hold, || self.waiters.is_starving()) {
                Given::Free => return true,
                Given::Unheld => return false, // Another thread may have released it first.
                Given::Choose if self.choose(hold) => return true,
                Given::Choose => {}
            }
        }
    }

    /// In a forked child: a thread that waited in the parent, and may have the lock reserved
    /// for it, is not here.
    fn forget_parents_waiters(&self) {
        if self.waiters.is_stale() {
            let locked = self.waiters.lock();
            if locked.take_stale() {
                self.word.forget_waiters();
            }
        }
    }

    /// Takes the lock if it is free, or reserved for a waiter: that will not come any more,
    /// since the program is at its end and lets no other thread run. Returns whether it did.
    #[cold]
    pub fn seize(&self) -> bool {
        self.word.arrive(Hold::mine())
    }

    /// [`seize`](Self::seize), to be released with [`exit`](Self::exit).
    #[cold]
    pub fn seize_entered(&self) -> bool {
        self.word.arrive(Hold::scoped())
    }

    /// Releases the lock and chooses which waiter is to have it next; `false` if that is not to
    /// be done any more.
    fn choose(&self, hold: Hold) -> bool {
        let locked = self.waiters.lock();
        if !self.word.must_choose() {
            return false; // Another thread released it first.
        }
        let reserved = locked.first_is_starving();
        let front = locked.take_front();
        let next = Next { coming: front.is_some(), reserved, queued: !locked.is_empty() };
        self.word.choose(hold, next);
        // Not before the lock is free: the chosen one may look at once, and go by what it sees.
        let choice = front.map(|front| front.choose(0));
        drop(locked);
        if let Some(choice) = choice {
            choice.wake();
        }
        true
    }

    /// The identifier of the thread that took the lock; `None` if nobody holds it, or if owners
    /// are not recorded (without the feature `deadlock`). Out of date once returned.
    #[must_use]
    pub fn owner(&self) -> Option<usize> {
        self.word.holder()
    }

    /// Whether somebody holds the lock; out of date once returned.
    #[inline]
    #[must_use]
    pub fn is_locked(&self) -> bool {
        // (In a forked child nobody comes for a lock that the parent has reserved.)
        self.word.is_locked() && !(self.word.is_reserved() && self.waiters.is_stale())
    }

    /// Whether it is held by a thread that entered it; for the holder.
    pub(crate) fn is_scoped(&self) -> bool {
        self.word.is_scoped()
    }

    /// The number of threads waiting for the lock; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiters.count()
    }

    /// Makes the lock free and forgets its waiters.
    ///
    /// # Safety
    /// No other thread of this process uses the lock: it is called in the child of a `fork`.
    pub unsafe fn reset_after_fork(&self) {
        if let Some(card) = self.card.borrow().filter(|_| self.is_locked()) {
            card::released(&card, false);
        }
        self.word.reset();
    }
}

/// A wait for the lock, to be held as `hold` says.
struct Acquiring<'a> {
    lock: &'a RawLock,
    hold: Hold,
}

impl Awaited for Acquiring<'_> {
    fn kind(&self) -> Kind {
        Kind::Lock
    }

    fn provider(&self) -> Provider {
        let Some(held) = self.lock.word.provider() else { return Provider::Anyone };
        let Some(thread) = held.thread() else { return Provider::Anyone };
        // A holder that calls acquire() once more may be waiting for another's release(); one
        // that enters once more is not.
        let itself = held.thread() == self.hold.thread();
        let surely = held.is_scoped() && (!itself || self.hold.is_scoped());
        Provider::Thread { thread, surely }
    }
}

impl Abandoned for Acquiring<'_> {
    fn left(&self, locked: &Locked<'_>, _: Why) {
        if locked.is_empty() {
            self.lock.word.clear_queued();
        }
    }

    /// It has the lock, if it is free or was reserved for it; somebody else may have it.
    fn pass_on(&self, _: u8) {
        if self.lock.word.withdraw(self.hold) {
            self.lock.give(self.hold);
        }
    }
}

impl Default for RawLock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(test, not(raddle_loom), feature = "deadlock"))]
#[path = "tests.rs"]
mod tests;
