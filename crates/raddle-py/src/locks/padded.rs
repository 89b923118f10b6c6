//! Keeping a contended word off the cache line of its object's reference count.

#[cfg(Py_GIL_DISABLED)]
use std::mem::MaybeUninit;
use std::ops::Deref;

use crate::locks::name::Name;

/// A value on a cache line of its own where threads run in parallel, in place elsewhere.
///
/// Without a GIL every `with lock:` also writes the object's reference count; on the same line
/// as the lock word, waiting threads and the holder would slow each other down. Objects are
/// aligned to 16 bytes only, so the distance is kept by padding on both sides. The object's name
/// is part of that.
#[repr(C)]
pub(crate) struct Padded<T> {
    pub(crate) name: Name,
    #[cfg(Py_GIL_DISABLED)]
    before: MaybeUninit<[u8; 64 - size_of::<Name>()]>,
    value: T,
    /// The smallest value is a lock of 32 bytes.
    #[cfg(Py_GIL_DISABLED)]
    after: MaybeUninit<[u8; 32]>,
}

impl<T> Padded<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self {
            name: Name::none(),
            #[cfg(Py_GIL_DISABLED)]
            before: MaybeUninit::uninit(),
            value,
            #[cfg(Py_GIL_DISABLED)]
            after: MaybeUninit::uninit(),
        }
    }
}

impl<T> Deref for Padded<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}
