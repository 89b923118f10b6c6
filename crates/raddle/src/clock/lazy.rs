//! A value that is made when it is first wanted: one word, empty when its memory is zero.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::os::guarded::Guarded;

/// A value behind a latch, made when it is first wanted. (It is set once, so whoever sees it may
/// use it for as long as this lives.)
pub(super) struct Lazy<T> {
    /// Null, or from a `Box`.
    made: AtomicPtr<Guarded<T>>,
}

impl<T: Default> Lazy<T> {
    pub(super) const fn new() -> Self {
        Self { made: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The value, if it was made.
    pub(super) fn get(&self) -> Option<&Guarded<T>> {
        // SAFETY: null, or from a box that is there as long as this is.
        unsafe { self.made.load(Ordering::Acquire).as_ref() }
    }

    /// The value, which is made if there is none.
    pub(super) fn get_or_make(&self) -> &Guarded<T> {
        if let Some(made) = self.get() {
            return made;
        }
        let new = Box::into_raw(Box::new(Guarded::new()));
        let order = (Ordering::AcqRel, Ordering::Acquire);
        match self.made.compare_exchange(ptr::null_mut(), new, order.0, order.1) {
            // SAFETY: from a box that this keeps from now on.
            Ok(_) => unsafe { &*new },
            Err(other) => {
                // SAFETY: from the box above, which nobody else has.
                drop(unsafe { Box::from_raw(new) });
                // SAFETY: not null, from a box that is there as long as this is.
                unsafe { &*other }
            }
        }
    }
}

impl<T> Drop for Lazy<T> {
    fn drop(&mut self) {
        let made = *self.made.get_mut();
        if !made.is_null() {
            // SAFETY: from a box, which nobody else has any more.
            drop(unsafe { Box::from_raw(made) });
        }
    }
}
