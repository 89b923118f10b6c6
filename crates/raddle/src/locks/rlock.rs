//! A lock that its owner may take again.

use std::sync::Arc;

use crate::card::Card;
use crate::locks::RawLock;
use crate::os::sync::{AtomicUsize, Ordering, maybe_const};
use crate::os::{Deadline, thread_id, turns};
use crate::wait::{Blocking, Here, Kind, Site, infallible};

/// The owner of a lock that nobody holds.
const NOBODY: usize = 0;

/// A re-entrant lock: the thread that holds it may take it again, and releases it as often.
///
/// Python's `threading.RLock`, and the counterpart of `parking_lot::ReentrantMutex`. Only the
/// owner writes `owner` (its own identifier or nobody) and `count`, so a thread that reads its
/// own identifier there can rely on it; any other value only says "not mine".
///
/// ```
/// let lock = raddle::RLock::new();
/// lock.acquire();
/// lock.acquire();
/// assert_eq!(lock.count(), 2);
/// lock.release().unwrap();
/// lock.release().unwrap();
/// assert!(lock.release().is_err());
/// ```
#[derive(Debug)]
pub struct RLock {
    lock: RawLock,
    /// The holder's thread identifier, or `NOBODY`.
    owner: AtomicUsize,
    /// How often the owner holds it; written by the owner only.
    count: AtomicUsize,
}

/// What an [`RLock`] that was released in one go has to be given back to.
///
/// ```
/// use raddle::{Deadline, Native, RLock};
///
/// let lock = RLock::new();
/// lock.acquire();
/// lock.acquire();
/// let held = lock.release_all().unwrap();
/// assert_eq!((held.count, lock.is_locked()), (2, false));
/// lock.restore_with(&mut Native, held);
/// assert_eq!(lock.count(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The identifier of the thread that held it.
    pub owner: usize,
    /// How often it did.
    pub count: usize,
}

/// The calling thread does not hold the lock.
///
/// ```
/// let lock = raddle::RLock::new();
/// assert_eq!(lock.release(), Err(raddle::NotOwner));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOwner;

impl std::fmt::Display for NotOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the calling thread does not hold this lock")
    }
}

impl std::error::Error for NotOwner {}

impl RLock {
    maybe_const! {
        /// A lock that nobody holds.
        #[must_use]
        pub fn new() -> Self {
            Self {
                lock: RawLock::new(),
                owner: AtomicUsize::new(NOBODY),
                count: AtomicUsize::new(0),
            }
        }
    }

    /// A lock that nobody holds, which is checked (see [`lock_order`](crate::lock_order)) and
    /// called `name` in reports.
    #[must_use]
    #[track_caller]
    pub fn checked(name: &str) -> Self {
        let lock = Self::new();
        lock.check(Card::new(Kind::RLock, Some(name), Site::caller()));
        lock
    }

    /// Takes the lock once more if the calling thread holds it, and says whether it did.
    #[inline]
    fn reenter(&self, me: usize) -> bool {
        if self.owner.load(Ordering::Relaxed) != me {
            return false;
        }
        let count = self.count.load(Ordering::Relaxed);
        debug_assert!(count < isize::MAX as usize, "re-entrant lock held too often");
        self.count.store(count + 1, Ordering::Relaxed);
        true
    }

    /// Takes the lock once more if the calling thread holds it, or by `enter`; returns whether it
    /// was taken.
    #[inline]
    fn take_by<I>(&self, enter: impl FnOnce(&RawLock) -> Result<bool, I>) -> Result<bool, I> {
        let me = thread_id();
        if self.reenter(me) {
            return Ok(true);
        }
        let taken = enter(&self.lock)?;
        if taken {
            self.owner.store(me, Ordering::Relaxed);
            self.count.store(1, Ordering::Relaxed);
        }
        Ok(taken)
    }

    /// Takes the lock, waiting for it until `until`; returns whether it was taken.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait; the lock was then not taken.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn acquire_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        turns::about(self, "RLock.acquire");
        self.take_by(|lock| lock.enter_with(blocking, until))
    }

    /// Takes the lock, waiting for as long as it takes.
    #[track_caller]
    pub fn acquire(&self) {
        infallible(self.acquire_with(&mut Here::new(), Deadline::NEVER));
    }

    /// Takes the lock, waiting for at most `timeout`; returns whether it was taken.
    #[track_caller]
    pub fn acquire_timeout(&self, timeout: std::time::Duration) -> bool {
        infallible(self.acquire_with(&mut Here::new(), Deadline::after(timeout)))
    }

    /// Gives the lock a card: from now on it is checked. Returns whether it is.
    ///
    /// Called once, before the lock is used.
    pub fn check(&self, card: Card) -> bool {
        self.lock.check(card)
    }

    /// The lock's card, if it is checked.
    pub fn card(&self) -> Option<Arc<Card>> {
        self.lock.card()
    }

    /// Fast path: takes the lock by one compare-exchange, or once more; if that fails, it is for
    /// [`acquire_with`](Self::acquire_with) to see whether it is free.
    #[inline]
    pub fn acquire_fast(&self) -> bool {
        infallible(self.take_by(|lock| Ok(lock.enter_fast())))
    }

    /// Takes the lock if it is free or already held by this thread, and says whether it did.
    #[inline]
    #[track_caller]
    pub fn try_acquire(&self) -> bool {
        turns::about(self, "RLock.try_acquire");
        let site = Site::caller(); // (A closure has no caller.)
        infallible(self.take_by(|lock| Ok(lock.try_enter_at(site))))
    }

    /// Takes the lock if it is free or this thread's, or reserved for a waiter: that will not come
    /// any more, since the program is at its end and lets no other thread run. Returns whether it
    /// did.
    #[cold]
    pub fn seize(&self) -> bool {
        infallible(self.take_by(|lock| Ok(lock.seize_entered())))
    }

    /// Undoes one acquisition.
    ///
    /// # Errors
    /// [`NotOwner`] if the calling thread does not hold the lock.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn release(&self) -> Result<(), NotOwner> {
        turns::about(self, "RLock.release");
        if !self.is_owned() {
            return Err(NotOwner);
        }
        let count = self.count.load(Ordering::Relaxed) - 1;
        self.count.store(count, Ordering::Relaxed);
        if count == 0 {
            self.exit();
        }
        Ok(())
    }

    /// The owner gives the lock up, which it does not count any more.
    #[inline]
    fn exit(&self) {
        self.owner.store(NOBODY, Ordering::Relaxed);
        self.lock.exit();
    }

    /// Undoes all of the calling thread's acquisitions, for [`restore_with`](Self::restore_with).
    ///
    /// # Errors
    /// [`NotOwner`] if the calling thread does not hold the lock.
    pub fn release_all(&self) -> Result<Ownership, NotOwner> {
        if !self.is_owned() {
            return Err(NotOwner);
        }
        let held =
            Ownership { owner: thread_id(), count: self.count.swap(0, Ordering::Relaxed) };
        self.exit();
        Ok(held)
    }

    /// Takes the lock back as [`release_all`](Self::release_all) left it.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait; the lock was then not taken.
    pub fn restore_with<B: Blocking>(
        &self,
        blocking: &mut B,
        held: Ownership,
    ) -> Result<(), B::Interrupt> {
        if held.owner == thread_id() {
            self.lock.enter_with(blocking, Deadline::NEVER)?;
        } else {
            // The thread that releases it is not the one that takes it.
            self.lock.acquire_with(blocking, Deadline::NEVER)?;
        }
        self.owner.store(held.owner, Ordering::Relaxed);
        self.count.store(held.count, Ordering::Relaxed);
        Ok(())
    }

    /// Whether the calling thread holds the lock.
    #[inline]
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == thread_id()
    }

    /// Whether any thread holds the lock; out of date once returned.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.lock.is_locked()
    }

    /// The holder's thread identifier, 0 if nobody holds the lock; out of date once returned.
    #[must_use]
    pub fn owner(&self) -> usize {
        self.owner.load(Ordering::Relaxed)
    }

    /// How often the holder holds it; out of date once returned, unless asked by the holder.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The number of threads waiting for the lock; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock.waiting()
    }

    /// Makes the lock free and forgets its waiters.
    ///
    /// # Safety
    /// No other thread of this process uses the lock: it is called in the child of a `fork`.
    pub unsafe fn reset_after_fork(&self) {
        self.owner.store(NOBODY, Ordering::Relaxed);
        self.count.store(0, Ordering::Relaxed);
        // SAFETY: passed on to the caller.
        unsafe { self.lock.reset_after_fork() };
    }
}

impl Default for RLock {
    fn default() -> Self {
        Self::new()
    }
}
