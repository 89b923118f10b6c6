//! Lock orders, as Python sees them: switching the check on, and reporting contradictions.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use raddle::card::{Card, LockInfo};
use raddle::lock_order::{self, Inversion};

use crate::diagnose::aside;
use crate::locks::lock::Lock;
use crate::locks::mutex::{Checked, Mutex};
use crate::locks::rlock::RLock;
use crate::python::call;
use crate::python::hooks;
use crate::sites::table::told;

/// What RADDLE_LOCK_ORDER in the environment says is in force from the start.
pub(crate) fn prepare() {
    lock_order::check_order(
        std::env::var_os("RADDLE_LOCK_ORDER").is_some_and(|word| word == "1"),
    );
}

/// `(number, kind, name, where it was made)` of a lock.
pub(crate) fn described<'py>(
    py: Python<'py>,
    lock: &LockInfo,
) -> PyResult<Bound<'py, PyTuple>> {
    let name = lock.name.as_deref();
    (lock.id, lock.kind.word(), name, told(py, lock.told)?).into_pyobject(py)
}

/// Where a Lock or RLock was made, see [`told`], if it is checked; else None.
#[pyfunction]
#[pyo3(name = "_made")]
pub(crate) fn made<'py>(lock: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    told(lock.py(), with_card(lock, |card| card.info().told).unwrap_or_default())
}

/// The core of an object that is a Lock or an RLock.
pub(super) fn core_of<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a dyn Checked> {
    if let Ok(lock) = object.cast::<Lock>() {
        Some(lock.get().core())
    } else if let Ok(lock) = object.cast::<RLock>() {
        Some(lock.get().core())
    } else {
        None
    }
}

/// Calls `look` with the card of a Lock or RLock that has one.
pub(crate) fn with_card<R>(
    lock: &Bound<'_, PyAny>,
    look: impl FnOnce(&Card) -> R,
) -> Option<R> {
    core_of(lock)?.card().map(|card| look(&card))
}

/// Reports a lock order that contradicts another; returns the exception that is to be raised
/// for it, if any.
///
/// # Errors
/// What a signal's handler raised meanwhile.
pub(crate) fn tell(py: Python<'_>, found: &Inversion) -> PyResult<Option<PyErr>> {
    if aside::is_telling() {
        return Ok(None); // What tells of one has an order of its own.
    }
    let links = PyList::empty(py);
    for link in &found.links {
        let (held, next) = (told(py, link.held)?, told(py, link.next)?);
        links.append((described(py, &link.lock)?, held, next, link.thread.as_deref()))?;
    }
    let arguments = (raddle::thread_id(), links).into_pyobject(py)?;
    Ok(aside::tell(py, &hooks::LOCK_ORDER, arguments)?.map(call::raised))
}

/// Switches the checking of lock orders on or off, for locks that are made from then on.
#[pyfunction]
#[pyo3(name = "_check_order")]
pub(crate) fn check_order(on: bool) {
    lock_order::check_order(on);
}
