//! A place that is filled once and is empty when its memory is zero.
//!
//! The interpreter may run its garbage collector between allocating an object, as zeroes, and
//! the moment at which its fields are written (3.11 makes the instance's dict in between).
//! `__traverse__` then sees zeroes; a `std::sync::OnceLock` of zeroes says that it is full.

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A value that is set once; see the module's text for why `OnceLock` will not do.
pub(crate) struct Slot<T> {
    /// Null, or from `Box::into_raw`.
    value: AtomicPtr<T>,
    owns: PhantomData<T>,
}

impl<T> Slot<T> {
    pub(crate) const fn new() -> Self {
        Self { value: AtomicPtr::new(ptr::null_mut()), owns: PhantomData }
    }

    pub(crate) fn filled(value: T) -> Self {
        Self { value: AtomicPtr::new(Box::into_raw(Box::new(value))), owns: PhantomData }
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        // SAFETY: null or a box that lives as long as `self`: it is replaced only while null.
        unsafe { self.value.load(Ordering::Acquire).as_ref() }
    }

    /// Fills the slot; gives the value back if it was full.
    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        let new = Box::into_raw(Box::new(value));
        let filled = self.value.compare_exchange(
            ptr::null_mut(),
            new,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        // SAFETY: `new` was not published, so it is this thread's alone.
        filled.map(|_| ()).map_err(|_| *unsafe { Box::from_raw(new) })
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        let value = *self.value.get_mut();
        if !value.is_null() {
            // SAFETY: from `Box::into_raw`, and nobody else has `self` any more.
            drop(unsafe { Box::from_raw(value) });
        }
    }
}
