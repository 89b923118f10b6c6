//! The threads that work for a stream.

use std::sync::Arc;

use pyo3::prelude::*;
use raddle::Blocking;
use raddle::pool::{Left, Stay};

use super::blocking::Hands;
use super::next::duration;
use super::shared::Inner;
use crate::python::call::OwnedPy;

/// Works for a stream when called, and returns when that has ended or is closed.
#[pyclass(frozen, module = "raddle._raddle", name = "_StreamWorker")]
pub(crate) struct StreamWorker {
    /// The objects in it are the stream's, for the collector as well: this may outlive them.
    pub(super) inner: Arc<Inner>,
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
        let mut hands = Hands::new(py, &self.inner);
        let run = |hands: &mut Hands<'_, '_>, input: &OwnedPy| hands.run(input);
        let left = self.inner.window.work_for(stay, &mut hands, Hands::attach, run);
        hands.let_go();
        drop(hands);
        Ok(match left? {
            Left::Over => None,
            Left::Idle => Some(false),
            Left::Expired => Some(true),
        })
    }
}
