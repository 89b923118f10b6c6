//! Making a Lock as fast as the interpreter makes its own.
//!
//! `Lock()` is called more often than any other constructor (each Queue, Future and Condition
//! makes some). The general way, through `tp_new`, builds an argument tuple and asks `object`
//! for the memory; this one allocates and writes the value.

use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};

use crate::locks::lock::Lock;
use crate::locks::mutex::Mutex;
use crate::locks::name;
use crate::python::allocate::{allocate, value_of};
use crate::python::call::{self, OwnedPy};

/// A new reference to a new lock, or null with MemoryError set.
unsafe fn allocate_one(kind: *mut ffi::PyTypeObject) -> *mut ffi::PyObject {
    // SAFETY: `kind` is the type of Lock, which has no more state than that; the thread is
    // attached.
    unsafe {
        // (Written where it stays: a lock on a cache line of its own is large.)
        let object = allocate(kind, Lock::create());
        if !object.is_null() {
            (*value_of::<Lock>(object)).check(Python::assume_attached());
        }
        object
    }
}

/// Makes a lock for a call with arguments, of which there is one: `name=`.
///
/// # Safety
/// The thread is attached; `args` are `count` positional ones and then those that `names`, a
/// tuple or null, names; `kind` is the type of Lock.
#[cold]
unsafe fn allocate_named(
    kind: *mut ffi::PyTypeObject,
    args: *const *mut ffi::PyObject,
    count: isize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller.
    unsafe {
        let py = Python::assume_attached();
        let made = read_name(py, args, count, names).and_then(|name| {
            let lock = Bound::from_owned_ptr_or_err(py, allocate_one(kind))?;
            let lock = lock.cast_into_unchecked::<Lock>();
            lock.get().set_name(py, name);
            Ok(lock.into_ptr())
        });
        made.unwrap_or_else(|error| {
            error.restore(py);
            ptr::null_mut()
        })
    }
}

/// See [`allocate_named`], whose contract this has.
unsafe fn read_name(
    py: Python<'_>,
    args: *const *mut ffi::PyObject,
    count: isize,
    names: *mut ffi::PyObject,
) -> PyResult<Option<OwnedPy>> {
    // As the standard library's messages begin.
    let function = if cfg!(Py_3_13) { "lock" } else { "_thread.allocate_lock" };
    if count != 0 {
        let takes =
            if cfg!(Py_3_13) { "takes no positional arguments" } else { "takes no arguments" };
        return Err(PyTypeError::new_err(format!(
            "{function}() {takes} ({count} given), but name='...' in words"
        )));
    }
    // SAFETY: passed on to the caller; each of `names` has its value in `args`.
    unsafe {
        let Some(names) = Bound::from_borrowed_ptr_or_opt(py, names) else { return Ok(None) };
        let mut name = None;
        for (index, each) in names.cast_into_unchecked::<PyTuple>().iter().enumerate() {
            if !each.cast::<PyString>().is_ok_and(|each| each == "name") {
                return Err(PyTypeError::new_err(format!(
                    "{function}() takes no keyword arguments but name, not '{each}'"
                )));
            }
            name = Bound::from_borrowed_ptr_or_opt(py, *args.add(index));
        }
        name::read(name.as_ref().filter(|name| !name.is_none()), "Lock")
    }
}

/// `Lock()`, called as a type.
#[cfg(Py_3_13)]
unsafe extern "C" fn call(
    kind: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this attached, with the type and its arguments.
    unsafe {
        let count = ffi::PyVectorcall_NARGS(count);
        if count != 0 || !names.is_null() {
            return allocate_named(kind.cast(), args, count, names);
        }
        allocate_one(kind.cast())
    }
}

/// The type of Lock, for `allocate_lock`; a reference that is kept for ever.
static KIND: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(ptr::null_mut());

/// `allocate_lock()`.
unsafe extern "C" fn allocate_lock(
    _module: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: isize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let kind = KIND.load(Ordering::Relaxed);
    // SAFETY: the interpreter calls this attached, with arguments as they should be, and after
    // `prepare` has set the type.
    unsafe {
        if count == 0 && names.is_null() {
            allocate_one(kind)
        } else {
            allocate_named(kind, args, count, names)
        }
    }
}

const DOC: &CStr = c"allocate_lock(*, name=None)\n--\n\nReturn a new lock that nobody holds. \
                     `name` is what reports call it.";

/// The method table's entry; the interpreter keeps its address.
static mut DEFINITION: ffi::PyMethodDef = ffi::PyMethodDef {
    ml_name: c"allocate_lock".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: allocate_lock },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: DOC.as_ptr(),
};

/// Makes Lock a type that the garbage collector does not look at. (PyO3 makes all types ones that
/// it does. A lock refers to nothing but its type, and would be larger and slower to make.)
///
/// # Safety
/// The type is Lock's, and none of its instances is alive.
unsafe fn leave_collector(kind: *mut ffi::PyTypeObject) {
    // SAFETY: passed on to the caller; these slots agree with each other and with the flag.
    unsafe {
        let flags = &raw mut (*kind).tp_flags;
        #[cfg(not(Py_GIL_DISABLED))]
        flags.write(flags.read() & !ffi::Py_TPFLAGS_HAVE_GC);
        #[cfg(Py_GIL_DISABLED)]
        (*flags).fetch_and(!ffi::Py_TPFLAGS_HAVE_GC, Ordering::Relaxed);
        (*kind).tp_traverse = None;
        (*kind).tp_clear = None;
        (*kind).tp_free = Some(ffi::PyObject_Free);
        (*kind).tp_dealloc = Some(end);
    }
}

/// Ends a lock, as its type's `tp_dealloc`.
unsafe extern "C" fn end(object: *mut ffi::PyObject) {
    // SAFETY: the interpreter calls this attached, once, with a lock that nobody refers to any
    // more: its value is dropped once, its memory freed as `allocate` got it, and the reference
    // to its type, which each object has, given back.
    unsafe {
        let kind = ffi::Py_TYPE(object);
        call::clear_weak_references(object);
        ptr::drop_in_place(value_of::<Lock>(object));
        ffi::PyObject_Free(object.cast());
        ffi::Py_DECREF(kind.cast());
    }
}

/// Gives the type of Lock its quick constructor, and the module the function `allocate_lock`.
pub(crate) fn prepare(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let kind = PyType::new::<Lock>(py);
    // SAFETY: the type is this module's own, final, and nobody uses it yet: no lock is alive. The
    // slots' functions fit.
    unsafe {
        #[cfg(Py_3_13)]
        {
            (*kind.as_type_ptr()).tp_vectorcall = Some(call);
        }
        leave_collector(kind.as_type_ptr());
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
