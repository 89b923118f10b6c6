//! Whose `contextvars` a task sees: those of the thread that asked for it, as they were then.
//!
//! A worker serves many: what it has in its own context is nobody's business, and what one task
//! sets must not be seen by the next.

use pyo3::ffi;
use pyo3::prelude::*;

use crate::outcall::Held;

/// A copy of the calling thread's context.
#[inline]
pub(crate) fn copy_current(py: Python<'_>) -> PyResult<Held> {
    // SAFETY: attached; a new reference, or null with an exception set.
    owned(py, unsafe { ffi::PyContext_CopyCurrent() })
}

/// Runs `call` in `context`, which is in use nowhere else.
#[inline]
pub(crate) fn within<R>(
    py: Python<'_>,
    context: &Held,
    call: impl FnOnce() -> PyResult<R>,
) -> PyResult<R> {
    let context = context.get().as_ptr();
    // SAFETY: attached; a context, that lives until the call is over.
    if unsafe { ffi::PyContext_Enter(context) } < 0 {
        return Err(PyErr::fetch(py));
    }
    let result = call();
    // SAFETY: as above. (It fails if the call has left another context behind, as none does that
    // uses `Context.run`.)
    if unsafe { ffi::PyContext_Exit(context) } < 0 {
        let error = PyErr::fetch(py);
        return result.and(Err(error));
    }
    result
}

/// A copy of `context`.
#[inline]
pub(crate) fn copy(py: Python<'_>, context: &Held) -> PyResult<Held> {
    // SAFETY: attached, and a context; a new reference, or null with an exception set.
    owned(py, unsafe { ffi::PyContext_Copy(context.get().as_ptr()) })
}

#[inline]
fn owned(py: Python<'_>, context: *mut ffi::PyObject) -> PyResult<Held> {
    // SAFETY: the callers pass what an API returned that gives a new reference, or null with an
    // exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, context) }
        .map(|context| Held::new(context.unbind()))
}
