//! The mutual-exclusion lock itself, without the data it protects.
//!
//! | state            | meaning                        | who changes it, and how                    |
//! |------------------|--------------------------------|--------------------------------------------|
//! | `0`              | free, nobody queues            | anyone: to `LOCKED`                        |
//! | `LOCKED`         | held, nobody queues            | holder: to `0`; a waiter: adds `QUEUED`    |
//! | `LOCKED\|QUEUED` | held, somebody queues          | holder: `release_slow`; a leaving waiter:  |
//! |                  |                                | drops `QUEUED`                             |
//! | `QUEUED`         | free, a chosen waiter is on    | anyone: to `LOCKED\|QUEUED`                |
//! |                  | its way, others queue behind   |                                            |
//!
//! `QUEUED` changes only under the wait list's latch and says whether the list is empty. Whoever
//! releases with `QUEUED` set chooses the first in line, which then competes for the free lock:
//! a running thread may overtake it (handing the lock over each time would make every contended
//! acquisition wait for a wake-up). A waiter that was overtaken for [`PATIENCE`] gets the lock
//! handed over instead, still `LOCKED`, so that nobody starves.
//!
//! Source of the two-bit state word: the "parking lot" design of WebKit (Pizlo, 2016).

use crate::blocking::{Blocking, Native, infallible};
use crate::deadline::{self, Deadline};
use crate::spin::Spin;
use crate::sync::{AtomicU8, Ordering, maybe_const};
use crate::waiters::{Abandoned, Ended, Locked, WaitList, Waiter, Why};

const LOCKED: u8 = 1;
const QUEUED: u8 = 2;

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
    state: AtomicU8,
    waiters: WaitList,
}

impl RawLock {
    maybe_const! {
        /// A lock that nobody holds.
        #[must_use]
        pub fn new() -> Self {
            Self { state: AtomicU8::new(0), waiters: WaitList::new() }
        }
    }

    /// Takes the lock if it is free, and says whether it did.
    #[inline]
    pub fn try_acquire(&self) -> bool {
        match self.state.compare_exchange(0, LOCKED, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => true,
            Err(seen) => seen & LOCKED == 0 && self.try_acquire_queued(),
        }
    }

    /// [`try_acquire`](Self::try_acquire) for a lock that others queue for.
    #[cold]
    fn try_acquire_queued(&self) -> bool {
        let mut seen = self.state.load(Ordering::Relaxed);
        while seen & LOCKED == 0 {
            match self.state.compare_exchange_weak(
                seen,
                seen | LOCKED,
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
        if self.try_acquire() { Ok(true) } else { self.acquire_slow(blocking, until) }
    }

    /// Takes the lock, waiting for as long as it takes.
    #[inline]
    pub fn acquire(&self) {
        infallible(self.acquire_with(&mut Native, Deadline::NEVER));
    }

    #[cold]
    fn acquire_slow<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        if until == Deadline::PAST {
            return Ok(false);
        }
        blocking.detach();
        if Spin::briefly(BRIEF, || !self.is_locked()) && self.try_acquire() {
            blocking.woken_spinning();
            return Ok(true);
        }
        let mut first_queued = None;
        loop {
            let waiter = Waiter::new();
            let locked = self.waiters.lock();
            if !self.mark_queued() {
                return Ok(true);
            }
            match first_queued {
                None => locked.push_back(&waiter),
                Some(since) => {
                    locked.push_front(&waiter, deadline::now() - since > PATIENCE);
                }
            }
            drop(locked);
            match self.waiters.block(&waiter, blocking, until, self) {
                Ended::Chosen => {
                    if waiter.verdict() == OWN || self.try_acquire() {
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
    fn mark_queued(&self) -> bool {
        let mut seen = self.state.load(Ordering::Relaxed);
        loop {
            let next = if seen & LOCKED == 0 { seen | LOCKED } else { seen | QUEUED };
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
        match self.state.compare_exchange(LOCKED, 0, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => true,
            Err(seen) => seen & LOCKED != 0 && self.release_slow(),
        }
    }

    #[cold]
    fn release_slow(&self) -> bool {
        let locked = self.waiters.lock();
        if !self.is_locked() {
            return false; // Another thread released it first.
        }
        let hand_over = locked.front_is_impatient();
        let front = locked.take_front();
        let queued = if locked.is_empty() { 0 } else { QUEUED };
        let held = if hand_over { LOCKED } else { 0 };
        // If somebody was in line, only the holder of the latch could have released the lock
        // since; if nobody was, another thread still can.
        let released = self.state.fetch_update(Ordering::Release, Ordering::Relaxed, |seen| {
            (seen & LOCKED != 0).then_some(held | queued)
        });
        // Not before the lock is free: the chosen one may look at once, and go by what it sees.
        let choice = front.map(|front| front.choose(if hand_over { OWN } else { COMPETE }));
        drop(locked);
        if let Some(choice) = choice {
            choice.wake();
        }
        released.is_ok()
    }

    /// Whether somebody holds the lock; out of date once returned.
    #[inline]
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.state.load(Ordering::Relaxed) & LOCKED != 0
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
        self.state.store(0, Ordering::Relaxed);
    }
}

impl Abandoned for RawLock {
    fn left(&self, locked: &Locked<'_>, _: Why) {
        if locked.is_empty() {
            self.state.fetch_and(!QUEUED, Ordering::Relaxed);
        }
    }

    fn pass_on(&self, verdict: u8) {
        if verdict == OWN {
            self.release();
            return;
        }
        let locked = self.waiters.lock();
        if self.is_locked() {
            return; // Its holder will choose the next one.
        }
        let choice = locked.choose(COMPETE);
        if locked.is_empty() {
            self.state.fetch_and(!QUEUED, Ordering::Relaxed);
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
