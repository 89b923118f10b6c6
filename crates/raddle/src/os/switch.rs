//! A feature that a room above switches on: what it does is handed down, so that the rooms below
//! can do without knowing that room.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// Functions that are called where the feature is on; off at first.
pub(crate) struct Switch<T: 'static> {
    on: AtomicBool,
    /// Null, or from a `&'static T`.
    functions: AtomicPtr<T>,
}

impl<T: Sync> Switch<T> {
    pub(crate) const fn new() -> Self {
        Self { on: AtomicBool::new(false), functions: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Switches on or off what these functions do.
    pub(crate) fn set(&self, functions: &'static T, on: bool) {
        self.functions.store(ptr::from_ref(functions).cast_mut(), Ordering::Release);
        self.on.store(on, Ordering::Release);
    }

    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Ordering::Acquire)
    }

    /// The functions, if they are to be called now.
    #[inline]
    pub(crate) fn if_on(&self) -> Option<&'static T> {
        if self.is_on() { self.functions() } else { None }
    }

    /// The functions, if the feature was ever switched on or off: what it has kept is there.
    pub(crate) fn functions(&self) -> Option<&'static T> {
        // SAFETY: null, or from a `&'static T`, which is never written through.
        unsafe { self.functions.load(Ordering::Acquire).as_ref() }
    }
}
