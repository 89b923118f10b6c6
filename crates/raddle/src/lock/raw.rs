//! The mutual-exclusion lock itself, without the data it protects.
//!
//! | state             | meaning                        | who changes it, and how                    |
//! |-------------------|--------------------------------|--------------------------------------------|
//! | `0`               | free, nobody queues            | anyone: to `HELD`                          |
//! | `HELD`            | held, nobody queues            | holder: to `0`; a waiter: adds `QUEUED`    |
//! | `HELD\|QUEUED`    | held, somebody queues          | holder: `release_slow`; a leaving waiter:  |
//! |                   |                                | drops `QUEUED`                             |
//! | `QUEUED`          | free, a chosen waiter is on    | anyone: to `HELD\|QUEUED`                  |
//! |                   | its way, others queue behind   |                                            |
//!
//! `HELD` is `LOCKED` with the holder's identifier beside it and, for a holder that can only be
//! the one to release it, `SCOPED`. Each state may have `LENT` as well, for good: another thread
//! than the holder has released the lock, so that its holder says nothing about who will; and
//! `CHECKED`, for good, if the lock has a card: no state is `0` or `HELD` then, and so each
//! acquisition and release leaves the fast path.
//!
//! `QUEUED` changes only under the wait list's latch and says whether the list is empty. Whoever
//! releases with `QUEUED` set chooses the first in line, which then competes for the free lock:
//! a running thread may overtake it (handing the lock over each time would make every contended
//! acquisition wait for a wake-up). A waiter that was overtaken for [`PATIENCE`] gets the lock
//! handed over instead, still held, so that nobody starves.
//!
//! Source of the state word's two bits: the "parking lot" design of WebKit (Pizlo, 2016).

use std::sync::Arc;

use crate::blocking::{Blocking, Here, infallible};
use crate::checks::{self, Card, Site, Slot};
use crate::deadline::{self, Deadline};
use crate::deadlock::{Kind, Provider};
use crate::spin::Spin;
use crate::sync::{AtomicUsize, Ordering, maybe_const, thread_id};
use crate::waiters::{Abandoned, Ended, Locked, WaitList, Waiter, Why};

const LOCKED: usize = 1;
const QUEUED: usize = 2;
const SCOPED: usize = 4;
const LENT: usize = 8;
/// The first bit of an address: no identifier has it.
const CHECKED: usize = 1 << (usize::BITS - 1);
/// Whether locks may have cards: where addresses are short, identifiers need all bits.
const CARDS: bool = cfg!(all(feature = "deadlock", target_pointer_width = "64"));
/// Where the holder's identifier is: identifiers are addresses of aligned records.
const HOLDER: usize = !(LOCKED | QUEUED | SCOPED | LENT | if CARDS { CHECKED } else { 0 });

/// How the calling thread holds a lock that it takes with [`RawLock::acquire`].
#[inline]
fn held() -> usize {
    if cfg!(feature = "deadlock") { LOCKED | (thread_id() & HOLDER) } else { LOCKED }
}

/// How the calling thread holds a lock that it takes with [`RawLock::enter`].
#[inline]
fn scoped() -> usize {
    held() | SCOPED
}

/// How long a waiter lets others overtake it, in nanoseconds.
const PATIENCE: i64 = 1_000_000;
/// How long to spin for the lock word before queueing, in nanoseconds.
const BRIEF: u32 = 1_000;

/// Verdict: the lock is free, compete for it.
const COMPETE: u8 = 0;
/// Verdict: the lock was left locked for this waiter.
const OWN: u8 = 1;

/// A mutual-exclusion lock without data, as Python's `threading.Lock`: any thread may release it.
///
/// Rust programs want [`Lock`](super::Lock), whose guard cannot be misused.
#[derive(Debug)]
pub struct RawLock {
    /// See the module's table.
    state: AtomicUsize,
    waiters: WaitList,
    /// Filled if the state says `CHECKED`.
    card: Slot,
}

impl RawLock {
    maybe_const! {
        /// A lock that nobody holds.
        #[must_use]
        pub fn new() -> Self {
            Self { state: AtomicUsize::new(0), waiters: WaitList::new(), card: Slot::new() }
        }
    }

    /// Gives the lock a card: from now on it is checked. Returns whether it is.
    ///
    /// Called once, before the lock is used.
    pub fn check(&self, card: Card) -> bool {
        if CARDS && self.card.set(card) {
            self.state.fetch_or(CHECKED, Ordering::Release);
        }
        CARDS
    }

    /// The lock's card, if it is checked.
    pub fn card(&self) -> Option<Arc<Card>> {
        self.card.get()
    }

    /// Takes the lock if it is free, and says whether it did.
    #[inline]
    #[track_caller]
    pub fn try_acquire(&self) -> bool {
        self.try_take(held(), Site::caller())
    }

    /// [`try_acquire`](Self::try_acquire) for who is sure to release it with
    /// [`exit`](Self::exit), in the same thread.
    #[inline]
    #[track_caller]
    pub fn try_enter(&self) -> bool {
        self.try_take(scoped(), Site::caller())
    }

    /// Takes the lock if that is a matter of one step; if not, it is for
    /// [`acquire_with`](Self::acquire_with) to see whether it is free.
    #[inline]
    pub fn acquire_fast(&self) -> bool {
        self.take_free(held())
    }

    /// [`acquire_fast`](Self::acquire_fast), before [`enter_with`](Self::enter_with).
    #[inline]
    pub fn enter_fast(&self) -> bool {
        self.take_free(scoped())
    }

    /// From `0` to `HELD`.
    #[inline]
    fn take_free(&self, held: usize) -> bool {
        self.state.compare_exchange(0, held, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[inline]
    fn try_take(&self, held: usize, site: Site) -> bool {
        self.take_free(held) || self.try_take_cold(held, site)
    }

    #[cold]
    fn try_take_cold(&self, held: usize, site: Site) -> bool {
        let taken = self.try_take_marked(held);
        if taken && let Some(card) = self.card.borrow() {
            checks::taken(&card, site, None);
        }
        taken
    }

    /// [`take_free`](Self::take_free) for a lock that others queue for, that was lent, or that
    /// has a card.
    fn try_take_marked(&self, held: usize) -> bool {
        let mut seen = self.state.load(Ordering::Relaxed);
        while seen & LOCKED == 0 {
            match self.state.compare_exchange_weak(
                seen,
                seen | held,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
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
        let held = held();
        if self.take_free(held) { Ok(true) } else { self.acquire_cold(held, blocking, until) }
    }

    /// [`acquire_with`](Self::acquire_with) for who is sure to release it with
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
        let held = scoped();
        if self.take_free(held) { Ok(true) } else { self.acquire_cold(held, blocking, until) }
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
        held: usize,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        match self.card.borrow() {
            None if self.try_take_marked(held) => Ok(true),
            None => self.acquire_slow(held, blocking, until),
            Some(card) => self.acquire_checked(&card, held, blocking, until),
        }
    }

    fn acquire_checked<B: Blocking>(
        &self,
        card: &Arc<Card>,
        held: usize,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        let site = blocking.site();
        if until.is_never()
            && let Some(found) = checks::before(card, site, || blocking.thread_name())
        {
            blocking.on_inversion(&found)?;
        }
        if self.try_take_marked(held) {
            checks::taken(card, site, None);
            return Ok(true);
        }
        let wait = (until != Deadline::PAST).then(|| checks::wait(card)).flatten();
        let outcome = self.acquire_slow(held, blocking, until);
        match (&outcome, wait) {
            (Ok(true), wait) => checks::taken(card, site, wait),
            (_, Some(wait)) => checks::missed(card, site, &wait),
            _ => {}
        }
        outcome
    }

    fn acquire_slow<B: Blocking>(
        &self,
        held: usize,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        if until == Deadline::PAST {
            return Ok(false);
        }
        blocking.detach();
        if Spin::briefly(BRIEF, || !self.is_locked()) && self.try_take_marked(held) {
            blocking.woken_spinning();
            return Ok(true);
        }
        let mut first_queued = None;
        loop {
            let waiter = Waiter::with_token(held);
            let locked = self.waiters.lock();
            if !self.mark_queued(held) {
                return Ok(true);
            }
            match first_queued {
                None => locked.push_back(&waiter),
                Some(since) => {
                    locked.push_front(&waiter, deadline::now() - since > PATIENCE);
                }
            }
            drop(locked);
            let acquiring = Acquiring { lock: self, held };
            match self.waiters.block(&waiter, blocking, until, &acquiring) {
                Ended::Chosen => {
                    if waiter.verdict() == OWN || self.try_take_marked(held) {
                        return Ok(true);
                    }
                    if until.has_passed() {
                        // Overtaken. Whoever holds the lock sees QUEUED if others still queue.
                        return Ok(false);
                    }
                    first_queued.get_or_insert_with(deadline::now);
                }
                Ended::Forked => {}
                Ended::TimedOut => return Ok(false),
                Ended::Interrupted(interrupt) => return Err(interrupt),
            }
        }
    }

    /// Under the latch: marks the lock as queued for, or takes it if it is free by now.
    ///
    /// Returns whether the caller must queue.
    fn mark_queued(&self, held: usize) -> bool {
        let mut seen = self.state.load(Ordering::Relaxed);
        loop {
            let next = if seen & LOCKED == 0 { seen | held } else { seen | QUEUED };
            match self.state.compare_exchange_weak(
                seen,
                next,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return seen & LOCKED != 0,
                Err(now) => seen = now,
            }
        }
    }

    /// Releases the lock, whoever holds it.
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
        self.try_give(held())
    }

    /// [`try_release`](Self::try_release) of what [`try_enter`](Self::try_enter) or
    /// [`enter_with`](Self::enter_with) took.
    #[inline]
    pub fn exit(&self) -> bool {
        self.try_give(scoped())
    }

    #[inline]
    fn try_give(&self, held: usize) -> bool {
        match self.state.compare_exchange(held, 0, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => true,
            Err(seen) => seen & LOCKED != 0 && self.try_give_marked(held),
        }
    }

    /// [`try_give`](Self::try_give) of a lock that others queue for, that was lent, that has a
    /// card, or that was taken in another way or by another thread.
    #[cold]
    fn try_give_marked(&self, held: usize) -> bool {
        let mut seen = self.state.load(Ordering::Relaxed);
        if let Some(card) = self.card.borrow().filter(|_| seen & LOCKED != 0) {
            checks::released(&card, is_anothers(seen, held));
        }
        while seen & QUEUED == 0 {
            if seen & LOCKED == 0 {
                return false; // Another thread released it first.
            }
            let left = left_by(seen, held);
            match self.state.compare_exchange_weak(
                seen,
                left,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        self.release_slow(held)
    }

    #[cold]
    fn release_slow(&self, held: usize) -> bool {
        let locked = self.waiters.lock();
        if !self.is_locked() {
            return false; // Another thread released it first.
        }
        let hand_over = locked.front_is_impatient();
        let front = locked.take_front();
        let queued = if locked.is_empty() { 0 } else { QUEUED };
        let next = match &front {
            Some(front) if hand_over => front.token(),
            _ => 0,
        };
        // If somebody was in line, only the holder of the latch could have released the lock
        // since; if nobody was, another thread still can.
        let released = self.state.fetch_update(Ordering::Release, Ordering::Relaxed, |seen| {
            (seen & LOCKED != 0).then(|| left_by(seen, held) | next | queued)
        });
        // Not before the lock is free: the chosen one may look at once, and go by what it sees.
        let choice = front.map(|front| front.choose(if hand_over { OWN } else { COMPETE }));
        drop(locked);
        if let Some(choice) = choice {
            choice.wake();
        }
        released.is_ok()
    }

    /// The identifier of the thread that took the lock; `None` if nobody holds it, or if owners
    /// are not recorded (without the feature `deadlock`). Out of date once returned.
    #[must_use]
    pub fn owner(&self) -> Option<usize> {
        match self.state.load(Ordering::Relaxed) & HOLDER {
            0 => None,
            thread => Some(thread),
        }
    }

    /// Whether somebody holds the lock; out of date once returned.
    #[inline]
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.state.load(Ordering::Relaxed) & LOCKED != 0
    }

    /// Whether it is held by who entered it; for the holder.
    pub(crate) fn is_scoped(&self) -> bool {
        self.state.load(Ordering::Relaxed) & SCOPED != 0
    }

    /// The number of threads waiting for the lock; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiters.count()
    }

    /// Makes the lock free and forgets who waits.
    ///
    /// # Safety
    /// No other thread of this process uses the lock: it is called in the child of a `fork`.
    pub unsafe fn reset_after_fork(&self) {
        let seen = self.state.load(Ordering::Relaxed);
        if let Some(card) = self.card.borrow().filter(|_| seen & LOCKED != 0) {
            checks::released(&card, false);
        }
        self.state.store(if CARDS { seen & CHECKED } else { 0 }, Ordering::Relaxed);
    }
}

/// Whether a thread that would hold the lock as `held` is not the one that does.
fn is_anothers(seen: usize, held: usize) -> bool {
    cfg!(feature = "deadlock") && (seen ^ held) & HOLDER != 0
}

/// What is left of a state when a thread that would hold the lock as `held` releases it: `LENT`
/// if another holds it, and for good, and what else stays; its caller sees to `QUEUED`.
fn left_by(seen: usize, held: usize) -> usize {
    let lent = if is_anothers(seen, held) { LENT } else { seen & LENT };
    if CARDS { lent | (seen & CHECKED) } else { lent }
}

/// A wait for the lock, to be held as `held` says.
struct Acquiring<'a> {
    lock: &'a RawLock,
    held: usize,
}

impl Abandoned for Acquiring<'_> {
    fn kind(&self) -> Kind {
        Kind::Lock
    }

    fn provider(&self) -> Provider {
        let state = self.lock.state.load(Ordering::Relaxed);
        let thread = state & HOLDER;
        if thread == 0 || state & LENT != 0 {
            return Provider::Anyone;
        }
        // A holder that calls acquire() once more may be waiting for another's release(); one
        // that enters once more is not.
        let itself = thread == self.held & HOLDER;
        let surely = state & SCOPED != 0 && !(itself && self.held & SCOPED == 0);
        Provider::Thread { thread, surely }
    }

    /// The latch is held from where the state names the next holder to where that is told.
    fn settle(&self) {
        drop(self.lock.waiters.lock());
    }

    fn left(&self, locked: &Locked<'_>, _: Why) {
        if locked.is_empty() {
            self.lock.state.fetch_and(!QUEUED, Ordering::Relaxed);
        }
    }

    fn pass_on(&self, verdict: u8) {
        if verdict == OWN {
            self.lock.try_give(held());
            return;
        }
        let locked = self.lock.waiters.lock();
        if self.lock.is_locked() {
            return; // Its holder will choose the next one.
        }
        let choice = locked.choose(COMPETE);
        if locked.is_empty() {
            self.lock.state.fetch_and(!QUEUED, Ordering::Relaxed);
        }
        drop(locked);
        if let Some(choice) = choice {
            choice.wake();
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
