//! The process that is asked: a thread of raddle's own waits for askers and answers each.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use raddle::thread::{Handle, Reaped};
use raddle::{Blocking, Deadline};

use super::place::Place;
use crate::blocking::attached::Attached;
use crate::blocking::bystanders::OfOurs;
use crate::diagnose::aside;
use crate::python::call::{self, OwnedPy};
use crate::threads::start;

/// The listener of this process.
static PRESENT: Mutex<Option<Present>> = Mutex::new(None);

struct Present {
    /// The process that it is of: a forked child has the memory, and no such thread.
    process: u32,
    place: Arc<Place>,
    over: Arc<AtomicBool>,
    handle: Arc<Handle>,
}

/// Answers whoever of this user asks at `place` with the bytes that `function()` returns; with
/// None for a place, no more. There is one listener at a time, and the main thread alone begins and
/// ends it: signals have their handlers set beside.
///
/// Raises OSError if nobody can be listened to there, RuntimeError without a new thread.
#[pyfunction]
#[pyo3(name = "_listen", signature = (place, function = None))]
pub(crate) fn listen(
    py: Python<'_>,
    place: Option<&str>,
    function: Option<Py<PyAny>>,
) -> PyResult<()> {
    stop(py)?;
    let (Some(place), Some(function)) = (place, function) else { return Ok(()) };
    let place = Arc::new(Place::open(place)?);
    let over = Arc::new(AtomicBool::new(false));
    let handle = Arc::new(Handle::new());
    let listener = Listener {
        place: Mutex::new(Some(Arc::clone(&place))),
        over: Arc::clone(&over),
        function: OwnedPy::new(function),
    };
    start::start_plain(&handle, Bound::new(py, listener)?.as_any())?;
    let present = Present { process: std::process::id(), place, over, handle };
    let other = PRESENT.lock().unwrap_or_else(PoisonError::into_inner).replace(present);
    debug_assert!(other.is_none(), "one thread begins and ends it");
    Ok(())
}

/// Whether this process, or the one of which it is a fork, listens. (Where another thread was just
/// at it as this process was made, that is not known.)
#[pyfunction]
#[pyo3(name = "_is_listening")]
pub(crate) fn is_listening() -> bool {
    PRESENT.try_lock().is_ok_and(|present| present.is_some())
}

/// Ends the listener, and waits until it has left its place.
fn stop(py: Python<'_>) -> PyResult<()> {
    let present = PRESENT.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(present) = present else { return Ok(()) };
    if present.process != std::process::id() {
        // (Its thread, which this process does not have, has the place as well: nobody closes it.)
        present.place.abandon();
        return Ok(());
    }
    present.over.store(true, Ordering::Release);
    let outcome = join(py, &present);
    present.place.leave();
    outcome
}

/// Waits for a listener's end. (It may be at an answer, and wait for this thread's import.)
fn join(py: Python<'_>, present: &Present) -> PyResult<()> {
    let mut attached = Attached::new(py).shielded();
    let mut steps = STEPS;
    loop {
        // (It is not to be reached in the moment between two askers.)
        present.place.wake();
        let joined = present.handle.join_with(&mut attached, Deadline::after_nanos(STEP));
        attached.attach();
        steps -= 1;
        if matches!(joined?, Reaped::Ended) || steps == 0 {
            return Ok(());
        }
    }
}

/// How long the end of an answer is waited for: so many steps, in nanoseconds each.
const STEPS: u32 = 500;
const STEP: i64 = 10_000_000;

/// What the listener's thread calls.
#[pyclass(frozen, module = "raddle._raddle", name = "_Listener")]
pub(crate) struct Listener {
    place: Mutex<Option<Arc<Place>>>,
    over: Arc<AtomicBool>,
    function: OwnedPy,
}

#[pymethods]
impl Listener {
    fn __call__(&self, py: Python<'_>) {
        // (The place is free when this thread has ended, whoever holds this object.)
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(place) = place else { return };
        aside::settle_aside();
        let _wakes_nobody = OfOurs::enter();
        let mut attached = Attached::new(py);
        loop {
            attached.detach();
            let asker = place.accept();
            let over = self.over.load(Ordering::Acquire);
            let Ok(mut asker) = asker else {
                attached.attach();
                return; // The place is gone: a folder that was removed, a system that is going down.
            };
            if over {
                attached.attach();
                return;
            }
            attached.attach();
            let answer = self.answer(py);
            attached.detach();
            if let Some(answer) = answer {
                let _ = asker.give(&answer); // It may go at any time.
            }
        }
    }
}

impl Listener {
    fn answer(&self, py: Python<'_>) -> Option<Vec<u8>> {
        let answer = call::call0(self.function.get().bind(py)).ok()?;
        let bytes = answer.cast::<PyBytes>().ok()?;
        Some(bytes.as_bytes().to_vec())
    }
}
