//! What a fork must not catch half-way: a thread between its creation and its thread state.
//!
//! The new thread makes its thread state itself, and is not attached until it has one: the
//! interpreter's fork, which first stops all attached threads, does not see it. Locks of the
//! interpreter that it holds then stay held in the child for ever, unless they are renewed
//! there; on free-threaded builds that of `tlbc_indices` is not, and the child's next thread
//! would wait for it. So forks and the making of thread states exclude each other.

use std::time::Duration;

use pyo3::prelude::*;
use raddle::Deadline;
use raddle::thread::{self, Forks};

static FORKS: Forks = Forks::new();

/// How long a new thread waits for forks. One lasts a millisecond, but another library's hook
/// may wait, between ours and the fork, for a thread that it starts.
const LONGEST: Duration = Duration::from_secs(1);

/// Runs `make`, which makes a thread state, while nobody forks. The caller is not attached.
pub(crate) fn not_meanwhile<R>(make: impl FnOnce() -> R) -> R {
    let _step = FORKS.step(Deadline::after(LONGEST));
    make()
}

/// Before each fork: waits until threads that were joined have left the operating system and
/// none is making its thread state; those created from now on wait for the fork.
#[pyfunction]
#[pyo3(name = "_before_fork")]
pub(crate) fn before_fork(py: Python<'_>) {
    py.detach(|| {
        thread::wait_for_lingering();
        super::exit::settle_starting();
        // Each is between two system calls and needs nothing that this thread holds.
        FORKS.begin_fork();
    });
}

/// After each fork, in the parent.
#[pyfunction]
#[pyo3(name = "_forked")]
pub(crate) fn forked() {
    FORKS.end_fork();
}

/// Forgets in a forked child what the parent's other threads were doing; called once, when the
/// module is imported.
pub(crate) fn watch() {
    unsafe extern "C" fn in_child() {
        FORKS.after_fork();
        crate::blocking::main_thread::after_fork();
        crate::blocking::bystanders::in_child();
        super::exit::after_fork();
    }
    // SAFETY: the code is never unloaded, and the handler and all that it calls only store to
    // atomics, which may be done between `fork` and `exec`.
    #[cfg(unix)]
    unsafe {
        libc::pthread_atfork(None, None, Some(in_child));
    }
    #[cfg(not(unix))]
    let _: unsafe extern "C" fn() = in_child; // There is no fork.
}
