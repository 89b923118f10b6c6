//! What a Future is made of.
//!
//! As long as nobody reaches for `_condition` or `_waiters`, the future is native: its phase
//! changes by compare-exchange, and its result is read without a lock. The first look at one of
//! them *opens* it for ever: from then on every change is made under that condition's lock, as
//! the standard library's own `wait` and `as_completed` expect (see `raddle::future`).

use pyo3::prelude::*;
use raddle::future::{Completion, Phase};

use super::extra::Extra;
use crate::python::atomic::AtomicPy;
use crate::python::once::OnceBox;

/// The result of a call that may not have ended yet.
///
/// Made by executors. It is done once it has a result or an exception, or was cancelled before
/// it began.
#[pyclass(frozen, subclass, module = "raddle._raddle")]
pub(crate) struct Future {
    pub(super) core: Completion,
    /// Written under a claim, or by a program that sets `_result`; null for None.
    pub(super) result: AtomicPy,
    /// Likewise, for `_exception`.
    pub(super) exception: AtomicPy,
    pub(super) extra: OnceBox<Extra>,
}

impl Future {
    pub(crate) fn create() -> Self {
        Self {
            core: Completion::new(),
            result: AtomicPy::new(),
            exception: AtomicPy::new(),
            extra: OnceBox::new(),
        }
    }

    pub(super) fn description(&self) -> &'static str {
        match self.core.phase() {
            Phase::Pending => "pending",
            Phase::Running => "running",
            Phase::Cancelled | Phase::Notified => "cancelled",
            Phase::Finished => "finished",
        }
    }
}

impl Drop for Future {
    fn drop(&mut self) {
        self.drop_objects();
    }
}
