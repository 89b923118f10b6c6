//! The exceptions of queues: the standard library's own classes, which programs catch, or what
//! programs have put in their places.

use pyo3::exceptions::{PyAttributeError, PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::python::call;
use crate::python::errors::of_hook;
use crate::python::hooks;
use crate::python::replaceable::{self, Replaceable};

#[cold]
pub(super) fn empty(py: Python<'_>) -> PyErr {
    replaceable::error(py, Replaceable::Empty, || of_hook(py, &hooks::EMPTY))
}

/// What a SimpleQueue raises: the standard library's, which is written in C, looks nothing up.
#[cold]
pub(super) fn simple_empty(py: Python<'_>) -> PyErr {
    of_hook(py, &hooks::EMPTY)
}

#[cold]
pub(super) fn full(py: Python<'_>) -> PyErr {
    replaceable::error(py, Replaceable::Full, || of_hook(py, &hooks::FULL))
}

#[cold]
pub(super) fn shut_down(py: Python<'_>) -> PyErr {
    replaceable::error(py, Replaceable::ShutDown, || of_hook(py, &hooks::SHUT_DOWN))
}

/// What a queue is told that its subclass did not make.
#[cold]
pub(super) fn uninitialized(queue: &Bound<'_, PyAny>) -> PyErr {
    let name = queue.get_type().name().map_or_else(|_| "Queue".into(), |name| name.to_string());
    PyAttributeError::new_err(format!(
        "queue.__init__() not called: the __init__() of {name} has to begin with \
         super().__init__(maxsize)"
    ))
}

#[cold]
pub(super) fn too_many_done() -> PyErr {
    PyValueError::new_err(
        "task_done() called too many times: call it once for each item that get() returned",
    )
}

#[cold]
pub(super) fn negative_timeout() -> PyErr {
    PyValueError::new_err(
        "'timeout' must be a non-negative number: leave it out to wait without a limit, or \
         pass block=False not to wait at all",
    )
}

/// What reading a timeout raised; a TypeError says what to write instead.
#[cold]
pub(super) fn no_timeout(py: Python<'_>, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyTypeError>(py) {
        return error;
    }
    let text = error.value(py).to_string();
    PyTypeError::new_err(format!(
        "{text}: 'timeout' is the number of seconds to wait at most, or None for no limit"
    ))
}

/// A `maxsize` that is no number.
#[cold]
pub(super) fn no_number(what: &str, value: &Bound<'_, PyAny>, instead: &str) -> PyErr {
    let kind = value.get_type();
    let kind = kind.name().map_or_else(|_| "?".into(), |name| name.to_string());
    let shown = match call::repr(value) {
        Ok(shown) => shown.to_string(),
        Err(error) if error.is_instance_of::<PyException>(value.py()) => "this".into(),
        Err(interrupt) => return interrupt,
    };
    PyTypeError::new_err(format!("{what} must be a number, not '{kind}' ({shown}): {instead}"))
}

/// What pickling and copying a queue raise.
#[cold]
pub(super) fn cannot_pickle(queue: &Bound<'_, PyAny>) -> PyErr {
    let kind = queue.get_type();
    let name = match (kind.module(), kind.qualname()) {
        (Ok(module), Ok(name)) => format!("{module}.{name}"),
        _ => String::from("queue"),
    };
    PyTypeError::new_err(format!(
        "cannot pickle '{name}' object: its threads stay in this process; to pass items between \
         processes, use multiprocessing.Queue"
    ))
}
