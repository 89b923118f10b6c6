//! The contention profile, as Python reads it.

use pyo3::prelude::*;
use pyo3::types::PyList;
use raddle::checks::{self, Sum, Tally, Times, Waited};

use crate::checks::told;

/// What RADDLE_PROFILE in the environment says is in force from the start, in the process that
/// `raddle run` became.
pub(crate) fn prepare() {
    let me = std::process::id().to_string();
    let run = std::env::var_os("RADDLE_RUN").is_some_and(|process| process == *me);
    checks::profile(run && std::env::var_os("RADDLE_PROFILE").is_some_and(|it| !it.is_empty()));
}

/// Switches the profile on or off, for locks that are made from then on, and for all other waits.
#[pyfunction]
#[pyo3(name = "_profile")]
pub(crate) fn profile(on: bool) {
    checks::profile(on);
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
    for Tally { lock, locks, acquisitions, waited, held, waits, holds } in checks::tallies() {
        let places = PyList::empty(py);
        for ((site, holder), spent) in waits {
            places.append((told(py, site)?, told(py, holder)?, sum(spent)))?;
        }
        let held_at = PyList::empty(py);
        for (site, spent) in holds {
            held_at.append((told(py, site)?, sum(spent)))?;
        }
        let made = told(py, lock.made)?;
        let (kind, name) = (lock.kind.word(), lock.name.as_deref());
        let (waited, held) = (times(&waited), sum(held));
        list.append((kind, name, made, locks, acquisitions, waited, held, places, held_at))?;
    }
    Ok(list)
}

/// What was counted of all other waits: `(kind, place, waited)`.
#[pyfunction]
#[pyo3(name = "_waited")]
pub(crate) fn waited(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for Waited { kind, site, times: waited } in checks::waits() {
        list.append((kind.word(), told(py, site)?, times(&waited)))?;
    }
    Ok(list)
}
