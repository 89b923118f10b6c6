//! Objects of this crate's classes as memory: allocated without what PyO3 does around it, and found
//! by the Rust value in them.

#[cfg(all(Py_3_14, Py_GIL_DISABLED))]
use std::ffi::c_int;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::PyClass;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;

/// Where in an object PyO3 keeps the Rust value, in bytes; the same in all that are asked for here.
static OFFSET: AtomicUsize = AtomicUsize::new(0);

/// Where it is in a sample.
pub(crate) fn offset<T: PyClass<Frozen = True> + Sync>(sample: &Bound<'_, T>) -> usize {
    ptr::from_ref(sample.get()).addr() - sample.as_ptr().addr()
}

/// Notes that, as measured in one object of each class.
pub(crate) fn prepare(offsets: &[usize]) {
    assert!(offsets.iter().all(|offset| *offset == offsets[0]), "objects begin alike");
    OFFSET.store(offsets[0], Ordering::Relaxed);
}

/// Where an object has its Rust value.
///
/// # Safety
/// `object` is an instance of `T`'s class.
#[inline]
pub(crate) unsafe fn value_of<T: PyClass>(object: *mut ffi::PyObject) -> *mut T {
    const { assert!(align_of::<T>() <= align_of::<ffi::PyObject>(), "objects begin alike") };
    // SAFETY: an instance is as large, says the caller.
    unsafe { object.byte_add(OFFSET.load(Ordering::Relaxed)).cast() }
}

/// The address of the object that has `value`.
pub(crate) fn object_of<T: PyClass>(value: &T) -> usize {
    const { assert!(align_of::<T>() <= align_of::<ffi::PyObject>(), "objects begin alike") };
    ptr::from_ref(value).addr() - OFFSET.load(Ordering::Relaxed)
}

/// A new reference to a new object of the type `kind`, or null with MemoryError set.
///
/// # Safety
/// The thread is attached. Instances of `kind` are `T`'s and have, when their memory is zero,
/// nothing else that wants a value.
#[inline]
pub(crate) unsafe fn allocate<T: PyClass>(
    kind: *mut ffi::PyTypeObject,
    value: T,
) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller; the value is written before anyone else can see the object.
    unsafe {
        let object = ffi::PyType_GenericAlloc(kind, 0);
        if !object.is_null() {
            value_of::<T>(object).write(value);
        }
        object
    }
}

/// Has an interpreter without a GIL no longer count the references that threads make for an instant.
///
/// Threads that use one object at once pass the memory of its counter from core to core, which takes
/// longer than what they do with it. The price is that the collector frees the object, some time
/// later. So this is for objects that were seen to be contended, of classes that the collector knows.
///
/// # Safety
/// The thread is attached, and `object` is alive.
#[cold]
pub(crate) unsafe fn count_less(object: *mut ffi::PyObject) {
    #[cfg(all(Py_3_14, Py_GIL_DISABLED))]
    {
        interpreter! {
            fn PyUnstable_Object_EnableDeferredRefcount(object: *mut ffi::PyObject) -> c_int;
        }
        // SAFETY: says the caller. (It may have been done before: then this does nothing.)
        unsafe { PyUnstable_Object_EnableDeferredRefcount(object) };
    }
    #[cfg(not(all(Py_3_14, Py_GIL_DISABLED)))]
    let _ = object;
}
