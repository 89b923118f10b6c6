//! `raddle.sync.Latch`.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyString};
use raddle::Latch as Core;

use crate::blocking::attached::Attached;
use crate::locks::name;
use crate::locks::padded::Padded;
use crate::python::call;
use crate::python::errors;
use crate::python::timeout;

/// Opens for good once it was counted down `count` times; threads wait for that.
///
/// count: a whole number, 0 or more; ValueError for less, TypeError for what is none. `name` is what
/// reports call it. The standard library has no counterpart for threads; `Barrier` is for parties that
/// wait themselves, and closes again.
#[pyclass(frozen, weakref, module = "raddle.sync")]
pub(crate) struct Latch {
    core: Padded<Core>,
}

/// Reads a whole number that is at least `least`.
fn number(value: &Bound<'_, PyAny>, what: &str, least: usize) -> PyResult<usize> {
    let given = || call::repr(value).map(|text| text.to_string());
    if !value.is_instance_of::<PyInt>() || value.is_instance_of::<PyBool>() {
        return Err(PyTypeError::new_err(format!(
            "{what} is a whole number, not {}",
            given()?
        )));
    }
    match value.extract::<usize>() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(PyValueError::new_err(format!(
            "{what} is a number from {least} on, not {}",
            given()?
        ))),
    }
}

#[pymethods]
impl Latch {
    #[new]
    #[pyo3(signature = (count = None, *, name = None), text_signature = "(count=1, *, name=None)")]
    fn new(
        count: Option<&Bound<'_, PyAny>>,
        name: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let count = count.map_or(Ok(1), |count| number(count, "a latch's count", 0))?;
        let _ = name;
        Ok(PyClassInitializer::from(Self { core: Padded::new(Core::new(count)) }))
    }

    #[pyo3(signature = (_count = None, *, name = None))]
    fn __init__(
        &self,
        _count: Option<&Bound<'_, PyAny>>,
        name: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.core.name.set(name::read(name, "Latch")?);
        Ok(())
    }

    /// Takes `n` (1) off the count, which never goes below 0; returns what is left.
    ///
    /// The last one wakes all threads that wait. Raises TypeError and ValueError for what is no whole
    /// number from 1 on.
    #[pyo3(signature = (n = None, /), text_signature = "($self, n=1, /)")]
    fn count_down(&self, n: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
        let n = n.map_or(Ok(1), |n| number(n, "what is counted down", 1))?;
        Ok(self.core.count_down(n))
    }

    /// Waits until it is open, for at most `timeout` seconds (None: no limit); returns whether it is.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        if self.core.is_open() {
            return Ok(true);
        }
        let until = timeout::of_wait(timeout)?;
        self.core.wait_with(&mut Attached::to_wait(py, until)?.on(self), until)
    }

    /// Whether it is open.
    fn is_open(&self) -> bool {
        self.core.is_open()
    }

    /// How many are left to be counted down.
    #[getter]
    fn count(&self) -> usize {
        self.core.left()
    }

    /// The number of threads that wait.
    fn _waiting(&self) -> usize {
        self.core.waiting()
    }

    /// The `name=` that the program gave it, for reports, or None.
    #[getter(_raddle_name)]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.core.name.get(py)
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        let left = slf.get().core.left();
        if left == 0 {
            return errors::repr(slf.as_any(), format_args!(": open"));
        }
        errors::repr(slf.as_any(), format_args!(": {left} left"))
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }
}
