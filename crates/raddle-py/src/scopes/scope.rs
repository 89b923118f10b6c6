//! The scope: a `with` block whose waits end when it is cancelled, or when its deadline passes.

use pyo3::exceptions::{
    PyBaseException, PyGeneratorExit, PyOverflowError, PyRuntimeError, PyTypeError,
    PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};
use raddle::deadlock::Subject;
use raddle::thread::schedule;
use raddle::{CancelToken, Cancelled, Deadline};

use super::reach;
use crate::blocking::scope::{self, Grace, Scope as Core};
use crate::python::arguments::Arg;
use crate::python::call;
use crate::python::hooks;
use crate::python::timeout;

const SECOND: f64 = 1e9;

/// A `with` block whose waits end: with it, or at its deadline. Made by deadline(), shield() and
/// groups.
///
/// As the target of `with`, it has `cancel()`, which ends the waits in it from any thread.
#[pyclass(frozen, weakref, module = "raddle", name = "Scope")]
pub(crate) struct Scope {
    core: Core,
    /// How long it lasts, in nanoseconds.
    after: Option<i64>,
}

#[pymethods]
impl Scope {
    /// A scope that can be cancelled before it is entered: a child of `parent`, which has been
    /// entered, or of none.
    #[new]
    #[pyo3(signature = (parent = None, /))]
    fn new(parent: Option<&Bound<'_, Scope>>) -> PyResult<Self> {
        let Some(parent) = parent.map(|parent| &parent.get().core) else {
            let token = CancelToken::new(Deadline::NEVER);
            return Ok(Self { core: Core::with(token, Grace::AsAround), after: None });
        };
        let token = parent.token().ok_or_else(not_entered)?.child(Deadline::NEVER);
        let grace = parent.grace().map_or(Grace::ForEver, Grace::Nanos);
        Ok(Self { core: Core::with(token, grace), after: None })
    }

    fn __enter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        Self::step_in(&slf)?;
        Ok(slf)
    }

    #[pyo3(signature = (_kind = None, error = None, _traceback = None, /))]
    fn __exit__(
        slf: &Bound<'_, Self>,
        _kind: Option<&Bound<'_, PyAny>>,
        error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let core = &slf.get().core;
        let error = error.filter(|error| !error.is_none());
        // A generator that is closed where it does not run, as by the collector.
        let is_closed = error.is_some_and(|error| error.is_instance_of::<PyGeneratorExit>());
        if is_closed && !core.is_of_this_thread() {
            return Ok(false);
        }
        let innermost = Self::step_out(slf)?;
        if !innermost && error.is_none() {
            return Err(out_of_order());
        }
        if error.is_none() && !core.was_cut() {
            return Ok(false);
        }
        let late = core.token().and_then(|token| token.ended()) == Some(Cancelled::Deadline);
        let outer = scope::ended().is_some();
        let hook = hooks::LEFT.import(slf.py())?.bind(slf.py());
        let given = (slf, error, late, outer).into_pyobject(slf.py())?;
        let left = call::call(hook, &given, None)?;
        if left.is_instance_of::<PyBaseException>() {
            return Err(call::raised(left));
        }
        call::truth(&left)
    }

    /// Leaves it, and has nothing raised or said for it; returns whether it is a deadline that has
    /// ended a scope around it, None if none has ended.
    fn _leave(slf: &Bound<'_, Self>) -> PyResult<Option<bool>> {
        if !Self::step_out(slf)? {
            return Err(out_of_order());
        }
        Ok(scope::ended().map(|why| why == Cancelled::Deadline))
    }

    /// Ends every wait in the scope, and those that come, with `raddle.Cancelled`; returns whether
    /// it is the first call. Any thread may call it.
    fn cancel(&self, py: Python<'_>) -> PyResult<bool> {
        let first = self.core.token().ok_or_else(not_entered)?.cancel();
        reach::cancelled(py)?;
        Ok(first)
    }

    /// Whether the scope, or one around it, was cancelled.
    #[getter]
    fn cancelled(&self) -> bool {
        self.core.token().is_some_and(|token| token.is_cancelled())
    }

    /// Whether its waits end at once: it was cancelled, or its deadline has passed.
    #[getter]
    fn ended(&self) -> bool {
        self.core.token().is_some_and(|token| token.ended().is_some())
    }

    /// Whether a wait in it was ended.
    #[getter]
    fn _cut(&self) -> bool {
        self.core.was_cut()
    }

    /// The seconds that it was given, or None.
    #[getter]
    fn seconds(&self) -> Option<f64> {
        self.after.map(|nanos| nanos as f64 / SECOND)
    }

    #[getter]
    fn _shielded(&self) -> bool {
        self.core.is_shielded()
    }

    /// The seconds that are left until its deadline, 0.0 once that has passed; None without one.
    fn remaining(&self) -> Option<f64> {
        seconds_until(self.core.token()?.deadline())
    }

    /// Whether the calling thread is in it, or in a scope below it.
    fn _is_around(&self) -> bool {
        self.core.is_around()
    }

    fn __repr__(&self) -> String {
        let left = match self.remaining() {
            Some(left) => format!(", {left:.3} s left"),
            None => String::new(),
        };
        let state = match self.core.token() {
            None => "not entered",
            Some(token) if token.is_cancelled() => "cancelled",
            Some(_) if self.core.was_used() => "entered",
            Some(_) => "ready",
        };
        format!("<raddle.Scope {state}{left}>")
    }
}

impl Scope {
    /// One that lasts for so many seconds; for ever, if that is None or not given. `grace` is None
    /// for ever; not given, it is that of the scope around.
    pub(super) fn lasting(
        seconds: Option<&Bound<'_, PyAny>>,
        grace: &Arg<'_>,
    ) -> PyResult<Self> {
        let after = seconds.filter(|seconds| !seconds.is_none());
        let after = after.map(|after| read(after, "a deadline")).transpose()?;
        let grace = match grace.given() {
            None => Grace::AsAround,
            Some(grace) if grace.is_none() => Grace::ForEver,
            Some(grace) => Grace::Nanos(read(grace, "a grace period")?),
        };
        Ok(Self { core: Core::new(grace, false), after })
    }

    /// Ends the waits in it, if it has been entered.
    pub(super) fn end(&self, py: Python<'_>) {
        if let Some(token) = self.core.token() {
            token.cancel();
            let _ = reach::cancelled(py); // Its waits have ended.
        }
    }

    /// Enters it.
    pub(super) fn step_in(slf: &Bound<'_, Self>) -> PyResult<()> {
        let (py, scope) = (slf.py(), slf.get());
        // SAFETY: the value of this object.
        unsafe { scope.core.enter(slf.as_any(), scope.after)? };
        // Once it is to be seen: the thread that looks ends when it sees nobody.
        let ends = scope.core.token().is_some_and(|token| !token.deadline().is_never());
        if ends && let Err(error) = reach::watch(py) {
            scope.core.leave(py)?;
            return Err(error);
        }
        Ok(())
    }

    /// Leaves it; `false` if it was not the innermost one.
    pub(super) fn step_out(slf: &Bound<'_, Self>) -> PyResult<bool> {
        slf.get().core.leave(slf.py())
    }
}

#[cold]
fn out_of_order() -> PyErr {
    PyRuntimeError::new_err(
        "scopes have to be left in the reverse order: a generator or coroutine has kept this one \
         open while other code ran in it",
    )
}

/// Ends every wait in the `with` block `seconds` after it is entered (None: never), whatever the
/// waits' own timeouts: the block raises TimeoutError, which names the wait that was ended.
///
/// Inside, the wait raises `raddle.Cancelled`. A deadline is never later than that of the block
/// around it. grace: the seconds that code which computes, and so never waits, goes on after that,
/// before it is ended as well; None for ever; not given, that of the scope around, or 0.1. Raises
/// TypeError and ValueError for what is no number of seconds. The standard library has
/// `asyncio.timeout()` for coroutines, and nothing for threads.
#[pyfunction]
#[pyo3(
    signature = (seconds, /, *, grace = Arg::Missing),
    text_signature = "(seconds, /, *, grace=0.1)"
)]
pub(crate) fn deadline(seconds: Option<&Bound<'_, PyAny>>, grace: Arg<'_>) -> PyResult<Scope> {
    Scope::lasting(seconds, &grace)
}

/// Keeps what ends the scopes around it away from the `with` block: for what has to be finished.
///
/// A cancellation, or a deadline that passes, is raised at the first wait after the block. The
/// standard library has `asyncio.shield()` for coroutines, and nothing for threads.
#[pyfunction]
pub(crate) fn shield() -> Scope {
    Scope { core: Core::new(Grace::AsAround, true), after: None }
}

/// The seconds until the deadline of the scopes that the calling thread is in, 0.0 once it has
/// passed; None without one. For timeouts of what no scope can end: `socket.settimeout(remaining())`.
///
/// The standard library has no counterpart.
#[pyfunction]
pub(crate) fn remaining(py: Python<'_>) -> Option<f64> {
    scope::drop_forgotten(py);
    seconds_until(scope::token()?.deadline())
}

/// Raises `raddle.Cancelled` if the scope that the calling thread is in was cancelled, or if its
/// deadline has passed; for loops that compute, and so never wait.
///
/// The standard library has no counterpart.
#[pyfunction]
pub(crate) fn checkpoint(py: Python<'_>) -> PyResult<()> {
    let _ = schedule::time(); // A look takes time, for threads that take turns.
    match scope::really_ended(py) {
        None => Ok(()),
        Some(why) => Err(scope::cut(py, why, Subject::UNKNOWN)),
    }
}

/// The calling thread's identifier, as `threading.get_ident()` has it.
#[pyfunction]
#[pyo3(name = "_ident")]
pub(crate) fn ident() -> usize {
    raddle::thread_id()
}

fn seconds_until(deadline: Deadline) -> Option<f64> {
    Some(deadline.remaining()?.as_secs_f64())
}

fn not_entered() -> PyErr {
    PyRuntimeError::new_err("this scope has not been entered: use it in a 'with' statement")
}

/// Reads a number of seconds, in nanoseconds; `what` is what it is.
fn read(seconds: &Bound<'_, PyAny>, what: &str) -> PyResult<i64> {
    let float = match seconds.cast_exact::<PyFloat>() {
        Ok(float) => float.value(),
        Err(_) => match seconds.cast_exact::<PyInt>().map(|int| int.extract::<u32>()) {
            Ok(Ok(whole)) => f64::from(whole),
            _ => return read_other(seconds, what),
        },
    };
    let nanos = float * SECOND;
    if (0.0..9.2e18).contains(&nanos) {
        Ok(nanos.ceil() as i64)
    } else {
        read_other(seconds, what)
    }
}

#[cold]
fn read_other(seconds: &Bound<'_, PyAny>, what: &str) -> PyResult<i64> {
    let py = seconds.py();
    let nanos = match timeout::nanos(seconds) {
        Ok(nanos) => nanos,
        // As good as never.
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => i64::MAX,
        Err(error) if error.is_instance_of::<PyTypeError>(py) => {
            let given = call::repr(seconds)?;
            return Err(PyTypeError::new_err(format!(
                "{what} is a number of seconds, not {given}"
            )));
        }
        Err(error) => return Err(error),
    };
    if nanos < 0 || seconds.lt(0).unwrap_or(false) {
        let given = call::repr(seconds)?;
        return Err(PyValueError::new_err(format!(
            "{what} is not negative, as {given} is: it counts from now"
        )));
    }
    Ok(nanos)
}
