//! A lock around a value, with timeouts; the counterpart of `std::sync::Mutex`.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::RawLock;
use crate::card::Card;
use crate::os::sync::{UnsafeCell, maybe_const};
use crate::os::{Deadline, turns};
use crate::wait::{Here, Kind, Site, infallible};

/// Protects a value from being used by two threads at once.
///
/// Python's `threading.Lock`, holding what it protects. A panic while it is held releases it and
/// does not poison it.
///
/// ```
/// let counter = raddle::Lock::new(0);
/// raddle::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| (0..10_000).for_each(|_| *counter.acquire() += 1));
///     }
/// });
/// assert_eq!(counter.into_inner(), 20_000);
/// ```
pub struct Lock<T> {
    raw: RawLock,
    /// Guarded by `raw`.
    value: UnsafeCell<T>,
}

// SAFETY: the lock moves with its value, and gives it to one thread at a time.
unsafe impl<T: Send> Send for Lock<T> {}
// SAFETY: as above; `&Lock<T>` gives out `&mut T` on one thread at a time.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    maybe_const! {
        /// A free lock around `value`.
        #[must_use]
        pub fn new(value: T) -> Self {
            Self { raw: RawLock::new(), value: UnsafeCell::new(value) }
        }
    }

    /// A free lock around `value` that is checked (see [`lock_order`](crate::lock_order)) and
    /// called `name` in reports.
    #[track_caller]
    pub fn checked(name: &str, value: T) -> Self {
        let lock = Self::new(value);
        lock.raw.check(Card::new(Kind::Lock, Some(name), Site::caller()));
        lock
    }

    /// Waits for the lock and returns the guard that releases it.
    #[track_caller]
    pub fn acquire(&self) -> LockGuard<'_, T> {
        turns::about(self, "Lock.acquire");
        infallible(self.raw.enter_with(&mut Here::new(), Deadline::NEVER));
        LockGuard { lock: self, lent: PhantomData }
    }

    /// Takes the lock if it is free.
    #[track_caller]
    pub fn try_acquire(&self) -> Option<LockGuard<'_, T>> {
        turns::about(self, "Lock.try_acquire");
        self.raw.try_enter().then(|| LockGuard { lock: self, lent: PhantomData })
    }

    /// Waits for the lock for at most `timeout`; `None` if it was not free in time.
    #[track_caller]
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<LockGuard<'_, T>> {
        turns::about(self, "Lock.acquire_timeout");
        let taken = infallible(self.raw.enter_with(&mut Here::new(), Deadline::after(timeout)));
        taken.then(|| LockGuard { lock: self, lent: PhantomData })
    }

    /// Whether somebody holds the lock; out of date once returned.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    /// The number of threads waiting for the lock; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.raw.waiting()
    }

    /// The value, which nobody else can be using.
    pub fn into_inner(self) -> T {
        // No need for the lock: `self` is owned, so at most a forgotten guard holds it.
        self.value.into_inner()
    }
}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Lock");
        match self.try_acquire() {
            Some(value) => debug.field("value", &&*value).finish(),
            None => debug.field("value", &format_args!("<locked>")).finish(),
        }
    }
}

/// Holds a [`Lock`] until dropped, by the thread that took it: reports of deadlocks rely on that.
///
/// As `std`'s and `parking_lot`'s guards, it cannot move to another thread:
///
/// ```compile_fail,E0277
/// let lock = raddle::Lock::new(0);
/// let guard = lock.acquire();
/// raddle::scope(|scope| {
///     scope.spawn(move || drop(guard));
/// });
/// ```
///
/// Threads may share a reference to it if they may share the value. Where one thread is to take a
/// lock and another to release it, there is [`RawLock::acquire`].
#[must_use = "the lock is released when the guard is dropped"]
pub struct LockGuard<'a, T> {
    lock: &'a Lock<T>,
    /// Not `Send`: the holder entered the lock, and only it may release what it entered.
    lent: PhantomData<(&'a mut T, *mut ())>,
}

// SAFETY: a shared guard gives out `&T` and nothing else.
unsafe impl<T: Sync> Sync for LockGuard<'_, T> {}

impl<'a, T> LockGuard<'a, T> {
    /// The lock without its value, for a condition to release and take again.
    pub(crate) fn raw(&self) -> &'a RawLock {
        &self.lock.raw
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock, and the reference cannot outlive the guard.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as for `deref`, and `&mut self` keeps other references away.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for LockGuard<'_, T> {
    fn drop(&mut self) {
        turns::about(self.lock, "LockGuard.drop");
        self.lock.raw.exit();
    }
}

impl<T: fmt::Debug> fmt::Debug for LockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
