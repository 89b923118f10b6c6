//! Threads that got no thread state: memory ran out between `pthread_create` and the first line.
//!
//! Such a thread cannot attach, so it cannot report that, nor take itself out of the registry. It
//! leaves its record for whichever attached thread comes by first: the main one, which is told, one
//! that joins a thread, or one that starts another.

use std::ffi::{c_int, c_void};
use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;
use raddle::thread::{Record, Stranded};

use super::boot::Boot;

static STRANDED: Stranded<Boot> = Stranded::new();

/// Leaves the record of the calling thread, which is not attached.
pub(super) fn leave(boot: Box<Record<Boot>>) {
    // No thread state is there to go, and the thread that waits for that may be the main one.
    boot.get().say_gone();
    STRANDED.leave(boot);
    // SAFETY: may be called by any thread. If the interpreter's queue is full, another thread
    // that comes by will do.
    unsafe { ffi::Py_AddPendingCall(Some(on_main_thread), ptr::null_mut()) };
}

extern "C" fn on_main_thread(_: *mut c_void) -> c_int {
    // SAFETY: only the interpreter calls this, attached.
    tend(unsafe { Python::assume_attached() });
    0
}

/// Reports the threads that were left, and takes them out of the registry.
#[inline]
pub(crate) fn tend(py: Python<'_>) {
    if STRANDED.is_any_left() {
        tend_all(py);
    }
}

#[cold]
fn tend_all(_: Python<'_>) {
    for boot in STRANDED.take() {
        let boot = boot.into_inner();
        // SAFETY: taken by this thread alone, which is attached and has no exception set.
        unsafe {
            ffi::PyErr_NoMemory();
            boot.report();
            boot.settle(0, false);
            boot.release();
        }
    }
}
