//! Waiting for the first of many futures.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyList;
use raddle::deadlock::Kind;
use raddle::pool::{Seat, Tasks};

use crate::attached::Attached;
use crate::future::Future;
use crate::outcall::Held;
use crate::timeout;

/// Futures that were watched and are done, in the order in which they ended.
#[pyclass(frozen, weakref, module = "raddle._raddle", name = "_Watch")]
pub(crate) struct Watch {
    done: Tasks<Held>,
}

impl Watch {
    /// A future is done; called by whoever ended it.
    pub(crate) fn tell(&self, future: &Bound<'_, Future>) {
        let _ = self.done.push_always(Held::new(future.clone().into_any().unbind()));
    }
}

#[pymethods]
impl Watch {
    #[new]
    fn new() -> Self {
        Self { done: Tasks::new() }
    }

    /// Waits for the future's end, too. Returns False if there is nothing to wait for.
    fn add(slf: &Bound<'_, Self>, future: &Bound<'_, Future>) -> bool {
        future.get().watch(slf)
    }

    /// Stops waiting for the future.
    fn remove(slf: &Bound<'_, Self>, future: &Bound<'_, Future>) {
        future.get().unwatch(slf);
    }

    /// Returns the futures that have ended since, waiting for one for at most `timeout` seconds
    /// (None: no limit); an empty list if there is none by then.
    #[pyo3(signature = (timeout = None))]
    fn wait<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let until = timeout::of_wait(timeout)?;
        let mut seat = Seat::new();
        let slept = if self.done.is_empty() {
            let mut attached = Attached::to_wait(py, until)?.on(self).kind(Kind::Futures);
            self.done.sleep(&mut seat, &mut attached, until)
        } else {
            Ok(true)
        };
        self.done.leave(&mut seat);
        slept?;
        let list = PyList::empty(py);
        for future in self.done.drain(0) {
            list.append(future.get())?;
        }
        Ok(list)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: only attached threads add or take, and none runs during a collection.
        unsafe { self.done.each(|future| visit.call(future.get())) }
    }

    fn __clear__(&self) {
        drop(self.done.drain(0));
    }
}
