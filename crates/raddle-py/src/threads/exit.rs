//! The exit of the interpreter, as far as threads are concerned: waiting for them, and no new ones.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::prelude::*;
use raddle::Deadline;
use raddle::thread;

use crate::blocking::attached::Attached;
use crate::python::call;

/// Set when 3.12 begins to shut down: it refuses new threads from then on, not only once it
/// finalizes as other versions do, and keeps that to itself.
pub(super) static CLOSED: AtomicBool = AtomicBool::new(false);

/// Set when all threads that the exit waits for have ended. From then on only the main thread
/// (in its atexit callbacks) may start threads, and waits for their thread states: one that is
/// made while the interpreter takes the others apart would be made of freed memory.
pub(super) static CLOSING: AtomicBool = AtomicBool::new(false);
/// How many threads are inside `start::start`, past or before its look at `CLOSING`.
static STARTERS: AtomicUsize = AtomicUsize::new(0);

/// Counts the calling thread in `STARTERS` while it lives.
pub(super) struct Starter;

impl Starter {
    pub(super) fn enter() -> Self {
        STARTERS.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Starter {
    fn drop(&mut self) {
        STARTERS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Ends the starting of threads at the interpreter's exit; see `CLOSING`.
#[pyfunction]
#[pyo3(name = "_close")]
pub(crate) fn close(py: Python<'_>) {
    CLOSING.store(true, Ordering::SeqCst);
    py.detach(|| {
        while STARTERS.load(Ordering::SeqCst) != 0 || thread::any_starting() {
            std::thread::yield_now();
        }
    });
}

/// In a forked child nobody is closing, and nobody else is starting a thread.
pub(crate) fn after_fork() {
    CLOSING.store(false, Ordering::SeqCst);
    STARTERS.store(0, Ordering::SeqCst);
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
    let mut attached = Attached::new(py);
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
    let before_now = thread::Starting::now();
    while before_now.any_left() {
        std::thread::yield_now();
    }
}
