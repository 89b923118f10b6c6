//! The threads that work for a stream.

use std::sync::Arc;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use raddle::pool::{Left, Stay};

use super::inner::Inner;
use super::next::duration;
use crate::attached::Attached;
use crate::context::Entered;
use crate::outcall::{Callee, Held};

/// Works for a stream when called, and returns when that has ended or is closed.
#[pyclass(frozen, module = "raddle._raddle", name = "_StreamWorker")]
pub(crate) struct StreamWorker {
    /// The objects in it are the stream's, for the collector as well: this may outlive them.
    pub(super) inner: Arc<Inner>,
    /// The function, or nothing if the stream had been cleared.
    pub(super) function: Option<Held>,
    /// Whose copies the tasks run in; as `function`.
    pub(super) context: Option<Held>,
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
        let (Some(function), Some(context)) = (&self.function, &self.context) else {
            return Ok(None);
        };
        let function = function.get().bind(py);
        let stay = rest.zip(work).map(|(rest, work)| Stay {
            rest: duration(rest),
            work: duration(work),
            again,
        });
        let mut attached = Attached::new(py);
        let mut entered = Entered::new(context);
        let callee = Callee::new(function);
        let run = |attached: &mut Attached<'_>, input: &Held| {
            attached.attach();
            self.inner.run(function, &callee, &mut entered, input)
        };
        let left = self.inner.window.work_for(stay, &mut attached, Attached::attach, run);
        drop(attached);
        entered.leave(py);
        Ok(match left? {
            Left::Over => None,
            Left::Idle => Some(false),
            Left::Expired => Some(true),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.function.as_ref().map(Held::get))?;
        visit.call(self.context.as_ref().map(Held::get))
    }
}
