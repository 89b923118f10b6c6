//! A counter of permits.
//!
//! The word holds the number of permits, shifted by one, and the bit `QUEUED`, which says that
//! the wait list is not empty and changes under its latch only. A release adds its permits first
//! and then, if `QUEUED`, chooses as many waiters; those compete with running threads for the
//! permits. A chosen waiter that gives up passes its wake-up on, so that a permit never lies
//! beside a sleeping waiter.

use std::time::Duration;

use crate::clock::Permits;
use crate::os::sync::{AtomicUsize, Ordering, maybe_const};
use crate::os::{Deadline, turns};
use crate::wait::{Awaited, Blocking, Kind, Native, infallible};
use crate::waiters::{Abandoned, Locked, Passed, WaitList, Waiter, Why};

const QUEUED: usize = 1;
const PERMIT: usize = 2;

/// A counter of permits: `acquire` takes one, waiting while there is none; `release` adds some.
///
/// Python's `threading.Semaphore`.
///
/// ```
/// let seats = raddle::Semaphore::new(2);
/// let guard = seats.hold();
/// assert!(seats.try_acquire());
/// assert!(!seats.try_acquire());
/// drop(guard);
/// assert_eq!(seats.permits(), 1);
/// # seats.release(1).unwrap();
/// ```
#[derive(Debug)]
pub struct Semaphore {
    /// See the module's text.
    state: AtomicUsize,
    waiters: WaitList,
    /// What the permits carry from the thread that releases one to the one that takes it.
    carried: Permits,
}

/// A semaphore would hold more permits than it may.
///
/// ```
/// let permits = raddle::BoundedSemaphore::new(1);
/// assert_eq!(permits.release(1), Err(raddle::TooManyPermits));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyPermits;

impl std::fmt::Display for TooManyPermits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("semaphore released more often than it was acquired")
    }
}

impl std::error::Error for TooManyPermits {}

impl Semaphore {
    /// The most permits that a semaphore can hold.
    pub const MAX: usize = usize::MAX >> 1;

    maybe_const! {
        /// A semaphore with `permits` permits.
        ///
        /// # Panics
        /// If `permits` is more than [`MAX`](Self::MAX).
        #[must_use]
        pub fn new(permits: usize) -> Self {
            assert!(permits <= Self::MAX, "more permits than a semaphore can hold");
            Self {
                state: AtomicUsize::new(permits * PERMIT),
                waiters: WaitList::new(),
                carried: Permits::new(),
            }
        }
    }

    /// Takes a permit if there is one, and says whether it did.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn try_acquire(&self) -> bool {
        turns::about(self, "Semaphore.try_acquire");
        self.take()
    }

    #[inline]
    fn take(&self) -> bool {
        let less = |state: usize| state.checked_sub(PERMIT);
        let taken = self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, less).is_ok();
        if taken {
            self.carried.taken(|| self.permits());
        }
        taken
    }

    /// Takes a permit, waiting for one until `until`; returns whether it got one.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait; no permit was then taken.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn acquire_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        turns::about(self, "Semaphore.acquire");
        if self.take() { Ok(true) } else { self.acquire_slow(blocking, until) }
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
        let mut overtaken = false;
        loop {
            let join = |waiter: &Waiter| {
                let locked = self.waiters.lock();
                let queued = self.mark_queued();
                if queued {
                    locked.push(waiter, overtaken);
                }
                queued
            };
            match self.waiters.wait_as(Waiter::new(), true, blocking, until, self, join)? {
                Passed::AtOnce => {
                    self.carried.taken(|| self.permits());
                    return Ok(true);
                }
                Passed::Chosen(_) => {
                    if self.take() {
                        return Ok(true);
                    }
                    if until.has_passed() {
                        return Ok(false);
                    }
                    overtaken = true;
                }
                Passed::Forked => {}
                Passed::TimedOut => return Ok(false),
            }
        }
    }

    /// Under the latch: marks that somebody waits, or takes a permit if there is one by now.
    ///
    /// Returns whether the caller must queue.
    fn mark_queued(&self) -> bool {
        let next = |state: usize| Some(state.checked_sub(PERMIT).unwrap_or(state | QUEUED));
        let seen = self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, next);
        seen.is_ok_and(|state| state < PERMIT)
    }

    /// Takes a permit, waiting for as long as it takes.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn acquire(&self) {
        infallible(self.acquire_with(&mut Native, Deadline::NEVER));
    }

    /// Takes a permit, waiting for at most `timeout`; returns whether it got one.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn acquire_timeout(&self, timeout: Duration) -> bool {
        infallible(self.acquire_with(&mut Native, Deadline::after(timeout)))
    }

    /// Takes a permit and returns the guard that gives it back.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn hold(&self) -> SemaphoreGuard<'_> {
        self.acquire();
        SemaphoreGuard { semaphore: self, limit: Self::MAX }
    }

    /// Adds `permits` permits, waking as many waiters.
    ///
    /// # Errors
    /// [`TooManyPermits`] if the semaphore cannot hold that many; nothing was then added.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn release(&self, permits: usize) -> Result<(), TooManyPermits> {
        self.release_up_to(permits, Self::MAX)
    }

    /// [`release`](Self::release), with a limit on what the semaphore may then hold.
    ///
    /// # Errors
    /// [`TooManyPermits`] if it would hold more than `limit`; nothing was then added.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn release_up_to(&self, permits: usize, limit: usize) -> Result<(), TooManyPermits> {
        turns::about(self, "Semaphore.release");
        self.give(permits, limit)
    }

    /// Adds a permit, as part of another step; it holds few.
    #[cfg(all(any(feature = "race", feature = "explore"), not(raddle_loom)))]
    pub(crate) fn give_back(&self) {
        let _ = self.give(1, Self::MAX);
    }

    #[inline]
    fn give(&self, permits: usize, limit: usize) -> Result<(), TooManyPermits> {
        let carried = self.carried.released(permits, || self.permits());
        let more = |state: usize| {
            let fits = permits <= limit.saturating_sub(state / PERMIT);
            fits.then(|| state + permits * PERMIT)
        };
        let seen = self.state.fetch_update(Ordering::AcqRel, Ordering::Relaxed, more);
        match seen {
            Ok(state) if state & QUEUED != 0 => self.wake(permits),
            Ok(_) => {}
            Err(_) => {
                self.carried.not_released(carried);
                return Err(TooManyPermits);
            }
        }
        Ok(())
    }

    /// Chooses up to `limit` waiters, but no more than there are permits for.
    #[cold]
    fn wake(&self, limit: usize) {
        let locked = self.waiters.lock();
        let limit = limit.min(self.permits());
        locked.choose_many(limit, 0, || {
            self.state.fetch_and(!QUEUED, Ordering::Relaxed);
        });
    }

    /// The number of permits left; out of date once returned.
    #[must_use]
    pub fn permits(&self) -> usize {
        self.state.load(Ordering::Relaxed) / PERMIT
    }

    /// The number of threads waiting for a permit; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiters.count()
    }

    /// Sets the number of permits, whatever it was, and wakes as many waiters.
    ///
    /// # Panics
    /// If `permits` is more than [`MAX`](Self::MAX).
    pub fn set_permits(&self, permits: usize) {
        assert!(permits <= Self::MAX, "more permits than a semaphore can hold");
        self.carried.forget();
        let instead = |state| Some((permits * PERMIT) | (state & QUEUED));
        let seen = self.state.fetch_update(Ordering::AcqRel, Ordering::Relaxed, instead);
        if seen.is_ok_and(|state| state & QUEUED != 0) {
            self.wake(permits);
        }
    }
}

impl Awaited for Semaphore {
    fn kind(&self) -> Kind {
        Kind::Semaphore
    }
}

impl Abandoned for Semaphore {
    fn left(&self, locked: &Locked<'_>, _: Why) {
        if locked.is_empty() {
            self.state.fetch_and(!QUEUED, Ordering::Relaxed);
        }
    }

    fn pass_on(&self, _: u8) {
        self.wake(1);
    }
}

/// Holds one permit of a [`Semaphore`] or [`BoundedSemaphore`](crate::BoundedSemaphore) until
/// dropped.
///
/// It may move to another thread: a permit belongs to the thread that has the guard.
///
/// ```
/// let permits = raddle::Semaphore::new(1);
/// let permit = permits.hold();
/// raddle::scope(|scope| {
///     scope.spawn(move || drop(permit));
/// });
/// assert_eq!(permits.permits(), 1);
/// ```
#[must_use = "the permit is given back when the guard is dropped"]
#[derive(Debug)]
pub struct SemaphoreGuard<'a> {
    semaphore: &'a Semaphore,
    limit: usize,
}

impl Drop for SemaphoreGuard<'_> {
    fn drop(&mut self) {
        // It can fail only if somebody else has given this permit back before: enough are there.
        let _ = self.semaphore.release_up_to(1, self.limit);
    }
}

/// A [`Semaphore`] that refuses to hold more permits than it began with.
///
/// Python's `threading.BoundedSemaphore`.
///
/// ```
/// let permits = raddle::BoundedSemaphore::new(2);
/// permits.acquire();
/// assert_eq!((permits.permits(), permits.bound()), (1, 2));
/// assert!(permits.release(1).is_ok());
/// assert!(permits.release(1).is_err(), "it would be more than there were");
/// ```
#[derive(Debug)]
pub struct BoundedSemaphore {
    semaphore: Semaphore,
    bound: usize,
}

impl BoundedSemaphore {
    maybe_const! {
        /// A semaphore with `permits` permits and never more.
        ///
        /// # Panics
        /// If `permits` is more than [`Semaphore::MAX`].
        #[must_use]
        pub fn new(permits: usize) -> Self {
            Self { semaphore: Semaphore::new(permits), bound: permits }
        }
    }

    /// Takes a permit, waiting for as long as it takes.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn acquire(&self) {
        self.semaphore.acquire();
    }

    /// Takes a permit if there is one, and says whether it did.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn try_acquire(&self) -> bool {
        self.semaphore.try_acquire()
    }

    /// Takes a permit, waiting for at most `timeout`; returns whether it got one.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn acquire_timeout(&self, timeout: Duration) -> bool {
        self.semaphore.acquire_timeout(timeout)
    }

    /// Takes a permit and returns the guard that gives it back.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn hold(&self) -> SemaphoreGuard<'_> {
        self.acquire();
        SemaphoreGuard { semaphore: &self.semaphore, limit: self.bound }
    }

    /// Adds `permits` permits, waking as many waiters.
    ///
    /// # Errors
    /// [`TooManyPermits`] if there would be more than at the beginning; nothing was then added.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn release(&self, permits: usize) -> Result<(), TooManyPermits> {
        self.semaphore.release_up_to(permits, self.bound)
    }

    /// The number of permits left; out of date once returned.
    #[must_use]
    pub fn permits(&self) -> usize {
        self.semaphore.permits()
    }

    /// The most permits that there can be.
    #[must_use]
    pub fn bound(&self) -> usize {
        self.bound
    }

    /// The number of threads waiting for a permit; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.semaphore.waiting()
    }
}
