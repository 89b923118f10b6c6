//! `threading.Semaphore` and `threading.BoundedSemaphore`.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyString, PyTuple};
use raddle::{Deadline, Semaphore as Core};

use crate::blocking::attached::Attached;
use crate::locks::name;
use crate::locks::padded::Padded;
use crate::python::arguments::{self, Arg, Truth};
use crate::python::call;
use crate::python::errors;
use crate::python::interned::intern;
use crate::python::timeout;

/// A counter of permits: acquire() takes one, waiting while there is none; release() adds some.
///
/// `value` is the number of permits at first (1). Raises ValueError if it is negative,
/// OverflowError if it does not fit a machine word. `name` is what reports call the semaphore.
/// raddle only.
#[pyclass(frozen, subclass, dict, weakref, module = "threading")]
pub(crate) struct Semaphore {
    core: Padded<Core>,
}

/// Reads a number of permits that is at least `least`; `text` says what is wrong otherwise.
fn permits(value: &Bound<'_, PyAny>, least: i64, text: &'static str) -> PyResult<usize> {
    if value.cast::<PyFloat>().is_ok_and(|count| count.value() == f64::INFINITY) {
        return Ok(Core::MAX); // A way to write "no limit".
    }
    let Some(exact) = arguments::count(value, least)? else {
        let given = call::repr(value)?;
        return Err(PyValueError::new_err(format!("{text}, not {given}")));
    };
    match exact.extract::<usize>() {
        Ok(count) if count <= Core::MAX => Ok(count),
        _ => Err(PyOverflowError::new_err("more permits than a semaphore can hold")),
    }
}

fn initial(value: &Arg<'_>) -> PyResult<usize> {
    value
        .given()
        .map_or(Ok(1), |value| permits(value, 0, "semaphore initial value must be >= 0"))
}

/// What `with` does at its end for a subclass, which may have a release() of its own.
fn release_overridden(semaphore: &Bound<'_, PyAny>) -> PyResult<()> {
    call::method0(semaphore, intern!(semaphore.py(), "release")).map(|_| ())
}

impl Semaphore {
    #[inline]
    fn take(
        &self,
        py: Python<'_>,
        blocking: bool,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let until = match timeout {
            None if blocking => Deadline::NEVER,
            None => Deadline::PAST,
            Some(timeout) if timeout.is_none() => {
                if blocking {
                    Deadline::NEVER
                } else {
                    Deadline::PAST
                }
            }
            Some(_) if !blocking => {
                return Err(PyValueError::new_err(
                    "can't specify timeout for non-blocking acquire: leave out blocking=False \
                     to wait that long, or the timeout not to wait at all",
                ));
            }
            Some(timeout) => {
                if self.core.try_acquire() {
                    return Ok(true);
                }
                timeout::of_timed(Some(timeout))?
            }
        };
        if self.core.try_acquire() {
            return Ok(true);
        }
        self.core.acquire_with(&mut Attached::to_wait(py, until)?.on(self), until)
    }

    fn count_to_release(count: &Arg<'_>) -> PyResult<usize> {
        count.given().map_or(Ok(1), |count| permits(count, 1, "n must be one or more"))
    }

    fn overflow<T>(_: T) -> PyErr {
        PyOverflowError::new_err("more permits than a semaphore can hold")
    }
}

#[pymethods]
impl Semaphore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(value=1, *, name=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { core: Padded::new(Core::new(1)) }
    }

    #[pyo3(signature = (value = Arg::Missing, *, name = None))]
    fn __init__(&self, value: Arg<'_>, name: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let name = name::read(name, "Semaphore")?;
        self.core.set_permits(initial(&value)?);
        self.core.name.set(name);
        Ok(())
    }

    /// Takes a permit, waiting for one if `blocking`, for at most `timeout` seconds (None: no
    /// limit); returns whether it got one.
    ///
    /// Raises ValueError for a timeout without blocking. A signal handler that raises ends the
    /// wait.
    #[inline]
    #[pyo3(
        signature = (blocking = Truth(true), timeout = None),
        text_signature = "($self, blocking=True, timeout=None)"
    )]
    fn acquire(
        &self,
        py: Python<'_>,
        blocking: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        self.take(py, blocking.0, timeout)
    }

    /// Adds `n` permits (1), waking as many waiting threads. Raises ValueError if n < 1.
    #[inline]
    #[pyo3(signature = (n = Arg::Missing), text_signature = "($self, n=1)")]
    fn release(&self, n: Arg<'_>) -> PyResult<()> {
        let count = Self::count_to_release(&n)?;
        self.core.release(count).map_err(Self::overflow)
    }

    #[inline]
    #[pyo3(
        signature = (blocking = Truth(true), timeout = None),
        text_signature = "($self, blocking=True, timeout=None)"
    )]
    fn __enter__(
        &self,
        py: Python<'_>,
        blocking: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        self.take(py, blocking.0, timeout)
    }

    #[inline]
    #[pyo3(signature = (_kind = None, _error = None, _traceback = None, /))]
    fn __exit__(
        slf: &Bound<'_, Self>,
        _kind: Option<&Bound<'_, PyAny>>,
        _error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        if !slf.is_exact_instance_of::<Self>() {
            return release_overridden(slf.as_any());
        }
        slf.get().core.release(1).map_err(Self::overflow)
    }

    #[getter(_value)]
    fn value(&self) -> usize {
        self.core.permits()
    }

    /// The number of threads waiting for a permit. raddle only.
    fn _waiting(&self) -> usize {
        self.core.waiting()
    }

    /// The `name=` that the program gave it, for reports, or None. raddle only.
    #[getter(_raddle_name)]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.core.name.get(py)
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        errors::repr(slf.as_any(), format_args!(": value={}", slf.get().core.permits()))
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }
}

/// A semaphore that refuses to hold more permits than it began with.
///
/// `value` is the number of permits at first (1) and at most. Raises ValueError if it is
/// negative, OverflowError if it does not fit a machine word. `name` is what reports call the
/// semaphore. raddle only.
#[pyclass(frozen, subclass, extends = Semaphore, module = "threading")]
pub(crate) struct BoundedSemaphore {
    /// The most permits; written by `__init__` only.
    bound: AtomicUsize,
}

impl BoundedSemaphore {
    fn give(slf: &Bound<'_, Self>, count: usize) -> PyResult<()> {
        let bound = slf.get().bound.load(Ordering::Relaxed);
        slf.as_super().get().core.release_up_to(count, bound).map_err(|_| Self::too_many())
    }

    #[cold]
    fn too_many() -> PyErr {
        PyValueError::new_err(
            "Semaphore released too many times: each release() gives back what one acquire() \
             took; 'with semaphore:' does both",
        )
    }
}

#[pymethods]
impl BoundedSemaphore {
    #[new]
    #[pyo3(signature = (*args, **kwargs), text_signature = "(value=1, *, name=None)")]
    fn new(
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Semaphore::new(args, kwargs))
            .add_subclass(Self { bound: AtomicUsize::new(1) })
    }

    #[pyo3(signature = (value = Arg::Missing, *, name = None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        value: Arg<'_>,
        name: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let name = name::read(name, "BoundedSemaphore")?;
        let permits = initial(&value)?;
        slf.get().bound.store(permits, Ordering::Relaxed);
        let core = &slf.as_super().get().core;
        core.set_permits(permits);
        core.name.set(name);
        Ok(())
    }

    /// Adds `n` permits (1), waking as many waiting threads.
    ///
    /// Raises ValueError if n < 1, or if there would be more permits than at first.
    #[inline]
    #[pyo3(signature = (n = Arg::Missing), text_signature = "($self, n=1)")]
    fn release(slf: &Bound<'_, Self>, n: Arg<'_>) -> PyResult<()> {
        match Semaphore::count_to_release(&n) {
            // That is more than any bound.
            Err(error) if error.is_instance_of::<PyOverflowError>(slf.py()) => {
                Err(Self::too_many())
            }
            count => Self::give(slf, count?),
        }
    }

    #[inline]
    #[pyo3(signature = (_kind = None, _error = None, _traceback = None, /))]
    fn __exit__(
        slf: &Bound<'_, Self>,
        _kind: Option<&Bound<'_, PyAny>>,
        _error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        if !slf.is_exact_instance_of::<Self>() {
            return release_overridden(slf.as_any());
        }
        Self::give(slf, 1)
    }

    #[getter(_initial_value)]
    fn initial_value(&self) -> usize {
        self.bound.load(Ordering::Relaxed)
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        let permits = slf.as_super().get().core.permits();
        let bound = slf.get().bound.load(Ordering::Relaxed);
        errors::repr(slf.as_any(), format_args!(": value={permits}/{bound}"))
    }
}
