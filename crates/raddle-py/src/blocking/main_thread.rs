//! Which thread is the main one: the one on which signal handlers run.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;

use crate::python::registry;

/// Whether signal handlers run on the calling thread: it is the process's first.
///
/// (A thread that called `fork` is the child's first, here and for the interpreter.)
#[cfg(target_os = "linux")]
pub(crate) fn is_main_thread() -> bool {
    let me = raddle::thread_id();
    match MAIN_THREAD.load(Ordering::Relaxed) {
        0 => {
            // SAFETY: neither call has preconditions.
            let main = unsafe { libc::gettid() == libc::getpid() };
            if main {
                MAIN_THREAD.store(me, Ordering::Relaxed);
            }
            main
        }
        main => main == me,
    }
}

/// Whether signal handlers run on the calling thread: it is the interpreter's first.
#[cfg(windows)]
pub(crate) fn is_main_thread() -> bool {
    main_thread() == raddle::thread_id()
}

/// Elsewhere every thread looks, and finds nothing to do.
#[cfg(not(any(target_os = "linux", windows)))]
pub(crate) fn is_main_thread() -> bool {
    true
}

/// Notes which thread is the main one, where the system does not say: as the interpreter has it, and
/// before it has any other, the calling one.
pub(crate) fn prepare(py: Python<'_>) {
    if cfg!(windows) {
        let ident = registry::main_ident(py).unwrap_or_else(raddle::thread_id);
        MAIN_THREAD.store(ident, Ordering::Relaxed);
    }
}

/// The identifier of the process's first thread, 0 until it has asked for it.
static MAIN_THREAD: AtomicUsize = AtomicUsize::new(0);

/// The identifier of the main thread, 0 if it has never slept.
pub(crate) fn main_thread() -> usize {
    MAIN_THREAD.load(Ordering::Relaxed)
}

/// In a forked child the thread that forked is the main one.
pub(crate) fn after_fork() {
    MAIN_THREAD.store(0, Ordering::Relaxed);
}
