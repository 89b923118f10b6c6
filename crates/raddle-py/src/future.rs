//! `concurrent.futures.Future`.
//!
//! As long as nobody reaches for `_condition` or `_waiters`, the future is native: its phase
//! changes by compare-exchange, and its result is read without a lock. The first look at one of
//! them *opens* it for ever: from then on every change is made under that condition's lock, as
//! the standard library's own `wait` and `as_completed` expect (see `raddle::future`).

use pyo3::exceptions::{PyException, PyRuntimeError, PyTimeoutError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList, PyString, PyTuple, PyType};
use raddle::future::{Access, Completion, Phase, Refused};

use crate::attached::Attached;
use crate::condition::Condition;
use crate::errors;
use crate::kit::Kit;
use crate::outcall::{self, Held};
use crate::place::Place;
use crate::slot::Slot;
use crate::timeout;
use crate::watch::Watch;

/// The result of a call that may not have ended yet.
///
/// Made by executors. It is done once it has a result or an exception, or was cancelled before
/// it began.
#[pyclass(frozen, subclass, module = "concurrent.futures._base")]
pub(crate) struct Future {
    core: Completion,
    /// Written under a claim, or by a program that sets `_result`; null for None.
    result: Place,
    /// Likewise, for `_exception`.
    exception: Place,
    extra: Slot<Extra>,
}

/// What few futures have.
struct Extra {
    /// Guarded by the latch of `core`, and touched by attached threads only.
    lists: Guarded<Lists>,
    condition: Slot<Py<Condition>>,
    waiters: Slot<Py<PyList>>,
    /// What programs have overwritten, which a reader without a lock may still look at.
    retired: Guarded<Vec<Held>>,
}

impl Extra {
    fn new() -> Self {
        Self {
            lists: Guarded::default(),
            condition: Slot::new(),
            waiters: Slot::new(),
            retired: Guarded::default(),
        }
    }
}

#[derive(Default)]
struct Lists {
    callbacks: Vec<Py<PyAny>>,
    watches: Vec<Py<Watch>>,
}

/// A value that the latch of a future guards.
#[derive(Default)]
struct Guarded<T>(std::cell::UnsafeCell<T>);

// SAFETY: access is by `with`, whose callers hold the latch.
unsafe impl<T: Send> Sync for Guarded<T> {}

impl<T> Guarded<T> {
    /// # Safety
    /// The future's latch is held, or nobody else can look (garbage collection, drop).
    unsafe fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: passed on to the caller.
        change(unsafe { &mut *self.0.get() })
    }
}

/// How a call ended.
pub(crate) enum Outcome {
    Result(Py<PyAny>),
    Exception(Py<PyAny>),
}

impl Outcome {
    pub(crate) fn of(py: Python<'_>, result: PyResult<Bound<'_, PyAny>>) -> Self {
        match result {
            Ok(result) => Self::Result(result.unbind()),
            Err(error) => Self::Exception(error.into_value(py).into_any()),
        }
    }
}

impl Future {
    pub(crate) fn create() -> Self {
        Self {
            core: Completion::new(),
            result: Place::new(),
            exception: Place::new(),
            extra: Slot::new(),
        }
    }

    /// A new future of the public class.
    pub(crate) fn make(py: Python<'_>) -> PyResult<Bound<'_, Self>> {
        Kit::get()?.make_future(py)
    }

    fn extra(&self) -> &Extra {
        loop {
            if let Some(extra) = self.extra.get() {
                return extra;
            }
            // If another thread is quicker, its is the one.
            let _ = self.extra.set(Extra::new());
        }
    }

    /// The condition of an opened future; opens it.
    fn opened(&self, py: Python<'_>) -> PyResult<Py<Condition>> {
        let extra = self.extra();
        let condition = loop {
            if let Some(condition) = extra.condition.get() {
                break condition.clone_ref(py);
            }
            let _ = extra.condition.set(Py::new(py, Condition::reentrant(py)?)?);
        };
        self.core.open();
        Ok(condition)
    }

    fn waiters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.opened(py)?;
        let extra = self.extra();
        loop {
            if let Some(waiters) = extra.waiters.get() {
                return Ok(waiters.bind(py).clone());
            }
            let _ = extra.waiters.set(PyList::empty(py).unbind());
        }
    }

    /// Makes a change of an open future under its condition's lock, wakes who waits there if it
    /// is done, and calls the method `tell` of each of the standard library's waiters.
    fn change_opened<R>(
        slf: &Bound<'_, Self>,
        change: impl FnOnce(&Self) -> Result<R, Refused>,
        tell: Option<&Bound<'_, PyString>>,
    ) -> PyResult<Result<R, Refused>> {
        let py = slf.py();
        let condition = slf.get().opened(py)?.into_bound(py).into_any();
        outcall::method0(&condition, intern!(py, "acquire"))?;
        let changed = change(slf.get());
        let told = match (&changed, tell) {
            (Ok(_), Some(tell)) => slf.get().waiters(py).and_then(|waiters| {
                waiters.iter().try_for_each(|waiter| {
                    let add = outcall::getattr(&waiter, tell)?;
                    outcall::call1(&add, slf.as_any()).map(drop)
                })
            }),
            _ => Ok(()),
        };
        // (A call that begins ends nobody's wait.)
        let notified = if changed.is_ok() && slf.get().core.phase().is_done() {
            outcall::method0(&condition, intern!(py, "notify_all")).map(drop)
        } else {
            Ok(())
        };
        outcall::method0(&condition, intern!(py, "release"))?;
        told.and(notified)?;
        Ok(changed)
    }

    /// Writes the value; the caller holds a claim, or the lock of an open future.
    fn store(&self, outcome: Outcome) {
        let old = match outcome {
            Outcome::Result(value) => self.result.put(Some(value)),
            Outcome::Exception(value) => self.exception.put(Some(value)),
        };
        self.retire(old);
    }

    /// Keeps what was overwritten for as long as the future lives.
    fn retire(&self, old: Option<Py<PyAny>>) {
        if let Some(old) = old {
            let extra = self.extra();
            // SAFETY: under the latch.
            self.core.with_list(|| unsafe {
                extra.retired.with(|retired| retired.push(Held::new(old)));
            });
        }
    }

    /// Whether the end concerns others than the threads that wait for it.
    pub(crate) fn is_watched(&self) -> bool {
        self.core.is_watched()
    }

    /// A worker begins; returns whether to run the task.
    pub(crate) fn begin(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let future = slf.get();
        let begun = match future.core.begin(Access::Free) {
            Err(Refused::Open) => {
                // (Nobody is told of a beginning: only of a cancellation that was noticed.)
                Self::begin_opened(slf)?
            }
            begun => begun,
        };
        match begun {
            Ok(Ok(())) => Ok(true),
            Ok(Err(changed)) => {
                if changed.observed {
                    Self::announce(slf)?;
                }
                Ok(false)
            }
            Err(_) => {
                Kit::get()?.log(slf.py(), "unexpected", slf.as_any(), None)?;
                Err(PyRuntimeError::new_err("Future in unexpected state"))
            }
        }
    }

    #[allow(clippy::type_complexity, reason = "what the core's begin returns")]
    fn begin_opened(
        slf: &Bound<'_, Self>,
    ) -> PyResult<Result<Result<(), raddle::future::Changed>, Refused>> {
        let py = slf.py();
        let cancelled = slf.get().core.phase() == Phase::Cancelled;
        let tell = cancelled.then(|| intern!(py, "add_cancelled"));
        Self::change_opened(slf, |future| future.core.begin(Access::Locked), tell)
    }

    /// The end of a call, by an attached thread.
    pub(crate) fn settle(slf: &Bound<'_, Self>, outcome: Outcome) -> PyResult<()> {
        let py = slf.py();
        let mut outcome = Some(outcome);
        match slf.get().try_settle(&mut outcome) {
            Settled::Quietly => Self::ended(slf, false),
            Settled::Observed => Self::ended(slf, true),
            Settled::Refused(Refused::Open) => {
                let tell = match outcome {
                    Some(Outcome::Result(_)) => intern!(py, "add_result"),
                    _ => intern!(py, "add_exception"),
                };
                let changed = Self::change_opened(
                    slf,
                    |future| {
                        let claim = future.core.claim(Access::Locked)?;
                        future.store(outcome.take().expect("it is settled once"));
                        Ok(claim.publish())
                    },
                    Some(tell),
                )?;
                match changed {
                    Ok(changed) => Self::ended(slf, changed.observed),
                    Err(_) => Err(Self::invalid_state(slf)),
                }
            }
            Settled::Refused(Refused::Phase(_)) => Err(Self::invalid_state(slf)),
        }
    }

    /// The end of a call, also by a detached thread, which has the rest done once attached.
    ///
    /// Takes the outcome if it is not refused.
    pub(crate) fn try_settle(&self, outcome: &mut Option<Outcome>) -> Settled {
        match self.core.claim(Access::Free) {
            Ok(claim) => {
                // Nothing is overwritten, so nothing retires: a claim comes once, and writing
                // `_result` opens the future.
                match outcome.take() {
                    Some(Outcome::Result(value)) => drop(self.result.put(Some(value))),
                    Some(Outcome::Exception(value)) => drop(self.exception.put(Some(value))),
                    None => {}
                }
                if claim.publish().observed { Settled::Observed } else { Settled::Quietly }
            }
            Err(refused) => Settled::Refused(refused),
        }
    }

    fn invalid_state(slf: &Bound<'_, Self>) -> PyErr {
        let make = || -> PyResult<PyErr> {
            let state = slf.get().state();
            let shown = Self::__repr__(slf)?;
            let kind = Kit::get()?.invalid_state.bind(slf.py()).clone();
            Ok(PyErr::from_type(kind, format!("{state}: {shown}")))
        };
        make().unwrap_or_else(|error| error)
    }

    /// The future is done: does what is to be done then, by the method `_invoke_callbacks` of a
    /// subclass that has its own.
    #[inline]
    fn ended(slf: &Bound<'_, Self>, observed: bool) -> PyResult<()> {
        if !Kit::get().is_ok_and(|kit| kit.is_plain(slf)) {
            return Self::subclass_ended(slf, observed);
        }
        if observed { Self::announce(slf) } else { Ok(()) }
    }

    #[cold]
    fn subclass_ended(slf: &Bound<'_, Self>, observed: bool) -> PyResult<()> {
        let py = slf.py();
        let name = intern!(py, "_invoke_callbacks");
        let own = PyType::new::<Self>(py).getattr(name)?;
        if outcall::getattr(slf.get_type().as_any(), name)?.is(&own) {
            return if observed { Self::announce(slf) } else { Ok(()) };
        }
        let future = slf.get();
        if let Some(extra) = future.extra.get() {
            future.tell_watches(slf, extra);
        }
        outcall::method0(slf.as_any(), name).map(drop)
    }

    fn tell_watches(&self, slf: &Bound<'_, Self>, extra: &Extra) {
        if self.core.phase() == Phase::Cancelled {
            return; // Not noticed yet.
        }
        let watches = self.core.with_list(|| {
            // SAFETY: under the latch.
            unsafe { extra.lists.with(|lists| std::mem::take(&mut lists.watches)) }
        });
        for watch in watches {
            watch.get().tell(slf);
            outcall::drop_ref(watch.into_any());
        }
    }

    /// Calls the callbacks and tells the watches of a future that is done.
    pub(crate) fn announce(slf: &Bound<'_, Self>) -> PyResult<()> {
        let future = slf.get();
        let Some(extra) = future.extra.get() else { return Ok(()) };
        future.tell_watches(slf, extra);
        let callbacks = future.core.with_list(|| {
            // SAFETY: under the latch.
            unsafe { extra.lists.with(|lists| std::mem::take(&mut lists.callbacks)) }
        });
        let mut result = Ok(());
        for callback in callbacks {
            let callback = Held::new(callback);
            if result.is_ok() {
                result = Self::call_back(slf, callback.get().bind(slf.py()));
            }
        }
        result
    }

    fn call_back(slf: &Bound<'_, Self>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = slf.py();
        match outcall::call1(callback, slf.as_any()) {
            Ok(_) => Ok(()),
            Err(error) if error.is_instance_of::<PyException>(py) => {
                let error = error.into_value(py).into_bound(py).into_any();
                Kit::get()?.log(py, "callback", slf.as_any(), Some(&error))
            }
            Err(error) => Err(error),
        }
    }

    /// Has `watch` told when the future's end is noticed; returns false if it was already.
    pub(crate) fn watch(&self, watch: &Bound<'_, Watch>) -> bool {
        let extra = self.extra();
        let entry = watch.clone().unbind();
        // SAFETY: `add` runs under the latch.
        self.core.observe(
            |phase| matches!(phase, Phase::Notified | Phase::Finished),
            || unsafe { extra.lists.with(|lists| lists.watches.push(entry)) },
        )
    }

    /// Takes back what [`watch`](Self::watch) did.
    pub(crate) fn unwatch(&self, watch: &Bound<'_, Watch>) {
        let Some(extra) = self.extra.get() else { return };
        let entry = self.core.with_list(|| {
            // SAFETY: under the latch.
            unsafe {
                extra.lists.with(|lists| {
                    let at = lists.watches.iter().position(|entry| entry.is(watch))?;
                    Some(lists.watches.swap_remove(at))
                })
            }
        });
        if let Some(entry) = entry {
            outcall::drop_ref(entry.into_any());
        }
    }

    /// Waits until the future is done or `timeout` has passed.
    #[cold]
    fn wait(slf: &Bound<'_, Self>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let (py, future) = (slf.py(), slf.get());
        let mut left = timeout.cloned();
        if !future.core.is_open() {
            if future.core.phase().is_done() {
                return Ok(()); // Whatever the timeout is.
            }
            let until = timeout::of_wait(timeout)?;
            future.core.wait_with(&mut Attached::to_wait(py, until)?.on(future), until)?;
            if !future.core.is_open() {
                return Ok(());
            }
            if !until.is_never() {
                let seconds = until.remaining().unwrap_or_default().as_secs_f64();
                left = Some(PyFloat::new(py, seconds).into_any());
            }
        }
        let condition = future.opened(py)?.into_bound(py).into_any();
        outcall::method0(&condition, intern!(py, "acquire"))?;
        let waited = if future.core.phase().is_done() {
            Ok(())
        } else {
            let wait = outcall::getattr(&condition, intern!(py, "wait"))?;
            let none = py.None().into_bound(py);
            outcall::call1(&wait, left.as_ref().unwrap_or(&none)).map(drop)
        };
        outcall::method0(&condition, intern!(py, "release"))?;
        waited
    }

    fn unless_cancelled<R>(
        &self,
        py: Python<'_>,
        finished: impl FnOnce(&Self) -> PyResult<R>,
    ) -> PyResult<R> {
        match self.core.phase() {
            Phase::Finished => finished(self),
            Phase::Cancelled | Phase::Notified => {
                Err(PyErr::from_type(Kit::get()?.cancelled.bind(py).clone(), ()))
            }
            Phase::Pending | Phase::Running => Err(PyTimeoutError::new_err(())),
        }
    }

    fn value(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.exception.get(py) {
            None => Ok(self.result.get(py).unwrap_or_else(|| py.None())),
            Some(error) => Err(PyErr::from_value(error.into_bound(py))),
        }
    }

    fn description(&self) -> &'static str {
        match self.core.phase() {
            Phase::Pending => "pending",
            Phase::Running => "running",
            Phase::Cancelled | Phase::Notified => "cancelled",
            Phase::Finished => "finished",
        }
    }
}

/// What [`Future::try_settle`] came to.
#[must_use]
pub(crate) enum Settled {
    Quietly,
    /// [`Future::announce`] is still to be called, attached.
    Observed,
    Refused(Refused),
}

#[pymethods]
impl Future {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::create()
    }

    fn __init__(&self) {}

    /// Cancels the call if it has not begun; returns whether it is cancelled.
    fn cancel(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let cancelled = match slf.get().core.cancel(Access::Free) {
            Err(Refused::Open) => {
                Self::change_opened(slf, |future| future.core.cancel(Access::Locked), None)?
            }
            cancelled => cancelled,
        };
        match cancelled {
            Ok(changed) => Self::ended(slf, changed.observed).map(|()| true),
            Err(Refused::Phase(phase)) => {
                Ok(matches!(phase, Phase::Cancelled | Phase::Notified))
            }
            Err(Refused::Open) => Ok(false),
        }
    }

    /// Whether the call was cancelled.
    fn cancelled(&self) -> bool {
        matches!(self.core.phase(), Phase::Cancelled | Phase::Notified)
    }

    /// Whether the call is being made at this moment.
    fn running(&self) -> bool {
        self.core.phase() == Phase::Running
    }

    /// Whether the call has ended or was cancelled.
    #[inline]
    fn done(&self) -> bool {
        self.core.phase().is_done()
    }

    /// Returns what the call returned, waiting for it for at most `timeout` seconds (None: no
    /// limit).
    ///
    /// Raises what the call raised, CancelledError if it was cancelled, TimeoutError if it has
    /// not ended in time. A signal handler that raises ends the wait.
    #[inline]
    #[pyo3(signature = (timeout = None))]
    fn result(
        slf: &Bound<'_, Self>,
        py: Python<'_>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let future = slf.get();
        if !future.core.is_settled() {
            Self::wait(slf, timeout)?;
        }
        future.unless_cancelled(py, |future| future.value(py))
    }

    /// Returns what the call raised (None: nothing), waiting for its end for at most `timeout`
    /// seconds (None: no limit).
    ///
    /// Raises CancelledError if it was cancelled, TimeoutError if it has not ended in time. A
    /// signal handler that raises ends the wait.
    #[pyo3(signature = (timeout = None))]
    fn exception(
        slf: &Bound<'_, Self>,
        py: Python<'_>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let future = slf.get();
        if !future.core.is_settled() {
            Self::wait(slf, timeout)?;
        }
        future.unless_cancelled(py, |future| Ok(future.exception.get(py)))
    }

    /// Has `fn(future)` called when the future is done: at once if it is, else by the thread that
    /// ends or cancels the call. Callbacks are called in the order in which they were added; an
    /// exception of one is logged.
    #[pyo3(signature = (r#fn))]
    fn add_done_callback(slf: &Bound<'_, Self>, r#fn: &Bound<'_, PyAny>) -> PyResult<()> {
        let future = slf.get();
        let extra = future.extra();
        let mut entry = Some(r#fn.clone().unbind());
        // SAFETY: `add` runs under the latch.
        let added = future.core.observe(Phase::is_done, || unsafe {
            extra.lists.with(|lists| lists.callbacks.extend(entry.take()));
        });
        if added {
            return Ok(());
        }
        drop(entry); // The caller has a reference.
        Self::call_back(slf, r#fn)
    }

    /// For executors: marks the call as begun. Returns False if it was cancelled: do not make it
    /// then. Raises RuntimeError if it has begun before.
    fn set_running_or_notify_cancel(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Self::begin(slf)
    }

    /// For executors: ends the call with a result. Raises InvalidStateError if it is done.
    fn set_result(slf: &Bound<'_, Self>, result: Py<PyAny>) -> PyResult<()> {
        Self::settle(slf, Outcome::Result(result))
    }

    /// For executors: ends the call with an exception. Raises InvalidStateError if it is done.
    fn set_exception(slf: &Bound<'_, Self>, exception: Py<PyAny>) -> PyResult<()> {
        if exception.is_none(slf.py()) {
            return Self::settle(slf, Outcome::Result(exception));
        }
        Self::settle(slf, Outcome::Exception(exception))
    }

    /// For programs that end a future by writing its state: calls the callbacks.
    fn _invoke_callbacks(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::announce(slf)
    }

    /// Whether it is done, whether it was cancelled, the result, the exception; read at once.
    fn _get_snapshot(
        slf: &Bound<'_, Self>,
        py: Python<'_>,
    ) -> (bool, bool, Option<Py<PyAny>>, Option<Py<PyAny>>) {
        let future = slf.get();
        match future.core.phase() {
            Phase::Finished => (true, false, future.result.get(py), future.exception.get(py)),
            Phase::Cancelled | Phase::Notified => (true, true, None, None),
            Phase::Pending | Phase::Running => (false, false, None, None),
        }
    }

    #[getter(_state)]
    fn state(&self) -> &'static str {
        match self.core.phase() {
            Phase::Pending => "PENDING",
            Phase::Running => "RUNNING",
            Phase::Cancelled => "CANCELLED",
            Phase::Notified => "CANCELLED_AND_NOTIFIED",
            Phase::Finished => "FINISHED",
        }
    }

    #[setter(_state)]
    fn set_state(&self, py: Python<'_>, state: &str) -> PyResult<()> {
        let phase = match state {
            "PENDING" => Phase::Pending,
            "RUNNING" => Phase::Running,
            "CANCELLED" => Phase::Cancelled,
            "CANCELLED_AND_NOTIFIED" => Phase::Notified,
            "FINISHED" => Phase::Finished,
            _ => return Err(PyRuntimeError::new_err(format!("no state of a future: {state}"))),
        };
        self.opened(py)?;
        self.core.force(phase);
        Ok(())
    }

    #[getter(_result)]
    fn stored_result(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.result.get(py)
    }

    #[setter(_result)]
    fn set_stored_result(&self, py: Python<'_>, value: Option<Py<PyAny>>) -> PyResult<()> {
        self.opened(py)?;
        self.retire(self.result.put(value));
        Ok(())
    }

    #[getter(_exception)]
    fn stored_exception(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.exception.get(py)
    }

    #[setter(_exception)]
    fn set_stored_exception(&self, py: Python<'_>, value: Option<Py<PyAny>>) -> PyResult<()> {
        self.opened(py)?;
        self.retire(self.exception.put(value));
        Ok(())
    }

    #[getter(_condition)]
    fn condition(&self, py: Python<'_>) -> PyResult<Py<Condition>> {
        self.opened(py)
    }

    #[getter(_waiters)]
    fn get_waiters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.waiters(py)
    }

    #[getter(_done_callbacks)]
    fn done_callbacks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let Some(extra) = self.extra.get() else { return Ok(PyList::empty(py)) };
        // SAFETY: under the latch; cloning a reference runs nothing.
        let callbacks: Vec<_> = self.core.with_list(|| unsafe {
            extra
                .lists
                .with(|lists| lists.callbacks.iter().map(|one| one.clone_ref(py)).collect())
        });
        PyList::new(py, callbacks)
    }

    /// The number of threads that wait in result() or exception(). raddle only.
    fn _waiting(&self) -> usize {
        self.core.waiting()
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        let (py, future) = (slf.py(), slf.get());
        let kind = slf.get_type();
        let name = kind.name()?;
        let address = slf.as_ptr() as usize;
        let description = future.description();
        let named =
            |object: Py<PyAny>| object.bind(py).get_type().name().map(|n| n.to_string());
        let rest = match (future.core.phase(), future.exception.get(py)) {
            (Phase::Finished, Some(error)) => format!(" raised {}", named(error)?),
            (Phase::Finished, None) => {
                let value = future.result.get(py).unwrap_or_else(|| py.None());
                format!(" returned {}", named(value)?)
            }
            _ => String::new(),
        };
        let text = format!("<{name} at {address:#x} state={description}{rest}>");
        Ok(PyString::new(py, &text))
    }

    #[classmethod]
    #[pyo3(signature = (item, /))]
    fn __class_getitem__<'py>(
        kind: &Bound<'py, PyType>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = kind.py();
        // SAFETY: both references are live.
        unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::Py_GenericAlias(kind.as_ptr(), item.as_ptr()))
        }
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.result.traverse(&visit)?;
        self.exception.traverse(&visit)?;
        let Some(extra) = self.extra.get() else { return Ok(()) };
        visit.call(extra.condition.get())?;
        visit.call(extra.waiters.get())?;
        // SAFETY: only attached threads touch the lists, and none runs during a collection.
        unsafe {
            extra
                .retired
                .with(|retired| retired.iter().try_for_each(|one| visit.call(one.get())))?;
            extra.lists.with(|lists| {
                lists.callbacks.iter().try_for_each(|callback| visit.call(callback))?;
                lists.watches.iter().try_for_each(|watch| visit.call(watch))
            })
        }
    }

    fn __clear__(&self) {
        self.drop_objects();
    }
}

impl Future {
    /// Drops what the collector sees, but for the condition and the list of waiters; nobody else
    /// has the future any more.
    fn drop_objects(&self) {
        let places = [&self.result, &self.exception];
        places.into_iter().filter_map(|place| place.put(None)).for_each(outcall::drop_ref);
        let Some(extra) = self.extra.get() else { return };
        let (lists, retired) = self.core.with_list(|| {
            // SAFETY: under the latch.
            unsafe { (extra.lists.with(std::mem::take), extra.retired.with(std::mem::take)) }
        });
        lists.callbacks.into_iter().for_each(outcall::drop_ref);
        lists.watches.into_iter().for_each(|watch| outcall::drop_ref(watch.into_any()));
        drop(retired);
    }
}

impl Drop for Future {
    fn drop(&mut self) {
        self.drop_objects();
    }
}
