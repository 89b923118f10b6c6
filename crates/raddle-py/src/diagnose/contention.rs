//! The contention profile, as Python reads it.

use std::ffi::OsString;

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use raddle::contention::{self, Sum, Tally, Times, Waited};

use crate::diagnose::lock_order::with_card;
use crate::sites::table::told;

/// What RADDLE_PROFILE in the environment says is in force from the start: in the process that
/// `raddle run` became and, where each has a file of its own (`%p` in its name), in all others.
pub(crate) fn prepare() {
    let me = std::process::id().to_string();
    let is_run = std::env::var_os("RADDLE_RUN").is_some_and(|process| process == *me);
    let target = std::env::var_os("RADDLE_PROFILE").filter(|target| !target.is_empty());
    let is_wanted =
        |target: OsString| is_run || target.to_string_lossy().replace("%%", "").contains("%p");
    contention::profile(target.is_some_and(is_wanted));
}

/// Switches the profile on or off, for locks that are made from then on, and for all other waits.
#[pyfunction]
#[pyo3(name = "_profile")]
pub(crate) fn profile(on: bool) {
    contention::profile(on);
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// `(how often, seconds in all, seconds at most)`
fn sum(sum: Sum) -> (u64, f64, f64) {
    (sum.count, seconds(sum.total), seconds(sum.longest))
}

/// `(how often, seconds in all, seconds at most, seconds at most in 99 of 100)`
fn times(times: &Times) -> (u64, f64, f64, f64) {
    let (count, total, longest) = sum(times.sum());
    (count, total, longest, seconds(times.quantile(0.99)))
}

/// What was counted of locks, a group each: `(kind, name, made, locks, acquisitions, waited, held,
/// [(place, holder's place, sum)], [(place, sum)])`.
#[pyfunction]
#[pyo3(name = "_tallies")]
pub(crate) fn tallies(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for Tally { lock, locks, acquisitions, waited, held, waits, holds } in contention::tallies()
    {
        let places = PyList::empty(py);
        for ((site, holder), spent) in waits {
            places.append((told(py, site)?, told(py, holder)?, sum(spent)))?;
        }
        let held_at = PyList::empty(py);
        for (site, spent) in holds {
            held_at.append((told(py, site)?, sum(spent)))?;
        }
        let made = told(py, lock.told)?;
        let (kind, name) = (lock.kind.word(), lock.name.as_deref());
        let (waited, held) = (times(&waited), sum(held));
        list.append((kind, name, made, locks, acquisitions, waited, held, places, held_at))?;
    }
    Ok(list)
}

/// `(name, where it was made, where its holder took it)` of a Lock or RLock that is counted, the
/// places as far as they are known; else None.
#[pyfunction]
#[pyo3(name = "_counted")]
pub(crate) fn counted<'py>(lock: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let py = lock.py();
    let Some((info, holder)) = with_card(lock, |card| (card.info(), contention::holder(card)))
    else {
        return Ok(None);
    };
    let name = info.name.as_deref();
    (name, told(py, info.told)?, told(py, holder)?).into_pyobject(py).map(Some)
}

/// What was counted of all other waits: `(kind, place, waited)`.
#[pyfunction]
#[pyo3(name = "_waited")]
pub(crate) fn waited(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for Waited { kind, site, times: waited } in contention::waits() {
        list.append((kind.word(), told(py, site)?, times(&waited)))?;
    }
    Ok(list)
}
