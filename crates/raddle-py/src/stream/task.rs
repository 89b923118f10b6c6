//! What a stream's workers run, and in whose context.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::python::call::OwnedPy;

/// A function, and the context whose copies it is called in; nothing once the stream is given up.
///
/// A worker takes references of its own while it works. (Not from an
/// [`AtomicPy`](crate::python::atomic::AtomicPy): the stream may be given up at that moment, and
/// what it gives up is not kept for such readers.)
pub(super) struct Task {
    parts: Mutex<Option<Parts>>,
    /// The fork generation that all this belongs to.
    generation: u32,
}

pub(super) struct Parts {
    pub(super) function: OwnedPy,
    pub(super) context: OwnedPy,
}

impl Task {
    pub(super) fn new(function: Bound<'_, PyAny>, context: OwnedPy) -> Self {
        let function = OwnedPy::new(function.unbind());
        let parts = Mutex::new(Some(Parts { function, context }));
        Self { parts, generation: raddle::fork_generation() }
    }

    /// Nobody runs Python code, or stops for the collector, while it is locked.
    fn lock(&self) -> Option<MutexGuard<'_, Option<Parts>>> {
        if self.generation != raddle::fork_generation() {
            return self.parts.try_lock().ok(); // Perhaps it is a thread's that the child lacks.
        }
        Some(self.parts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// New references.
    pub(super) fn get(&self, py: Python<'_>) -> Option<Parts> {
        let parts = self.lock()?;
        let Parts { function, context } = parts.as_ref()?;
        let new = |held: &OwnedPy| OwnedPy::new(held.get().clone_ref(py));
        Some(Parts { function: new(function), context: new(context) })
    }

    /// Takes both out, for an attached thread to drop.
    pub(super) fn take(&self) -> Option<Parts> {
        self.lock()?.take()
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(parts) = self.lock() else { return Ok(()) };
        let Some(Parts { function, context }) = &*parts else { return Ok(()) };
        visit.call(function.get())?;
        visit.call(context.get())
    }
}
