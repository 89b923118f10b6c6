//! What a worker of a stream holds while it works, and lets go of before it rests.
//!
//! The stream shows the collector what it holds. The collector could not account for a
//! reference that a resting worker held itself. Then a map of a method that is kept in the
//! method's object would never be collected, nor would its threads end, after its results are
//! no longer wanted.

use pyo3::prelude::*;
use raddle::deadlock::{Deadlock, Verdict};
use raddle::pool::Outcome;
use raddle::{Blocking, Deadline, Parker, Wake};

use super::shared::Shared;
use crate::blocking::attached::Attached;
use crate::python::call::{Callee, OwnedPy};
use crate::python::context::Entered;

/// A thread at work for a stream. What it holds, it holds while it is attached.
///
/// (It blocks where it rests, and for no lock: that is all of `Blocking` that it passes on.)
pub(super) struct Worker<'a, 'py> {
    shared: &'a Shared,
    attached: Attached<'py>,
    held: Option<(Callee, Entered)>,
}

impl<'a, 'py> Worker<'a, 'py> {
    pub(super) fn new(py: Python<'py>, shared: &'a Shared) -> Self {
        Self { shared, attached: Attached::new(py).shielded(), held: None }
    }

    /// Runs one task.
    #[inline]
    pub(super) fn run(&mut self, input: &OwnedPy) -> Outcome<OwnedPy> {
        let py = self.attached.py();
        if self.held.is_none() {
            self.held = self.shared.task.get(py).map(|task| {
                let function = task.function.into_inner().into_bound(py);
                (Callee::new(function), Entered::new(task.context))
            });
        }
        match &mut self.held {
            Some((function, context)) => self.shared.run(py, function, context, input),
            // The stream was given up, and closed before that: nobody asks for the result.
            None => Outcome::Stop(OwnedPy::new(py.None())),
        }
    }

    /// Lets go of what it holds; the thread goes back to its own context.
    pub(super) fn let_go(&mut self) {
        if let Some((function, mut context)) = self.held.take() {
            context.leave(self.attached.py());
            drop((function, context));
        }
    }
}

impl Blocking for Worker<'_, '_> {
    type Interrupt = PyErr;

    fn detach(&mut self) {
        self.let_go();
        self.attached.detach();
    }

    /// (The function, and what the stream's context holds, are kept by the stream as long as
    /// anybody waits for a result.)
    fn is_burdened(&self) -> bool {
        let held = self.attached.token().zip(self.held.as_ref());
        held.is_some_and(|(py, (_, context))| context.is_touched(py))
    }

    fn attach(&mut self) {
        self.attached.attach();
    }

    fn woken_spinning(&mut self) {
        self.attached.woken_spinning();
    }

    fn woken_sleeping(&mut self) {
        self.attached.woken_sleeping();
    }

    fn poll(&mut self) -> PyResult<()> {
        self.attached.poll()
    }

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        self.attached.sleep(parker, until)
    }

    fn on_signal(&mut self) -> PyResult<()> {
        self.attached.on_signal()
    }

    fn keeps_watch(&self) -> bool {
        self.attached.keeps_watch()
    }

    fn threads(&self) -> Option<usize> {
        self.attached.threads()
    }

    fn on_deadlock(&mut self, found: &Deadlock) -> PyResult<Verdict> {
        self.attached.on_deadlock(found)
    }
}
