//! Races, told to Python.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use raddle::race::{self, Access, Found, Harm, Kind, Step};

use super::sites;
use crate::diagnose::aside;
use crate::diagnose::lock_order::described;
use crate::python::call::OwnedPy;
use crate::python::hooks;

/// What was accessed: the object, the item's key, and of which family it is.
pub(super) struct Subject {
    object: OwnedPy,
    key: Option<OwnedPy>,
    family: usize,
    name: usize,
}

impl Subject {
    /// # Safety
    /// `object` and `key` are alive, and the thread attached.
    pub(super) unsafe fn of(
        py: Python<'_>,
        object: *mut ffi::PyObject,
        key: Option<*mut ffi::PyObject>,
        step: &Step<'_>,
    ) -> Self {
        // SAFETY: passed on to the caller.
        let own =
            |object| unsafe { OwnedPy::new(Bound::from_borrowed_ptr(py, object).unbind()) };
        Self { object: own(object), key: key.map(own), family: step.family, name: step.name }
    }
}

fn harm(harm: Harm) -> &'static str {
    match harm {
        Harm::Update => "update",
        Harm::Check => "check",
        Harm::Walk => "walk",
        Harm::Unordered => "unordered",
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Read | Kind::ItemRead | Kind::Look => "read",
        Kind::Write | Kind::ItemWrite => "written",
        Kind::Put | Kind::Take => "changed",
        Kind::Walk => "walked",
    }
}

/// `(what, code, offset, thread, locks)` of an access.
fn access<'py>(py: Python<'py>, access: &Access) -> PyResult<Bound<'py, PyTuple>> {
    let place = sites::place_of(py, access.site);
    let (code, offset) = place.map_or((None, 0), |(code, offset)| (Some(code), offset));
    let locks = locks(py, access.locks())?;
    (word(access.kind), code, offset, access.thread().as_deref(), locks).into_pyobject(py)
}

fn locks<'py>(
    py: Python<'py>,
    cards: &[std::sync::Arc<race::Card>],
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for card in cards {
        list.append(described(py, &card.info())?)?;
    }
    Ok(list)
}

/// Tells of a race, aside.
pub(super) fn tell(py: Python<'_>, found: &Found, subject: &Subject) {
    let told = || -> PyResult<()> {
        let guards = PyList::empty(py);
        if subject.family != 0 {
            for (site, cards) in race::guards(subject.family, subject.name) {
                let Some((code, offset)) = sites::place_of(py, site) else { continue };
                guards.append((code, offset, locks(py, &cards)?))?;
            }
        }
        let name = sites::numbered(found.mine.site).map(|site| site.name);
        let name = name.filter(|name| !name.is_null());
        // SAFETY: attached; a site's name is kept for ever.
        let name = name.map(|name| unsafe { Bound::from_borrowed_ptr(py, name) });
        let key = subject.key.as_ref().map(|key| key.get().clone_ref(py));
        let arguments = (
            raddle::thread_id(),
            harm(found.harm),
            access(py, &found.mine)?,
            access(py, &found.other)?,
            subject.object.get().clone_ref(py),
            name,
            (key.is_some(), key),
            guards,
        );
        match aside::tell(py, &hooks::RACE, arguments.into_pyobject(py)?)? {
            Some(raised) => Err(PyErr::from_value(raised)),
            None => Ok(()),
        }
    };
    if let Err(error) = told() {
        error.write_unraisable(py, None);
    }
}
