//! Deadlocks and waits, as Python sees them: which thread waits for what, and which can end the
//! wait.

use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use raddle::deadlock::{self, Deadlock, Finding, Provider, Verdict, Wait};

use crate::blocking::main_thread;
use crate::blocking::report::Answer;
use crate::diagnose::{aside, lock_order};
use crate::python::call;
use crate::python::hooks;

/// A wait as it is passed to Python, and the object that it is for.
pub(crate) type SeenWait<'py> = (Wait, Option<Bound<'py, PyAny>>);

/// Adds a wait, from inside `visit`: the thread cannot give its object up meanwhile.
fn note<'py>(py: Python<'py>, seen: &mut Vec<SeenWait<'py>>, wait: &Wait) {
    let object = wait.object as *mut ffi::PyObject;
    // SAFETY: null, or an object that the waiting thread keeps alive.
    seen.push((*wait, unsafe { Bound::from_borrowed_ptr_or_opt(py, object) }));
}

/// What can end a wait, as Python is told: a thread's identifier, or the address of an
/// executor's queue, which is negative; 0 if nobody knows.
fn provider(wait: &Wait) -> isize {
    match wait.provider {
        Provider::Thread { thread, .. } => thread.cast_signed(),
        Provider::Pool { pool } => -pool.cast_signed(),
        Provider::Anyone => 0,
    }
}

/// From what the callback has returned: a word for a verdict, or an exception.
fn answer(returned: Option<Bound<'_, PyAny>>) -> Answer {
    let Some(returned) = returned else { return Answer::Verdict(Verdict::Told) };
    match returned.cast::<PyString>().map(|word| word.to_cow()) {
        Ok(Ok(word)) if word == "later" => Answer::Verdict(Verdict::Later),
        Ok(_) => Answer::Verdict(Verdict::Dismissed),
        Err(_) => Answer::Raise(call::raised(returned)),
    }
}

/// How many forks lie between this process and the one that loaded raddle.
#[pyfunction]
#[pyo3(name = "_forks")]
pub(crate) fn forks() -> u32 {
    raddle::fork_generation()
}

/// The identifier of the main thread, where signal handlers run; 0 if it has never slept.
#[pyfunction]
#[pyo3(name = "_main_ident")]
pub(crate) fn main_ident() -> usize {
    main_thread::main_thread()
}

/// Reports what was found; returns what is to be done about it.
///
/// # Errors
/// What a signal's handler raised meanwhile.
pub(crate) fn tell(py: Python<'_>, found: &Deadlock, may_raise: bool) -> PyResult<Answer> {
    if aside::is_telling() {
        let why = PyRuntimeError::new_err("a deadlock, while something was being told");
        return Ok(Answer::Raise(why));
    }
    let mut seen = Vec::with_capacity(found.waits.len());
    if !found.visit(|wait| note(py, &mut seen, wait)) && found.finding != Finding::Asleep {
        // It came undone meanwhile.
        drop_all(seen);
        return Ok(Answer::Verdict(Verdict::Dismissed));
    }
    let ring = PyList::empty(py);
    for (wait, object) in seen {
        ring.append((wait.thread, wait.kind.word(), object, provider(&wait)))?;
    }
    let kind = match found.finding {
        Finding::Cycle => "cycle",
        Finding::Asleep => "asleep",
        Finding::Starved => "starved",
    };
    let finder = raddle::thread_id();
    let arguments = (finder, kind, ring, found.surely, may_raise, waits(py)?);
    aside::tell(py, &hooks::DEADLOCK, arguments.into_pyobject(py)?).map(answer)
}

fn drop_all(seen: Vec<SeenWait<'_>>) {
    for (_, object) in seen {
        if let Some(object) = object {
            call::drop_ref(object.unbind());
        }
    }
}

/// Switches detection on or off; it is on at first.
#[pyfunction]
#[pyo3(name = "_detect")]
pub(crate) fn detect(on: bool) {
    deadlock::detect(on);
}

/// Sets how many seconds a ring that is not certain has to last before it is reported; 1 at
/// first.
#[pyfunction]
#[pyo3(name = "_doubt_for")]
pub(crate) fn doubt_for(seconds: f64) -> PyResult<()> {
    let lasting = Duration::try_from_secs_f64(seconds)
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    deadlock::doubt_for(lasting);
    Ok(())
}

/// The waits that go on: `(thread, kind, object or None, provider, since, timed)`, `since` in
/// seconds of `time.monotonic()`. The provider is the thread that can end it; 0 if nobody
/// knows; negative, if the workers of an executor can: `-id()` of its queue.
#[pyfunction]
#[pyo3(name = "_waits")]
pub(crate) fn waits(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    listed(py, seen(py))
}

/// The waits that go on.
pub(crate) fn seen(py: Python<'_>) -> Vec<SeenWait<'_>> {
    let mut seen = Vec::new();
    deadlock::visit(|wait| note(py, &mut seen, wait));
    seen
}

/// The waits as they are passed to Python, see [`waits`].
pub(crate) fn listed<'py>(
    py: Python<'py>,
    seen: Vec<SeenWait<'py>>,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (wait, object) in seen {
        let since = wait.since as f64 / 1e9;
        let kind = wait.kind.word();
        list.append((wait.thread, kind, object, provider(&wait), since, wait.timed))?;
    }
    Ok(list)
}

/// The identifier of the thread that holds `lock`, a Lock or RLock; 0 if nobody does.
#[pyfunction]
#[pyo3(name = "_owner")]
pub(crate) fn owner(lock: &Bound<'_, PyAny>) -> usize {
    lock_order::core_of(lock).map_or(0, |core| core.owner())
}
