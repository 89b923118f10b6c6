//! A place that is empty when its memory is zero, and whose values live as long as it does.
//!
//! The interpreter may run its garbage collector between allocating an object, as zeroes, and
//! the moment at which its fields are written (3.11 makes the instance's dict in between).
//! `__traverse__` then sees zeroes; a `std::sync::OnceLock` of zeroes says that it is full.

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A value that is set once, or seldom; see the module's text for why `OnceLock` will not do.
pub(crate) struct OnceBox<T> {
    /// Null, or from `Box::into_raw`.
    filling: AtomicPtr<Filling<T>>,
    owns: PhantomData<T>,
}

struct Filling<T> {
    value: T,
    /// The one that this one replaced, or null: somebody may still be using it.
    before: *mut Filling<T>,
}

impl<T> OnceBox<T> {
    pub(crate) const fn new() -> Self {
        Self { filling: AtomicPtr::new(ptr::null_mut()), owns: PhantomData }
    }

    pub(crate) fn filled(value: T) -> Self {
        Self { filling: AtomicPtr::new(Filling::alone(value)), owns: PhantomData }
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        self.all().next()
    }

    /// The value and those that it replaced.
    #[inline]
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        // SAFETY: null or a box that lives as long as `self`, as do those that it replaced.
        let newest = unsafe { self.filling.load(Ordering::Acquire).as_ref() };
        // SAFETY: as above.
        let fillings = std::iter::successors(newest, |next| unsafe { next.before.as_ref() });
        fillings.map(|filling| &filling.value)
    }

    /// Puts the value in; gives it back if there was one.
    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        let new = Filling::alone(value);
        let filled = self.filling.compare_exchange(
            ptr::null_mut(),
            new,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        // SAFETY: `new` was not published, so it is this thread's alone.
        filled.map(|_| ()).map_err(|_| unsafe { Box::from_raw(new) }.value)
    }

    /// Puts the value in, whether there was one or not. The old value is kept until the box goes:
    /// not for what happens often.
    pub(crate) fn replace(&self, value: T) {
        let new = Filling::alone(value);
        let mut before = self.filling.load(Ordering::Relaxed);
        loop {
            // SAFETY: `new` is not published yet, so it is this thread's alone.
            unsafe { (*new).before = before };
            match self.filling.compare_exchange_weak(
                before,
                new,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => before = now,
            }
        }
    }
}

impl<T> Filling<T> {
    fn alone(value: T) -> *mut Self {
        Box::into_raw(Box::new(Self { value, before: ptr::null_mut() }))
    }
}

impl<T> Drop for OnceBox<T> {
    fn drop(&mut self) {
        let mut filling = *self.filling.get_mut();
        while !filling.is_null() {
            // SAFETY: from `Box::into_raw`, and nobody else has `self` any more.
            filling = unsafe { Box::from_raw(filling) }.before;
        }
    }
}
