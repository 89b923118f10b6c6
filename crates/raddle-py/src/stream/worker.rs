//! The threads that work for a stream.

use std::sync::Arc;

use pyo3::prelude::*;
use raddle::Blocking;
use raddle::pool::{Left, Stay};

use super::blocking::Worker;
use super::next::duration;
use super::shared::Shared;
use crate::python::call::OwnedPy;

/// Works for a stream when called, and returns when that has ended or is closed.
#[pyclass(frozen, module = "raddle._raddle", name = "_StreamWorker")]
pub(crate) struct StreamWorker {
    /// The objects in it are the stream's, for the collector as well: this may outlive them.
    pub(super) shared: Arc<Shared>,
}

#[pymethods]
impl StreamWorker {
    /// Returns None when there is nothing more to do. With `rest` and `work`, in seconds, also
    /// False after a rest of that length without anything to do (`hire()` is called when there
    /// is), and True after so much work: the thread is expected back, `again`.
    #[pyo3(signature = (rest = None, work = None, again = false))]
    fn __call__(
        &self,
        py: Python<'_>,
        rest: Option<f64>,
        work: Option<f64>,
        again: bool,
    ) -> PyResult<Option<bool>> {
        let stay = rest.zip(work).map(|(rest, work)| Stay {
            rest: duration(rest),
            work: duration(work),
            again,
        });
        let mut worker = Worker::new(py, &self.shared);
        let run = |worker: &mut Worker<'_, '_>, input: &OwnedPy| worker.run(input);
        let left = self.shared.window.work_for(stay, &mut worker, Worker::attach, run);
        worker.let_go();
        drop(worker);
        Ok(match left? {
            Left::Over => None,
            Left::Idle => Some(false),
            Left::Expired => Some(true),
        })
    }
}
