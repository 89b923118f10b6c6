//! Making a Lock as fast as the interpreter makes its own.
//!
//! `Lock()` is called more often than any other constructor (each Queue, Future and Condition
//! makes some). The general way, through `tp_new`, builds an argument tuple and asks `object`
//! for the memory; this one allocates and writes the value.

use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3::PyClass;
#[cfg(Py_3_13)]
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::types::{PyString, PyType};

use crate::lock::Lock;

/// Where in an object of the type PyO3 keeps the Rust value, in bytes; measured at import.
static OFFSET: AtomicUsize = AtomicUsize::new(0);

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

/// A new reference to a new lock, or null with MemoryError set.
unsafe fn allocate_one(kind: *mut ffi::PyTypeObject) -> *mut ffi::PyObject {
    // SAFETY: `kind` is the type of Lock, which has no more state than that; the thread is
    // attached.
    unsafe {
        let lock = Lock::create().checked(Python::assume_attached());
        allocate(kind, OFFSET.load(Ordering::Relaxed), lock)
    }
}

/// Where in an object PyO3 keeps the Rust value, in bytes.
pub(crate) fn offset<T: PyClass<Frozen = True> + Sync>(sample: &Bound<'_, T>) -> usize {
    ptr::from_ref(sample.get()).addr() - sample.as_ptr().addr()
}

/// `Lock()`, called as a type.
#[cfg(Py_3_13)]
unsafe extern "C" fn call(
    kind: *mut ffi::PyObject,
    _args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this attached, with the type and its arguments.
    unsafe {
        if ffi::PyVectorcall_NARGS(count) != 0 || !names.is_null() {
            let error = PyTypeError::new_err("lock() takes no arguments");
            error.restore(Python::assume_attached());
            return ptr::null_mut();
        }
        allocate_one(kind.cast())
    }
}

/// The type of Lock, for `allocate_lock`; a reference that is kept for ever.
static KIND: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(ptr::null_mut());

/// `allocate_lock()`.
unsafe extern "C" fn allocate_lock(
    _module: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this attached, and after `prepare` has set the type.
    unsafe { allocate_one(KIND.load(Ordering::Relaxed)) }
}

const DOC: &CStr = c"allocate_lock()\n--\n\nReturn a new lock that nobody holds.";

/// The method table's entry; the interpreter keeps its address.
static mut DEFINITION: ffi::PyMethodDef = ffi::PyMethodDef {
    ml_name: c"allocate_lock".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunction: allocate_lock },
    ml_flags: ffi::METH_NOARGS,
    ml_doc: DOC.as_ptr(),
};

/// Gives the type of Lock its quick constructor, and the module the function `allocate_lock`.
pub(crate) fn prepare(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let sample = Bound::new(py, Lock::create())?;
    OFFSET.store(offset(&sample), Ordering::Relaxed);
    let kind = PyType::new::<Lock>(py);
    #[cfg(Py_3_13)]
    // SAFETY: the type is this module's own and nobody uses it yet; the slot's function fits.
    unsafe {
        (*kind.as_type_ptr()).tp_vectorcall = Some(call);
    }
    // A reference of its own: the type outlives every call.
    KIND.store(kind.clone().into_ptr().cast(), Ordering::Relaxed);
    let name = PyString::new(py, "_thread");
    // SAFETY: the definition is static and complete; the function keeps `module` alive.
    let function = unsafe {
        let function =
            ffi::PyCFunction_NewEx(&raw mut DEFINITION, module.as_ptr(), name.as_ptr());
        Bound::from_owned_ptr_or_err(py, function)
    }?;
    module.add("allocate_lock", function)
}
