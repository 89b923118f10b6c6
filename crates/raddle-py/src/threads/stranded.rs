//! Threads that got no thread state: memory ran out between `pthread_create` and the first line.
//!
//! Such a thread cannot attach, so it cannot report that, nor take itself out of the registry. It
//! leaves its record in a stack, for whichever attached thread comes by first: the main one, which
//! is told, one that joins a thread, or one that starts another.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use super::boot::Boot;

/// The records, each with the next one in it; pushed one by one, and taken all at once.
static STRANDED: AtomicPtr<Boot> = AtomicPtr::new(ptr::null_mut());

/// Leaves the record of the calling thread, which is not attached.
pub(super) fn leave(boot: Box<Boot>) {
    // No thread state is there to go, and the thread that waits for that may be the main one.
    boot.say_gone();
    let new = Box::into_raw(boot);
    let mut first = STRANDED.load(Ordering::Relaxed);
    loop {
        // SAFETY: not published yet, so it is this thread's alone.
        unsafe { (*new).next = first };
        match STRANDED.compare_exchange_weak(first, new, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => break,
            Err(now) => first = now,
        }
    }
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
    if !STRANDED.load(Ordering::Relaxed).is_null() {
        tend_all(py);
    }
}

#[cold]
fn tend_all(_: Python<'_>) {
    let mut next = STRANDED.swap(ptr::null_mut(), Ordering::Acquire);
    while !next.is_null() {
        // SAFETY: from `Box::into_raw`, and taken off the stack by this thread alone, which is
        // attached and has no exception set.
        unsafe {
            let boot = Box::from_raw(next);
            next = boot.next;
            ffi::PyErr_NoMemory();
            boot.report();
            boot.settle(0, false);
            boot.release();
        }
    }
}
