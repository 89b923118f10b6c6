//! What a scope's end reaches besides waits: code that computes.
//!
//! That is Python's part (`_futures/reach.py`); here is what it needs to see, and to raise.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyBaseException, PyMemoryError, PyRecursionError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use raddle::thread::Handle;
use raddle::{Cancelled, Deadline, Event};

use crate::blocking::attached::Attached;
use crate::blocking::{inside, scope};
use crate::python::call;
use crate::python::hooks;
#[cfg(not(Py_3_12))]
use crate::threads::async_exc;
use crate::threads::start;

/// The fork generation, plus 1, in which a thread looks after those that compute; 0: none does.
static WATCHED: AtomicU32 = AtomicU32::new(0);

fn generation() -> u32 {
    raddle::fork_generation().wrapping_add(1)
}

/// Rings to have the thread look at once.
static BELL: Event = Event::new();

/// Has a thread look after those that compute, if none does. Where none can be started, waits end
/// nevertheless.
///
/// # Errors
/// What importing the module that looks has raised, if a signal's handler has.
#[inline]
pub(super) fn watch(py: Python<'_>) -> PyResult<()> {
    if WATCHED.load(Ordering::Relaxed) == generation() { Ok(()) } else { begin(py) }
}

#[cold]
fn begin(py: Python<'_>) -> PyResult<()> {
    let hook = scope::outside(|| hooks::WATCH.import(py))?;
    let (now, handle) = (generation(), Arc::new(Handle::new()));
    if WATCHED.swap(now, Ordering::AcqRel) != now
        && start::start_plain(&handle, hook.bind(py)).is_err()
    {
        WATCHED.store(0, Ordering::Release);
    }
    Ok(())
}

/// Tells it that a scope was cancelled.
///
/// # Errors
/// As [`watch`].
pub(super) fn cancelled(py: Python<'_>) -> PyResult<()> {
    BELL.set();
    watch(py)
}

/// Waits until a scope is cancelled, for at most so many seconds (60).
///
/// # Errors
/// That the interpreter is finalizing; what a signal's handler has raised.
#[pyfunction]
#[pyo3(name = "_await_bell")]
pub(crate) fn await_bell(py: Python<'_>, seconds: f64) -> PyResult<()> {
    let until = Deadline::after(Duration::from_secs_f64(seconds.clamp(0.0, 60.0)));
    BELL.wait_with(&mut Attached::to_wait(py, until)?.shielded(), until)?;
    BELL.clear();
    Ok(())
}

/// The thread that looks ends; returns whether there is nobody to look after.
#[pyfunction]
#[pyo3(name = "_unwatch")]
pub(crate) fn unwatch() -> bool {
    WATCHED.store(0, Ordering::SeqCst);
    if inside::all().is_empty() {
        return true;
    }
    // Somebody came meanwhile: has that one begun another thread?
    WATCHED.swap(generation(), Ordering::SeqCst) == generation()
}

/// In a forked child: the thread that has forked is in its scopes, and is looked after again.
///
/// # Errors
/// As [`watch`].
#[pyfunction]
#[pyo3(name = "_scopes_forked")]
pub(crate) fn scopes_forked(py: Python<'_>) -> PyResult<()> {
    if scope::has_forked() { begin(py) } else { Ok(()) }
}

/// What is known of a thread that is in a scope.
type Seen = (usize, usize, Option<bool>, Option<f64>, Option<f64>);

/// All threads that are in scopes: `(ident, key, late, left, grace)`.
///
/// key: stands for the innermost scope; late: whether it is a deadline that has ended it, None if
/// nothing has; left: the seconds until it ends, below 0 after that, or None; grace: the seconds that
/// the thread is left alone then, None for ever.
#[pyfunction]
#[pyo3(name = "_inside")]
pub(crate) fn all_inside() -> Vec<Seen> {
    let seconds = |nanos: i64| nanos as f64 / 1e9;
    let seen = |due: inside::Due| {
        let late = due.why.map(|why| why == Cancelled::Deadline);
        let left = due.until.from_now().map(seconds);
        (due.thread, due.number, late, left, due.grace.map(seconds))
    };
    inside::all().into_iter().map(seen).collect()
}

thread_local! {
    /// When the thread was found where it may not be stopped.
    static ASKED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// After how long it is asked again: to look through its frames takes some microseconds, and a loop
/// may be in a function that is not to be left.
const AGAIN: Duration = Duration::from_micros(200);

/// What `sys.monitoring` calls where a thread that computes may be stopped: raises what
/// `_futures.reach` says that it raises there, or returns its answer.
#[pyfunction]
#[pyo3(name = "_reached", signature = (*place))]
pub(crate) fn reached<'py>(place: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let py = place.py();
    let nothing = || py.None().into_bound(py);
    let Some(why) = scope::really_ended(py) else { return Ok(nothing()) };
    if ASKED.get().is_some_and(|asked| asked.elapsed() < AGAIN) {
        return Ok(nothing());
    }
    let Some(hook) = hooks::REACHED.get() else { return Ok(nothing()) };
    let Some(key) = scope::number() else { return Ok(nothing()) };
    let late = why == Cancelled::Deadline;
    let given = (key, late, place.get_item(0)?, place.get_item(1)?).into_pyobject(py)?;
    let answer = match scope::outside(|| call::call(hook.bind(py), &given, None)) {
        Ok(answer) => answer,
        // There is no room to look whether this is a place for it.
        Err(error) if is_want_of_room(py, &error) => return Ok(nothing()),
        Err(error) => return Err(error),
    };
    if answer.is_none() {
        ASKED.set(Some(Instant::now()));
    }
    if answer.is_instance_of::<PyBaseException>() {
        scope::mark_cut();
        return Err(call::raised(answer));
    }
    Ok(answer)
}

fn is_want_of_room(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<PyRecursionError>(py) || error.is_instance_of::<PyMemoryError>(py)
}

/// Up to 3.11: has a thread raise `error`, a class, if it is still in the scope of this number and at
/// the same instruction of this code object, where the interpreter looks for it before that goes on;
/// returns whether it will.
#[cfg(not(Py_3_12))]
#[pyfunction]
#[pyo3(name = "_raise_in")]
pub(crate) fn raise_in(
    ident: usize,
    number: usize,
    code: &Bound<'_, PyAny>,
    offset: usize,
    error: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let Some(frames) = async_exc::current_frames(code.py())? else { return Ok(false) };
    // (The thread waits for the GIL, which is held from the look to the end: nothing that follows
    // makes what the collector looks at, or runs Python code.)
    let Ok(frame) = frames.get_item(ident) else { return Ok(false) };
    let is_there =
        |due: &inside::Due| (due.thread, due.number) == (ident, number) && due.why.is_some();
    let same = inside::all().iter().any(is_there)
        && frame.getattr("f_code")?.is(code)
        && frame.getattr("f_lasti")?.extract::<usize>()? == offset;
    // SAFETY: nothing has run since `frames` was made, as above.
    Ok(same && unsafe { async_exc::raise_at(&frame, ident, error) })
}
