//! Starting and joining threads: what is under `threading.Thread`.
//!
//! A thread is one raw thread of the operating system whose entry calls Python directly. Nobody
//! waits for it to come up: the starter knows its identifier as soon as it exists.
//!
//! Rejected: reusing operating-system threads for one `Thread` after another. An idle one makes
//! `os.fork()` warn, and stack size, signal mask, affinity, name and C thread-locals stay behind.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use raddle::Deadline;
use raddle::thread::{self, Handle, Reaped, StartError};

use crate::arg::Truth;
use crate::attached::{self, Attached};
use crate::errors;
use crate::fork;
use crate::lock::Lock;
use crate::outcall::{self, Held};
use crate::place::Place;
use crate::registry;
use crate::stranded;
use crate::timeout;

/// What others know of a thread: whether it runs, who it is; and the way to wait for its end.
#[pyclass(frozen, module = "_thread", name = "_ThreadHandle")]
pub(crate) struct ThreadHandle {
    handle: Arc<Handle>,
    /// The `Thread` that is to be started with this; its own thread takes it over.
    thread: Place,
}

impl ThreadHandle {
    fn of(handle: Handle) -> Self {
        Self { handle: Arc::new(handle), thread: Place::new() }
    }

    fn started(&self) -> PyResult<&Handle> {
        if self.handle.is_started() {
            Ok(&self.handle)
        } else {
            Err(PyRuntimeError::new_err("thread not started"))
        }
    }
}

#[pymethods]
impl ThreadHandle {
    #[new]
    fn new() -> Self {
        Self::of(Handle::new())
    }

    /// The thread's identifier, 0 before it was started.
    #[getter]
    fn ident<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        registry::number(py, self.handle.ident())
    }

    /// The number by which the operating system's tools know the thread, 0 before it was started.
    /// raddle only.
    #[getter]
    fn native_id(&self, py: Python<'_>) -> u32 {
        py.detach(|| self.handle.native_id())
    }

    /// Waits for the thread to end, for at most `timeout` seconds (None or -1: no limit).
    ///
    /// Raises RuntimeError if it was not started, is the calling thread, or can no longer end
    /// because the interpreter is finalizing. A signal handler that raises ends the wait.
    #[pyo3(signature = (timeout = None, /))]
    fn join(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let handle = self.started()?;
        let until = match timeout {
            None => Deadline::NEVER,
            Some(timeout) => match timeout::nanos(timeout)? {
                nanos if nanos < 0 => Deadline::NEVER,
                nanos => Deadline::after_nanos(nanos),
            },
        };
        if !handle.is_done() {
            if handle.ident() == raddle::thread_id() {
                return Err(PyRuntimeError::new_err("Cannot join current thread"));
            }
            if attached::is_finalizing() {
                return Err(errors::finalizing(
                    py,
                    "cannot join thread at interpreter shutdown",
                ));
            }
        }
        match handle.join_with(&mut Attached::new(py).on(self), until)? {
            Reaped::Ended | Reaped::TimedOut => {}
        }
        stranded::tend(py);
        Ok(())
    }

    /// Waits until the thread has had its first turn, or has ended without. raddle only.
    fn _wait_begun(&self, py: Python<'_>) -> PyResult<()> {
        self.handle.wait_begun(&mut Attached::new(py).on(self))
    }

    /// Whether the thread has ended.
    fn is_done(&self) -> bool {
        self.handle.is_done()
    }

    /// Marks the thread as ended for all who wait for it.
    ///
    /// Raises RuntimeError if it was not started.
    fn _set_done(&self) -> PyResult<()> {
        self.started()?.set_done();
        Ok(())
    }

    /// The number of threads waiting for the end. raddle only.
    fn _waiting(&self) -> usize {
        self.handle.waiting()
    }

    fn __repr__<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        let ident = self.handle.ident();
        PyString::new(py, &format!("<_thread._ThreadHandle object: ident={ident}>"))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.thread.traverse(&visit)
    }

    fn __clear__(&self) {
        drop(self.thread.take());
    }
}

impl Drop for ThreadHandle {
    fn drop(&mut self) {
        drop(self.thread.take());
    }
}

/// What the new thread takes over. Raw references: the thread is not attached when it gets them.
pub(crate) struct Boot {
    interpreter: *mut ffi::PyInterpreterState,
    function: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
    /// The `Thread` that it is to be, or null.
    thread: *mut ffi::PyObject,
    /// A lock that is held until the thread's state is gone, or null.
    until_gone: *mut ffi::PyObject,
    /// Of [`stranded`].
    pub(crate) next: *mut Boot,
}

/// Whether the calling thread is attached to the process's main interpreter.
pub(crate) fn interpreter_is_main() -> bool {
    unsafe extern "C" {
        fn PyInterpreterState_Main() -> *mut ffi::PyInterpreterState;
    }
    // SAFETY: the first needs an attached thread, which a module's initialisation is; the second
    // needs nothing.
    unsafe { ffi::PyInterpreterState_Get() == PyInterpreterState_Main() }
}

/// Set when 3.12 begins to shut down: it refuses new threads from then on, not only once it
/// finalizes as other versions do, and keeps that to itself.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// The stack size that `threading.stack_size()` was last given, in bytes; 0 for the default.
///
/// Not asked through Python: asking sets it to 0.
fn stack_size() -> usize {
    unsafe extern "C" {
        fn PyThread_get_stacksize() -> usize;
    }
    // SAFETY: reads a number of the current interpreter; the callers are attached.
    unsafe { PyThread_get_stacksize() }
}

/// Set when all threads that the exit waits for have ended. From then on only the main thread
/// (in its atexit callbacks) may start threads, and waits for their thread states: one that is
/// made while the interpreter takes the others apart would be made of freed memory.
static CLOSING: AtomicBool = AtomicBool::new(false);
/// How many threads are inside `start`, past or before its look at `CLOSING`.
static STARTERS: AtomicUsize = AtomicUsize::new(0);

/// Counts the calling thread in `STARTERS` while it lives.
struct Starter;

impl Starter {
    fn enter() -> Self {
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

/// How many threads may be on their way to a thread state before starters wait for them.
const BACKLOG: usize = 32;

#[allow(clippy::too_many_arguments, reason = "what a thread is made of")]
fn start(
    py: Python<'_>,
    handle: &Arc<Handle>,
    thread: Option<Held>,
    function: &Bound<'_, PyAny>,
    args: &Bound<'_, PyTuple>,
    kwargs: Option<&Bound<'_, PyDict>>,
    daemon: bool,
    until_gone: Option<&Bound<'_, Lock>>,
) -> PyResult<()> {
    let refused = || {
        CLOSED.load(Ordering::Relaxed)
            || attached::is_finalizing()
            || (CLOSING.load(Ordering::SeqCst) && !attached::is_main_thread())
    };
    // Looked at before counting too: threads that go on trying must not keep the count up.
    let starter = (!refused()).then(Starter::enter).filter(|_| !refused());
    stranded::tend(py);
    let Some(_starter) = starter else {
        return Err(errors::finalizing(py, "can't create new thread at interpreter shutdown"));
    };
    let closing = CLOSING.load(Ordering::SeqCst);
    let stack_size = stack_size();
    let null = ptr::null_mut();
    let boot = Box::into_raw(Box::new(Boot {
        // SAFETY: attached, so there is a current interpreter.
        interpreter: unsafe { ffi::PyInterpreterState_Get() },
        function: function.clone().into_ptr(),
        args: args.clone().into_ptr(),
        kwargs: kwargs.map_or(null, |kwargs| kwargs.clone().into_ptr()),
        thread: thread.map_or(null, |thread| thread.into_inner().into_ptr()),
        next: ptr::null_mut(),
        until_gone: until_gone.map_or(null, |lock| lock.clone().into_ptr()),
    }));
    // SAFETY: `boot` is handed over; `main` settles once, and neither panics nor lets an
    // unwinding pass.
    let started = unsafe { thread::run_raw(handle, !daemon, stack_size, main, boot.cast()) };
    // Nobody waits for one thread's first step, but a program that starts threads faster than
    // they get going must not pile them up until the system runs out.
    if started.is_ok() && (closing || thread::starting() > BACKLOG) {
        py.detach(settle_starting);
    }
    started.map_err(|error| {
        // SAFETY: no thread was started, so the record is still ours; and we are attached.
        unsafe { Box::from_raw(boot).release() };
        PyRuntimeError::new_err(match error {
            StartError::AlreadyStarted => String::from("thread already started"),
            StartError::Refused(_) => format!("can't start new thread: {error}"),
        })
    })
}

impl Boot {
    /// Drops the references.
    ///
    /// # Safety
    /// The thread is attached, and this is called once.
    pub(crate) unsafe fn release(self) {
        let objects = [self.function, self.args, self.kwargs, self.thread, self.until_gone];
        for object in objects.into_iter().filter(|object| !object.is_null()) {
            // SAFETY: a reference that this record owns; attached, says the caller.
            unsafe { outcall::drop_raw(object) };
        }
    }

    /// Releases the lock that is held until the thread's state is gone. Needs no interpreter.
    pub(crate) fn say_gone(&self) {
        // SAFETY: null, or a reference that the record owns.
        unsafe { release_lock(self.until_gone) };
    }

    /// Reports the exception with which the thread's function ended.
    ///
    /// # Safety
    /// The thread is attached, and an exception is set.
    pub(crate) unsafe fn report(&self) {
        // SAFETY: passed on to the caller; the record owns the function.
        unsafe { outcall::report_thread_error(self.function) };
    }

    /// Takes the `Thread` out of the registry, if it has not done so itself; it may have `failed`.
    ///
    /// # Safety
    /// The calling thread is attached, and no exception is set.
    pub(crate) unsafe fn settle(&self, ident: usize, failed: bool) {
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
unsafe fn release_lock(lock: *mut ffi::PyObject) {
    if !lock.is_null() {
        // SAFETY: live, says the caller; the token is used for nothing else.
        let lock = unsafe { Borrowed::from_ptr(Python::assume_attached(), lock) };
        // SAFETY: a `Lock`, says the caller.
        unsafe { lock.cast_unchecked::<Lock>() }.get().raw().try_release();
    }
}

/// The thread's own code, from no thread state to no thread state.
///
/// PyO3 does not know that this thread is attached (no trampoline of its is on the stack), so
/// only raw calls and the guarded ones of `outcall` are made here, and references are raw.
unsafe extern "C-unwind" fn main(boot: *mut c_void) {
    let guard = outcall::HangOnUnwind;
    // SAFETY: `start` handed the record over.
    let mut boot = unsafe { Box::from_raw(boot.cast::<Boot>()) };
    if attached::is_finalizing() {
        // There is no interpreter to attach to any more, nor one to give the references back to.
        thread::settled();
        std::mem::forget((guard, boot));
        return;
    }
    // SAFETY: the interpreter is alive: its end waits for this thread to be settled.
    let state = fork::not_meanwhile(|| unsafe { new_state(boot.interpreter) });
    thread::settled();
    if state.is_null() {
        stranded::leave(boot);
        std::mem::forget(guard);
        return;
    }
    // SAFETY: `state` was made for this thread, which is not attached; all that follows up to
    // `PyThreadState_DeleteCurrent` happens attached, with references that `boot` owns.
    unsafe {
        ffi::PyEval_RestoreThread(state);
        thread::begun();
        let returned = run(&boot);
        boot.settle(raddle::thread_id(), !returned);
        let until_gone = std::mem::replace(&mut boot.until_gone, ptr::null_mut());
        boot.release();
        #[cfg(Py_GIL_DISABLED)]
        farewell::leave_in_thread_state();
        outcall::clear_thread_state(state);
        release_lock(until_gone);
        if !until_gone.is_null() {
            outcall::drop_raw(until_gone);
        }
        ffi::PyThreadState_DeleteCurrent();
    }
    std::mem::forget(guard);
}

/// Telling joiners that a thread is done while its thread state is still being taken apart.
///
/// Without a GIL, clearing a thread state ends with a search through memory that earlier threads
/// left behind: 0.1 to 0.2 ms, more than the rest of a short thread's life, in which nothing of
/// the program runs any more. The interpreter clears `threading.local` values first, then the
/// dict of thread-specific objects, then its own; an object that is put last into that dict is
/// dropped at the moment at which joiners can go on.
#[cfg(Py_GIL_DISABLED)]
mod farewell {
    use super::*;

    const NAME: &std::ffi::CStr = c"raddle.farewell";

    /// Puts the object into the calling thread's dict, unless values in its context are to be
    /// dropped after that. If memory runs out, the thread is done at its last line instead.
    ///
    /// # Safety
    /// The thread is attached, and about to clear its thread state.
    pub(super) unsafe fn leave_in_thread_state() {
        // SAFETY: attached, says the caller; the dict is borrowed, the rest is ours to drop. The
        // capsule holds the thread's identifier, which is not null.
        unsafe {
            let context = ffi::PyContext_CopyCurrent();
            if !context.is_null() && ffi::PyObject_Length(context) == 0 {
                let dict = ffi::PyThreadState_GetDict();
                let me = raddle::thread_id() as *mut c_void;
                let capsule = ffi::PyCapsule_New(me, NAME.as_ptr(), Some(drop));
                if !dict.is_null() && !capsule.is_null() {
                    ffi::PyDict_SetItemString(dict, NAME.as_ptr(), capsule);
                }
                ffi::Py_DecRef(capsule);
            }
            ffi::Py_DecRef(context);
            ffi::PyErr_Clear();
        }
    }

    /// Runs where the dict is dropped: in the thread itself, unless somebody else took hold of
    /// it (a debugger can); the thread is then done at its last line.
    unsafe extern "C" fn drop(capsule: *mut ffi::PyObject) {
        // SAFETY: the interpreter passes the capsule that is going away.
        let owner = unsafe { ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr()) };
        if owner as usize == raddle::thread_id() {
            thread::finish_early();
        }
    }
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
        unsafe extern "C" {
            fn _PyThreadState_Prealloc(
                interpreter: *mut ffi::PyInterpreterState,
            ) -> *mut ffi::PyThreadState;
            fn _PyThreadState_SetCurrent(state: *mut ffi::PyThreadState);
        }
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
        let result = outcall::call_raw(boot.function, boot.args, boot.kwargs);
        if !result.is_null() {
            outcall::drop_raw(result);
        } else if ffi::PyErr_ExceptionMatches(ffi::PyExc_SystemExit) != 0 {
            ffi::PyErr_Clear();
        } else {
            boot.report();
        }
        !result.is_null()
    }
}

/// Starts a thread that calls `function()`, to be waited for with `handle`.
///
/// A thread that is not a daemon keeps the interpreter from exiting. `until_gone`, if given, is
/// a held lock that is released when the thread's state is gone. Returns the handle. Raises
/// RuntimeError if the thread cannot start.
#[pyfunction]
#[pyo3(
    signature = (function, handle = None, daemon = Truth(true), until_gone = None),
    text_signature = "(function, handle=None, daemon=True, until_gone=None)"
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
    outcall::audit(
        py,
        c"_thread.start_joinable_thread",
        [function.as_ptr(), flag.as_ptr(), handle.as_ptr()],
    )?;
    let none = PyTuple::empty(py);
    let ThreadHandle { handle: shared, thread } = handle.get();
    start(py, shared, thread.take(), function, &none, None, daemon.0, until_gone)?;
    Ok(handle)
}

/// Returns `kind()`, which, if it is raddle's, knows that `thread` is to be started with it: the
/// end of the system's thread then takes that out of the registry, however it came about.
#[pyfunction]
#[pyo3(name = "_make_handle_for")]
pub(crate) fn make_handle_for<'py>(
    kind: &Bound<'py, PyAny>,
    thread: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = kind.py();
    if !kind.is(PyType::new::<ThreadHandle>(py)) {
        return outcall::call0(kind);
    }
    let handle =
        ThreadHandle { handle: Arc::new(Handle::new()), thread: Place::filled(thread) };
    Ok(Bound::new(py, handle)?.into_any())
}

/// Starts a daemon thread that calls `function(*args, **kwargs)`, and returns its identifier.
///
/// Raises TypeError for wrong arguments, RuntimeError if the thread cannot start.
#[pyfunction]
#[pyo3(signature = (function, args, kwargs = None, /))]
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
    outcall::audit(py, c"_thread.start_new_thread", [function.as_ptr(), args.as_ptr(), named])?;
    let handle = Arc::new(Handle::new());
    start(py, &handle, None, function, args, kwargs, true, None)?;
    registry::number(py, handle.ident())
}

/// Returns a handle of a thread that runs already and was not started here.
#[pyfunction]
#[pyo3(name = "_make_thread_handle")]
pub(crate) fn make_thread_handle(ident: &Bound<'_, PyAny>) -> PyResult<ThreadHandle> {
    let ident = ident
        .cast::<pyo3::types::PyInt>()
        .map_err(|_| PyTypeError::new_err("ident must be an integer"))?;
    Ok(ThreadHandle::of(Handle::adopt(ident.extract()?)))
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
            outcall::report_unraisable(error, &py.None().into_bound(py));
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
