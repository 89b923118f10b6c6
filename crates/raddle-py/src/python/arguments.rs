//! Arguments as Python's own argument parser takes them.

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt};

use crate::python::call;

/// An argument that may be left out; `None` is a value like any other.
pub(crate) enum Arg<'py> {
    Missing,
    Given(Bound<'py, PyAny>),
}

impl<'py> Arg<'py> {
    #[inline]
    pub(crate) fn given(&self) -> Option<&Bound<'py, PyAny>> {
        match self {
            Self::Missing => None,
            Self::Given(value) => Some(value),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Arg<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Given(object.to_owned()))
    }
}

/// A count that is not below `least`, which the standard library takes any number for: here it has
/// to be a whole number, of whatever type. None if it is below.
pub(crate) fn count<'py>(
    value: &Bound<'py, PyAny>,
    least: i64,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if call::less(value, PyInt::new(value.py(), least).as_any())? {
        return Ok(None);
    }
    let error = match call::index(value) {
        // It is no whole number, says its type. (What a signal's handler raises is no such word.)
        Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => error,
        index => return index.map(Some),
    };
    match call::float(value) {
        // SAFETY: attached; a new reference, or null with an exception set.
        Ok(number) if number.fract() == 0.0 => unsafe {
            let whole = ffi::PyLong_FromDouble(number);
            Bound::from_owned_ptr_or_err(value.py(), whole).map(Some)
        },
        Err(other) if !other.is_instance_of::<PyTypeError>(value.py()) => Err(other),
        _ => Err(error),
    }
}

/// A flag that takes anything with a truth value.
pub(crate) struct Truth(pub(crate) bool);

impl<'py> FromPyObject<'_, 'py> for Truth {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match object.cast::<PyBool>() {
            Ok(flag) => Ok(Self(flag.is_true())),
            Err(_) => call::truth(&object).map(Self),
        }
    }
}

/// The `blocking` flag of a lock: up to 3.11 an integer, then anything with a truth value.
pub(crate) struct Flag(pub(crate) bool);

impl<'py> FromPyObject<'_, 'py> for Flag {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match object.cast::<PyBool>() {
            Ok(flag) => Ok(Self(flag.is_true())),
            Err(_) if cfg!(Py_3_12) => call::truth(&object).map(Self),
            Err(_) => call::index(&object)?.extract::<i32>().map(|flag| Self(flag != 0)),
        }
    }
}
