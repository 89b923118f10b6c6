//! How long put() and get() wait: `block` and `timeout` as the standard library reads them.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt};
use raddle::Deadline;

use super::errors;
use crate::python::call;
use crate::python::timeout;

/// A timeout that was checked; when it ends is reckoned when there is something to wait for.
#[derive(Clone, Copy)]
pub(super) enum Timeout<'a, 'py> {
    /// An attempt.
    NoWait,
    Forever,
    Seconds(&'a Bound<'py, PyAny>),
}

impl<'a, 'py> Timeout<'a, 'py> {
    #[inline]
    pub(super) fn new(block: bool, timeout: Option<&'a Bound<'py, PyAny>>) -> Self {
        match timeout {
            _ if !block => Self::NoWait,
            Some(seconds) if !seconds.is_none() => Self::Seconds(seconds),
            _ => Self::Forever,
        }
    }

    /// Raises ValueError for a negative timeout, TypeError for one that is no number.
    #[inline]
    pub(super) fn check(self) -> PyResult<()> {
        match self {
            Self::Seconds(seconds) => check(seconds),
            _ => Ok(()),
        }
    }

    /// [`check`](Self::check) as the standard library's SimpleQueue, which is written in C, does
    /// it: for numbers only that can be read as a time.
    #[inline]
    pub(super) fn check_exactly(self) -> PyResult<()> {
        match self {
            Self::Seconds(seconds) => check_exactly(seconds),
            _ => Ok(()),
        }
    }

    /// `block` and `timeout` for a wait that goes on elsewhere: until `until`, or all of it.
    #[cold]
    pub(super) fn remaining(
        self,
        py: Python<'py>,
        until: Option<Deadline>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let none = py.None().into_bound(py);
        let timeout = match (self, until.and_then(Deadline::remaining)) {
            (Self::Seconds(_), Some(left)) => PyFloat::new(py, left.as_secs_f64()).into_any(),
            (Self::Seconds(seconds), None) => seconds.clone(),
            (Self::NoWait | Self::Forever, _) => none,
        };
        let block = PyBool::new(py, !matches!(self, Self::NoWait)).to_owned().into_any();
        Ok((block, timeout))
    }

    /// When the wait, which begins now, ends.
    #[cold]
    pub(super) fn deadline(self) -> PyResult<Deadline> {
        self.end(timeout::from_now)
    }

    /// [`deadline`](Self::deadline) of what [`check_exactly`](Self::check_exactly) has checked.
    #[cold]
    pub(super) fn exact_deadline(self) -> PyResult<Deadline> {
        self.end(|seconds| Ok(seconds.clone()))
    }

    fn end(
        self,
        reckon: impl Fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Deadline> {
        match self {
            Self::NoWait => Ok(Deadline::PAST),
            Self::Forever => Ok(Deadline::NEVER),
            Self::Seconds(seconds) => {
                timeout::nanos(&reckon(seconds)?).map(Deadline::after_nanos)
            }
        }
    }
}

#[cold]
fn check_exactly(seconds: &Bound<'_, PyAny>) -> PyResult<()> {
    match timeout::nanos(seconds) {
        Ok(nanos) if nanos < 0 => Err(errors::negative_timeout()),
        Ok(_) => Ok(()),
        Err(error) => Err(errors::no_timeout(seconds.py(), error)),
    }
}

#[cold]
fn check(seconds: &Bound<'_, PyAny>) -> PyResult<()> {
    let negative = if let Ok(float) = seconds.cast_exact::<PyFloat>() {
        float.value() < 0.0
    } else if let (Ok(_), Ok(whole)) = (seconds.cast_exact::<PyInt>(), seconds.extract::<i64>())
    {
        whole < 0
    } else {
        let zero = PyInt::new(seconds.py(), 0);
        let negative = call::less(seconds, zero.as_any()).and_then(|negative| {
            // What can be compared may still be nothing to reckon with.
            if !negative {
                timeout::from_now(seconds)?;
            }
            Ok(negative)
        });
        negative.map_err(|error| errors::no_timeout(seconds.py(), error))?
    };
    if negative { Err(errors::negative_timeout()) } else { Ok(()) }
}
