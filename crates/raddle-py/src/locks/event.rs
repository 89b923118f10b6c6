//! `threading.Event`.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use raddle::Event as Core;

use crate::blocking::attached::Attached;
use crate::locks::condition::Condition;
use crate::locks::name;
use crate::locks::padded::Padded;
use crate::python::errors;
use crate::python::once::OnceBox;
use crate::python::timeout;

/// A flag that threads can set, clear and wait for; clear at first.
///
/// `name` is what reports call the event. raddle only.
#[pyclass(frozen, subclass, dict, weakref, module = "threading")]
pub(crate) struct Event {
    core: Padded<Core>,
    /// What code that reaches into the standard library's Event expects; made when asked for.
    condition: OnceBox<Py<Condition>>,
}

#[pymethods]
impl Event {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(*, name=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { core: Padded::new(Core::new()), condition: OnceBox::new() }
    }

    #[pyo3(signature = (*, name = None))]
    fn __init__(&self, name: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.core.name.set(name::read(name, "Event")?);
        self.core.clear();
        Ok(())
    }

    /// Whether the flag is set.
    #[inline]
    fn is_set(&self) -> bool {
        self.core.is_set()
    }

    /// A deprecated synonym of is_set().
    #[pyo3(name = "isSet")]
    fn is_set_camel(slf: &Bound<'_, Self>) -> PyResult<bool> {
        errors::deprecated(slf.py(), c"isSet() is deprecated, use is_set() instead")?;
        Ok(slf.get().core.is_set())
    }

    /// Sets the flag and wakes all threads that wait for it.
    #[inline]
    fn set(&self) {
        self.core.set();
    }

    /// Clears the flag: wait() blocks again.
    #[inline]
    fn clear(&self) {
        self.core.clear();
    }

    /// Waits until the flag is set, for at most `timeout` seconds (None: no limit); returns
    /// whether it was set. A signal handler that raises ends the wait.
    #[inline]
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        if self.core.is_set() {
            return Ok(true);
        }
        let until = timeout::of_wait(timeout)?;
        self.core.wait_with(&mut Attached::to_wait(py, until)?.on(self), until)
    }

    #[getter(_flag)]
    fn flag(&self) -> bool {
        self.core.is_set()
    }

    #[getter(_cond)]
    fn condition(&self, py: Python<'_>) -> PyResult<Py<Condition>> {
        loop {
            if let Some(condition) = self.condition.get() {
                return Ok(condition.clone_ref(py));
            }
            // If another thread is quicker, its condition is the one.
            let _ = self.condition.set(Py::new(py, Condition::plain(py)?)?);
        }
    }

    fn _at_fork_reinit(&self, py: Python<'_>) {
        // The flag stays; waiters of the parent process are forgotten by the wait list itself.
        if let Some(condition) = self.condition.get() {
            condition.get().reset_after_fork(py);
        }
    }

    /// The number of threads waiting. raddle only.
    fn _waiting(&self) -> usize {
        self.core.waiting()
    }

    /// The `name=` that the program gave it, for reports, or None. raddle only.
    #[getter(_raddle_name)]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.core.name.get(py)
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        let state = if slf.get().core.is_set() { "set" } else { "unset" };
        errors::repr(slf.as_any(), format_args!(": {state}"))
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.condition.get())
    }
}
