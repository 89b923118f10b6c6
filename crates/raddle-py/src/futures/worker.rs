//! A worker of an executor: how it makes a call, and how it tells that one has ended.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use raddle::Blocking;
use raddle::pool::{self, LastEnd};

use crate::blocking::attached::Attached;
use crate::blocking::scope;
use crate::futures::classes;
use crate::futures::settle::{Outcome, Settled};
use crate::futures::state::Future;
use crate::futures::task::{Item, Task, future_of};
use crate::futures::workqueue::WorkQueue;
use crate::python::call::{self, OwnedPy};

/// A worker looks after so many tasks in a row, at most, whether its turn is over; as seldom as
/// that only if they take less than [`QUICK`].
const LOOK: u32 = 64;
const QUICK: Duration = Duration::from_micros(500);
/// How long a turn is: then it lets others have the GIL, since a task of C code alone never looks
/// whether somebody waits for it.
///
/// Longer than the interpreter's switch interval of 5 ms. A thread that waits for the GIL asks for it
/// only if nobody has released it for that long, and only one that asked is sure to get it: a worker
/// that released it more often, and took it back at once, would have it nearly for itself. (Fifty
/// process pools beside a busy executor on 3.13: 4.1 s when it released the GIL after each 64 tasks,
/// and 1.7 s on the standard library.)
const TURN: Duration = Duration::from_millis(6);

/// A thread that works off an executor's queue.
///
/// When it has nothing more to do, it tells the end of its last call once it has detached, so that
/// the thread that waits for it can attach at once.
pub(super) struct Worker<'a, 'py> {
    py: Python<'py>,
    queue: &'a WorkQueue,
    /// The executor's context, if it has one of its own: runs the calls made for it.
    context: Option<&'a Bound<'py, PyAny>>,
    wait: bool,
    /// Whether it was announced, and has not looked into the queue yet.
    arriving: bool,
    /// How many calls it makes from one look to the next, and how many of these are left.
    step: u32,
    left: u32,
    /// When its turn began, and when it looked last, once it has looked.
    looked: Option<(Instant, Instant)>,
    attached: Attached<'py>,
    /// The last call's future and how that ended, if it is to be told.
    last: Option<(OwnedPy, Outcome)>,
    /// What telling came to, for the time when this thread is attached again.
    told: Option<Told>,
}

/// The end of a call that was told without the interpreter.
struct Told {
    future: OwnedPy,
    refused: Option<Outcome>,
    observed: bool,
}

impl<'a, 'py> Worker<'a, 'py> {
    #[inline]
    pub(super) fn new(
        py: Python<'py>,
        queue: &'a WorkQueue,
        context: Option<&'a Bound<'py, PyAny>>,
        wait: bool,
        arriving: bool,
    ) -> Self {
        let attached = Attached::new(py).shielded();
        let (looked, last, told) = (None, None, None);
        let (step, left) = (1, 1);
        Self { py, queue, context, wait, arriving, step, left, looked, attached, last, told }
    }
}

impl Worker<'_, '_> {
    /// Lets others have the GIL if its turn is over.
    fn look(&mut self) {
        let now = Instant::now();
        let (began, last) = *self.looked.get_or_insert((now, now));
        let is_quick = now.duration_since(last) < QUICK;
        self.step = if is_quick { (2 * self.step).min(LOOK) } else { 1 };
        self.left = self.step;
        self.looked = Some((began, now));
        if now.duration_since(began) >= TURN {
            Attached::new(self.py).shielded().detach();
            self.looked = None;
        }
    }
}

impl<'py> pool::Worker<Item> for Worker<'_, 'py> {
    type Blocking = Attached<'py>;
    /// None, or what somebody has put.
    type Output = Py<PyAny>;

    #[inline]
    fn run(&mut self, item: Item) -> PyResult<ControlFlow<Py<PyAny>>> {
        let task = match item {
            Item::Task(task) => task,
            Item::Object(object) if !self.wait && object.get().is_none(self.py) => {
                return Ok(ControlFlow::Continue(()));
            }
            Item::Object(object) => {
                return Ok(ControlFlow::Break(object.get().clone_ref(self.py)));
            }
        };
        let outcome = task.run(self.py, self.context)?;
        scope::none_is_left();
        let Task { future, call, context } = task;
        drop((call, context)); // Before anybody hears that the call has ended.
        self.last = outcome.map(|outcome| (future, outcome));
        self.left -= 1;
        if self.left == 0 {
            self.look();
        }
        Ok(ControlFlow::Continue(()))
    }

    #[inline]
    fn last_end(&self) -> LastEnd {
        match &self.last {
            None => LastEnd::Told,
            Some((future, _)) if future_of(future, self.py).get().is_watched() => {
                LastEnd::Observed
            }
            Some(_) => LastEnd::Owed,
        }
    }

    fn tell(&mut self) {
        if let Some((future, outcome)) = self.last.take() {
            let slf = future_of(&future, self.py);
            report(slf, Future::settle(slf, outcome));
        }
    }

    fn detach_and_tell(&mut self) {
        (self.step, self.left, self.looked) = (1, 1, None);
        self.attached = Attached::new(self.py).shielded();
        self.attached.detach();
        if let Some((future, outcome)) = self.last.take() {
            let mut outcome = Some(outcome);
            // SAFETY: the reference keeps the future alive; that it is only read, and that
            // settling needs no interpreter, is `try_settle`'s promise.
            let settled = unsafe {
                let token = Python::assume_attached();
                future_of(&future, token).get().try_settle(&mut outcome)
            };
            let observed = matches!(settled, Settled::Observed);
            self.told = Some(Told { future, refused: outcome, observed });
        }
    }

    fn blocking(&mut self) -> &mut Attached<'py> {
        &mut self.attached
    }

    fn attach(&mut self) -> bool {
        self.attached.attach();
        // (A future that nothing is to be called for is dropped here.)
        self.told = self.told.take().filter(|told| told.observed || told.refused.is_some());
        self.told.is_some()
    }

    fn call_back(&mut self) {
        let Some(Told { future, refused, .. }) = self.told.take() else { return };
        let slf = future_of(&future, self.py);
        report(
            slf,
            match refused {
                Some(outcome) => Future::settle(slf, outcome),
                None => Future::announce(slf),
            },
        );
    }

    #[inline]
    fn has_looked(&mut self) {
        if std::mem::take(&mut self.arriving) {
            self.queue._arrive();
        }
    }
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
