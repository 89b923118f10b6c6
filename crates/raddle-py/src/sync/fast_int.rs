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

use super::atomic_int::{AtomicInt, overflow, read};
use crate::python::allocate::{count_less, value_of};

/// A new reference to the number, or null with the error set.
#[inline]
fn returned(number: Option<i64>) -> *mut ffi::PyObject {
    match number {
        // SAFETY: the thread is attached: it is in a method of an object.
        Some(number) => unsafe { ffi::PyLong_FromLongLong(number) },
        None => ptr::null_mut(),
    }
}

/// `get()`.
unsafe extern "C" fn get(
    object: *mut ffi::PyObject,
    _nothing: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this with an AtomicInt, which is alive during the call.
    returned(Some(unsafe { (*value_of::<AtomicInt>(object)).get() }))
}

/// A plain int of 64 bits; None, without an error, for what else there is.
///
/// # Safety
/// The thread is attached, and `given` is alive.
#[inline]
unsafe fn plain(given: *mut ffi::PyObject) -> Option<i64> {
    // SAFETY: says the caller; a plain int is read without a call into Python.
    unsafe {
        if ffi::PyLong_CheckExact(given) == 0 {
            return None;
        }
        let mut overflow = 0;
        let number = ffi::PyLong_AsLongLongAndOverflow(given, &raw mut overflow);
        (overflow == 0).then_some(number)
    }
}

/// What is to be added, of arguments that are not one plain int, or None with the error set.
///
/// # Safety
/// The thread is attached, and there are so many arguments, alive during the call.
#[cold]
#[inline(never)]
unsafe fn unusual(name: &str, args: *mut *mut ffi::PyObject, count: isize) -> Option<i64> {
    // SAFETY: says the caller.
    let py = unsafe { Python::assume_attached() };
    let by = if count == 1 {
        // SAFETY: there is one, says the caller.
        read(&unsafe { Bound::from_borrowed_ptr(py, *args) })
    } else {
        Err(PyTypeError::new_err(format!(
            "AtomicInt.{name}() takes at most 1 argument ({count} given)"
        )))
    };
    by.map_err(|error| error.restore(py)).ok()
}

#[cold]
#[inline(never)]
fn too_large() {
    // SAFETY: the thread is attached: it is in a method of an object.
    overflow().restore(unsafe { Python::assume_attached() });
}

/// A method that changes the number by what it is given, or by 1.
macro_rules! counting {
    ($name:ident, $changed:ident) => {
        unsafe extern "C" fn $name(
            object: *mut ffi::PyObject,
            args: *mut *mut ffi::PyObject,
            count: isize,
        ) -> *mut ffi::PyObject {
            // SAFETY: the interpreter calls this attached, with an AtomicInt and so many arguments,
            // which are alive during the call.
            let (number, by) = unsafe {
                let by = match count {
                    0 => Some(1),
                    1 => plain(*args),
                    _ => None,
                };
                let by = by.or_else(|| unusual(stringify!($name), args, count));
                (&*value_of::<AtomicInt>(object), by)
            };
            let Some(by) = by else { return ptr::null_mut() };
            // SAFETY: attached, and alive.
            let contended = || unsafe { count_less(object) };
            let number = number.change(|value| value.$changed(by), contended);
            if number.is_none() {
                too_large();
            }
            returned(number)
        }
    };
}

counting!(add, checked_add);
counting!(sub, checked_sub);

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
