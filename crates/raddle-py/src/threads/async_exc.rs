//! Up to 3.11: an asynchronous exception in the thread that is meant.
//!
//! A thread's state begins with the identifier of the thread that makes it, and has its own once
//! the thread runs. If that could not be started, the state stays, under the wrong identifier, for
//! ever. `PyThreadState_SetAsyncExc` takes the newest state with an identifier: a thread that has
//! started others would get its exception in one of them, or nowhere. So the state is found by the
//! frame that it is at, and its exception is put where that function puts it.

use std::ffi::c_ulong;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use pyo3::ffi::{
    Py_DecRef, Py_IncRef, PyInterpreterState_Get, PyInterpreterState_ThreadHead, PyObject,
    PySys_GetObject, PyThreadState, PyThreadState_GetFrame, PyThreadState_Next,
    PyThreadState_SetAsyncExc,
};
use pyo3::prelude::*;

/// Held while a thread's state is added to the interpreter's list, or that list is walked.
pub(super) static STATES: Mutex<()> = Mutex::new(());

/// Bytes from a 3.11 state's beginning to its `async_exc`, and to its `thread_id` (64 bits).
const ASYNC_EXC: usize = 144;
const THREAD_ID: usize = 152;

/// Has a thread raise `error`, a class, soon; returns whether there is such a thread, in Python code.
///
/// # Errors
/// What `sys._current_frames` raises.
#[pyfunction]
#[pyo3(name = "_raise_in_thread")]
pub(crate) fn raise_in_thread(ident: usize, error: &Bound<'_, PyAny>) -> PyResult<bool> {
    let Some(frames) = current_frames(error.py())? else { return Ok(false) };
    let Ok(frame) = frames.get_item(ident) else { return Ok(false) };
    // SAFETY: nothing has run since `frames` was made.
    Ok(unsafe { raise_at(&frame, ident, error) })
}

/// The frames that all threads are at, by identifier: they have frame objects then. None once the
/// interpreter is being taken apart.
pub(crate) fn current_frames(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    // (Nothing can be imported any more where a destructor comes here at the end.)
    // SAFETY: attached; it returns a reference that `sys` owns, or null with no error set.
    let known = unsafe { PySys_GetObject(c"_current_frames".as_ptr()) };
    // SAFETY: as above: alive, since nothing has run in between.
    let known = unsafe { Bound::from_borrowed_ptr_or_opt(py, known) };
    known.map(|function| function.call0()).transpose()
}

/// Has the thread with this identifier raise `error`, a class, if it is at `frame`.
///
/// # Safety
/// `frame` is of [`current_frames`], and neither Python code nor the collector has run since.
pub(crate) unsafe fn raise_at(
    frame: &Bound<'_, PyAny>,
    ident: usize,
    error: &Bound<'_, PyAny>,
) -> bool {
    // SAFETY: passed on to the caller.
    let Some(state) = (unsafe { state_at(frame.as_ptr()) }) else { return false };
    let error = error.as_ptr();
    // SAFETY: attached, so that the state does not end, and no thread looks at its exception; its
    // layout is 3.11's if the identifier is where it is there; it owns the exception in it. What is
    // dropped is dropped last, since that may run Python code.
    unsafe {
        let slot = state.byte_add(ASYNC_EXC).cast::<*mut PyObject>();
        let is_known = cfg!(target_pointer_width = "64")
            && *state.byte_add(THREAD_ID).cast::<c_ulong>() as usize == ident;
        // To see which state gets this one.
        let before = if is_known { slot.replace(ptr::null_mut()) } else { ptr::null_mut() };
        let is_there = PyThreadState_SetAsyncExc(ident as _, error) == 1;
        if is_there && is_known && (*slot).is_null() {
            // Another one has got it. (All are to look again by this, too.)
            PyThreadState_SetAsyncExc(ident as _, ptr::null_mut());
            Py_IncRef(error);
            slot.write(error);
        }
        Py_DecRef(before);
        is_there
    }
}

/// The state of the thread that is at `frame`.
///
/// # Safety
/// As [`raise_at`]: a frame object that had to be made could have the collector run.
unsafe fn state_at(frame: *mut PyObject) -> Option<*mut PyThreadState> {
    // raddle's threads make their states before they are attached.
    let _no_other = STATES.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: attached: no thread that has a state ends meanwhile, or gets on; so each frame is
    // kept by its thread, or by `current_frames`'s dict, and none is freed here.
    unsafe {
        let mut state = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
        while !state.is_null() {
            let top = PyThreadState_GetFrame(state).cast::<PyObject>();
            Py_DecRef(top);
            if top == frame {
                return Some(state);
            }
            state = PyThreadState_Next(state);
        }
    }
    None
}
