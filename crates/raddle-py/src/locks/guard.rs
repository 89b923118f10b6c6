//! `Guard`: what raddle's own Python code takes to keep its parts in order.

use pyo3::prelude::*;
use raddle::deadlock::Kind;
use raddle::{Deadline, RLock as Core};

use crate::blocking::attached::Attached;
use crate::blocking::finalizing::{is_finalizing, seize_or_refuse};
use crate::locks::padded::Padded;
use crate::python::errors;

/// A re-entrant lock that no scope ends a wait for.
///
/// A program's lock is left alone once its scope has ended, and what it would have done is not
/// done. raddle's own steps have to be: the one that takes a task back, or ends a pool. It is held
/// for short steps that wait for no other thread's task. No check looks at it, since a program
/// cannot take it in a wrong order, or be ordered by it.
#[pyclass(frozen, weakref, module = "raddle._raddle", name = "_Guard")]
pub(crate) struct Guard {
    core: Padded<Core>,
}

#[pymethods]
impl Guard {
    #[new]
    fn new() -> Self {
        Self { core: Padded::new(Core::new()) }
    }

    /// Takes it, waiting for another holder. A signal handler that raises ends the wait.
    fn __enter__(&self, py: Python<'_>) -> PyResult<()> {
        let (core, until) = (&*self.core, Deadline::NEVER);
        if core.acquire_fast() {
            return Ok(());
        }
        if is_finalizing() && seize_or_refuse(py, until, || core.try_acquire() || core.seize())?
        {
            return Ok(());
        }
        let mut attached = Attached::new(py).on(self).kind(Kind::RLock).shielded();
        core.acquire_with(&mut attached, until).map(|_| ())
    }

    #[pyo3(signature = (_kind = None, _error = None, _traceback = None, /))]
    fn __exit__(
        &self,
        _kind: Option<&Bound<'_, PyAny>>,
        _error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.core.release().map_err(|_| errors::misuse("this thread does not hold it"))
    }

    /// Releases it altogether if the calling thread holds it: a signal's handler has raised
    /// between its `__enter__` and the block.
    fn let_go(&self) {
        while self.core.is_owned() && self.core.release().is_ok() {}
    }
}
