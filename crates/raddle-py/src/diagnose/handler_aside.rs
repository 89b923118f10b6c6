//! The signal handler of `_diagnose/dump/signal_handler.py`: runs its function in a thread aside.

use pyo3::prelude::*;

use super::aside::aside;
use super::deadlock;

/// A handler that calls `function(number, waits)` in a thread aside; `waits` are those that
/// `_waits()` gives at the moment of the signal.
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
