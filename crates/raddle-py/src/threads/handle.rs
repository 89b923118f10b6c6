//! `_ThreadHandle`: a thread, as others have it in hand.

use std::sync::Arc;

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};
use raddle::Deadline;
use raddle::thread::{Handle, Reaped};

use crate::blocking::attached::Attached;
use crate::blocking::finalizing::is_finalizing;
use crate::python::atomic::AtomicPy;
use crate::python::call;
use crate::python::errors;
use crate::python::registry;
use crate::python::timeout;
use crate::threads::stranded;

/// What others know of a thread: whether it runs, its identifiers, and the way to wait for its end.
#[pyclass(frozen, module = "_thread", name = "_ThreadHandle")]
pub(crate) struct ThreadHandle {
    pub(crate) handle: Arc<Handle>,
    /// The `Thread` that is to be started with this; its own thread takes it over.
    pub(crate) thread: AtomicPy,
}

impl ThreadHandle {
    fn of(handle: Handle) -> Self {
        Self { handle: Arc::new(handle), thread: AtomicPy::new() }
    }

    fn started(&self) -> PyResult<&Handle> {
        if self.handle.is_started() {
            Ok(&self.handle)
        } else {
            Err(PyRuntimeError::new_err("thread not started"))
        }
    }
}

#[pymethods]
impl ThreadHandle {
    #[new]
    pub(crate) fn new() -> Self {
        Self::of(Handle::new())
    }

    /// The thread's identifier, 0 before it was started.
    #[getter]
    fn ident<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        registry::number(py, self.handle.ident())
    }

    /// The number by which the operating system's tools know the thread, 0 before it was started.
    /// raddle only.
    #[getter]
    fn native_id(&self, py: Python<'_>) -> u32 {
        py.detach(|| self.handle.native_id())
    }

    /// Waits for the thread to end, for at most `timeout` seconds (None or -1: no limit).
    ///
    /// Raises RuntimeError if it was not started, is the calling thread, or can no longer end
    /// because the interpreter is finalizing. A signal handler that raises ends the wait.
    #[pyo3(signature = (timeout = None, /))]
    fn join(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let handle = self.started()?;
        let until = match timeout {
            None => Deadline::NEVER,
            Some(timeout) => match timeout::nanos(timeout)? {
                nanos if nanos < 0 => Deadline::NEVER,
                nanos => Deadline::after_nanos(nanos),
            },
        };
        if !handle.is_done() {
            if handle.ident() == raddle::thread_id() {
                return Err(PyRuntimeError::new_err("Cannot join current thread"));
            }
            if is_finalizing() {
                return Err(errors::finalizing(
                    py,
                    "cannot join thread at interpreter shutdown",
                ));
            }
        }
        match handle.join_with(&mut Attached::new(py).on(self), until)? {
            Reaped::Ended | Reaped::TimedOut => {}
        }
        stranded::tend(py);
        Ok(())
    }

    /// Waits until the thread has had its first turn, or has ended without. raddle only.
    fn _wait_begun(&self, py: Python<'_>) -> PyResult<()> {
        self.handle.wait_begun(&mut Attached::new(py).on(self).shielded())
    }

    /// Whether the thread has ended.
    fn is_done(&self) -> bool {
        self.handle.is_done()
    }

    /// Marks the thread as ended for all that wait for it.
    ///
    /// Raises RuntimeError if it was not started.
    fn _set_done(&self) -> PyResult<()> {
        self.started()?.set_done();
        Ok(())
    }

    /// The number of threads waiting for the end. raddle only.
    fn _waiting(&self) -> usize {
        self.handle.waiting()
    }

    fn __repr__<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        let ident = self.handle.ident();
        PyString::new(py, &format!("<_thread._ThreadHandle object: ident={ident}>"))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.thread.traverse(&visit)
    }

    fn __clear__(&self) {
        drop(self.thread.take());
    }
}

impl Drop for ThreadHandle {
    fn drop(&mut self) {
        drop(self.thread.take());
    }
}

/// Returns `kind()`, which, if it is raddle's, knows that `thread` is to be started with it: the
/// end of the system's thread then takes that out of the registry, however it came about.
#[pyfunction]
#[pyo3(name = "_make_handle_for")]
pub(crate) fn make_handle_for<'py>(
    kind: &Bound<'py, PyAny>,
    thread: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = kind.py();
    if !kind.is(PyType::new::<ThreadHandle>(py)) {
        return call::call0(kind);
    }
    let handle =
        ThreadHandle { handle: Arc::new(Handle::new()), thread: AtomicPy::filled(thread) };
    Ok(Bound::new(py, handle)?.into_any())
}

/// Returns a handle of a thread that runs already and was not started here.
#[pyfunction]
#[pyo3(name = "_make_thread_handle", signature = (ident, /))]
pub(crate) fn make_thread_handle(ident: &Bound<'_, PyAny>) -> PyResult<ThreadHandle> {
    let ident = ident
        .cast::<pyo3::types::PyInt>()
        .map_err(|_| PyTypeError::new_err("ident must be an integer"))?;
    Ok(ThreadHandle::of(Handle::adopt(ident.extract()?)))
}
