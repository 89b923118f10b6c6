//! A Python function that is called as a builtin.
//!
//! Tracers wrap `ThreadPoolExecutor.submit` as what it is in the standard library, a function:
//! they read its `__code__`, make other functions of that, and give it new code. So `submit` is a
//! function whose code calls the builtin. A call of it, however, goes to the builtin at once, for
//! as long as the code is the function's first.
//!
//! (3.11 asks no function how it is to be called; see `eleven`.)

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyFunction;

use crate::python::call;

/// The function's first code and the builtin: references that are kept for ever.
static CODE: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());
static BUILTIN: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());
/// How the interpreter calls functions: the address of a `call::Vectorcall`.
static PLAIN: AtomicUsize = AtomicUsize::new(0);

/// The function's `vectorcall`.
unsafe extern "C" fn call(
    function: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this attached, with the function and its arguments; the
    // statics were set before the function got this call, `PLAIN` to what it had before.
    unsafe {
        // (Too few arguments: the interpreter says so in the function's name.)
        let enough = ffi::PyVectorcall_NARGS(count) >= 2;
        if enough && code_of(function) == CODE.load(Ordering::Relaxed) {
            return call::vectorcall_raw(BUILTIN.load(Ordering::Relaxed), args, count, names);
        }
        let plain = PLAIN.load(Ordering::Relaxed);
        let plain = std::mem::transmute::<usize, call::Vectorcall>(plain);
        call::vectorcall_by(plain, function, args, count, names)
    }
}

/// The function's code, a borrowed reference.
///
/// # Safety
/// The thread is attached, and the function is live.
#[inline]
unsafe fn code_of(function: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller; it is laid out as 3.11's functions are.
    #[cfg(not(Py_3_12))]
    unsafe {
        (*function.cast::<ffi::PyFunctionObject>()).func_code
    }
    // SAFETY: passed on to the caller.
    #[cfg(Py_3_12)]
    unsafe {
        ffi::PyFunction_GetCode(function)
    }
}

/// Has calls of `function` go to `builtin` until the function is given other code.
///
/// `function` has to do the same as `builtin`, a method with an argument. Raises TypeError for
/// what is no function, RuntimeError for a second pair.
#[pyfunction]
#[pyo3(name = "_quicken", signature = (function, builtin, /))]
pub(crate) fn quicken(
    function: &Bound<'_, PyFunction>,
    builtin: &Bound<'_, PyAny>,
) -> PyResult<()> {
    if !CODE.load(Ordering::Relaxed).is_null() {
        return Err(PyRuntimeError::new_err("there is such a function already"));
    }
    // SAFETY: the references are live, the thread is attached, and nobody has called the function.
    unsafe {
        let Some(plain) = ffi::PyVectorcall_Function(function.as_ptr()) else {
            return Err(PyTypeError::new_err("the function is called in another way"));
        };
        PLAIN.store(plain as usize, Ordering::Relaxed);
        BUILTIN.store(builtin.clone().into_ptr(), Ordering::Relaxed);
        let code = code_of(function.as_ptr());
        CODE.store(ffi::Py_NewRef(code), Ordering::Relaxed);
        take_over(function.as_ptr())
    }
}

/// Sets the function's `vectorcall`.
///
/// # Safety
/// The thread is attached, the function is live, and nobody has called it yet.
#[cfg(Py_3_12)]
unsafe fn take_over(function: *mut ffi::PyObject) -> PyResult<()> {
    interpreter! {
        fn PyFunction_SetVectorcall(function: *mut ffi::PyObject, call: ffi::vectorcallfunc);
    }
    // SAFETY: passed on to the caller.
    unsafe { PyFunction_SetVectorcall(function, call) };
    Ok(())
}

#[cfg(not(Py_3_12))]
use eleven::take_over;

/// 3.11 runs the code of whatever is a `function` itself, but asks instances of subtypes how they
/// are to be called. So the function becomes one of a subtype, which is the same in all else.
#[cfg(not(Py_3_12))]
mod eleven {
    use super::*;

    /// `__reduce__`: pickled and copied by name, as functions are.
    unsafe extern "C" fn reduce(
        function: *mut ffi::PyObject,
        _: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject {
        // SAFETY: the interpreter calls this attached, with the function.
        unsafe { ffi::PyObject_GetAttrString(function, c"__qualname__".as_ptr()) }
    }

    /// See the one for later versions, whose contract this has.
    pub(super) unsafe fn take_over(function: *mut ffi::PyObject) -> PyResult<()> {
        let end = ffi::PyMethodDef::zeroed();
        let mut reduced = end;
        reduced.ml_name = c"__reduce__".as_ptr();
        reduced.ml_meth = ffi::PyMethodDefPointer { PyCFunction: reduce };
        reduced.ml_flags = ffi::METH_NOARGS;
        // SAFETY: passed on to the caller. The type is one that the interpreter completes, with
        // the size and the slots of its base, and it and its table are kept for ever; instances
        // of it are laid out as those of its base, so that one of these can become one.
        unsafe {
            let base = &raw mut ffi::PyFunction_Type;
            let mut kind: Box<ffi::PyTypeObject> = Box::new(std::mem::zeroed());
            kind.ob_base.ob_base.ob_refcnt = 1;
            kind.tp_name = (*base).tp_name;
            kind.tp_base = base;
            kind.tp_basicsize = (*base).tp_basicsize;
            // (Whether it is collected is inherited together with how.)
            let own = ffi::Py_TPFLAGS_READY | ffi::Py_TPFLAGS_HAVE_GC;
            kind.tp_flags = (*base).tp_flags & !own;
            kind.tp_vectorcall_offset = (*base).tp_vectorcall_offset;
            kind.tp_call = (*base).tp_call;
            kind.tp_descr_get = (*base).tp_descr_get;
            kind.tp_methods = Box::leak(Box::new([reduced, end])).as_mut_ptr();
            let kind = Box::leak(kind);
            // (The type's own `__doc__`, None, would hide that of the instances.)
            if ffi::PyType_Ready(kind) != 0
                || ffi::PyDict_DelItemString(kind.tp_dict, c"__doc__".as_ptr()) != 0
            {
                return Err(PyErr::fetch(Python::assume_attached()));
            }
            ffi::PyType_Modified(kind);
            (*function.cast::<ffi::PyFunctionObject>()).vectorcall = Some(call);
            (*function).ob_type = kind;
        }
        Ok(())
    }
}
