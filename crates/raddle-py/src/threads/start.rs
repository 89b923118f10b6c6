//! Starting and joining threads: what is under `threading.Thread`.
//!
//! A thread is one raw thread of the operating system whose entry calls Python directly. Nobody
//! waits for it to come up: the starter knows its identifier as soon as it exists.
//!
//! Rejected: reusing operating-system threads for one `Thread` after another. An idle one makes
//! `os.fork()` warn, and stack size, signal mask, affinity, name and C thread-locals stay behind.
//! (While something is explored that is done: there are thousands of them. See `kept`.)

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
#[cfg(not(Py_3_12))]
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use raddle::thread::{self, Handle, Record, StartError};

#[cfg(not(Py_3_12))]
use super::async_exc;
use super::boot::{Boot, release_lock};
use super::exit::{CLOSED, STARTERS, settle_starting};
use super::stranded;
use crate::blocking::finalizing::is_finalizing;
use crate::blocking::main_thread::is_main_thread;
use crate::locks::lock::Lock;
use crate::python::arguments::Truth;
use crate::python::call::{self, OwnedPy};
use crate::python::errors;
use crate::python::exit_guards::HangOnUnwind;
use crate::python::registry;
#[cfg(Py_GIL_DISABLED)]
use crate::threads::finish_early;
use crate::threads::fork;
use crate::threads::handle::ThreadHandle;
use crate::threads::kept;

/// The stack size that `threading.stack_size()` was last given, in bytes; 0 for the default.
///
/// Not asked through Python: asking sets it to 0.
fn stack_size() -> usize {
    interpreter! {
        fn PyThread_get_stacksize() -> usize;
    }
    // SAFETY: reads a number of the current interpreter; the callers are attached.
    unsafe { PyThread_get_stacksize() }
}

/// Whose a thread is, and whether the exit waits for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The program's; the exit waits for it.
    Lasting,
    /// The program's.
    Daemon,
    /// raddle's own, to be joined by the thread that starts it.
    Own,
}

/// How many threads may be on their way to a thread state before starters wait for them.
const BACKLOG: usize = 32;

#[allow(clippy::too_many_arguments, reason = "what a thread is made of")]
fn start(
    py: Python<'_>,
    handle: &Arc<Handle>,
    thread: Option<OwnedPy>,
    function: &Bound<'_, PyAny>,
    args: &Bound<'_, PyTuple>,
    kwargs: Option<&Bound<'_, PyDict>>,
    role: Role,
    until_gone: Option<&Bound<'_, Lock>>,
) -> PyResult<()> {
    // Before this thread is counted: an excepthook may fork, or wait for the thread that closes.
    stranded::tend(py);
    let refused = || (CLOSED.load(Ordering::Relaxed) && role != Role::Own) || is_finalizing();
    // Looked at before counting too: threads that go on trying must not keep the count up.
    let starter = (!refused()).then(|| STARTERS.enter(is_main_thread)).flatten();
    let starter = starter.filter(|_| !refused());
    let Some(starter) = starter else {
        return Err(errors::finalizing(py, "can't create new thread at interpreter shutdown"));
    };
    let stack_size = stack_size();
    let null = ptr::null_mut();
    let boot = Box::into_raw(Box::new(Record::new(Boot {
        // SAFETY: attached, so there is a current interpreter.
        interpreter: unsafe { ffi::PyInterpreterState_Get() },
        function: function.clone().into_ptr(),
        args: args.clone().into_ptr(),
        kwargs: kwargs.map_or(null, |kwargs| kwargs.clone().into_ptr()),
        thread: thread.map_or(null, |thread| thread.into_inner().into_ptr()),
        until_gone: until_gone.map_or(null, |lock| lock.clone().into_ptr()),
    })));
    // SAFETY: `boot` is handed over; `main` settles once, and neither panics nor lets an
    // unwinding pass.
    let run = || unsafe {
        thread::run_raw(handle, role == Role::Lasting, stack_size, main, boot.cast())
    };
    let started = if role == Role::Own { thread::schedule::aside(run) } else { run() };
    // Nobody waits for one thread's first step, but a program that starts threads faster than
    // they get going must not pile them up until the system runs out. And 3.11 has memory for one
    // thread state that is used once, whenever there is no other state: in a forked child, the
    // forking thread must not end before the state of the one that it has started is there.
    let may_be_last = cfg!(not(Py_3_12)) && raddle::fork_generation() != 0;
    if started.is_ok() && (starter.is_late() || may_be_last || thread::starting() > BACKLOG) {
        py.detach(settle_starting);
    }
    started.map_err(|error| {
        // SAFETY: no thread was started, so the record is still ours; and we are attached.
        unsafe { Box::from_raw(boot).into_inner().release() };
        PyRuntimeError::new_err(match error {
            StartError::AlreadyStarted => String::from("thread already started"),
            StartError::Refused(_) => format!("can't start new thread: {error}"),
        })
    })
}

/// The thread's own code, from no thread state to no thread state.
///
/// PyO3 does not know that this thread is attached (no trampoline of its is on the stack), so
/// only raw calls and the guarded ones of `call` are made here, and references are raw.
unsafe extern "C-unwind" fn main(boot: *mut c_void) {
    let guard = HangOnUnwind;
    // SAFETY: `start` handed the record over.
    let boot = unsafe { Box::from_raw(boot.cast::<Record<Boot>>()) };
    if is_finalizing() {
        // There is no interpreter to attach to any more, nor one to give the references back to.
        thread::settled();
        std::mem::forget((guard, boot));
        return;
    }
    // SAFETY: the interpreter is alive: its end waits for this thread to be settled.
    let (state, is_kept) = fork::not_meanwhile(|| unsafe {
        let kept = kept::take(boot.get().interpreter);
        let is_kept = !kept.is_null();
        (if is_kept { kept } else { new_state(boot.get().interpreter) }, is_kept)
    });
    thread::settled();
    if state.is_null() {
        stranded::leave(boot);
        std::mem::forget(guard);
        return;
    }
    let mut boot = boot.into_inner();
    // SAFETY: `state` was made for this thread, which is not attached; all that follows happens
    // attached, with references that `boot` owns, until the state is deleted or kept.
    unsafe {
        ffi::PyEval_RestoreThread(state);
        thread::begun();
        if is_kept {
            // (What was sent to a thread that had ended is raised here.)
            let _ = kept::says_nothing(Python::assume_attached());
        }
        let returned = run(&boot);
        boot.settle(raddle::thread_id(), !returned);
        let until_gone = std::mem::replace(&mut boot.until_gone, ptr::null_mut());
        boot.release();
        let is_clean = kept::is_clean(state);
        if !is_clean {
            #[cfg(Py_GIL_DISABLED)]
            if !thread::schedule::takes_turns() {
                finish_early::leave_in_thread_state();
            }
            call::clear_thread_state(state);
        }
        thread::tell_end(); // (From here on the main thread may run the exit handlers.)
        release_lock(until_gone);
        if !until_gone.is_null() {
            call::drop_raw(until_gone);
        }
        if is_clean {
            ffi::PyEval_SaveThread();
            kept::keep(state);
        } else {
            ffi::PyThreadState_DeleteCurrent();
            kept::keep(ptr::null_mut());
        }
    }
    std::mem::forget(guard);
}

/// A thread state for the calling thread, which is not attached; null if memory has run out.
///
/// # Safety
/// The interpreter is alive.
unsafe fn new_state(interpreter: *mut ffi::PyInterpreterState) -> *mut ffi::PyThreadState {
    #[cfg(Py_3_12)]
    // SAFETY: alive, says the caller.
    return unsafe { ffi::PyThreadState_New(interpreter) };
    // The public function of 3.11 reads the state before it looks whether there is one.
    #[cfg(not(Py_3_12))]
    {
        interpreter! {
            fn _PyThreadState_Prealloc(
                interpreter: *mut ffi::PyInterpreterState,
            ) -> *mut ffi::PyThreadState;
            fn _PyThreadState_SetCurrent(state: *mut ffi::PyThreadState);
        }
        let _no_other = async_exc::STATES.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the two steps that it is made of.
        unsafe {
            let state = _PyThreadState_Prealloc(interpreter);
            if !state.is_null() {
                _PyThreadState_SetCurrent(state);
            }
            state
        }
    }
}

/// Calls the thread's function, and says whether it returned: an exception that it lets out ends
/// here.
///
/// # Safety
/// The thread is attached, and `boot` owns its references.
unsafe fn run(boot: &Boot) -> bool {
    // SAFETY: passed on to the caller.
    unsafe {
        let result = call::call_raw(boot.function, boot.args, boot.kwargs);
        if !result.is_null() {
            call::drop_raw(result);
        } else if ffi::PyErr_ExceptionMatches(ffi::PyExc_SystemExit) != 0 {
            ffi::PyErr_Clear();
        } else {
            boot.report();
        }
        !result.is_null()
    }
}

/// Starts a daemon thread for raddle itself, which calls `function()`.
pub(crate) fn start_plain(handle: &Arc<Handle>, function: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = function.py();
    start(py, handle, None, function, &PyTuple::empty(py), None, Role::Own, None)
}

/// Starts a thread that calls `function()`, to be waited for with `handle`.
///
/// A thread that is not a daemon keeps the interpreter from exiting. `until_gone`, if given, is
/// a held lock that is released when the thread's state is gone. Returns the handle. Raises
/// RuntimeError if the thread cannot start.
#[pyfunction]
#[pyo3(
    signature = (function, handle = None, daemon = Truth(true), until_gone = None),
    text_signature = "(function, handle=None, daemon=True)"
)]
pub(crate) fn start_joinable_thread<'py>(
    function: &Bound<'py, PyAny>,
    handle: Option<&Bound<'py, PyAny>>,
    daemon: Truth,
    until_gone: Option<&Bound<'py, Lock>>,
) -> PyResult<Bound<'py, ThreadHandle>> {
    let py = function.py();
    if !function.is_callable() {
        return Err(PyTypeError::new_err("thread function must be callable"));
    }
    let handle = match handle {
        None => Bound::new(py, ThreadHandle::new())?,
        Some(given) => given
            .cast::<ThreadHandle>()
            .map_err(|_| PyTypeError::new_err("'handle' must be a _ThreadHandle"))?
            .clone(),
    };
    let flag = pyo3::types::PyBool::new(py, daemon.0);
    call::audit(
        py,
        c"_thread.start_joinable_thread",
        [function.as_ptr(), flag.as_ptr(), handle.as_ptr()],
    )?;
    let none = PyTuple::empty(py);
    let role = if daemon.0 { Role::Daemon } else { Role::Lasting };
    let ThreadHandle { handle: shared, thread } = handle.get();
    start(py, shared, thread.take(), function, &none, None, role, until_gone)?;
    Ok(handle)
}

/// Starts a daemon thread that calls `function(*args, **kwargs)`, and returns its identifier.
///
/// Raises TypeError for wrong arguments, RuntimeError if the thread cannot start.
#[pyfunction]
#[pyo3(
    signature = (function, args, kwargs = None, /),
    text_signature = "(function, args, kwargs={}, /)"
)]
pub(crate) fn start_new_thread<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'_, PyAny>,
    kwargs: Option<&Bound<'_, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = function.py();
    if !function.is_callable() {
        return Err(PyTypeError::new_err("first arg must be callable"));
    }
    let args = args.cast::<PyTuple>().map_err(|_| {
        PyTypeError::new_err("2nd arg must be a tuple; for one argument write (x,)")
    })?;
    let kwargs = kwargs
        .map(|kwargs| kwargs.cast::<PyDict>())
        .transpose()
        .map_err(|_| PyTypeError::new_err("optional 3rd arg must be a dictionary"))?;
    let none = py.None();
    let named = kwargs.map_or(none.as_ptr(), |kwargs| kwargs.as_ptr());
    call::audit(py, c"_thread.start_new_thread", [function.as_ptr(), args.as_ptr(), named])?;
    let handle = Arc::new(Handle::new());
    start(py, &handle, None, function, args, kwargs, Role::Daemon, None)?;
    registry::number(py, handle.ident())
}
