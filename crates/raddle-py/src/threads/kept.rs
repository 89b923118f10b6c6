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
use pyo3::types::{PyDict, PyTuple};
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

/// Whether the calling thread's state says nothing else than a new one, but for its locals.
fn is_plain(py: Python<'_>) -> bool {
    let asks = |name: &std::ffi::CStr| {
        // SAFETY: attached; a reference that `sys` owns, or null with no error set.
        let asks =
            unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PySys_GetObject(name.as_ptr())) };
        asks.and_then(|asks| call::call0(&asks).ok())
    };
    let says_no = |answer: Bound<'_, PyAny>| call::truth(&answer).is_ok_and(|says| !says);
    let is_unset = |name| asks(name).is_some_and(says_no);
    let has_no_hooks = || {
        let hooks = asks(c"get_asyncgen_hooks")?.cast_into::<PyTuple>().ok()?;
        Some(hooks.iter().all(|hook| hook.is_none()))
    };
    is_unset(c"gettrace")
        && is_unset(c"getprofile")
        && is_unset(c"get_coroutine_origin_tracking_depth")
        && has_no_hooks() == Some(true)
        && has_no_variables()
}

fn has_no_variables() -> bool {
    // SAFETY: attached, as the callers are; the context is ours to drop.
    unsafe {
        let context = ffi::PyContext_CopyCurrent();
        let is_empty = !context.is_null() && ffi::PyObject_Length(context) == 0;
        ffi::Py_DecRef(context);
        ffi::PyErr_Clear();
        is_empty
    }
}

/// Has the state say nothing any more; false if it does.
///
/// # Safety
/// It is the calling thread's, attached.
unsafe fn clean(state: *mut ffi::PyThreadState) -> bool {
    // SAFETY: passed on to the caller; the dict is borrowed.
    unsafe {
        let py = Python::assume_attached();
        // (asyncio keeps what is in the dict by the state's number, which stays.)
        if has_loop(py) {
            return false;
        }
        // What is dropped may leave something again.
        for _ in 0..ROUNDS {
            let dict = ffi::PyThreadState_GetDict();
            let is_empty = dict.is_null() || ffi::PyDict_Size(dict) == 0;
            if !is_empty {
                ffi::PyDict_Clear(dict);
            }
            let Some(had_none) = drop_locals(state) else { return false };
            rest(py);
            if is_empty && had_none {
                return is_plain(py);
            }
        }
        false
    }
}

/// Raises what is to be raised in the calling thread, and drops that. (Up to 3.12, a state that is
/// told to raise nothing looks for that before each instruction, for ever.)
pub(super) fn rest(py: Python<'_>) {
    if let Some(rest) = hooks::REST.get() {
        let _ = call::call0(rest.bind(py));
    }
}

/// Whether the thread has left a loop of asyncio running.
fn has_loop(py: Python<'_>) -> bool {
    let running = || {
        // SAFETY: attached; the dict is borrowed.
        let modules =
            unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyImport_GetModuleDict()) };
        let asyncio = modules?.cast_into::<PyDict>().ok()?.get_item("_asyncio").ok()??;
        let running = asyncio.getattr("_get_running_loop").ok()?;
        Some(!call::call0(&running).ok()?.is_none())
    };
    running() == Some(true)
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
