//! `sleep`: the interpreter's, that a scope can end.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use raddle::deadlock::{Kind, Subject};
use raddle::{Blocking, Deadline, Parker, Wake};

use crate::blocking::attached::Attached;
use crate::blocking::scope;
use crate::python::call;
use crate::python::hooks;
use crate::python::timeout;

/// Sleeps for `seconds`, as `time.sleep()` does; the scope that the calling thread is in ends it.
///
/// Raises what `time.sleep()` raises, and `raddle.Cancelled`.
#[pyfunction]
#[pyo3(name = "sleep", signature = (seconds, /))]
pub(crate) fn sleep(seconds: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = seconds.py();
    scope::drop_forgotten(py);
    if scope::token().is_none() {
        return plain(seconds);
    }
    let nanos = timeout::nanos(seconds)?;
    if nanos < 0 {
        return Err(PyValueError::new_err("sleep length must be non-negative"));
    }
    if nanos == 0 {
        plain(seconds)?; // Others may run.
        return scope::really_ended(py)
            .map_or(Ok(()), |why| Err(scope::cut(py, why, asleep())));
    }
    let (until, parker) = (Deadline::after_nanos(nanos), Parker::new());
    let mut attached = Attached::new(py).kind(Kind::Sleep);
    loop {
        match attached.sleep(&parker, until) {
            Wake::TimedOut => return Ok(()),
            Wake::Signal | Wake::Unparked => attached.on_signal()?,
        }
    }
}

fn asleep() -> Subject {
    Subject { kind: Some(Kind::Sleep), ..Subject::UNKNOWN }
}

/// The interpreter's own `time.sleep`, which no `install()` replaces here.
fn plain(seconds: &Bound<'_, PyAny>) -> PyResult<()> {
    let own = hooks::SLEEP.import(seconds.py())?;
    call::call1(own.bind(seconds.py()), seconds).map(drop)
}
