//! What a wait calls when it finds a deadlock or a contradicting lock order. It is handed down
//! from the room `diagnose`, which is above this one.

use pyo3::prelude::*;
use pyo3::types::PyBool;
use raddle::deadlock::{Deadlock, Verdict};
use raddle::lock_order::Inversion;

use crate::python::call;
use crate::python::hooks;
use crate::python::once::OnceBox;

/// What is done about a deadlock.
pub(crate) enum Answer {
    /// The wait goes on.
    Verdict(Verdict),
    /// The wait is to end with this, if it can.
    Raise(PyErr),
}

/// What reports a finding to the program. Both may raise what a signal handler raised
/// meanwhile.
pub(crate) struct Report {
    /// `deadlock(found, may_raise)`.
    pub(crate) deadlock: fn(Python<'_>, &Deadlock, bool) -> PyResult<Answer>,
    /// `inversion(found)`; returns the exception that is to be raised for it, if any.
    pub(crate) inversion: fn(Python<'_>, &Inversion) -> PyResult<Option<PyErr>>,
}

static REPORT: OnceBox<Report> = OnceBox::new();

/// Sets what is called; when the module is imported.
pub(crate) fn prepare(report: Report) {
    let _ = REPORT.set(report);
}

pub(super) fn deadlock(py: Python<'_>, found: &Deadlock, may_raise: bool) -> PyResult<Answer> {
    let report = REPORT.get().expect("it is set with the module");
    (report.deadlock)(py, found, may_raise)
}

pub(super) fn inversion(py: Python<'_>, found: &Inversion) -> PyResult<Option<PyErr>> {
    let report = REPORT.get().expect("it is set with the module");
    (report.inversion)(py, found)
}

/// What a wait raises in a thread that takes turns, where none of them can go on; one of them
/// `tells` who waits for what.
pub(crate) fn stuck(py: Python<'_>, tells: bool) -> PyErr {
    let tells = PyBool::new(py, tells);
    let made = hooks::STUCK.import(py).and_then(|stuck| call::call1(stuck.bind(py), &tells));
    made.map_or_else(|error| error, call::raised)
}
