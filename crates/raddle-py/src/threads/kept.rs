//! Threads that are used again, and their states: only while something is explored.
//!
//! Making a thread and its state and taking them apart is most of what a short thread costs; without
//! a GIL a state's end alone is a quarter of a millisecond, since it searches memory that earlier
//! threads have left behind. So raw threads are [kept](raddle::thread::keep) there, with their states.
//! A program is not to see that: what it can leave in a state is taken out, or the state is not kept.
//!
//! | left in a state                                         | what becomes of it             |
//! |---------------------------------------------------------|--------------------------------|
//! | `threading.local` values, `PyThreadState_GetDict`       | dropped                        |
//! | an exception that was to be raised in the thread        | dropped                        |
//! | context variables, functions that trace or profile,     | the state is taken apart, as   |
//! | hooks of asynchronous generators, origins of            | elsewhere                      |
//! | coroutines, a loop of asyncio                           |                                |

use std::cell::Cell;
use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;
use raddle::{lock_order, thread};

use crate::blocking::finalizing::is_finalizing;
use crate::python::call;
use crate::python::exit_guards::HangOnUnwind;
use crate::python::hooks;

/// How often a state is cleaned.
const ROUNDS: usize = 3;

thread_local! {
    /// The state of the calling thread, which waits to be another.
    static STATE: Cell<*mut ffi::PyThreadState> = const { Cell::new(ptr::null_mut()) };
}

/// The state that the calling thread has from an earlier one, or null.
///
/// # Safety
/// The thread is not attached, and the interpreter is alive.
pub(super) unsafe fn take(
    interpreter: *mut ffi::PyInterpreterState,
) -> *mut ffi::PyThreadState {
    let state = STATE.replace(ptr::null_mut());
    // SAFETY: a state that `keep` has left is the calling thread's, and is not attached.
    if state.is_null() || unsafe { ffi::PyThreadState_GetInterpreter(state) } == interpreter {
        return state;
    }
    // SAFETY: as above.
    unsafe { delete(state) };
    ptr::null_mut()
}

/// Whether the state is one for the next thread.
///
/// # Safety
/// `state` is the calling thread's, attached, which has run its function and has dropped what it
/// owned.
pub(super) unsafe fn is_clean(state: *mut ffi::PyThreadState) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { can_be_kept() && clean(state) }
}

/// Keeps the thread, if it can be, and the state, unless that is null. The thread is not attached.
///
/// # Safety
/// The state is this thread's, and [clean](is_clean).
pub(super) unsafe fn keep(state: *mut ffi::PyThreadState) {
    STATE.set(state);
    // SAFETY: `leave` is of the kind that is asked for; the rest is passed on to the caller.
    unsafe {
        if !(can_be_kept() && thread::keep(leave)) {
            leave();
        }
    }
}

/// (What a thread still holds is looked for in the thread itself.)
fn can_be_kept() -> bool {
    thread::can_be_kept() && lock_order::holds_nothing()
}

/// Takes a kept state apart: the thread ends.
unsafe extern "C-unwind" fn leave() {
    let guard = HangOnUnwind;
    let state = STATE.replace(ptr::null_mut());
    if !state.is_null() && !is_finalizing() {
        // SAFETY: a state that `keep` has left is the calling thread's, and is not attached.
        unsafe { delete(state) };
    }
    std::mem::forget(guard);
}

/// Takes a state apart.
///
/// # Safety
/// It is the calling thread's, which is not attached.
unsafe fn delete(state: *mut ffi::PyThreadState) {
    // SAFETY: passed on to the caller.
    unsafe {
        ffi::PyEval_RestoreThread(state);
        call::clear_thread_state(state);
        ffi::PyThreadState_DeleteCurrent();
    }
}

/// Has the state say nothing any more; false if it does.
///
/// # Safety
/// It is the calling thread's, attached.
unsafe fn clean(state: *mut ffi::PyThreadState) -> bool {
    // What is dropped may leave something again.
    for _ in 0..ROUNDS {
        // SAFETY: passed on to the caller; the dict is borrowed.
        unsafe {
            match says_nothing(Python::assume_attached()) {
                Ok(true) => {}
                Ok(false) => return false,
                Err(_) => continue,
            }
            let dict = ffi::PyThreadState_GetDict();
            let is_empty = dict.is_null() || ffi::PyDict_Size(dict) == 0;
            if !is_empty {
                ffi::PyDict_Clear(dict);
            }
            let Some(had_none) = drop_locals(state) else { return false };
            if is_empty && had_none {
                return true;
            }
        }
    }
    false
}

/// Whether the calling thread's state says nothing that a new one does not, but for its locals.
///
/// # Errors
/// What was to be raised in the thread. (A state is not told to raise nothing: up to 3.12 it would
/// look for that before each instruction, for ever.)
pub(super) fn says_nothing(py: Python<'_>) -> PyResult<bool> {
    let Some(asks) = hooks::SAYS_NOTHING.get() else { return Ok(false) };
    call::truth(&call::call0(asks.bind(py))?)
}

/// Up to 3.12 `threading.local` objects have what they have for the thread in its dict.
#[cfg(not(Py_3_13))]
unsafe fn drop_locals(_: *mut ffi::PyThreadState) -> Option<bool> {
    Some(true)
}

/// Drops what `threading.local` objects have for the thread; returns whether that was nothing, or
/// None if it cannot be found. A state has two objects by which they find it, and drop it.
///
/// # Safety
/// The state is the calling thread's, attached.
#[cfg(Py_3_13)]
unsafe fn drop_locals(state: *mut ffi::PyThreadState) -> Option<bool> {
    /// Bytes from the state's beginning to the first of them (64 bits; 3.13 and 3.14).
    const KEYS: usize = 288;
    if cfg!(any(not(target_pointer_width = "64"), Py_3_15)) {
        return None;
    }
    // SAFETY: the state is that large; the thread is attached, says the caller.
    unsafe {
        let keys = state.byte_add(KEYS).cast::<[*mut ffi::PyObject; 2]>();
        let found = *keys;
        if !found.into_iter().all(|key| key.is_null() || is_key(key)) {
            return None;
        }
        *keys = [ptr::null_mut(); 2];
        found.into_iter().filter(|key| !key.is_null()).for_each(|key| call::drop_raw(key));
        Some(found.into_iter().all(|key| key.is_null()))
    }
}

/// Whether an object is of the class that is for that only.
///
/// # Safety
/// It is alive, and the thread attached.
#[cfg(Py_3_13)]
unsafe fn is_key(object: *mut ffi::PyObject) -> bool {
    // SAFETY: passed on to the caller; a class has a name.
    let name = unsafe { std::ffi::CStr::from_ptr((*ffi::Py_TYPE(object)).tp_name) };
    name.to_bytes().ends_with(b"_localdummy")
}
