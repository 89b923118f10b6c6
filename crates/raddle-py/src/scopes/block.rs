//! What a group is made of: a `with` block that waits for others at its end, whatever comes.
//!
//! A signal handler can raise between any two steps of Python code. If a group's `__exit__` were
//! Python, Ctrl-C could leave its scope entered, and its threads running. So the steps are called
//! from here, and again if one of them was interrupted.

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use raddle::Cancelled;

use super::scope::Scope;
use crate::blocking::scope;
use crate::python::arguments::Arg;
use crate::python::call;
use crate::python::interned::intern;

/// How often a step is made again; more interrupts than that are no user's.
const TRIES: usize = 1_000;

/// The base of `raddle.Group`. Its subclass has three methods, which may be called again when a
/// signal's handler has raised in them:
///
/// - `_open()` refuses to begin;
/// - `_wind_up(error)` waits for what the block has begun; it is called in no scope;
/// - `_outcome(error, interrupt, outer)` returns what the block raises instead, or whether nothing is
///   raised: `interrupt` is what a handler has raised meanwhile, `outer` whether it is a deadline
///   that has ended a scope around this one, None if none has ended.
#[pyclass(frozen, subclass, dict, weakref, module = "raddle._raddle", name = "_Block")]
pub(crate) struct Block {
    scope: Py<Scope>,
}

#[pymethods]
impl Block {
    #[new]
    #[pyo3(signature = (*_args, deadline = None, grace = Arg::Missing, **_more))]
    fn new(
        py: Python<'_>,
        _args: &Bound<'_, PyTuple>,
        deadline: Option<&Bound<'_, PyAny>>,
        grace: Arg<'_>,
        _more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Ok(Self { scope: Py::new(py, Scope::lasting(deadline, &grace)?)? })
    }

    #[getter]
    fn _scope(&self, py: Python<'_>) -> Py<Scope> {
        self.scope.clone_ref(py)
    }

    fn __enter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        call::method0(slf.as_any(), intern!(slf.py(), "_open"))?;
        Scope::step_in(slf.get().scope.bind(slf.py()))?;
        Ok(slf)
    }

    #[pyo3(signature = (_kind = None, error = None, _traceback = None, /))]
    fn __exit__(
        slf: &Bound<'_, Self>,
        _kind: Option<&Bound<'_, PyAny>>,
        error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let (py, own) = (slf.py(), slf.get().scope.bind(slf.py()));
        let mut interrupts = Interrupts { first: None, left: TRIES };
        let wind_up = call::getattr(slf, intern!(py, "_wind_up"))?;
        interrupts.repeat(own, || {
            scope::resting(|| call::call(&wind_up, &(error,).into_pyobject(py)?, None))
        })?;
        Scope::step_out(own)?;
        let outer = scope::ended().map(|why| why == Cancelled::Deadline);
        let outcome = call::getattr(slf, intern!(py, "_outcome"))?;
        let mut given = (error, py.None(), outer).into_pyobject(py)?;
        loop {
            if let Some(first) = &interrupts.first {
                given = (error, first.value(py), outer).into_pyobject(py)?;
            }
            match call::call(&outcome, &given, None) {
                Ok(raised) if raised.is_instance_of::<PyBaseException>() => {
                    return Err(call::raised(raised));
                }
                Ok(answer) => return call::truth(&answer),
                Err(error) => interrupts.note(error)?,
            }
        }
    }
}

/// What signals' handlers have raised while a block ended.
struct Interrupts {
    first: Option<PyErr>,
    left: usize,
}

impl Interrupts {
    /// Makes a step until it is not interrupted. Each interrupt cancels the block.
    fn repeat<'py>(
        &mut self,
        own: &Bound<'py, Scope>,
        step: impl Fn() -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        while let Err(error) = step() {
            if let Err(error) = self.note(error) {
                Scope::step_out(own)?;
                return Err(error);
            }
            own.get().end(own.py());
        }
        Ok(())
    }

    /// Keeps the first one.
    fn note(&mut self, error: PyErr) -> PyResult<()> {
        if self.left == 0 {
            return Err(error);
        }
        self.left -= 1;
        self.first.get_or_insert(error);
        Ok(())
    }
}
