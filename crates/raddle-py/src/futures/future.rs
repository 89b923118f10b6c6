//! `concurrent.futures.Future`: its methods. (What it is made of: `state`.)

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};
use raddle::future::{Access, Phase, Refused};

use super::settle::Outcome;
use crate::locks::condition::Condition;
use crate::python::errors;

use super::state::Future;

#[pymethods]
impl Future {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::create()
    }

    fn __init__(&self) {}

    /// Cancels the call if it has not begun; returns whether it is cancelled.
    fn cancel(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let cancelled = match slf.get().core.cancel(Access::Free) {
            Err(Refused::Open) => {
                Self::change_opened(slf, |future| future.core.cancel(Access::Locked), None)?
            }
            cancelled => cancelled,
        };
        match cancelled {
            Ok(changed) => Self::ended(slf, changed.observed).map(|()| true),
            Err(Refused::Phase(phase)) => {
                Ok(matches!(phase, Phase::Cancelled | Phase::Notified))
            }
            Err(Refused::Open) => Ok(false),
        }
    }

    /// Whether the call was cancelled.
    fn cancelled(&self) -> bool {
        matches!(self.core.phase(), Phase::Cancelled | Phase::Notified)
    }

    /// Whether the call is being made at this moment.
    fn running(&self) -> bool {
        self.core.phase() == Phase::Running
    }

    /// Whether the call has ended or was cancelled.
    #[inline]
    fn done(&self) -> bool {
        self.core.phase().is_done()
    }

    /// Returns what the call returned, waiting for it for at most `timeout` seconds (None: no
    /// limit).
    ///
    /// Raises what the call raised, CancelledError if it was cancelled, TimeoutError if it has
    /// not ended in time. A signal handler that raises ends the wait.
    #[inline]
    #[pyo3(signature = (timeout = None))]
    fn result(
        slf: &Bound<'_, Self>,
        py: Python<'_>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let future = slf.get();
        if !future.core.is_settled() {
            Self::wait(slf, timeout)?;
        }
        future.unless_cancelled(py, |future| future.value(py))
    }

    /// Returns what the call raised (None: nothing), waiting for its end for at most `timeout`
    /// seconds (None: no limit).
    ///
    /// Raises CancelledError if it was cancelled, TimeoutError if it has not ended in time. A
    /// signal handler that raises ends the wait.
    #[pyo3(signature = (timeout = None))]
    fn exception(
        slf: &Bound<'_, Self>,
        py: Python<'_>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let future = slf.get();
        if !future.core.is_settled() {
            Self::wait(slf, timeout)?;
        }
        future.unless_cancelled(py, |future| Ok(future.exception.get(py)))
    }

    /// Has `fn(future)` called when the future is done: at once if it is, else by the thread that
    /// ends or cancels the call. Callbacks are called in the order in which they were added; an
    /// exception of one is logged.
    #[pyo3(signature = (r#fn))]
    fn add_done_callback(slf: &Bound<'_, Self>, r#fn: &Bound<'_, PyAny>) -> PyResult<()> {
        let future = slf.get();
        let extra = future.extra();
        let mut entry = Some(r#fn.clone().unbind());
        // SAFETY: `add` runs under the latch.
        let added = future.core.observe(Phase::is_done, || unsafe {
            extra.lists.with(|lists| lists.callbacks.extend(entry.take()));
        });
        if added {
            return Ok(());
        }
        drop(entry); // The caller has a reference.
        Self::call_back(slf, r#fn)
    }

    /// For executors: marks the call as begun. Returns False if it was cancelled: do not make it
    /// then. Raises RuntimeError if it has begun before.
    fn set_running_or_notify_cancel(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Self::begin(slf)
    }

    /// For executors: ends the call with a result. Raises InvalidStateError if it is done.
    fn set_result(slf: &Bound<'_, Self>, result: Py<PyAny>) -> PyResult<()> {
        Self::settle(slf, Outcome::Result(result))
    }

    /// For executors: ends the call with an exception. Raises InvalidStateError if it is done.
    fn set_exception(slf: &Bound<'_, Self>, exception: Py<PyAny>) -> PyResult<()> {
        if exception.is_none(slf.py()) {
            return Self::settle(slf, Outcome::Result(exception));
        }
        Self::settle(slf, Outcome::Exception(exception))
    }

    /// For programs that end a future by writing its state: calls the callbacks.
    fn _invoke_callbacks(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::announce(slf)
    }

    /// Whether it is done, whether it was cancelled, the result, the exception; read at once.
    fn _get_snapshot(
        slf: &Bound<'_, Self>,
        py: Python<'_>,
    ) -> (bool, bool, Option<Py<PyAny>>, Option<Py<PyAny>>) {
        let future = slf.get();
        match future.core.phase() {
            Phase::Finished => (true, false, future.result.get(py), future.exception.get(py)),
            Phase::Cancelled | Phase::Notified => (true, true, None, None),
            Phase::Pending | Phase::Running => (false, false, None, None),
        }
    }

    #[getter(_state)]
    pub(super) fn state(&self) -> &'static str {
        match self.core.phase() {
            Phase::Pending => "PENDING",
            Phase::Running => "RUNNING",
            Phase::Cancelled => "CANCELLED",
            Phase::Notified => "CANCELLED_AND_NOTIFIED",
            Phase::Finished => "FINISHED",
        }
    }

    #[setter(_state)]
    fn set_state(&self, py: Python<'_>, state: &str) -> PyResult<()> {
        let phase = match state {
            "PENDING" => Phase::Pending,
            "RUNNING" => Phase::Running,
            "CANCELLED" => Phase::Cancelled,
            "CANCELLED_AND_NOTIFIED" => Phase::Notified,
            "FINISHED" => Phase::Finished,
            _ => return Err(PyRuntimeError::new_err(format!("no state of a future: {state}"))),
        };
        self.opened(py)?;
        self.core.force(phase);
        Ok(())
    }

    #[getter(_result)]
    fn stored_result(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.result.get(py)
    }

    #[setter(_result)]
    fn set_stored_result(&self, py: Python<'_>, value: Option<Py<PyAny>>) -> PyResult<()> {
        self.opened(py)?;
        self.retire(self.result.put(value));
        Ok(())
    }

    #[getter(_exception)]
    fn stored_exception(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.exception.get(py)
    }

    #[setter(_exception)]
    fn set_stored_exception(&self, py: Python<'_>, value: Option<Py<PyAny>>) -> PyResult<()> {
        self.opened(py)?;
        self.retire(self.exception.put(value));
        Ok(())
    }

    #[getter(_condition)]
    fn condition(&self, py: Python<'_>) -> PyResult<Py<Condition>> {
        self.opened(py)
    }

    #[getter(_waiters)]
    fn get_waiters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.waiters(py)
    }

    #[getter(_done_callbacks)]
    fn done_callbacks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let Some(extra) = self.extra.get() else { return Ok(PyList::empty(py)) };
        // SAFETY: under the latch; cloning a reference runs nothing.
        let callbacks: Vec<_> = self.core.with_list(|| unsafe {
            extra
                .lists
                .with(|lists| lists.callbacks.iter().map(|one| one.clone_ref(py)).collect())
        });
        PyList::new(py, callbacks)
    }

    /// The number of threads that wait in result() or exception(). raddle only.
    fn _waiting(&self) -> usize {
        self.core.waiting()
    }

    pub(super) fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        let (py, future) = (slf.py(), slf.get());
        let kind = slf.get_type();
        let name = kind.name()?;
        let address = slf.as_ptr() as usize;
        let description = future.description();
        let named =
            |object: Py<PyAny>| object.bind(py).get_type().name().map(|n| n.to_string());
        let rest = match (future.core.phase(), future.exception.get(py)) {
            (Phase::Finished, Some(error)) => format!(" raised {}", named(error)?),
            (Phase::Finished, None) => {
                let value = future.result.get(py).unwrap_or_else(|| py.None());
                format!(" returned {}", named(value)?)
            }
            _ => String::new(),
        };
        let text = format!("<{name} at {address:#x} state={description}{rest}>");
        Ok(PyString::new(py, &text))
    }

    #[classmethod]
    #[pyo3(signature = (item, /))]
    fn __class_getitem__<'py>(
        kind: &Bound<'py, PyType>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = kind.py();
        // SAFETY: both references are live.
        unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::Py_GenericAlias(kind.as_ptr(), item.as_ptr()))
        }
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.result.traverse(&visit)?;
        self.exception.traverse(&visit)?;
        let Some(extra) = self.extra.get() else { return Ok(()) };
        visit.call(extra.condition.get())?;
        visit.call(extra.waiters.get())?;
        // SAFETY: only attached threads touch the lists, and none runs during a collection.
        unsafe {
            extra
                .retired
                .with(|retired| retired.iter().try_for_each(|one| visit.call(one.get())))?;
            extra.lists.with(|lists| {
                lists.callbacks.iter().try_for_each(|callback| visit.call(callback))?;
                lists.watches.iter().try_for_each(|watch| visit.call(watch))
            })
        }
    }

    fn __clear__(&self) {
        self.drop_objects();
    }
}
