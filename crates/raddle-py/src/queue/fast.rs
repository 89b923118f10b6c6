//! `put(item)` and `get()` with as little around them as C has.
//!
//! Moving an item takes about as long as getting from Python into a Rust method and back. These
//! functions take the common case, without options and without a wait, and hand any other to the
//! methods of the class, whose places they have taken.

use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;
use raddle::queue::Blocks;

use super::simple::SimpleQueue;
use super::state::Queue;
use crate::python::allocate::value_of;
use crate::python::call::{self, OwnedPy};
use crate::python::interned::intern;

/// The methods of the class, as PyO3 made them; references that are kept for ever.
static PUT: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());
static GET: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());
static SIMPLE_PUT: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());
static SIMPLE_GET: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// The value of a queue.
///
/// # Safety
/// `object` is an instance of the class, alive for `'a`.
#[inline]
unsafe fn value<'a>(object: *mut ffi::PyObject) -> &'a SimpleQueue {
    // SAFETY: an instance, says the caller.
    unsafe { &*value_of::<SimpleQueue>(object) }
}

unsafe extern "C" fn simple_put(
    queue: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this attached, with an instance of the class and as many
    // arguments as it says.
    unsafe {
        if count != 1 || !names.is_null() {
            let slow = SIMPLE_PUT.load(Ordering::Relaxed);
            return call::method_raw(slow, queue, args, count, names);
        }
        let item = Bound::from_borrowed_ptr(Python::assume_attached(), *args).unbind();
        value(queue).add(item);
        ffi::Py_NewRef(ffi::Py_None())
    }
}

unsafe extern "C" fn simple_get(
    queue: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as in `simple_put`.
    unsafe {
        if count == 0
            && names.is_null()
            && let Ok(Some(item)) = value(queue).gate.get_by(Blocks::pop)
        {
            return OwnedPy::into_inner(item).into_ptr();
        }
        let slow = SIMPLE_GET.load(Ordering::Relaxed);
        call::method_raw(slow, queue, args, count, names)
    }
}

unsafe extern "C" fn put(
    queue: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as in `simple_put`.
    unsafe {
        let py = Python::assume_attached();
        let this = Borrowed::from_ptr(py, queue).cast_unchecked::<Queue>();
        if count == 1 && names.is_null() && Queue::is_ready(&this) {
            let item = OwnedPy::new(Bound::from_borrowed_ptr(py, *args).unbind());
            match this.get().put_now(py, item) {
                Ok(Ok(())) => return ffi::Py_NewRef(ffi::Py_None()),
                Ok(Err((item, _))) => drop(item), // There is more to do than to put.
                Err(error) => return raise(py, error),
            }
        }
        let slow = PUT.load(Ordering::Relaxed);
        call::method_raw(slow, queue, args, count, names)
    }
}

unsafe extern "C" fn get(
    queue: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as in `simple_put`.
    unsafe {
        let py = Python::assume_attached();
        let this = Borrowed::from_ptr(py, queue).cast_unchecked::<Queue>();
        if count == 0 && names.is_null() && Queue::is_ready(&this) {
            match this.get().get_now(py) {
                Ok(Ok(item)) => return item.into_inner().into_ptr(),
                Ok(Err(_)) => {} // There is more to do than to get.
                Err(error) => return raise(py, error),
            }
        }
        let slow = GET.load(Ordering::Relaxed);
        call::method_raw(slow, queue, args, count, names)
    }
}

/// Raises what a comparison raised.
#[cold]
fn raise(py: Python<'_>, error: PyErr) -> *mut ffi::PyObject {
    error.restore(py);
    ptr::null_mut()
}

type Function = unsafe extern "C" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    ffi::Py_ssize_t,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

const fn definition(
    name: &'static CStr,
    function: Function,
    doc: &'static CStr,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: function },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        ml_doc: doc.as_ptr(),
    }
}

/// The method tables' entries; the interpreter keeps their addresses.
static mut DEFINITIONS: [ffi::PyMethodDef; 4] = [
    definition(
        c"put",
        simple_put,
        c"put($self, item, block=True, timeout=None)\n--\n\n\
          Puts `item`; never waits. `block` and `timeout` are there for likeness with Queue.",
    ),
    definition(
        c"get",
        simple_get,
        c"get($self, block=True, timeout=None)\n--\n\n\
          Removes and returns the oldest item, waiting for one if `block`, for at most `timeout`\n\
          seconds (None: no limit).\n\n\
          Raises Empty if there is none (in time), ValueError for a negative timeout. A signal\n\
          handler that raises ends the wait.",
    ),
    definition(
        c"put",
        put,
        c"put($self, item, block=True, timeout=None)\n--\n\n\
          Puts `item`, waiting for room if `block`, for at most `timeout` seconds (None: no\n\
          limit).\n\n\
          Raises Full if there is no room (in time), ShutDown if the queue was shut down,\n\
          ValueError for a negative timeout. A signal handler that raises ends the wait.",
    ),
    definition(
        c"get",
        get,
        c"get($self, block=True, timeout=None)\n--\n\n\
          Removes and returns an item, waiting for one if `block`, for at most `timeout` seconds\n\
          (None: no limit).\n\n\
          Raises Empty if there is none (in time), ShutDown if there is none and the queue was\n\
          shut down, ValueError for a negative timeout. A signal handler that raises ends the\n\
          wait.",
    ),
];

/// Gives the classes their quick methods; called when the module is imported.
pub(super) fn prepare(py: Python<'_>) -> PyResult<()> {
    let (simple, queue) = (PyType::new::<SimpleQueue>(py), PyType::new::<Queue>(py));
    let places = [
        (&simple, intern!(py, "put"), &SIMPLE_PUT),
        (&simple, intern!(py, "get"), &SIMPLE_GET),
        (&queue, intern!(py, "put"), &PUT),
        (&queue, intern!(py, "get"), &GET),
    ];
    for (index, (class, name, slow)) in places.into_iter().enumerate() {
        slow.store(class.getattr(name)?.into_ptr(), Ordering::Relaxed);
        // SAFETY: the definitions are static and complete, and the class is alive.
        let quick = unsafe {
            let definition = (&raw mut DEFINITIONS).cast::<ffi::PyMethodDef>().add(index);
            let method = ffi::PyDescr_NewMethod(class.as_type_ptr(), definition);
            Bound::from_owned_ptr_or_err(py, method)
        }?;
        class.setattr(name, quick)?;
    }
    Ok(())
}
