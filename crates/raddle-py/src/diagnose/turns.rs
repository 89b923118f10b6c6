//! Threads that take turns: what `raddle._explore` needs of the crate's `schedule`.

use std::sync::Mutex;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use raddle::thread::schedule::{
    self, Choices, Depth, Mix, Orders, PartialOrder, Random, Replay, Strategy, Touch, token,
};
use raddle::{Blocking, Deadline, Parker, Wake};

use crate::blocking::attached::Attached;
use crate::blocking::report;
use crate::python::{call, timeout};

/// What a run was like: `(choices, preemptions, steps, stuck, left, outside,
/// endless)`.
type Told = (Vec<usize>, usize, usize, bool, usize, bool, bool);

/// Schedules, one after the other. `kind` is "mix", "random", "depth", "pos", "bounded", "all" or "replay";
/// `depth` (for "bounded", the preemptions) and `steps` are for "depth", and `choices` for "replay".
#[pyclass(frozen, module = "raddle._raddle", name = "_Schedules")]
pub(crate) struct Schedules {
    /// Not there while a run is under way.
    strategy: Mutex<Option<Box<dyn Strategy>>>,
}

impl Schedules {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Box<dyn Strategy>>> {
        self.strategy.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[pymethods]
impl Schedules {
    #[new]
    #[pyo3(signature = (kind, seed = 0, *, depth = 3, steps = 20, choices = Vec::new()))]
    fn new(
        kind: &str,
        seed: u64,
        depth: usize,
        steps: usize,
        choices: Vec<usize>,
    ) -> PyResult<Self> {
        let strategy: Box<dyn Strategy> = match kind {
            "mix" => Box::new(Mix::new(seed)),
            "random" => Box::new(Random::new(seed)),
            "depth" => Box::new(Depth::new(seed, depth, steps)),
            "pos" => Box::new(PartialOrder::new(seed)),
            "bounded" => Box::new(Choices::new(depth)),
            "all" => Box::new(Orders::new()),
            "replay" => Box::new(Replay::new(choices)),
            _ => return Err(PyValueError::new_err("there is no such strategy")),
        };
        Ok(Self { strategy: Mutex::new(Some(strategy)) })
    }

    /// Begins a run: the calling thread, and those that it will start, take turns.
    ///
    /// Raises RuntimeError in a run, and if another thread is in one.
    fn begin(&self) -> PyResult<()> {
        let mut strategy = self.lock();
        let Some(given) = strategy.take() else {
            return Err(PyRuntimeError::new_err("this run has begun"));
        };
        schedule::begin(given).map_err(|given| {
            *strategy = Some(given);
            PyRuntimeError::new_err("schedules are explored already, by another thread")
        })
    }

    /// Ends the run, once the others have ended or cannot go on, or `at_once`; returns what it was
    /// like.
    #[pyo3(signature = (at_once = false))]
    fn finish(&self, py: Python<'_>, at_once: bool) -> Told {
        let (run, strategy) = py.detach(|| schedule::finish(at_once));
        *self.lock() = Some(strategy);
        (run.choices, run.preemptions, run.steps, run.stuck, run.left, run.outside, run.endless)
    }

    /// Goes on to the next schedule; returns whether there is one.
    fn advance(&self) -> bool {
        self.lock().as_mut().is_some_and(Strategy::advance)
    }
}

/// Lets the strategy choose which thread goes on, before a step that changes `object`, or only
/// `reads` it; None: it may be about anything. Returns whether the calling thread takes turns.
///
/// Raises DeadlockError if the run has ended without it, which ends the thread.
#[pyfunction]
#[pyo3(name = "_point", signature = (object = None, reads = false))]
pub(crate) fn point(
    py: Python<'_>,
    object: Option<&Bound<'_, PyAny>>,
    reads: bool,
) -> PyResult<bool> {
    if !schedule::takes_turns() {
        return Ok(false);
    }
    let touch = object
        .map(|object| object.as_ptr().addr())
        .map_or(Touch::ANYTHING, if reads { Touch::reads } else { Touch::changes });
    py.detach(|| schedule::point_at(touch));
    if schedule::takes_turns() { Ok(true) } else { Err(report::stuck(py, false)) }
}

/// Says that the calling thread's present step may touch anything.
#[pyfunction]
#[pyo3(name = "_touch_anything")]
pub(crate) fn touch_anything() {
    schedule::touch_anything();
}

/// From here on, threads keep their turns however long they take: a debugger is used.
#[pyfunction]
#[pyo3(name = "_hold_turns")]
pub(crate) fn hold_turns() {
    schedule::hold();
}

/// Whether threads that have ended in a run are used for others; those that wait end if not.
#[pyfunction]
#[pyo3(name = "_reuse_threads")]
pub(crate) fn reuse_threads(py: Python<'_>, reuses: bool) {
    py.detach(|| schedule::reuse(reuses));
}

/// Calls `function(*args, **kwargs)`: what that starts may run on all cores.
#[pyfunction]
#[pyo3(name = "_on_all_cores", signature = (function, /, *args, **kwargs))]
pub(crate) fn on_all_cores<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    schedule::on_all_cores(|| call::call(function, args, kwargs))
}

/// The cores that the calling thread could run on before it shared one; None if it shares none.
#[pyfunction]
#[pyo3(name = "_cores")]
pub(crate) fn cores() -> Option<Vec<usize>> {
    schedule::before_sharing()
}

/// Says which thread the calling one is about to start.
#[pyfunction]
#[pyo3(name = "_starts")]
pub(crate) fn starts(thread: &Bound<'_, PyAny>) {
    schedule::starts(Touch::changes(thread.as_ptr().addr()));
}

/// Returns the token of a schedule.
#[pyfunction]
#[pyo3(name = "_word_of")]
#[allow(clippy::needless_pass_by_value, reason = "from Python")]
pub(crate) fn word_of(choices: Vec<usize>) -> String {
    token::encode(&choices)
}

/// Returns the choices of a token, None if it is none.
#[pyfunction]
#[pyo3(name = "_choices_of")]
pub(crate) fn choices_of(word: &str) -> Option<Vec<usize>> {
    token::decode(word)
}

/// Returns choices that fail likewise, with as few switches as are found in `tries` runs:
/// `fails(choices)` makes one, and returns whether it has failed likewise.
#[pyfunction]
#[pyo3(name = "_smallest")]
#[allow(clippy::needless_pass_by_value, reason = "from Python")]
pub(crate) fn smallest(
    choices: Vec<usize>,
    tries: usize,
    fails: &Bound<'_, PyAny>,
) -> PyResult<Vec<usize>> {
    schedule::smallest(&choices, tries, |some| {
        let some = PyList::new(fails.py(), some)?;
        call::truth(&call::call1(fails, some.as_any())?)
    })
}

/// The time of the run in nanoseconds, None for a thread that takes no turns.
#[pyfunction]
#[pyo3(name = "_time_of_turns")]
pub(crate) fn time_of_turns() -> Option<i64> {
    let time = schedule::time()?;
    schedule::touch_anything(); // Each look moves it.
    Some(time)
}

/// The calling thread has chosen its cores itself.
#[pyfunction]
#[pyo3(name = "_choose_cores")]
pub(crate) fn choose_cores() {
    schedule::choose_cores();
}

/// Whether the process has no threads but those that take turns.
#[pyfunction]
#[pyo3(name = "_are_alone")]
pub(crate) fn are_alone() -> bool {
    schedule::are_alone()
}

/// The run's time is this at least, in nanoseconds: the calling thread has waited for the system.
#[pyfunction]
#[pyo3(name = "_move_time")]
pub(crate) fn move_time(nanos: i64) {
    schedule::move_time(nanos);
}

/// The shortest sleep, in nanoseconds: about what the system makes of it.
const NAP: i64 = 50_000;

/// Sleeps for `seconds` of the run's time.
#[pyfunction]
#[pyo3(name = "_sleep_in_turns")]
pub(crate) fn sleep_in_turns(seconds: &Bound<'_, PyAny>) -> PyResult<()> {
    let nanos = timeout::nanos(seconds)?;
    if nanos < 0 {
        return Err(PyValueError::new_err("sleep length must be non-negative"));
    }
    let (until, parker) = (Deadline::after_nanos(nanos.max(NAP)), Parker::new());
    let mut attached = Attached::new(seconds.py());
    loop {
        match attached.sleep(&parker, until) {
            Wake::TimedOut => return Ok(()),
            Wake::Signal | Wake::Unparked => attached.on_signal()?,
        }
    }
}
