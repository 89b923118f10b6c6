//! The exit of the interpreter, as far as threads are concerned: waiting for them, and no new ones.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use raddle::Deadline;
use raddle::thread::{self, Starters};

use crate::blocking::attached::Attached;
use crate::python::call;

/// Set when 3.12 begins to shut down: it refuses new threads from then on, not only once it
/// finalizes as other versions do, and keeps that to itself.
pub(super) static CLOSED: AtomicBool = AtomicBool::new(false);

/// The threads inside of `start::start`. Closed when all threads that the exit waits for have ended:
/// from then on only the main thread (in its atexit callbacks) may start threads, and waits for
/// their thread states: one that is made while the interpreter takes the others apart would be made
/// of freed memory.
pub(super) static STARTERS: Starters = Starters::new();

/// Ends the starting of threads at the interpreter's exit; see `STARTERS`.
#[pyfunction]
#[pyo3(name = "_close")]
pub(crate) fn close(py: Python<'_>) {
    py.detach(|| STARTERS.close(thread::any_starting));
}

/// In a forked child nobody is closing, and nobody else is starting a thread.
pub(crate) fn after_fork() {
    STARTERS.after_fork();
}

/// The number of threads started by raddle that have not ended.
#[pyfunction]
#[pyo3(name = "_count")]
pub(crate) fn count() -> usize {
    thread::running()
}

/// Waits, at the interpreter's exit, for all threads that are not daemons.
///
/// A signal handler that raises ends the wait; the exception is reported and dropped, as the
/// standard library does. Returns whether all have ended.
#[pyfunction]
#[pyo3(name = "_shutdown")]
pub(crate) fn shutdown(py: Python<'_>) -> bool {
    py.detach(settle_starting);
    let mut attached = Attached::new(py).shielded();
    let waited = thread::wait_for_lasting(&mut attached, Deadline::NEVER);
    attached.attach();
    match waited {
        Ok(ended) => ended,
        Err(error) => {
            call::report_unraisable(error, &py.None().into_bound(py));
            false
        }
    }
}

/// What shutting down means before 3.13, where `_shutdown_locks` holds the threads to wait for:
/// lets threads that were just created get their thread state, and on 3.12 refuses new ones.
#[pyfunction]
#[pyo3(name = "_settle")]
pub(crate) fn settle(py: Python<'_>) {
    if cfg!(all(Py_3_12, not(Py_3_13))) {
        CLOSED.store(true, Ordering::Relaxed);
    }
    py.detach(settle_starting);
}

/// Lets threads that were created before now get their thread state, detached.
///
/// Each is between two system calls and needs nothing that this thread holds, so it is waited
/// for by yielding. Those created meanwhile are not waited for: daemon threads may go on
/// creating others for ever.
pub(crate) fn settle_starting() {
    let before_now = thread::starting_now();
    while before_now.any_left() {
        std::thread::yield_now();
    }
}
