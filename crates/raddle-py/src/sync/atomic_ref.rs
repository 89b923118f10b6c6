//! `raddle.sync.AtomicRef`.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::python::call::{self, OwnedPy};
use crate::python::errors;

/// A variable that threads change without a lock; each method is one step.
///
/// value: what is in it at first (None). compare_exchange() compares by identity (`is`). The standard
/// library has no counterpart.
#[pyclass(frozen, weakref, module = "raddle.sync")]
pub(crate) struct AtomicRef {
    /// Locked for a few instructions, by attached threads, which call nothing: a fork and the
    /// collector find it free.
    value: Mutex<Option<OwnedPy>>,
}

impl AtomicRef {
    fn lock(&self) -> MutexGuard<'_, Option<OwnedPy>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, value: Bound<'_, PyAny>) -> Option<OwnedPy> {
        let value = Some(OwnedPy::new(value.unbind()));
        mem::replace(&mut *self.lock(), value)
    }

    /// Puts `new` in if `expected` is there; returns whether it was.
    fn exchange(&self, expected: &Bound<'_, PyAny>, new: Bound<'_, PyAny>) -> bool {
        let new = OwnedPy::new(new.unbind());
        let mut value = self.lock();
        let same = match &*value {
            Some(value) => value.get().is(expected),
            None => expected.is_none(),
        };
        let dropped = if same { value.replace(new) } else { Some(new) };
        drop(value); // Before what may run Python code.
        drop(dropped);
        same
    }
}

#[pymethods]
impl AtomicRef {
    #[new]
    #[pyo3(signature = (value = None, /))]
    fn new(value: Option<Bound<'_, PyAny>>) -> Self {
        Self { value: Mutex::new(value.map(|value| OwnedPy::new(value.unbind()))) }
    }

    /// Returns what is in it.
    fn get(&self, py: Python<'_>) -> Py<PyAny> {
        self.lock().as_ref().map_or_else(|| py.None(), |value| value.get().clone_ref(py))
    }

    /// Puts `value` in.
    fn set(&self, value: Bound<'_, PyAny>) {
        drop(self.put(value));
    }

    /// Puts `value` in, and returns what was there.
    fn swap(&self, value: Bound<'_, PyAny>) -> Py<PyAny> {
        let py = value.py();
        self.put(value).map_or_else(|| py.None(), OwnedPy::into_inner)
    }

    /// Puts `new` in if `expected` itself is there; returns whether it was.
    fn compare_exchange(&self, expected: &Bound<'_, PyAny>, new: Bound<'_, PyAny>) -> bool {
        self.exchange(expected, new)
    }

    /// Puts `fn(value)` in, and returns that. `fn` is called again if another thread has changed the
    /// value meanwhile, so it should do nothing else.
    fn update<'py>(&self, function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = function.py();
        loop {
            let before = self.get(py).into_bound(py);
            let new = call::call1(function, &before)?;
            if self.exchange(&before, new.clone()) {
                return Ok(new);
            }
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.value.try_lock() {
            Ok(value) => value.as_ref().map_or(Ok(()), |value| visit.call(value.get())),
            Err(_) => Ok(()),
        }
    }

    fn __clear__(&self) {
        let value = self.lock().take();
        drop(value);
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        // SAFETY: attached; what is entered is left.
        match unsafe { ffi::Py_ReprEnter(slf.as_ptr()) } {
            0 => {}
            1.. => return Ok(PyString::new(slf.py(), "AtomicRef(...)")),
            _ => return Err(PyErr::fetch(slf.py())),
        }
        let value = slf.get().get(slf.py());
        let text = call::repr(value.bind(slf.py()));
        // SAFETY: as above.
        unsafe { ffi::Py_ReprLeave(slf.as_ptr()) };
        Ok(PyString::new(slf.py(), &format!("AtomicRef({})", text?)))
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }
}
