//! A value behind a lock of readers and writers, and what lends it.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::{Misuse, RawRwLock, RwLockError};
use crate::os::sync::maybe_const;
use crate::os::{Deadline, turns};
use crate::wait::Native;

/// A value that many threads may read, or one write.
///
/// The standard library of Python has no counterpart; `std::sync::RwLock` is the nearest here, whose
/// readers may starve writers, and which a thread that takes it twice hangs on.
///
/// ```
/// use raddle::RwLock;
///
/// let prices = RwLock::new(vec![3, 4]);
/// {
///     let one = prices.read().unwrap();
///     let other = prices.read().unwrap();
///     assert_eq!(one[0] + other[1], 7);
/// }
/// prices.write().unwrap().push(5);
/// assert_eq!(prices.into_inner(), [3, 4, 5]);
/// ```
#[derive(Debug, Default)]
pub struct RwLock<T> {
    lock: RawRwLock,
    value: UnsafeCell<T>,
}

// SAFETY: the value is lent to many threads only to read, and to one to change.
unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

impl<T> RwLock<T> {
    maybe_const! {
        /// A lock around `value`.
        #[must_use]
        pub fn new(value: T) -> Self {
            Self { lock: RawRwLock::new(), value: UnsafeCell::new(value) }
        }
    }

    /// Waits until the value may be read.
    ///
    /// # Errors
    /// [`Misuse::Writes`]: the thread writes it, and would wait for itself.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn read(&self) -> Result<ReadGuard<'_, T>, Misuse> {
        turns::about(&self.lock, "RwLock.read");
        plain(self.lock.read_with(&mut Native, Deadline::NEVER))?;
        Ok(ReadGuard(self, std::marker::PhantomData))
    }

    /// [`read`](Self::read), for at most `timeout`; `None` if it was not to be had.
    ///
    /// # Errors
    /// As there.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn read_timeout(&self, timeout: Duration) -> Result<Option<ReadGuard<'_, T>>, Misuse> {
        turns::about(&self.lock, "RwLock.read_timeout");
        let taken = plain(self.lock.read_with(&mut Native, Deadline::after(timeout)))?;
        Ok(taken.then(|| ReadGuard(self, std::marker::PhantomData)))
    }

    /// Waits until the value may be changed.
    ///
    /// # Errors
    /// [`Misuse::Writes`] and [`Misuse::Upgrade`]: the thread would wait for itself.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn write(&self) -> Result<WriteGuard<'_, T>, Misuse> {
        turns::about(&self.lock, "RwLock.write");
        plain(self.lock.write_with(&mut Native, Deadline::NEVER))?;
        Ok(WriteGuard(self, std::marker::PhantomData))
    }

    /// [`write`](Self::write), for at most `timeout`; `None` if it was not to be had.
    ///
    /// # Errors
    /// As there.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn write_timeout(
        &self,
        timeout: Duration,
    ) -> Result<Option<WriteGuard<'_, T>>, Misuse> {
        turns::about(&self.lock, "RwLock.write_timeout");
        let taken = plain(self.lock.write_with(&mut Native, Deadline::after(timeout)))?;
        Ok(taken.then(|| WriteGuard(self, std::marker::PhantomData)))
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

fn plain(taken: Result<bool, RwLockError<std::convert::Infallible>>) -> Result<bool, Misuse> {
    match taken {
        Ok(taken) => Ok(taken),
        Err(RwLockError::Misuse(misuse)) => Err(misuse),
        Err(RwLockError::Interrupted(never)) => match never {},
    }
}

/// Lends the value of a [`RwLock`] to read, in the thread that took it, until dropped.
///
/// ```
/// let lock = raddle::RwLock::new(3);
/// let guard = lock.read().unwrap();
/// assert_eq!(*guard, 3);
/// ```
#[must_use = "the lock is given back when the guard is dropped"]
#[derive(Debug)]
pub struct ReadGuard<'a, T>(&'a RwLock<T>, std::marker::PhantomData<*const ()>);

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this thread holds the lock to read: nobody changes the value.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        turns::about(&self.0.lock, "ReadGuard.drop");
        let _ = self.0.lock.end_read();
    }
}

/// Lends the value of a [`RwLock`] to change, in the thread that took it, until dropped.
///
/// ```
/// let lock = raddle::RwLock::new(3);
/// *lock.write().unwrap() += 1;
/// assert_eq!(*lock.read().unwrap(), 4);
/// ```
#[must_use = "the lock is given back when the guard is dropped"]
#[derive(Debug)]
pub struct WriteGuard<'a, T>(&'a RwLock<T>, std::marker::PhantomData<*const ()>);

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this thread holds the lock to write: nobody else has the value.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for WriteGuard<'_, T> {
    fn drop(&mut self) {
        turns::about(&self.0.lock, "WriteGuard.drop");
        let _ = self.0.lock.end_write();
    }
}
