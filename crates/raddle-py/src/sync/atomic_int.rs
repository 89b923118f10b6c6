//! `raddle.sync.AtomicInt`.

use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::python::arguments::Arg;
use crate::python::call;
use crate::python::errors;

/// A whole number that threads change without a lock; each method is one step.
///
/// value: the number at first (0). It has 64 bits: a number that does not fit raises OverflowError,
/// and changes nothing; what is no whole number raises TypeError. The standard library has no
/// counterpart: `n += 1` on a shared variable needs a lock. Without a GIL, one that threads were seen to
/// contend for goes when the garbage collector comes, not with its last reference.
#[pyclass(frozen, weakref, module = "raddle.sync")]
pub(crate) struct AtomicInt {
    value: AtomicI64,
}

#[inline]
pub(super) fn read(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    if let Ok(int) = value.cast_exact::<PyInt>() {
        return int.extract().map_err(|_| overflow());
    }
    read_other(value)
}

#[cold]
fn read_other(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    let given = call::index(value).map_err(|error| {
        if !error.is_instance_of::<PyTypeError>(value.py()) {
            return error;
        }
        match call::repr(value) {
            Ok(given) => {
                PyTypeError::new_err(format!("an AtomicInt holds a whole number, not {given}"))
            }
            Err(error) => error,
        }
    })?;
    given.extract().map_err(|_| overflow())
}

#[cold]
pub(super) fn overflow() -> PyErr {
    PyOverflowError::new_err("an AtomicInt holds 64 bits: from -2**63 to 2**63 - 1")
}

// `get`, `add` and `sub` are in `fast_int`.
impl AtomicInt {
    #[inline]
    pub(super) fn get(&self) -> i64 {
        self.value.load(Ordering::Acquire)
    }

    /// Sets the number to what `by` makes of it, and returns that; None, and nothing is changed, if
    /// it makes nothing. `contended` is called if another thread has come in between.
    #[inline]
    pub(super) fn change(
        &self,
        by: impl Fn(i64) -> Option<i64>,
        contended: impl FnOnce(),
    ) -> Option<i64> {
        let mut before = self.value.load(Ordering::Acquire);
        let mut contended = Some(contended);
        loop {
            let after = by(before)?;
            match self.value.compare_exchange(
                before,
                after,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some(after),
                Err(found) => before = found,
            }
            if let Some(contended) = contended.take() {
                contended();
            }
        }
    }
}

#[pymethods]
impl AtomicInt {
    #[new]
    #[pyo3(signature = (value = Arg::Missing, /), text_signature = "(value=0, /)")]
    fn new(value: Arg<'_>) -> PyResult<Self> {
        Ok(Self { value: AtomicI64::new(value.given().map_or(Ok(0), read)?) })
    }

    /// Sets the number.
    fn set(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.value.store(read(value)?, Ordering::Release);
        Ok(())
    }

    /// Sets the number, and returns what it was.
    fn swap(&self, value: &Bound<'_, PyAny>) -> PyResult<i64> {
        Ok(self.value.swap(read(value)?, Ordering::AcqRel))
    }

    /// Sets the number to `new` if it is `expected`; returns whether it was.
    fn compare_exchange(
        &self,
        expected: &Bound<'_, PyAny>,
        new: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let (expected, new) = (read(expected)?, read(new)?);
        let swapped =
            self.value.compare_exchange(expected, new, Ordering::AcqRel, Ordering::Acquire);
        Ok(swapped.is_ok())
    }

    /// Sets the number to `fn(number)`, and returns that. `fn` is called again if another thread has
    /// changed the number meanwhile, so it should do nothing else.
    #[pyo3(name = "update")]
    fn update(&self, function: &Bound<'_, PyAny>) -> PyResult<i64> {
        loop {
            let before = self.get();
            let argument = PyInt::new(function.py(), before);
            let new = read(&call::call1(function, argument.as_any())?)?;
            let swapped =
                self.value.compare_exchange(before, new, Ordering::AcqRel, Ordering::Acquire);
            if swapped.is_ok() {
                return Ok(new);
            }
        }
    }

    /// The collector has to know an object that `count_less` is for.
    fn __traverse__(&self, _visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        Ok(())
    }

    fn __int__(&self) -> i64 {
        self.get()
    }

    fn __repr__(&self) -> String {
        format!("AtomicInt({})", self.get())
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }
}
