//! The exceptions, with the standard library's types and texts that add what to do.

use std::ffi::CStr;

use pyo3::exceptions::{PyDeprecationWarning, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::python::call;
use crate::python::hooks::{self, Hook};
use crate::python::replaceable::{self, Replaceable};

/// The exception of a broken barrier: the standard library's own, which programs catch, or what a
/// program has put in its place.
#[cold]
pub(crate) fn broken_barrier(py: Python<'_>) -> PyErr {
    replaceable::error(py, Replaceable::BrokenBarrierError, || {
        of_hook(py, &hooks::BROKEN_BARRIER)
    })
}

/// The error of a class that Python hands in.
pub(crate) fn of_hook(py: Python<'_>, class: &Hook) -> PyErr {
    let class = class.import(py).and_then(|class| Ok(class.bind(py).cast::<PyType>()?.clone()));
    class.map_or_else(|error| error, |class| PyErr::from_type(class, ()))
}

/// `PythonFinalizationError` where there is one (from 3.13), `RuntimeError` before.
#[cfg(Py_3_13)]
pub(crate) fn finalizing(py: Python<'_>, text: &'static str) -> PyErr {
    interpreter! {
        // Named directly: at this time, importing builtins may fail.
        static PyExc_PythonFinalizationError: *mut pyo3::ffi::PyObject;
    }
    // SAFETY: the interpreter's own exception type, which is never freed.
    let kind = unsafe { Borrowed::from_ptr(py, PyExc_PythonFinalizationError) };
    match kind.cast::<PyType>() {
        Ok(kind) => PyErr::from_type(kind.to_owned(), text),
        Err(_) => PyRuntimeError::new_err(text),
    }
}

/// `PythonFinalizationError` where there is one (from 3.13), `RuntimeError` before.
#[cfg(not(Py_3_13))]
pub(crate) fn finalizing(_: Python<'_>, text: &'static str) -> PyErr {
    PyRuntimeError::new_err(text)
}

/// A `RuntimeError`: the standard library's text, then what to do about it.
pub(crate) fn misuse(text: &'static str) -> PyErr {
    PyRuntimeError::new_err(text)
}

/// What pickling and copying a primitive raise.
pub(crate) fn cannot_pickle(object: &Bound<'_, PyAny>) -> PyErr {
    let kind = object.get_type();
    let name = match (kind.module(), kind.qualname()) {
        (Ok(module), Ok(name)) => format!("{module}.{name}"),
        _ => String::from("lock"),
    };
    PyTypeError::new_err(format!(
        "cannot pickle '{name}' object: a copy would guard nothing, so make one in each process \
         that needs its own; to share one between processes, use multiprocessing's"
    ))
}

/// Warns that a camelCase name is deprecated, at the caller's line.
pub(crate) fn deprecated(py: Python<'_>, text: &'static CStr) -> PyResult<()> {
    let category = py.get_type::<PyDeprecationWarning>();
    call::warn(category.as_any(), text)
}

/// Where an object is, as the interpreter's C code writes it: on Windows with all digits, in capitals.
pub(crate) fn place(object: &Bound<'_, PyAny>) -> String {
    let address = object.as_ptr().addr();
    if cfg!(windows) { format!("0x{address:016X}") } else { format!("{address:#x}") }
}

/// `<module.Type at 0x…REST>`, as the standard library's classes show themselves.
pub(crate) fn repr<'py>(
    object: &Bound<'py, PyAny>,
    rest: std::fmt::Arguments<'_>,
) -> PyResult<Bound<'py, PyString>> {
    let kind = object.get_type();
    let (module, name) = (kind.module()?, kind.qualname()?);
    let address = object.as_ptr() as usize;
    Ok(PyString::new(object.py(), &format!("<{module}.{name} at {address:#x}{rest}>")))
}
