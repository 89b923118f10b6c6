//! Changes of an open future, under its condition's lock.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use raddle::future::Refused;

use super::state::Future;
use crate::locks::condition::Condition;
use crate::python::call;
use crate::python::interned::intern;

impl Future {
    /// The condition of an opened future; opens it.
    pub(super) fn opened(&self, py: Python<'_>) -> PyResult<Py<Condition>> {
        let extra = self.extra();
        let condition = loop {
            if let Some(condition) = extra.condition.get() {
                break condition.clone_ref(py);
            }
            let _ = extra.condition.set(Py::new(py, Condition::reentrant(py)?)?);
        };
        self.core.open();
        Ok(condition)
    }

    pub(super) fn waiters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.opened(py)?;
        let extra = self.extra();
        loop {
            if let Some(waiters) = extra.waiters.get() {
                return Ok(waiters.bind(py).clone());
            }
            let _ = extra.waiters.set(PyList::empty(py).unbind());
        }
    }

    /// Makes a change of an open future under its condition's lock, wakes the threads that
    /// wait there if it is done, and calls the method `tell` of each of the standard library's
    /// waiters.
    pub(super) fn change_opened<R>(
        slf: &Bound<'_, Self>,
        change: impl FnOnce(&Self) -> Result<R, Refused>,
        tell: Option<&Bound<'_, PyString>>,
    ) -> PyResult<Result<R, Refused>> {
        let py = slf.py();
        let condition = slf.get().opened(py)?.into_bound(py).into_any();
        call::method0(&condition, intern!(py, "acquire"))?;
        let changed = change(slf.get());
        let told = match (&changed, tell) {
            (Ok(_), Some(tell)) => slf.get().waiters(py).and_then(|waiters| {
                waiters.iter().try_for_each(|waiter| {
                    let add = call::getattr(&waiter, tell)?;
                    call::call1(&add, slf.as_any()).map(drop)
                })
            }),
            _ => Ok(()),
        };
        // (A call that begins ends nobody's wait.)
        let notified = if changed.is_ok() && slf.get().core.phase().is_done() {
            call::method0(&condition, intern!(py, "notify_all")).map(drop)
        } else {
            Ok(())
        };
        call::method0(&condition, intern!(py, "release"))?;
        told.and(notified)?;
        Ok(changed)
    }
}
