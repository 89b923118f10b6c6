//! A worker of an executor between two calls: how the last one ended is told.

use pyo3::prelude::*;
use raddle::{Blocking, Deadline, Parker, Wake};

use super::classes;
use crate::blocking::attached::Attached;
use crate::futures::settle::{Outcome, Settled};
use crate::futures::state::Future;
use crate::python::call::{self, OwnedPy};

/// A worker that has nothing more to do, and still has to tell the end of its last call.
///
/// It does so once it has detached, so that the thread that waits for it can attach at once.
pub(crate) struct Idle<'py> {
    attached: Attached<'py>,
    last: Option<(OwnedPy, Outcome)>,
    /// What telling came to, for the time when this thread is attached again.
    told: Option<Told>,
}

/// The end of a call that was told without the interpreter.
pub(crate) struct Told {
    future: OwnedPy,
    refused: Option<Outcome>,
    observed: bool,
}

impl<'py> Idle<'py> {
    pub(crate) fn new(py: Python<'py>, last: Option<(OwnedPy, Outcome)>) -> Self {
        Self { attached: Attached::new(py), last, told: None }
    }

    /// Attaches; returns what had to wait for that, if anything.
    pub(crate) fn rise(mut self) -> Option<Told> {
        self.attached.attach();
        self.told.take().filter(|told| told.observed || told.refused.is_some())
    }
}

impl Told {
    /// Does what had to wait until the thread was attached.
    pub(crate) fn follow(self, py: Python<'_>) {
        // SAFETY: from a task, whose future it is.
        let slf = unsafe { self.future.get().bind(py).cast_unchecked::<Future>() };
        report(
            slf,
            match self.refused {
                Some(outcome) => Future::settle(slf, outcome),
                None => Future::announce(slf),
            },
        );
    }
}

impl Blocking for Idle<'_> {
    type Interrupt = PyErr;

    fn detach(&mut self) {
        self.attached.detach();
        if let Some((future, outcome)) = self.last.take() {
            let mut outcome = Some(outcome);
            // SAFETY: the reference keeps the future alive; that it is only read, and that
            // settling needs no interpreter, is `try_settle`'s promise.
            let settled = unsafe {
                let token = Python::assume_attached();
                let slf = future.get().bind(token).cast_unchecked::<Future>();
                slf.get().try_settle(&mut outcome)
            };
            let observed = matches!(settled, Settled::Observed);
            self.told = Some(Told { future, refused: outcome, observed });
        }
    }

    fn woken_spinning(&mut self) {
        self.attached.woken_spinning();
    }

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        self.attached.sleep(parker, until)
    }

    fn on_signal(&mut self) -> PyResult<()> {
        self.attached.on_signal()
    }
}

/// Whether the end of the last call concerns anybody but the threads that wait for it.
pub(crate) fn is_watched(py: Python<'_>, last: &Option<(OwnedPy, Outcome)>) -> bool {
    last.as_ref().is_some_and(|(future, _)| {
        // SAFETY: from a task, whose future it is.
        unsafe { future.get().bind(py).cast_unchecked::<Future>() }.get().is_watched()
    })
}

/// Tells the end of the last call, by a worker that is attached.
pub(crate) fn settle(py: Python<'_>, last: Option<(OwnedPy, Outcome)>) {
    let Some((future, outcome)) = last else { return };
    // SAFETY: from a task, whose future it is.
    let slf = unsafe { future.get().bind(py).cast_unchecked::<Future>() };
    report(slf, Future::settle(slf, outcome));
}

/// Logs what a callback has raised. A worker goes on: it may hold the next call already.
fn report(future: &Bound<'_, Future>, told: PyResult<()>) {
    let (py, Err(error)) = (future.py(), told) else { return };
    let error = error.into_value(py).into_bound(py).into_any();
    let logged = classes::log(py, "worker", future.as_any(), Some(&error));
    if let Err(error) = logged {
        call::report_unraisable(error, future.as_any());
    }
}
