//! A call that is to be made, and what else is in an executor's queue.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::futures::settle::Outcome;
use crate::futures::state::Future;
use crate::python::call::{self, OwnedPy};
use crate::python::context;

/// One call to be made.
pub(super) struct Task {
    /// A `Future`.
    pub(super) future: OwnedPy,
    pub(super) call: Call,
    /// What it runs in, if not in the worker's own context.
    pub(super) context: Option<OwnedPy>,
}

pub(super) enum Call {
    /// `function(*args, **kwargs)`; `kwargs` is a dict.
    Plain { function: OwnedPy, args: OwnedPy, kwargs: Option<OwnedPy> },
    /// What the executor's own context runs.
    InContext(OwnedPy),
}

/// What is in the queue.
pub(super) enum Item {
    Task(Task),
    /// What a program has put there: None, as a rule, to have a worker look around.
    Object(OwnedPy),
}

impl Task {
    pub(super) fn future<'py>(&self, py: Python<'py>) -> &Bound<'py, Future> {
        future_of(&self.future, py)
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = &OwnedPy> {
        let (first, second, third) = match &self.call {
            Call::Plain { function, args, kwargs } => (function, Some(args), kwargs.as_ref()),
            Call::InContext(task) => (task, None, None),
        };
        let context = self.context.as_ref();
        [Some(&self.future), Some(first), second, third, context].into_iter().flatten()
    }

    /// Makes the call unless it was cancelled; returns how it ended. The executor's context `run`s
    /// what is made for it.
    pub(super) fn run<'py>(
        &self,
        py: Python<'py>,
        run: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Outcome>> {
        let future = self.future(py);
        if !Future::begin(future)? {
            return Ok(None);
        }
        future.get().run_here();
        let result = match &self.context {
            Some(context) => context::within(py, context, || self.call(py, run)),
            None => self.call(py, run),
        };
        Ok(Some(Outcome::of(py, result)))
    }

    #[inline]
    fn call<'py>(
        &self,
        py: Python<'py>,
        run: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match &self.call {
            Call::Plain { function, args, kwargs } => {
                // SAFETY: a tuple and a dict, from `WorkQueue::push`.
                let (args, kwargs) = unsafe {
                    (
                        args.get().bind(py).cast_unchecked::<PyTuple>(),
                        kwargs
                            .as_ref()
                            .map(|kwargs| kwargs.get().bind(py).cast_unchecked::<PyDict>()),
                    )
                };
                call::call(function.get().bind(py), args, kwargs)
            }
            Call::InContext(task) => match run {
                Some(run) => call::call1(run, task.get().bind(py)),
                None => run_without_context(task.get().bind(py)),
            },
        }
    }
}

/// A worker that knows no contexts makes the call that the task was made of.
fn run_without_context<'py>(task: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let (function, args, kwargs): (Bound<'_, PyAny>, Bound<'_, PyTuple>, Bound<'_, PyDict>) =
        task.extract()?;
    call::call(&function, &args, Some(&kwargs))
}

/// The future of a task.
#[inline]
pub(super) fn future_of<'a, 'py>(
    future: &'a OwnedPy,
    py: Python<'py>,
) -> &'a Bound<'py, Future> {
    // SAFETY: made of a `Bound<Future>`, in `WorkQueue::add`.
    unsafe { future.get().bind(py).cast_unchecked() }
}
