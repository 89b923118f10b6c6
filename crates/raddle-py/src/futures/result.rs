//! Waiting for a future, and what it came to.

use pyo3::exceptions::PyTimeoutError;
use pyo3::prelude::*;
use pyo3::types::PyFloat;
use raddle::future::Phase;

use super::classes;
use super::state::Future;
use crate::blocking::attached::Attached;
use crate::python::call;
use crate::python::interned::intern;
use crate::python::replaceable::{self, Replaceable};
use crate::python::timeout;

impl Future {
    /// Waits until the future is done or `timeout` has passed.
    #[cold]
    pub(super) fn wait(
        slf: &Bound<'_, Self>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (py, future) = (slf.py(), slf.get());
        let mut left = timeout.cloned();
        if !future.core.is_open() {
            if future.core.phase().is_done() {
                return Ok(()); // Whatever the timeout is.
            }
            let until = timeout::of_wait(timeout)?;
            future.core.wait_with(&mut Attached::to_wait(py, until)?.on(future), until)?;
            if !future.core.is_open() {
                return Ok(());
            }
            if !until.is_never() {
                let seconds = until.remaining().unwrap_or_default().as_secs_f64();
                left = Some(PyFloat::new(py, seconds).into_any());
            }
        }
        let condition = future.opened(py)?.into_bound(py).into_any();
        call::method0(&condition, intern!(py, "acquire"))?;
        let waited = if future.core.phase().is_done() {
            Ok(())
        } else {
            let wait = call::getattr(&condition, intern!(py, "wait"))?;
            let none = py.None().into_bound(py);
            call::call1(&wait, left.as_ref().unwrap_or(&none)).map(drop)
        };
        call::method0(&condition, intern!(py, "release"))?;
        waited
    }

    pub(super) fn unless_cancelled<R>(
        &self,
        py: Python<'_>,
        finished: impl FnOnce(&Self) -> PyResult<R>,
    ) -> PyResult<R> {
        match self.core.phase() {
            Phase::Finished => finished(self),
            Phase::Cancelled | Phase::Notified => {
                Err(replaceable::error(py, Replaceable::CancelledError, || {
                    classes::cancelled(py)
                }))
            }
            Phase::Pending | Phase::Running => {
                Err(replaceable::error(py, Replaceable::TimeoutError, || {
                    PyTimeoutError::new_err(())
                }))
            }
        }
    }

    pub(super) fn value(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.exception.get(py) {
            None => Ok(self.result.get(py).unwrap_or_else(|| py.None())),
            Some(error) => Err(call::raised(error.into_bound(py))),
        }
    }
}
