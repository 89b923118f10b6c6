//! The process that asks: it reads the answer in a thread, so that its wait can end.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::{answer, place};

/// How long one step of a wait is: between two, signals are looked for.
const STEP: Duration = Duration::from_millis(20);

/// Whether somebody listens at a place; nobody is asked.
#[pyfunction]
#[pyo3(name = "_listens")]
pub(crate) fn listens(place: &str) -> bool {
    place::is_there(place)
}

/// A process that has been asked at its place, and answers.
///
/// Raises FileNotFoundError if nobody listens there, PermissionError if another user does or
/// another process than `pid`, BlockingIOError if it answers somebody else, and OSError.
#[pyclass(frozen, module = "raddle._raddle", name = "_Asked")]
pub(crate) struct Asked {
    answer: Mutex<Receiver<io::Result<Vec<u8>>>>,
}

#[pymethods]
impl Asked {
    #[new]
    fn new(py: Python<'_>, place: &str, pid: u32) -> PyResult<Self> {
        let mut asked = py.detach(|| place::ask(place, pid))?;
        let (send, answer) = mpsc::channel();
        let read = move || {
            let _ = send.send(answer::read(&mut asked));
        };
        thread::Builder::new().name("raddle-ask".into()).spawn(read)?;
        Ok(Self { answer: Mutex::new(answer) })
    }

    /// Returns the answer; None if it has not come after `seconds`.
    ///
    /// Raises OSError if it ended in the middle, and what a signal's handler raises.
    fn wait<'py>(
        &self,
        py: Python<'py>,
        seconds: f64,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let steps = (seconds.clamp(0.0, 1e6) / STEP.as_secs_f64()).ceil();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        for _ in 0..(steps as u64).max(1) {
            let received = py.detach(|| {
                self.answer.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(STEP)
            });
            match received {
                Ok(answer) => return Ok(Some(PyBytes::new(py, &answer?))),
                Err(RecvTimeoutError::Timeout) => py.check_signals()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("the answer has been taken"));
                }
            }
        }
        Ok(None)
    }
}
