//! Objects of this crate's classes as memory: allocated without what PyO3 does around it, and found
//! by the Rust value in them.

use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::PyClass;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;

/// A new reference to a new object of the type `kind`, or null with MemoryError set.
///
/// # Safety
/// The thread is attached. Instances of `kind` have a `T` at `offset` and, when their memory is
/// zero, nothing else that wants a value.
#[inline]
pub(crate) unsafe fn allocate<T>(
    kind: *mut ffi::PyTypeObject,
    offset: usize,
    value: T,
) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller; the value is written before anyone else can see the object.
    unsafe {
        let object = ffi::PyType_GenericAlloc(kind, 0);
        if !object.is_null() {
            ptr::write(object.byte_add(offset).cast::<T>(), value);
        }
        object
    }
}

/// Where in an object PyO3 keeps the Rust value, in bytes.
pub(crate) fn offset<T: PyClass<Frozen = True> + Sync>(sample: &Bound<'_, T>) -> usize {
    ptr::from_ref(sample.get()).addr() - sample.as_ptr().addr()
}

/// Where in an object PyO3 keeps the Rust value, in bytes.
static OFFSET: AtomicUsize = AtomicUsize::new(0);

/// Notes where in an object its Rust value is, as measured in a plain one and in one with a dict
/// and subclasses: it is at the same place for all that are waited for.
pub(crate) fn prepare(plain: usize, other: usize) {
    assert_eq!(plain, other, "objects begin alike");
    OFFSET.store(plain, Ordering::Relaxed);
}

/// The address of the object that has `value`.
pub(crate) fn object_of<T: PyClass>(value: &T) -> usize {
    const { assert!(align_of::<T>() <= align_of::<ffi::PyObject>(), "objects begin alike") };
    ptr::from_ref(value).addr() - OFFSET.load(Ordering::Relaxed)
}
