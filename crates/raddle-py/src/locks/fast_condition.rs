//! `Condition()`, without arguments, as fast as memory for it can be had.
//!
//! The general way, `type.__call__`, packs arguments that are not there, twice. This one takes
//! calls without any, of the class itself and as it was made; all others go that way, with one
//! more copy of their arguments.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::locks::condition::Condition;
use crate::python::allocate;
use crate::python::call;
use crate::python::interned::intern;

/// The class, which is kept for ever, and its `__new__` and `__init__` as it was made.
static CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(ptr::null_mut());
static NEW: AtomicUsize = AtomicUsize::new(0);
static INIT: AtomicUsize = AtomicUsize::new(0);
/// `type.__call__`; a reference that is kept for ever.
static CALL: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// The addresses of a class's `__new__` and `__init__`.
///
/// # Safety
/// The class is alive, and the thread attached.
#[inline]
unsafe fn constructors(class: *mut ffi::PyTypeObject) -> (usize, usize) {
    // SAFETY: passed on to the caller.
    let (new, init) = unsafe { ((*class).tp_new, (*class).tp_init) };
    (new.map_or(0, |new| new as usize), init.map_or(0, |init| init as usize))
}

/// `Condition(...)`, called as a type.
unsafe extern "C" fn call(
    class: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this attached, with the type and its arguments; an instance is
    // a Condition, and has nothing else that wants a value (a dict and weak references come when
    // they are asked for); and `CALL` was set before the class got this call.
    unsafe {
        let py = Python::assume_attached();
        let count = ffi::PyVectorcall_NARGS(count);
        let made = (NEW.load(Ordering::Relaxed), INIT.load(Ordering::Relaxed));
        let kind = class.cast::<ffi::PyTypeObject>();
        let plain = kind == CLASS.load(Ordering::Relaxed) && constructors(kind) == made;
        if count != 0 || !names.is_null() || !plain {
            return call::method_raw(CALL.load(Ordering::Relaxed), class, args, count, names);
        }
        match Condition::reentrant(py) {
            Ok(condition) => allocate::allocate(kind, condition),
            Err(error) => {
                error.restore(py);
                ptr::null_mut()
            }
        }
    }
}

/// Gives the class its quick call; when the module is imported.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    let general = PyType::new::<PyType>(py).getattr(intern!(py, "__call__"))?;
    CALL.store(general.into_ptr(), Ordering::Relaxed);
    let class = PyType::new::<Condition>(py);
    // SAFETY: the class is this module's own and nobody calls it yet.
    unsafe {
        let kind = class.as_type_ptr();
        let (new, init) = constructors(kind);
        NEW.store(new, Ordering::Relaxed);
        INIT.store(init, Ordering::Relaxed);
        (*kind).tp_vectorcall = Some(call);
    }
    CLASS.store(class.into_ptr().cast(), Ordering::Relaxed);
    Ok(())
}
