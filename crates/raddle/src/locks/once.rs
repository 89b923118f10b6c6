//! A value that is made once, by one of those that want it; the others wait.

use std::marker::PhantomData;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::clock::Edge;
use crate::locks::RLock;
use crate::os::Deadline;
use crate::wait::{Blocking, Native, infallible};

/// A value that is made when first wanted, by one thread; the others wait for it.
///
/// `std::sync::OnceLock`, whose waits can be cancelled and time out, and which says so if a value is
/// wanted by the function that makes it. If that fails, the next one makes it.
///
/// ```
/// use raddle::Once;
///
/// static GREETING: Once<String> = Once::new();
/// assert_eq!(GREETING.get(), None);
/// assert_eq!(GREETING.get_or_init(|| "hello".to_owned()), "hello");
/// assert_eq!(GREETING.get_or_init(|| unreachable!()), "hello");
/// ```
#[derive(Debug)]
pub struct Once<T> {
    /// Null, or from a box: set once, by the holder of the turn. (A `OnceLock` that a fork catches
    /// while it is set is never set in the child.)
    value: AtomicPtr<T>,
    /// It may be shared, and sent, as that.
    as_if: PhantomData<OnceLock<T>>,
    /// Held by the thread that makes it.
    turn: RLock,
    /// From the one that made it to those that get it.
    order: Edge,
}

/// Why a [`Once`] has no value for a caller.
///
/// ```
/// use raddle::{Deadline, Native, Once, OnceError};
///
/// let port = Once::new();
/// let read = |text: &str| text.parse::<u16>();
/// let wrong = port.get_or_try_with(&mut Native, Deadline::NEVER, |_| read("many"));
/// assert!(matches!(wrong, Err(OnceError::Failed(_))));
/// assert_eq!(port.get_or_try_with(&mut Native, Deadline::NEVER, |_| read("80")), Ok(&80));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnceError<E, I> {
    /// What makes it has failed, in this thread.
    Failed(E),
    /// This thread is making it.
    Itself,
    /// It was not there by the deadline.
    TimedOut,
    /// `Blocking` ended the wait.
    Interrupted(I),
}

impl<T> Once<T> {
    /// A value that is not there yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            value: AtomicPtr::new(ptr::null_mut()),
            as_if: PhantomData,
            turn: RLock::new(),
            order: Edge::new(),
        }
    }

    /// The value, if it is there.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        // SAFETY: null, or from a box that nobody frees before this is dropped.
        let value = unsafe { self.value.load(Ordering::Acquire).as_ref() };
        if value.is_some() {
            self.order.acquire();
        }
        value
    }

    /// The value; `make` makes it, unless it is there, or another thread is making it.
    ///
    /// # Panics
    /// If `make` wants it, too.
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        let made: Result<&T, OnceError<(), _>> =
            self.get_or_try_with(&mut Native, Deadline::NEVER, |_| Ok(make()));
        match made {
            Ok(value) => value,
            Err(OnceError::Interrupted(never)) => infallible(Err(never)),
            Err(_) => panic!("a value is wanted by what makes it"),
        }
    }

    /// [`get_or_init`](Self::get_or_init), waiting for another thread until `until`, with a `make`
    /// that can fail.
    ///
    /// # Errors
    /// See [`OnceError`].
    pub fn get_or_try_with<B: Blocking, E>(
        &self,
        blocking: &mut B,
        until: Deadline,
        make: impl FnOnce(&mut B) -> Result<T, E>,
    ) -> Result<&T, OnceError<E, B::Interrupt>> {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        if self.turn.is_owned() {
            return Err(OnceError::Itself);
        }
        if !self.turn.acquire_with(blocking, until).map_err(OnceError::Interrupted)? {
            return Err(OnceError::TimedOut);
        }
        let turn = Turn(&self.turn);
        if self.value.load(Ordering::Relaxed).is_null() {
            let value = make(blocking).map_err(OnceError::Failed)?;
            self.order.release();
            self.value.store(Box::into_raw(Box::new(value)), Ordering::Release);
        }
        drop(turn);
        Ok(self.get().expect("it was made"))
    }
}

impl<T> Drop for Once<T> {
    fn drop(&mut self) {
        let value = *self.value.get_mut();
        if !value.is_null() {
            // SAFETY: from `Box::into_raw`, and nobody has a reference to it any more.
            drop(unsafe { Box::from_raw(value) });
        }
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Gives the turn back, also by a panic.
struct Turn<'a>(&'a RLock);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}
