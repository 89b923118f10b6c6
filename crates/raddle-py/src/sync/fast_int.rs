//! AtomicInt's methods that count, as the interpreter calls its own.
//!
//! What they do takes less than what PyO3 puts around a method. So these are plain functions in a
//! method table, and their arguments are read here.

use std::ffi::CStr;
use std::ptr;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::atomic_int::{AtomicInt, read};
use crate::python::allocate::value_of;

/// A new reference to the number, or null with the error set.
fn returned(py: Python<'_>, number: PyResult<i64>) -> *mut ffi::PyObject {
    let object = number.and_then(|number| Ok(number.into_pyobject(py)?.into_ptr()));
    object.unwrap_or_else(|error| {
        error.restore(py);
        ptr::null_mut()
    })
}

/// `get()`.
unsafe extern "C" fn get(
    object: *mut ffi::PyObject,
    _nothing: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this attached, with an AtomicInt.
    let (py, number) = unsafe { (Python::assume_attached(), &*value_of::<AtomicInt>(object)) };
    returned(py, Ok(number.get()))
}

/// A method that changes the number by what it is given, or by 1.
macro_rules! counting {
    ($name:ident) => {
        unsafe extern "C" fn $name(
            object: *mut ffi::PyObject,
            args: *mut *mut ffi::PyObject,
            count: isize,
        ) -> *mut ffi::PyObject {
            // SAFETY: the interpreter calls this attached.
            let py = unsafe { Python::assume_attached() };
            // SAFETY: it is an AtomicInt, which is alive during the call.
            let number = unsafe { &*value_of::<AtomicInt>(object) };
            let by = match count {
                0 => Ok(1),
                // SAFETY: there is one argument, which is alive during the call.
                1 => read(&unsafe { Bound::from_borrowed_ptr(py, *args) }),
                _ => Err(PyTypeError::new_err(format!(
                    "AtomicInt.{}() takes at most 1 argument ({count} given)",
                    stringify!($name)
                ))),
            };
            returned(py, by.and_then(|by| number.$name(by)))
        }
    };
}

counting!(add);
counting!(sub);

const fn entry(
    name: &'static CStr,
    call: ffi::PyMethodDefPointer,
    flags: i32,
    doc: &'static CStr,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: call,
        ml_flags: flags,
        ml_doc: doc.as_ptr(),
    }
}

/// The interpreter keeps their addresses.
static mut METHODS: [ffi::PyMethodDef; 3] = [
    entry(
        c"get",
        ffi::PyMethodDefPointer { PyCFunction: get },
        ffi::METH_NOARGS,
        c"get($self, /)\n--\n\nReturns the number.",
    ),
    entry(
        c"add",
        ffi::PyMethodDefPointer { PyCFunctionFast: add },
        ffi::METH_FASTCALL,
        c"add($self, n=1, /)\n--\n\nAdds `n` (1), and returns the sum.",
    ),
    entry(
        c"sub",
        ffi::PyMethodDefPointer { PyCFunctionFast: sub },
        ffi::METH_FASTCALL,
        c"sub($self, n=1, /)\n--\n\nTakes `n` (1) off, and returns the difference.",
    ),
];

/// Gives the type of AtomicInt these methods.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    let kind = PyType::new::<AtomicInt>(py);
    let methods = (&raw mut METHODS).cast::<ffi::PyMethodDef>();
    for at in 0..3 {
        // SAFETY: each entry is static and complete, and the type's instances are what it is for.
        let (method, name) = unsafe {
            let entry = methods.add(at);
            let method = ffi::PyDescr_NewMethod(kind.as_type_ptr(), entry);
            (Bound::from_owned_ptr_or_err(py, method)?, CStr::from_ptr((*entry).ml_name))
        };
        kind.setattr(name.to_str().expect("a plain word"), method)?;
    }
    Ok(())
}
