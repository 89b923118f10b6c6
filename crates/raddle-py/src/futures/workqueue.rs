//! What the workers of an executor take their work from.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use raddle::Deadline;
use raddle::deadlock::Serving;
use raddle::pool::{Closed, Demand, Tasks};

use crate::blocking::attached::Attached;
use crate::futures::classes;
use crate::futures::state::Future;
use crate::futures::task::{Call, Item, Task};
use crate::futures::worker::Worker;
use crate::python::allocate;
use crate::python::arguments::Truth;
use crate::python::call::{self, OwnedPy};
use crate::python::context;
use crate::python::interned::intern;
use crate::python::timeout;

/// The queue of an executor: `_work_queue`.
///
/// Has the methods of queue.SimpleQueue, for programs that work it off themselves: what they get
/// has `run()`, or is what somebody put.
#[pyclass(frozen, weakref, module = "raddle._raddle", name = "_WorkQueue")]
pub(crate) struct WorkQueue {
    tasks: Tasks<Item>,
    /// How many workers may take calls from it; without end if others may.
    limit: AtomicUsize,
    /// Workers that were started and have not looked into the queue yet.
    coming: AtomicUsize,
    /// Whether a call runs in a copy of the context of the thread that has submitted it.
    inherits: bool,
}

/// What became of a call that was pushed.
pub(crate) enum Pushed {
    /// There are workers enough.
    Met,
    /// Another worker would help.
    Unmet,
    /// The queue is closed; nothing was pushed.
    Refused,
}

impl WorkQueue {
    /// Adds `function(*args, **kwargs)`, to end `future`.
    pub(crate) fn push(
        &self,
        future: &Bound<'_, Future>,
        function: &Bound<'_, PyAny>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Pushed> {
        let call = Call::Plain {
            function: held(function),
            args: held(args.as_any()),
            kwargs: kwargs.map(|kwargs| held(kwargs.as_any())),
        };
        self.add(future, call)
    }

    fn add(&self, future: &Bound<'_, Future>, call: Call) -> PyResult<Pushed> {
        let context = self.inherits.then(|| context::copy_current(future.py())).transpose()?;
        let task = Task { future: held(future.as_any()), call, context };
        future.get().queue_in(allocate::object_of(self));
        Ok(match self.tasks.push(Item::Task(task)) {
            Ok(Demand::Met) => Pushed::Met,
            Ok(Demand::Unmet) => Pushed::Unmet,
            Err(Closed(item)) => {
                drop(item);
                Pushed::Refused
            }
        })
    }

    /// Says how many workers there may be.
    pub(crate) fn limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Says that there may be any number, or that others than workers take calls.
    pub(crate) fn unlimit(&self) {
        self.limit(usize::MAX);
        raddle::deadlock::unlimit(allocate::object_of(self));
    }

    pub(crate) fn close(&self) {
        self.tasks.close();
    }
}

fn held(object: &Bound<'_, PyAny>) -> OwnedPy {
    OwnedPy::new(object.clone().unbind())
}

#[pymethods]
impl WorkQueue {
    #[new]
    #[pyo3(signature = (inherits = Truth(false), limit = usize::MAX))]
    fn new(inherits: Truth, limit: usize) -> Self {
        Self {
            tasks: Tasks::new(),
            limit: AtomicUsize::new(limit),
            coming: AtomicUsize::new(0),
            inherits: inherits.0,
        }
    }

    /// Makes calls until something else comes out of the queue, and returns that: None, or what
    /// somebody has put. `context` runs the calls that were made for it.
    ///
    /// With `wait` false, it returns None, too, when the queue is empty. A worker that was
    /// announced by `_expect` is `arriving` the first time.
    #[pyo3(signature = (context = None, wait = true, arriving = false))]
    fn _work(
        &self,
        py: Python<'_>,
        context: Option<&Bound<'_, PyAny>>,
        wait: bool,
        arriving: bool,
    ) -> PyResult<Option<Py<PyAny>>> {
        let _serving =
            Serving::new(allocate::object_of(self), self.limit.load(Ordering::Relaxed));
        let mut worker = Worker::new(py, self, context, wait, arriving);
        self.tasks.work(&mut worker, wait)
    }

    /// Adds an object for a worker to come across. `block` and `timeout` are ignored, as there is
    /// always room.
    #[pyo3(
        signature = (item, block = Truth(true), timeout = None),
        text_signature = "($self, item, block=True, timeout=None)"
    )]
    fn put(&self, item: Py<PyAny>, block: Truth, timeout: Option<&Bound<'_, PyAny>>) {
        let _ = (block, timeout);
        let _ = self.tasks.push_always(Item::Object(OwnedPy::new(item)));
    }

    fn put_nowait(&self, item: Py<PyAny>) {
        let _ = self.tasks.push_always(Item::Object(OwnedPy::new(item)));
    }

    /// Takes what is next, waiting for it if `block`, for at most `timeout` seconds (None: no
    /// limit). Raises queue.Empty if there is nothing by then.
    #[pyo3(
        signature = (block = Truth(true), timeout = None),
        text_signature = "($self, block=True, timeout=None)"
    )]
    fn get(
        &self,
        py: Python<'_>,
        block: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let until = if block.0 { timeout::of_wait(timeout)? } else { Deadline::PAST };
        self.unlimit(); // The thread that works it off is no worker that is known.
        let mut seat = self.tasks.seat();
        loop {
            if let Some(item) = self.tasks.take(&mut seat) {
                return item.into_object(py);
            }
            let mut attached = Attached::to_wait(py, until)?;
            // Also after the executor's end: a thread that works the queue off itself waits for
            // None.
            let found = self.tasks.sleep_on(&mut seat, &mut attached, until)?;
            drop(attached);
            if !found {
                return Err(classes::empty(py));
            }
        }
    }

    fn get_nowait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.get(py, Truth(false), None)
    }

    /// The number of calls and objects in the queue.
    fn qsize(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there are none.
    fn empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Takes everything out, but for a call for each worker that was started and is on its way;
    /// adds the futures of the calls among it to `futures`, the last one first.
    ///
    /// (To a list that the caller has already: a signal's handler that raises as soon as this is
    /// done would take away what it returned.)
    fn _drain(&self, futures: &Bound<'_, PyList>) -> PyResult<()> {
        let items: VecDeque<Item> = self.tasks.drain(self.coming.load(Ordering::Relaxed));
        for item in items.into_iter().rev() {
            if let Item::Task(task) = &item {
                futures.append(task.future.get())?;
            }
        }
        Ok(())
    }

    /// Says that a worker is about to be started.
    fn _expect(&self) {
        self.coming.fetch_add(1, Ordering::Relaxed);
    }

    /// Says that a worker is there, or will not come.
    pub(super) fn _arrive(&self) {
        let _ = self
            .coming
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |coming| coming.checked_sub(1));
    }

    /// Refuses calls from now on, and has the workers end when those that are there are done.
    fn _close(&self) {
        self.close();
    }

    /// Adds a call for the context of the executor that has made `task`; returns whether it was
    /// accepted.
    fn _put_task(&self, future: &Bound<'_, Future>, task: Py<PyAny>) -> PyResult<bool> {
        let pushed = self.add(future, Call::InContext(OwnedPy::new(task)))?;
        Ok(!matches!(pushed, Pushed::Refused))
    }

    /// Whether there are more calls than workers that look for one. raddle only.
    fn _is_short_of_workers(&self) -> bool {
        self.tasks.is_short_of_workers()
    }

    /// The number of workers that look for a call; and of those that sleep. raddle only.
    fn _idle(&self) -> (usize, usize) {
        (self.tasks.searching(), self.tasks.sleeping())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: only attached threads add or take, and none runs during a collection.
        unsafe {
            self.tasks.each(|item| match item {
                Item::Task(task) => task.objects().try_for_each(|one| visit.call(one.get())),
                Item::Object(object) => visit.call(object.get()),
            })
        }
    }

    fn __clear__(&self) {
        drop(self.tasks.drain(0));
    }
}

impl Item {
    fn into_object(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Self::Object(object) => Ok(object.get().clone_ref(py)),
            Self::Task(task) => Ok(Py::new(py, WorkItem { task })?.into_any()),
        }
    }
}

/// A call that somebody else's worker has taken from the queue.
#[pyclass(frozen, module = "raddle._raddle", name = "_WorkItem")]
pub(crate) struct WorkItem {
    task: Task,
}

#[pymethods]
impl WorkItem {
    /// Makes the call unless it was cancelled, in `context` if it has one, and ends its future.
    #[pyo3(signature = (context = None))]
    fn run(&self, py: Python<'_>, context: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let run =
            context.map(|context| call::getattr(context, intern!(py, "run"))).transpose()?;
        match self.task.run(py, run.as_ref())? {
            Some(outcome) => Future::settle(self.task.future(py), outcome),
            None => Ok(()),
        }
    }

    #[getter]
    fn future<'py>(&self, py: Python<'py>) -> Bound<'py, Future> {
        self.task.future(py).clone()
    }

    /// The call, as the executor's context takes it.
    #[getter]
    fn task(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match &self.task.call {
            Call::InContext(task) => Ok(task.get().clone_ref(py)),
            Call::Plain { function, args, kwargs } => {
                let kwargs = match kwargs {
                    Some(kwargs) => kwargs.get().clone_ref(py),
                    None => PyDict::new(py).into_any().unbind(),
                };
                let call = (function.get().clone_ref(py), args.get().clone_ref(py), kwargs);
                Ok(call.into_pyobject(py)?.into_any().unbind())
            }
        }
    }

    #[getter]
    fn r#fn(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.task(py)?.bind(py).get_item(0).map(Bound::unbind)
    }

    #[getter]
    fn args(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.task(py)?.bind(py).get_item(1).map(Bound::unbind)
    }

    #[getter]
    fn kwargs(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.task(py)?.bind(py).get_item(2).map(Bound::unbind)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.task.objects().try_for_each(|one| visit.call(one.get()))
    }
}
