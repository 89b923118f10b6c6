//! Timeouts as Python's C code reads them: which numbers, rounded how, refused with what text.

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};
use raddle::Deadline;

use crate::python::call;

const SECOND: i64 = 1_000_000_000;

/// `threading.TIMEOUT_MAX` in nanoseconds: on Windows milliseconds have 32 bits.
const MOST: Option<i64> = if cfg!(windows) { Some(0xffff_fffe * 1_000_000) } else { None };

/// Reads `blocking` and `timeout` (seconds; -1 means none) of a lock's `acquire`.
#[inline]
pub(crate) fn of_acquire(
    blocking: bool,
    timeout: Option<&Bound<'_, PyAny>>,
) -> PyResult<Deadline> {
    match timeout {
        None if blocking => Ok(Deadline::NEVER),
        None => Ok(Deadline::PAST),
        Some(timeout) => of_acquire_slow(blocking, timeout),
    }
}

#[cold]
fn of_acquire_slow(blocking: bool, timeout: &Bound<'_, PyAny>) -> PyResult<Deadline> {
    let nanos = nanos(timeout)?;
    if nanos == -SECOND {
        return Ok(if blocking { Deadline::NEVER } else { Deadline::PAST });
    }
    if !blocking {
        return Err(PyValueError::new_err(
            "can't specify a timeout for a non-blocking call: leave out blocking=False to wait \
             that long, or the timeout not to wait at all",
        ));
    }
    if nanos < 0 {
        let must = if cfg!(Py_3_13) { "a non-negative number" } else { "positive" };
        let given = call::repr(timeout)?;
        return Err(PyValueError::new_err(format!(
            "timeout value must be {must}, not {given}; to wait without a limit, leave it out"
        )));
    }
    of_nanos(nanos)
}

/// The deadline that many nanoseconds from now, which may be more than a lock of the interpreter's
/// can wait.
fn of_nanos(nanos: i64) -> PyResult<Deadline> {
    if MOST.is_some_and(|most| nanos > most) {
        return Err(PyOverflowError::new_err("timeout value is too large"));
    }
    Ok(Deadline::after_nanos(nanos))
}

/// Reads `timeout` (seconds; `None` for none, negative for an attempt) of a `wait`.
#[inline]
pub(crate) fn of_wait(timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Deadline> {
    match timeout {
        None => Ok(Deadline::NEVER),
        Some(timeout) => of_wait_slow(timeout),
    }
}

#[cold]
fn of_wait_slow(timeout: &Bound<'_, PyAny>) -> PyResult<Deadline> {
    if timeout.is_none() {
        return Ok(Deadline::NEVER);
    }
    // What is not above zero is an attempt, minus infinity included.
    let refused = nan_is_refused();
    let at_once = match timeout.cast_exact::<PyFloat>() {
        Ok(float) => float.value() <= 0.0 || !refused && float.value().is_nan(),
        Err(_) => {
            let zero = PyInt::new(timeout.py(), 0).into_any();
            if refused {
                call::at_most(timeout, &zero)?
            } else {
                !call::greater(timeout, &zero)?
            }
        }
    };
    if at_once {
        return Ok(Deadline::PAST);
    }
    of_nanos(nanos(timeout)?)
}

/// Whether waiting for NaN seconds is an error, as from 3.14.10 and 3.15.2 on, and no attempt.
fn nan_is_refused() -> bool {
    #[allow(clippy::useless_conversion, reason = "elsewhere it has 32 bits")]
    // SAFETY: a number that never changes.
    let version = u64::from(unsafe { ffi::Py_Version });
    (0x030e_0a00..0x030f_0000).contains(&version) || version >= 0x030f_0200
}

/// [`of_wait`] for what the standard library adds to the time before it waits: for what cannot
/// be added to a float, the error is that of the addition.
pub(crate) fn of_timed(timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Deadline> {
    if let Some(timeout) = timeout.filter(|timeout| !timeout.is_none()) {
        from_now(timeout)?;
    }
    of_wait(timeout)
}

/// `0.0 + seconds`, as a timeout comes out of the standard library's reckoning with its clock.
pub(crate) fn from_now<'py>(seconds: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if seconds.is_exact_instance_of::<PyFloat>() {
        return Ok(seconds.clone());
    }
    call::add(PyFloat::new(seconds.py(), 0.0).as_any(), seconds)
}

/// Seconds to nanoseconds, rounded up, as `_PyTime_FromSecondsObject` does.
pub(crate) fn nanos(seconds: &Bound<'_, PyAny>) -> PyResult<i64> {
    if let Ok(float) = seconds.cast::<PyFloat>() {
        return float_nanos(float.value());
    }
    #[cfg(Py_3_15)]
    if !seconds.hasattr(crate::python::interned::intern!(seconds.py(), "__index__"))? {
        return float_nanos(call::float(seconds)?);
    }
    let seconds: i64 = match seconds.cast::<PyInt>() {
        Ok(int) => int.extract().map_err(|_| too_large())?,
        Err(_) => {
            let whole = call::index(seconds).map_err(|error| no_number(seconds, error))?;
            whole.extract().map_err(|_| too_large())?
        }
    };
    seconds.checked_mul(SECOND).ok_or_else(too_large)
}

fn float_nanos(seconds: f64) -> PyResult<i64> {
    if seconds.is_nan() {
        return Err(PyValueError::new_err("Invalid value NaN (not a number)"));
    }
    let nanos = seconds * SECOND as f64;
    // Away from zero, so that a wait is never early and a negative stays negative.
    let nanos = if nanos < 0.0 { nanos.floor() } else { nanos.ceil() };
    let bound = -(i64::MIN as f64);
    if !(-bound..bound).contains(&nanos) {
        let time = if cfg!(Py_3_14) { "C PyTime_t" } else { "platform time_t" };
        return Err(PyOverflowError::new_err(format!("timestamp out of range for {time}")));
    }
    Ok(nanos as i64)
}

/// What is no number, in the words of the version.
fn no_number(seconds: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    if !cfg!(Py_3_14) || !error.is_instance_of::<PyTypeError>(seconds.py()) {
        return error;
    }
    match seconds.get_type().fully_qualified_name() {
        Ok(name) => PyTypeError::new_err(format!(
            "'{name}' object cannot be interpreted as an integer or float"
        )),
        Err(error) => error,
    }
}

fn too_large() -> PyErr {
    PyOverflowError::new_err(if cfg!(Py_3_14) {
        "timestamp out of range for C PyTime_t"
    } else if cfg!(Py_3_13) {
        "timestamp too large to convert to C PyTime_t"
    } else {
        "timestamp too large to convert to C _PyTime_t"
    })
}
