//! `raddle.sync.RWLock`.

use std::sync::Arc;

use pyo3::exceptions::{PyRuntimeError, PyTimeoutError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use raddle::deadlock::Kind;
use raddle::{Deadline, Misuse, RawRwLock, RwLockError};

use crate::blocking::attached::Attached;
use crate::blocking::finalizing::is_finalizing;
use crate::locks::name;
use crate::locks::padded::Padded;
use crate::python::arguments::Truth;
use crate::python::errors;
use crate::python::timeout;
use crate::sites::card;

/// A lock that many threads may hold to read, or one to write.
///
/// `with lock.read():` and `with lock.write():`, or `lock.read.acquire()` and its `release()`. A
/// thread that waits to write waits for those that read already; who comes to read then waits behind
/// it. A thread may read inside its own read. It cannot write inside its read, nor take the lock inside
/// its write: it would wait for itself, and gets a RuntimeError that says so. `name` is what reports
/// call the lock. The standard library has no counterpart.
#[pyclass(frozen, weakref, module = "raddle.sync")]
pub(crate) struct RWLock {
    core: Arc<Padded<RawRwLock>>,
    read: Py<Side>,
    write: Py<Side>,
}

/// What a [`RWLock`] is taken by, to read or to write.
#[pyclass(frozen, weakref, module = "raddle.sync", name = "_Side")]
pub(crate) struct Side {
    core: Arc<Padded<RawRwLock>>,
    reads: bool,
}

/// One way to take the lock, for a limited time.
#[pyclass(frozen, module = "raddle.sync", name = "_TimedSide")]
pub(crate) struct TimedSide {
    side: Py<Side>,
    timeout: Py<PyAny>,
}

#[cold]
fn misuse(misuse: Misuse) -> PyErr {
    PyRuntimeError::new_err(misuse.to_string())
}

fn error(error: RwLockError<PyErr>) -> PyErr {
    match error {
        RwLockError::Misuse(wrong) => misuse(wrong),
        RwLockError::Interrupted(error) => error,
    }
}

impl Side {
    #[inline]
    fn take_at_once(&self) -> PyResult<bool> {
        if self.reads { self.core.try_read() } else { self.core.try_write() }.map_err(misuse)
    }

    #[inline]
    fn take(&self, py: Python<'_>, until: Deadline) -> PyResult<bool> {
        if (self.core.is_unchecked() || is_finalizing()) && self.take_at_once()? {
            Ok(true)
        } else {
            self.wait(py, until)
        }
    }

    #[cold]
    fn wait(&self, py: Python<'_>, until: Deadline) -> PyResult<bool> {
        let mut attached = Attached::to_wait(py, until)?.on(self);
        if self.reads {
            self.core.read_with(&mut attached, until)
        } else {
            self.core.write_with(&mut attached, until)
        }
        .map_err(error)
    }

    #[inline]
    fn give(&self) -> PyResult<()> {
        if self.reads { self.core.end_read() } else { self.core.end_write() }.map_err(misuse)
    }
}

#[pymethods]
impl Side {
    /// Returns what `with` takes the lock by, waiting for at most `timeout` seconds (None: no limit);
    /// `with` raises TimeoutError if it is not to be had by then.
    #[pyo3(signature = (timeout = None))]
    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        timeout: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match timeout.filter(|timeout| !timeout.is_none()) {
            None => Ok(slf.clone().into_any()),
            Some(timeout) => {
                timeout::of_wait(Some(&timeout))?; // What is no number is refused at once.
                let timed = TimedSide { side: slf.clone().unbind(), timeout: timeout.unbind() };
                Ok(Bound::new(slf.py(), timed)?.into_any())
            }
        }
    }

    /// Takes the lock, waiting if `blocking`, for at most `timeout` seconds (-1: no limit); returns
    /// whether it was taken. The arguments are those of a Lock's acquire().
    #[pyo3(signature = (blocking = Truth(true), timeout = None), text_signature = "($self, blocking=True, timeout=-1)")]
    fn acquire(
        &self,
        py: Python<'_>,
        blocking: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        self.take(py, timeout::of_acquire(blocking.0, timeout)?)
    }

    /// Gives it back; RuntimeError in a thread that has not taken it so.
    fn release(&self) -> PyResult<()> {
        self.give()
    }

    #[inline]
    fn __enter__(&self, py: Python<'_>) -> PyResult<bool> {
        self.take(py, Deadline::NEVER)
    }

    #[inline]
    #[pyo3(signature = (_kind = None, _error = None, _traceback = None, /))]
    fn __exit__(
        &self,
        _kind: Option<&Bound<'_, PyAny>>,
        _error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.give()
    }

    /// The `name=` that the program gave the lock, for reports, or None.
    #[getter(_raddle_name)]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.core.name.get(py)
    }
}

#[pymethods]
impl TimedSide {
    fn __enter__(&self, py: Python<'_>) -> PyResult<bool> {
        let timeout = self.timeout.bind(py);
        if self.side.get().take(py, timeout::of_wait(Some(timeout))?)? {
            return Ok(true);
        }
        let what = if self.side.get().reads { "read" } else { "write" };
        Err(PyTimeoutError::new_err(format!(
            "the lock could not be taken to {what} within {timeout} s"
        )))
    }

    #[pyo3(signature = (_kind = None, _error = None, _traceback = None, /))]
    fn __exit__(
        &self,
        _kind: Option<&Bound<'_, PyAny>>,
        _error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.side.get().give()
    }
}

#[pymethods]
impl RWLock {
    #[new]
    #[pyo3(signature = (*, name = None))]
    fn new(py: Python<'_>, name: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let name = name::read(name, "RWLock")?;
        let core = Arc::new(Padded::new(RawRwLock::new()));
        core.name.set(name);
        if card::are_on() {
            card::give(py, Kind::RwLock, |card| core.check(card));
            if let Some(card) = core.card() {
                core.name.note(py, &card);
            }
        }
        let side = |reads| Py::new(py, Side { core: Arc::clone(&core), reads });
        let (read, write) = (side(true)?, side(false)?);
        Ok(Self { core, read, write })
    }

    /// Takes the lock to read: `with lock.read():`, `lock.read.acquire()`.
    #[getter]
    fn read(&self, py: Python<'_>) -> Py<Side> {
        self.read.clone_ref(py)
    }

    /// Takes the lock to write: `with lock.write():`, `lock.write.acquire()`.
    #[getter]
    fn write(&self, py: Python<'_>) -> Py<Side> {
        self.write.clone_ref(py)
    }

    /// Whether some thread holds it.
    fn locked(&self) -> bool {
        self.core.readers() > 0 || self.core.writer().is_some()
    }

    /// How many times it is held to read.
    #[getter]
    fn readers(&self) -> usize {
        self.core.readers()
    }

    /// The number of threads in line.
    fn _waiting(&self) -> usize {
        self.core.waiting()
    }

    /// The `name=` that the program gave it, for reports, or None.
    #[getter(_raddle_name)]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.core.name.get(py)
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        let core = &slf.get().core;
        match (core.writer(), core.readers()) {
            (Some(_), _) => errors::repr(slf.as_any(), format_args!(": written")),
            (None, 0) => errors::repr(slf.as_any(), format_args!(": free")),
            (None, count) => errors::repr(slf.as_any(), format_args!(": read by {count}")),
        }
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }
}
