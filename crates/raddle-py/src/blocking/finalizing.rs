//! Waits while the interpreter finalizes: no other thread will run again.

use pyo3::prelude::*;
use raddle::Deadline;

use crate::python::errors;

/// Whether the interpreter has begun to finalize.
pub(crate) fn is_finalizing() -> bool {
    // SAFETY: reads a flag; needs no attachment.
    unsafe { raw::is_finalizing() != 0 }
}

mod raw {
    use std::ffi::c_int;

    interpreter! {
        #[cfg_attr(Py_3_13, link_name = "Py_IsFinalizing")]
        #[cfg_attr(not(Py_3_13), link_name = "_Py_IsFinalizing")]
        pub(super) fn is_finalizing() -> c_int;
    }
}

/// The interpreter is finalizing: takes a lock by `seize`, which may be free (if it is checked) or
/// reserved for a thread that will not come, and returns whether that was done; raises if not, and
/// if a wait for it is futile, see [`Attached::to_wait`](super::attached::Attached::to_wait).
#[cold]
pub(crate) fn seize_or_refuse(
    py: Python<'_>,
    until: Deadline,
    seize: impl FnOnce() -> bool,
) -> PyResult<bool> {
    if seize() { Ok(true) } else { refuse(py, until).map(|()| false) }
}

/// The interpreter is finalizing: raises if a wait is futile, see
/// [`Attached::to_wait`](super::attached::Attached::to_wait).
#[cold]
pub(super) fn refuse(py: Python<'_>, until: Deadline) -> PyResult<()> {
    let futile = if cfg!(Py_3_15) { until != Deadline::PAST } else { until.is_never() };
    if futile {
        return Err(errors::finalizing(
            py,
            "cannot acquire lock at interpreter finalization: no other thread can release it",
        ));
    }
    Ok(())
}
