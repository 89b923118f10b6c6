//! What a new thread takes over from the one that starts it.

use pyo3::ffi;
use pyo3::prelude::*;

use crate::locks::lock::Lock;
use crate::locks::mutex::Mutex;
use crate::python::{call, registry};

/// What the new thread takes over, in a record that it may have to leave. Raw references: the
/// thread is not attached when it gets them.
pub(super) struct Boot {
    pub(super) interpreter: *mut ffi::PyInterpreterState,
    pub(super) function: *mut ffi::PyObject,
    pub(super) args: *mut ffi::PyObject,
    pub(super) kwargs: *mut ffi::PyObject,
    /// The `Thread` that it is to be, or null.
    pub(super) thread: *mut ffi::PyObject,
    /// A lock that is held until the thread's state is gone, or null.
    pub(super) until_gone: *mut ffi::PyObject,
}

// SAFETY: what the references are of may be used by any thread that is attached, as `release` and
// `settle` ask for.
unsafe impl Send for Boot {}

impl Boot {
    /// Drops the references.
    ///
    /// # Safety
    /// The thread is attached, and this is called once.
    pub(super) unsafe fn release(self) {
        let objects = [self.function, self.args, self.kwargs, self.thread, self.until_gone];
        for object in objects.into_iter().filter(|object| !object.is_null()) {
            // SAFETY: a reference that this record owns; attached, says the caller.
            unsafe { call::drop_raw(object) };
        }
    }

    /// Releases the lock that is held until the thread's state is gone. Needs no interpreter.
    pub(super) fn say_gone(&self) {
        // SAFETY: null, or a reference that the record owns.
        unsafe { release_lock(self.until_gone) };
    }

    /// Reports the exception with which the thread's function ended.
    ///
    /// # Safety
    /// The thread is attached, and an exception is set.
    pub(super) unsafe fn report(&self) {
        // SAFETY: passed on to the caller; the record owns the function.
        unsafe { call::report_thread_error(self.function) };
    }

    /// Takes the `Thread` out of the registry, if it has not done so itself; it may have `failed`.
    ///
    /// # Safety
    /// The calling thread is attached, and no exception is set.
    pub(super) unsafe fn settle(&self, ident: usize, failed: bool) {
        // SAFETY: attached, says the caller; null or a reference that the record owns.
        unsafe {
            let py = Python::assume_attached();
            if let Some(thread) = Bound::from_borrowed_ptr_or_opt(py, self.thread) {
                registry::forget(&thread, ident, failed);
            }
        }
    }
}

/// Releases a [`Lock`], unless `lock` is null. Needs no interpreter: what is used of it is Rust's.
///
/// # Safety
/// `lock` is null, or a live reference to one.
pub(super) unsafe fn release_lock(lock: *mut ffi::PyObject) {
    if !lock.is_null() {
        // SAFETY: live, says the caller; the token is used for nothing else.
        let lock = unsafe { Borrowed::from_ptr(Python::assume_attached(), lock) };
        // SAFETY: a `Lock`, says the caller.
        unsafe { lock.cast_unchecked::<Lock>() }.get().core().try_release();
    }
}
