//! What threads leave that cannot tell it: pushed one by one, and taken all at once.
//!
//! A stack of the kind that Treiber described. Taking all of it needs no care for an address that
//! comes back meanwhile: no record is taken from under another.
//!
//! | `first`   | meaning                            | what changes it                              |
//! |-----------|------------------------------------|----------------------------------------------|
//! | null      | nothing is left                    | `leave`: to its record                       |
//! | a record  | it and those after it are left; no | `leave`: to its record, whose next one it is |
//! |           | thread changes them any more       | then; `take`: to null, and all are its own   |
//!
//! Rejected: a queue that allocates. What is left here may be that memory has run out.

use std::fmt;
use std::ptr;

use crate::os::sync::{AtomicPtr, Ordering, UnsafeCell, maybe_const};

/// What one thread leaves; made while there is memory.
#[derive(Debug)]
pub struct Record<T> {
    value: T,
    /// Written by the thread that leaves it, before the others can find it.
    next: UnsafeCell<*mut Record<T>>,
}

/// The records that were left.
pub struct Stranded<T> {
    /// See the module's table. Null, or from a `Box`.
    first: AtomicPtr<Record<T>>,
}

// SAFETY: the values are handed from the threads that leave them to those that take them.
unsafe impl<T: Send> Send for Stranded<T> {}
// SAFETY: as above; they are not looked at before they are taken.
unsafe impl<T: Send> Sync for Stranded<T> {}

/// The records that were taken, the last one first.
#[must_use]
pub struct Taken<T> {
    /// Null, or a record of a list that is this one's alone.
    next: *mut Record<T>,
}

impl<T> Record<T> {
    /// A record that was not left yet.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { value, next: UnsafeCell::new(ptr::null_mut()) }
    }

    /// What it is made of.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// What it was made of.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Stranded<T> {
    maybe_const! {
        /// Nothing is left.
        #[must_use]
        pub fn new() -> Self {
            Self { first: AtomicPtr::new(ptr::null_mut()) }
        }
    }

    /// Leaves a record. Allocates nothing, and waits for nobody.
    pub fn leave(&self, record: Box<Record<T>>) {
        let new = Box::into_raw(record);
        let mut first = self.first.load(Ordering::Relaxed);
        loop {
            // SAFETY: not left yet, so it is this thread's alone.
            unsafe { (*new).next.with_mut(|next| *next = first) };
            let order = (Ordering::Release, Ordering::Relaxed);
            match self.first.compare_exchange_weak(first, new, order.0, order.1) {
                Ok(_) => return,
                Err(now) => first = now,
            }
        }
    }

    /// Whether something is left; out of date once returned.
    #[inline]
    #[must_use]
    pub fn is_any_left(&self) -> bool {
        !self.first.load(Ordering::Relaxed).is_null()
    }

    /// Takes all that is left.
    pub fn take(&self) -> Taken<T> {
        Taken { next: self.first.swap(ptr::null_mut(), Ordering::Acquire) }
    }
}

impl<T> Iterator for Taken<T> {
    type Item = Box<Record<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next.is_null() {
            return None;
        }
        // SAFETY: from `Box::into_raw` in `leave`, and this list's alone.
        let record = unsafe { Box::from_raw(self.next) };
        // SAFETY: no other thread knows the record.
        self.next = record.next.with(|next| unsafe { *next });
        Some(record)
    }
}

impl<T> Drop for Taken<T> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

impl<T> Drop for Stranded<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T> Default for Stranded<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Stranded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stranded").field("any_left", &self.is_any_left()).finish()
    }
}

impl<T> fmt::Debug for Taken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taken").finish_non_exhaustive()
    }
}
