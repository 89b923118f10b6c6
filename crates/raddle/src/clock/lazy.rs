//! A value that is made when it is first wanted: one word, empty when its memory is zero.
//!
//! | the word | a thread that wants the value                                        |
//! |----------|----------------------------------------------------------------------|
//! | null     | makes one, and puts it there unless another thread was quicker       |
//! | a box    | uses that for as long as this lives; one that it has made is dropped |
//!
//! The word is set once. (`loom_clock` is the model.)

use std::ptr;

use crate::os::sync::{AtomicPtr, Ordering};

/// A value that is made when it is first wanted.
pub struct Lazy<T> {
    /// Null, or from a `Box`.
    made: AtomicPtr<T>,
}

impl<T> Lazy<T> {
    /// Nothing is made.
    #[cfg(not(raddle_loom))]
    pub(super) const fn new() -> Self {
        Self { made: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Nothing is made.
    #[cfg(raddle_loom)]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it has none outside of models")]
    pub fn new() -> Self {
        Self { made: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The value, if it was made.
    pub fn get(&self) -> Option<&T> {
        // SAFETY: null, or from a box that is there as long as this is.
        unsafe { self.made.load(Ordering::Acquire).as_ref() }
    }

    /// The value, which is made if there is none.
    pub fn get_or_make(&self) -> &T
    where
        T: Default,
    {
        self.get_or_make_by(T::default)
    }

    /// The value, which `make` makes if there is none; perhaps in vain, beside another thread.
    pub fn get_or_make_by(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(made) = self.get() {
            return made;
        }
        let new = Box::into_raw(Box::new(make()));
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
        let made = self.made.load(Ordering::Acquire);
        if !made.is_null() {
            // SAFETY: from a box, which nobody else has any more.
            drop(unsafe { Box::from_raw(made) });
        }
    }
}

// SAFETY: it owns the value, and lends it to whoever has it.
unsafe impl<T: Send> Send for Lazy<T> {}
// SAFETY: as above; what one thread makes, others use, and one drops.
unsafe impl<T: Send + Sync> Sync for Lazy<T> {}
