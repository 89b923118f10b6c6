//! Threads that take turns: what `raddle._explore` needs of the crate's `schedule`.

use std::sync::Mutex;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use raddle::thread::schedule::{self, Choices, Depth, Random, Replay, Strategy};
use raddle::{Blocking, Deadline, Parker, Wake};

use crate::blocking::attached::Attached;
use crate::python::timeout;

/// What a run was like: `(choices, preemptions, steps, stuck, left, outside)`.
type Told = (Vec<usize>, usize, usize, bool, usize, bool);

/// Schedules, one after the other. `kind` is "random", "depth", "choices" or "replay"; `number` is
/// the seed, or how many preemptions there may be; `depth` and `steps` are for "depth", and
/// `choices` for "replay".
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
    #[pyo3(signature = (kind, number = 0, depth = 1, steps = 1, choices = Vec::new()))]
    fn new(
        kind: &str,
        number: u64,
        depth: usize,
        steps: usize,
        choices: Vec<usize>,
    ) -> PyResult<Self> {
        let strategy: Box<dyn Strategy> = match kind {
            "random" => Box::new(Random::new(number)),
            "depth" => Box::new(Depth::new(number, depth, steps)),
            "choices" => Box::new(Choices::new(usize::try_from(number)?)),
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
        (run.choices, run.preemptions, run.steps, run.stuck, run.left, run.outside)
    }

    /// Goes on to the next schedule; returns whether there is one.
    fn advance(&self) -> bool {
        self.lock().as_mut().is_some_and(Strategy::advance)
    }
}

/// Lets the strategy choose which thread goes on; returns whether the calling one takes turns.
#[pyfunction]
#[pyo3(name = "_point")]
pub(crate) fn point(py: Python<'_>) -> bool {
    if !schedule::takes_turns() {
        return false;
    }
    py.detach(schedule::point);
    true
}

/// The time of the run in nanoseconds, None for a thread that takes no turns.
#[pyfunction]
#[pyo3(name = "_time_of_turns")]
pub(crate) fn time_of_turns() -> Option<i64> {
    schedule::time()
}

/// Sleeps for `seconds` of the run's time.
#[pyfunction]
#[pyo3(name = "_sleep_in_turns")]
pub(crate) fn sleep_in_turns(seconds: &Bound<'_, PyAny>) -> PyResult<()> {
    let nanos = timeout::nanos(seconds)?;
    if nanos < 0 {
        return Err(PyValueError::new_err("sleep length must be non-negative"));
    }
    let (until, parker) = (Deadline::after_nanos(nanos.max(1)), Parker::new());
    let mut attached = Attached::new(seconds.py());
    loop {
        match attached.sleep(&parker, until) {
            Wake::TimedOut => return Ok(()),
            Wake::Signal | Wake::Unparked => attached.on_signal()?,
        }
    }
}
