//! The stacks of all threads, and what these wait for, as they were at one moment.
//!
//! `sys._current_frames()` gives the innermost frames; their callers and lines are read later.
//! With a GIL, other threads run whenever Python code reads them, and without one, at any time:
//! a stack would show calls that were never made from those lines. So all is read here in one
//! go. Under a GIL, nothing in between lets go of it. Without one, the interpreter stops the
//! other threads meanwhile, as it does for a collection; where it does not export how, the
//! lines are read at once after the frames, which is the best that can be done.

use std::ffi::c_int;

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::diagnose::deadlock::{self, SeenWait};
use crate::python::call;
use crate::python::interned::intern;
use crate::python::registry;

/// Frames of one thread that are read, from the innermost one on.
const DEEPEST: usize = 500;

/// A frame and the line that it was at; 0 or less if it has none.
type Line<'py> = (Bound<'py, PyAny>, c_int);
/// A thread's identifier, and its frames, innermost first.
type Stack<'py> = (usize, Vec<Line<'py>>);

/// The threads that run Python, and the waits that go on: `({thread: [(frame, line)]}, waits)`,
/// innermost frames first, the waits as `_waits()` gives them. (Without a GIL those threads that
/// the main interpreter knows.)
///
/// # Errors
/// What a hook for audits raised, for which this is `sys._current_frames()`.
#[pyfunction]
#[pyo3(name = "_moment")]
pub(crate) fn moment(py: Python<'_>) -> PyResult<(Bound<'_, PyDict>, Bound<'_, PyList>)> {
    let (stacks, seen) = read(py)?;
    let threads = PyDict::new(py);
    for (thread, stack) in stacks {
        threads.set_item(thread, PyList::new(py, stack)?)?;
    }
    Ok((threads, deadlock::listed(py, seen)?))
}

type Read<'py> = (Vec<Stack<'py>>, Vec<SeenWait<'py>>);

#[cfg(not(Py_GIL_DISABLED))]
fn read(py: Python<'_>) -> PyResult<Read<'_>> {
    let uncollected = Uncollected::new();
    let read = read_here(py);
    drop(uncollected);
    read
}

#[cfg(Py_GIL_DISABLED)]
fn read(py: Python<'_>) -> PyResult<Read<'_>> {
    let Some(stopping) = world::Stopping::find() else { return read_here(py) };
    let audit = call::getattr(&sys(py)?, intern!(py, "audit"))?;
    drop(call::call1(&audit, "sys._current_frames".into_pyobject(py)?.as_any())?);
    Ok(stopping.stopped(py, |innermost| {
        let stacks = innermost.map(|(thread, frame)| (thread, walk(py, frame))).collect();
        // (A thread that begins or ends to wait meanwhile lets go by itself of what it has locked
        // for that: it does not attach under it.)
        (stacks, deadlock::seen(py))
    }))
}

/// The threads and waits as they are, where no other thread runs Python meanwhile.
fn read_here(py: Python<'_>) -> PyResult<Read<'_>> {
    let frames = call::call0(&call::getattr(&sys(py)?, intern!(py, "_current_frames"))?)?;
    let seen = deadlock::seen(py);
    let frames = frames.cast_into::<PyDict>()?;
    let stack =
        |(thread, frame): (Bound<'_, PyAny>, _)| Ok((thread.extract()?, walk(py, frame)));
    let stacks: PyResult<_> = frames.iter().map(stack).collect();
    Ok((stacks?, seen))
}

fn sys(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    registry::module(py, "sys").ok_or_else(|| PyRuntimeError::new_err("there is no sys"))
}

/// A frame and its callers, with the line that each is at. It takes no lock, and runs no Python.
fn walk<'py>(py: Python<'py>, innermost: Bound<'py, PyAny>) -> Vec<Line<'py>> {
    let mut stack = Vec::new();
    let mut next = Some(innermost);
    while let Some(frame) = next
        && stack.len() < DEEPEST
    {
        let raw = frame.as_ptr().cast();
        // SAFETY: a frame, of a thread that does not run meanwhile.
        let line = unsafe { ffi::PyFrame_GetLineNumber(raw) };
        // SAFETY: as above; the caller's frame is a new reference, or null.
        next = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyFrame_GetBack(raw).cast()) };
        if next.is_none() {
            // SAFETY: attached. (It was the last one, or there was no memory for the next.)
            unsafe { ffi::PyErr_Clear() };
        }
        stack.push((frame, line));
    }
    stack
}

/// Keeps collections, which run Python code, away. (Up to 3.11 whatever makes an object may
/// begin one.)
#[cfg(not(Py_GIL_DISABLED))]
struct Uncollected {
    before: c_int,
}

#[cfg(not(Py_GIL_DISABLED))]
impl Uncollected {
    fn new() -> Self {
        // SAFETY: attached; it sets a flag.
        Self { before: unsafe { ffi::PyGC_Disable() } }
    }
}

#[cfg(not(Py_GIL_DISABLED))]
impl Drop for Uncollected {
    fn drop(&mut self) {
        if self.before != 0 {
            // SAFETY: as above.
            unsafe { ffi::PyGC_Enable() };
        }
    }
}

/// Stopping all other threads of the interpreter, where there is no GIL.
#[cfg(Py_GIL_DISABLED)]
mod world {
    use std::ffi::{CStr, c_void};

    use pyo3::ffi::{self, PyInterpreterState};
    use pyo3::prelude::*;

    use crate::sites::{innermost, symbols};

    type Switch = unsafe extern "C" fn(*mut PyInterpreterState);

    /// The interpreter's functions for it, which are for its own extensions: not every version
    /// exports them.
    pub(super) struct Stopping {
        stop: Switch,
        start: Switch,
    }

    fn look_up(name: &CStr) -> Option<Switch> {
        let found = symbols::find(name);
        // SAFETY: null is `None`, and all that have the name are such functions.
        unsafe { std::mem::transmute::<*mut c_void, Option<Switch>>(found) }
    }

    impl Stopping {
        pub(super) fn find() -> Option<Self> {
            if !innermost::knows_threads() {
                return None;
            }
            let stop = look_up(c"_PyEval_StopTheWorld")?;
            let start = look_up(c"_PyEval_StartTheWorld")?;
            Some(Self { stop, start })
        }

        /// Calls `look` with the threads and their innermost frames, while none but this one
        /// runs. It may take no lock under which a thread attaches, and run no Python.
        pub(super) fn stopped<'py, R>(
            &self,
            py: Python<'py>,
            look: impl FnOnce(&mut dyn Iterator<Item = (usize, Bound<'py, PyAny>)>) -> R,
        ) -> R {
            // SAFETY: attached.
            let interpreter = unsafe { ffi::PyInterpreterState_Get() };
            /// Lets them go on, whatever happens.
            struct Going<'a>(&'a Stopping, *mut PyInterpreterState);
            impl Drop for Going<'_> {
                fn drop(&mut self) {
                    // SAFETY: stopped by this thread, which is attached.
                    unsafe { (self.0.start)(self.1) };
                }
            }
            // SAFETY: attached, and nothing is held that a thread might want before it stops.
            unsafe { (self.stop)(interpreter) };
            let going = Going(self, interpreter);
            // SAFETY: the states of the interpreter's threads, none of which can end: all are
            // stopped, or not attached. (A new one may come first in line meanwhile: its pointers
            // are there before it is.)
            let mut state = unsafe { ffi::PyInterpreterState_ThreadHead(interpreter) };
            let mut innermost = std::iter::from_fn(|| {
                while !state.is_null() {
                    let this = state;
                    // SAFETY: as above; its frame is a new reference, or null.
                    let frame = unsafe {
                        state = ffi::PyThreadState_Next(this);
                        let frame = ffi::PyThreadState_GetFrame(this);
                        Bound::from_owned_ptr_or_opt(py, frame.cast())
                    };
                    if let Some(frame) = frame {
                        return Some((innermost::thread_of(this), frame));
                    }
                }
                None
            });
            let seen = look(&mut innermost);
            drop(going);
            seen
        }
    }
}
