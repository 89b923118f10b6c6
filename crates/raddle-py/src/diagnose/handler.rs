//! Handlers of signals that do their work aside.

use pyo3::prelude::*;

use super::aside::aside;
use super::deadlock;

/// A signal's handler that does its work aside: `function(number, waits)`, with the
/// waits that `_waits()` gives for the moment of the signal.
#[pyclass(frozen, module = "raddle._raddle", name = "_Handler")]
pub(crate) struct Handler {
    function: Py<PyAny>,
}

#[pymethods]
impl Handler {
    #[new]
    fn new(function: Py<PyAny>) -> Self {
        Self { function }
    }

    fn __call__(
        &self,
        py: Python<'_>,
        number: Bound<'_, PyAny>,
        _frame: Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let arguments = (number, deadlock::waits(py)?).into_pyobject(py)?;
        aside(py, self.function.clone_ref(py), arguments)
    }
}
