//! Whose `contextvars` a task sees: those of the thread that asked for it, as they were then.
//!
//! A worker runs tasks of many threads. So tasks must not see the worker's own context, nor
//! what an earlier task has set.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::python::call::{self, OwnedPy};

/// A copy of the calling thread's context.
#[inline]
pub(crate) fn copy_current(py: Python<'_>) -> PyResult<OwnedPy> {
    // SAFETY: attached; a new reference, or null with an exception set.
    owned(py, unsafe { ffi::PyContext_CopyCurrent() })
}

/// Runs `call` in `context`, which is in use nowhere else.
#[inline]
pub(crate) fn within<R>(
    py: Python<'_>,
    context: &OwnedPy,
    call: impl FnOnce() -> PyResult<R>,
) -> PyResult<R> {
    let context = context.get().as_ptr();
    // SAFETY: attached; a context, that lives until the call is over.
    if unsafe { ffi::PyContext_Enter(context) } < 0 {
        return Err(PyErr::fetch(py));
    }
    let result = call();
    // SAFETY: as above. (It fails if the call has left another context behind, as none does
    // that uses `Context.run`.)
    if unsafe { ffi::PyContext_Exit(context) } < 0 {
        let error = PyErr::fetch(py);
        return result.and(Err(error));
    }
    result
}

/// A copy of `context`.
#[inline]
pub(crate) fn copy(py: Python<'_>, context: &OwnedPy) -> PyResult<OwnedPy> {
    // SAFETY: attached, and a context; a new reference, or null with an exception set.
    owned(py, unsafe { ffi::PyContext_Copy(context.get().as_ptr()) })
}

/// Copies of a context that one thread enters, one for each task in turn.
///
/// Few tasks change their context, and making a copy takes longer than a short task. So the
/// next task has the same copy if nothing shows that it was another's: it holds what the
/// original does, and nobody else knows it.
///
/// The thread [leaves](Self::leave) the last one before this is dropped.
pub(crate) struct Entered {
    original: OwnedPy,
    copy: Option<OwnedPy>,
}

impl Entered {
    /// Nothing is entered before the first task.
    pub(crate) fn new(original: OwnedPy) -> Self {
        Self { original, copy: None }
    }

    /// Puts the calling thread into a copy that no task has changed.
    #[inline]
    pub(crate) fn fresh(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.copy.is_some() && !self.is_touched(py) {
            return Ok(());
        }
        self.leave(py);
        let copy = copy(py, &self.original)?;
        // SAFETY: attached; a context that nobody has entered.
        if unsafe { ffi::PyContext_Enter(copy.get().as_ptr()) } < 0 {
            return Err(PyErr::fetch(py));
        }
        self.copy = Some(copy);
        Ok(())
    }

    /// Whether a task has changed its copy, or keeps it: what it holds may have destructors.
    pub(crate) fn is_touched(&self, py: Python<'_>) -> bool {
        let original = self.original.get().bind(py);
        self.copy.as_ref().is_some_and(|copy| !is_untouched(copy.get().bind(py), original))
    }

    /// The thread goes back to the context that it was in.
    pub(crate) fn leave(&mut self, py: Python<'_>) {
        let Some(copy) = self.copy.take() else { return };
        let copy = copy.get().bind(py);
        // SAFETY: attached; it was entered by this thread, and is alive.
        if unsafe { ffi::PyContext_Exit(copy.as_ptr()) } < 0 {
            // A task has left another context behind, as none does that uses `Context.run`.
            call::report_unraisable(PyErr::fetch(py), copy);
        }
    }
}

/// Where in a context the address of what it holds is, in words; 0: not known. A context holds
/// a mapping that never changes: setting a variable puts another one in its place.
static MAPPING: AtomicUsize = AtomicUsize::new(0);

/// Whether a copy that this thread has entered is as it was made.
#[inline]
fn is_untouched(copy: &Bound<'_, PyAny>, original: &Bound<'_, PyAny>) -> bool {
    let at = MAPPING.load(Ordering::Relaxed);
    // One reference is the caller's, the other the thread's. As long as the original, which
    // nobody enters, has its mapping, no other one can have that address. SAFETY: it is alive,
    // and the thread is attached.
    let held = unsafe { ffi::Py_REFCNT(copy.as_ptr()) };
    at != 0 && held == 2 && word(copy, at) == word(original, at)
}

/// A word of a context.
#[inline]
fn word(context: &Bound<'_, PyAny>, at: usize) -> usize {
    // SAFETY: `prepare` has seen to it that the type's instances are larger; no other thread
    // changes the context, which nobody else has entered.
    unsafe { *context.as_ptr().cast::<usize>().add(at) }
}

/// Finds out where a context has its mapping: the one word that a copy shares with the
/// original, and that another value of a variable changes.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    let module = py.import("contextvars")?;
    let variable =
        call::call1(&module.getattr("ContextVar")?, PyString::new(py, "raddle").as_any())?;
    let set = variable.getattr("set")?;
    let original = module.getattr("Context")?.call0()?;
    original.call_method1("run", (&set, 1))?;
    let copy = original.call_method0("copy")?;
    let size: usize = original.get_type().getattr("__basicsize__")?.extract()?;
    let words = size_of::<ffi::PyObject>() / size_of::<usize>()..size / size_of::<usize>();
    let shared: Vec<usize> = words
        .filter(|&at| word(&copy, at) != 0 && word(&copy, at) == word(&original, at))
        .collect();
    copy.call_method1("run", (&set, 2))?;
    if let &[at] = &shared[..]
        && word(&copy, at) != word(&original, at)
    {
        MAPPING.store(at, Ordering::Relaxed);
    }
    Ok(())
}

#[inline]
fn owned(py: Python<'_>, context: *mut ffi::PyObject) -> PyResult<OwnedPy> {
    // SAFETY: the callers pass what an API returned that gives a new reference, or null with an
    // exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, context) }
        .map(|context| OwnedPy::new(context.unbind()))
}
