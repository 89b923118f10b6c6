//! `threading.Barrier`.

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use raddle::{Barrier as Core, BarrierError};

use crate::blocking::attached::Attached;
use crate::locks::name::{self, Name};
use crate::python::arguments;
use crate::python::call::{self, OwnedPy};
use crate::python::errors;
use crate::python::once::OnceBox;
use crate::python::timeout;

/// A point at which `parties` threads wait for each other, again and again.
///
/// `action`, if given, is called by the last thread to arrive, before any is released;
/// `timeout` is the default for wait(), in seconds. Raises ValueError if parties < 1. `name` is
/// what reports call the barrier. raddle only.
#[pyclass(frozen, subclass, dict, weakref, module = "threading")]
pub(crate) struct Barrier {
    /// Empty until `__init__` has run; replaced when it runs again.
    initialized: OnceBox<Initialized>,
    name: Name,
}

struct Initialized {
    core: Core,
    action: Option<OwnedPy>,
    timeout: Option<OwnedPy>,
}

impl Initialized {
    fn are(
        &self,
        parties: usize,
        action: &Option<Py<PyAny>>,
        timeout: &Option<Py<PyAny>>,
    ) -> bool {
        let same = |held: &Option<OwnedPy>, given: &Option<Py<PyAny>>| {
            held.as_ref().map(|held| held.get().as_ptr()) == given.as_ref().map(Py::as_ptr)
        };
        self.core.parties() == parties
            && same(&self.action, action)
            && same(&self.timeout, timeout)
    }
}

impl Barrier {
    fn initialized(&self) -> PyResult<&Initialized> {
        self.initialized
            .get()
            .ok_or_else(|| errors::misuse("Barrier.__init__() was not called"))
    }
}

#[pymethods]
impl Barrier {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(parties, action=None, timeout=None, *, name=None)"
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { initialized: OnceBox::new(), name: Name::none() }
    }

    #[pyo3(signature = (parties, action = None, timeout = None, *, name = None))]
    fn __init__(
        &self,
        parties: &Bound<'_, PyAny>,
        action: Option<Py<PyAny>>,
        timeout: Option<Py<PyAny>>,
        name: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let name = name::read(name, "Barrier")?;
        let Some(exact) = arguments::count(parties, 1)? else {
            let must = if cfg!(Py_3_14) { ">= 1" } else { "> 0" };
            let given = call::repr(parties)?;
            return Err(PyValueError::new_err(format!("parties must be {must}, not {given}")));
        };
        let parties = exact
            .extract()
            .map_err(|_| PyOverflowError::new_err("more parties than threads can exist"))?;
        let old = self.initialized.get();
        if !old.is_some_and(|old| old.are(parties, &action, &timeout)) {
            self.initialized.replace(Initialized {
                core: Core::new(parties),
                action: action.map(OwnedPy::new),
                timeout: timeout.map(OwnedPy::new),
            });
        }
        if let Some(old) = old {
            old.core.reset(); // No thread could complete the round of those that wait.
        }
        self.name.set(name);
        Ok(())
    }

    /// Waits until all parties have arrived, for at most `timeout` seconds (None: the barrier's
    /// own default); returns this thread's place in the order of arrival, from 0.
    ///
    /// Raises BrokenBarrierError if the barrier is, or gets, broken or reset; a time-out breaks
    /// it for everyone, and so does an action that raises.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
        let Initialized { core, action, timeout: default } = self.initialized()?;
        let default = default.as_ref().map(|timeout| timeout.get().bind(py));
        let until = timeout::of_timed(timeout.or(default))?;
        let arrived =
            core.wait_with(&mut Attached::to_wait(py, until)?.on(self), until, |attached| {
                let py = attached.py();
                match action {
                    Some(action) if call::truth(action.get().bind(py))? => {
                        call::call0(action.get().bind(py)).map(|_| ())
                    }
                    _ => Ok(()),
                }
            });
        arrived.map_err(|error| match error {
            BarrierError::Broken => errors::broken_barrier(py),
            BarrierError::Interrupted(error) => error,
        })
    }

    /// Empties the barrier: the threads that wait get BrokenBarrierError, later ones a new round.
    fn reset(&self) -> PyResult<()> {
        self.initialized()?.core.reset();
        Ok(())
    }

    /// Breaks the barrier: the threads that wait, now and later, get BrokenBarrierError.
    fn abort(&self) -> PyResult<()> {
        self.initialized()?.core.abort();
        Ok(())
    }

    /// How many threads must arrive.
    #[getter]
    fn parties(&self) -> PyResult<usize> {
        Ok(self.initialized()?.core.parties())
    }

    /// How many threads wait at the barrier.
    #[getter]
    fn n_waiting(&self) -> PyResult<usize> {
        Ok(self.initialized()?.core.waiting())
    }

    /// Whether the barrier is broken.
    #[getter]
    fn broken(&self) -> PyResult<bool> {
        Ok(self.initialized()?.core.is_broken())
    }

    /// The `name=` that the program gave it, for reports, or None. raddle only.
    #[getter(_raddle_name)]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.name.get(py)
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        let core = &slf.get().initialized()?.core;
        if core.is_broken() {
            return errors::repr(slf.as_any(), format_args!(": broken"));
        }
        let (waiting, parties) = (core.waiting(), core.parties());
        errors::repr(slf.as_any(), format_args!(": waiters={waiting}/{parties}"))
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        for initialized in self.initialized.all() {
            visit.call(initialized.action.as_ref().map(OwnedPy::get))?;
            visit.call(initialized.timeout.as_ref().map(OwnedPy::get))?;
        }
        Ok(())
    }
}
