//! Keeping words that different threads write on cache lines of their own.

use std::ops::Deref;

/// A value that shares its cache line, and the one that is prefetched with it, with nothing.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Line<T>(pub(super) T);

impl<T> Deref for Line<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}
