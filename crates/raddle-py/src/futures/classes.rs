//! The classes and functions of `raddle.futures` that futures and executors use.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::state::Future;
use crate::python::interned::intern;
use crate::python::{allocate, call, errors, hooks};

/// Whether a future is of the public class itself.
#[inline]
pub(super) fn is_plain(future: &Bound<'_, Future>) -> bool {
    // SAFETY: the reference is live.
    let kind = unsafe { ffi::Py_TYPE(future.as_ptr()) };
    hooks::FUTURE.get().is_some_and(|public| public.as_ptr().cast() == kind)
}

/// A new future of the public class.
#[inline]
pub(super) fn make_future(py: Python<'_>) -> PyResult<Bound<'_, Future>> {
    let kind = hooks::FUTURE.need()?.as_ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: the class is a subclass of `Future`'s, and has no other state that its `__new__`
    // would fill in.
    unsafe {
        let object = allocate::allocate(kind, Future::create());
        Ok(Bound::from_owned_ptr_or_err(py, object)?.cast_into_unchecked())
    }
}

/// `CancelledError()`.
pub(super) fn cancelled(py: Python<'_>) -> PyErr {
    errors::of_hook(py, &hooks::CANCELLED)
}

/// `queue.Empty()`.
pub(super) fn empty(py: Python<'_>) -> PyErr {
    errors::of_hook(py, &hooks::EXECUTOR_EMPTY)
}

/// Whether the interpreter's exit has ended the executors.
#[inline]
pub(super) fn is_shut_down(py: Python<'_>) -> PyResult<bool> {
    let names = hooks::EXECUTOR_THREAD.need()?.bind(py);
    // SAFETY: the hook takes a dict only.
    let names = unsafe { names.cast_unchecked::<PyDict>() };
    match names.get_item(intern!(py, "_shutdown"))? {
        Some(flag) => call::truth(&flag),
        None => Ok(false),
    }
}

/// Has the Python side log something.
pub(super) fn log(
    py: Python<'_>,
    what: &str,
    future: &Bound<'_, PyAny>,
    error: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let args = (what, future, error).into_pyobject(py)?;
    call::call(hooks::LOG.need()?.bind(py), &args, None).map(drop)
}
