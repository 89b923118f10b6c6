//! `queue.Queue`: its methods. (What it is made of: `state`.)

use std::sync::atomic::Ordering;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString, PyTuple};
use raddle::Deadline;

use super::timeout::Timeout;
use crate::locks::name;
use crate::python::arguments::{Arg, Truth};
use crate::python::call::{self, OwnedPy};
use crate::python::interned::intern;

use super::state::{NATIVE, OPEN, Order, Queue, UNMADE};
use super::{errors, opened, overridden, priority};

#[pymethods]
impl Queue {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(maxsize=0, *, name=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::with(Order::First)
    }

    #[pyo3(signature = (maxsize = Arg::Missing, *, name = None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        maxsize: Arg<'_>,
        name: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let this = slf.get();
        let name = name::read(name, "Queue")?;
        match maxsize.given() {
            Some(maxsize) => this.set_limit(maxsize)?,
            None => this.set_limit(PyInt::new(slf.py(), 0).as_any())?,
        }
        this.gate.name.set(name);
        if this.mode() != UNMADE {
            return opened::renew(slf);
        }
        let traits = overridden::examine(slf)?;
        if traits.hooked {
            return opened::begin(slf);
        }
        this.plain.store(traits.plain, Ordering::Relaxed);
        this.version.store(overridden::version(slf), Ordering::Relaxed);
        this.mode.store(NATIVE, Ordering::Release);
        Ok(())
    }

    /// Puts `item`, waiting for room if `block`, for at most `timeout` seconds (None: no limit).
    ///
    /// Raises Full if there is no room (in time), ShutDown if the queue was shut down, ValueError
    /// for a negative timeout. A signal handler that raises ends the wait.
    #[inline]
    #[pyo3(
        signature = (item, block = Truth(true), timeout = None),
        text_signature = "($self, item, block=True, timeout=None)"
    )]
    fn put(
        slf: &Bound<'_, Self>,
        item: Py<PyAny>,
        block: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        Self::put_within(slf, item, Timeout::new(block.0, timeout))
    }

    /// Removes and returns an item, waiting for one if `block`, for at most `timeout` seconds
    /// (None: no limit).
    ///
    /// Raises Empty if there is none (in time), ShutDown if there is none and the queue was shut
    /// down, ValueError for a negative timeout. A signal handler that raises ends the wait.
    #[inline]
    #[pyo3(
        signature = (block = Truth(true), timeout = None),
        text_signature = "($self, block=True, timeout=None)"
    )]
    fn get(
        slf: &Bound<'_, Self>,
        block: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        Self::get_within(slf, Timeout::new(block.0, timeout))
    }

    /// Puts `item` if there is room now; raises Full otherwise. The same as
    /// put(item, block=False).
    #[inline]
    fn put_nowait<'py>(slf: &Bound<'py, Self>, item: Py<PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if !Self::is_plain(slf)? {
            return opened::put_nowait(slf, item);
        }
        match slf.get().put_now(py, OwnedPy::new(item))? {
            Ok(()) => {}
            Err((item, not)) => Self::put_slow(slf, item, not, Timeout::NoWait)?,
        }
        Ok(py.None().into_bound(py))
    }

    /// Removes and returns an item if there is one now; raises Empty otherwise. The same as
    /// get(block=False).
    #[inline]
    fn get_nowait<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if !Self::is_plain(slf)? {
            return opened::get_nowait(slf);
        }
        let item = match slf.get().get_now(py)? {
            Ok(item) => item.into_inner(),
            Err(not) => Self::get_slow(slf, not, Timeout::NoWait)?,
        };
        Ok(item.into_bound(py))
    }

    /// Says that the work on an item that get() returned is done, see join().
    ///
    /// Raises ValueError if it is called more often than items were put.
    #[inline]
    fn task_done(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::ready(slf)?;
        let this = slf.get();
        if !this.is_native() {
            return opened::call(slf, intern!(slf.py(), "task_done"), []).map(|_| ());
        }
        this.gate.task_done().map_err(|_| errors::too_many_done())?;
        if !this.is_native() {
            // Opened just now: the threads that wait in join() may not have been told.
            return opened::call(slf, intern!(slf.py(), "tell_joiners"), []).map(|_| ());
        }
        Ok(())
    }

    /// Waits until task_done() has been called for every item that was put. A signal handler that
    /// raises ends the wait.
    fn join(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::ready(slf)?;
        let (py, this) = (slf.py(), slf.get());
        if this.is_native() {
            if this.gate.unfinished() != 0 {
                priority::outside(this, py, Deadline::NEVER, |blocking| {
                    this.gate.join_with(blocking, Deadline::NEVER)
                })?;
            }
            if this.is_native() {
                return Ok(());
            }
        }
        opened::call(slf, intern!(py, "join"), []).map(|_| ())
    }

    /// Refuses further items: put() raises ShutDown, and get() does when no item is left. With
    /// `immediate` the items are dropped and count as done. Wakes all threads that wait.
    #[pyo3(
        signature = (immediate = Truth(false)),
        text_signature = "($self, immediate=False)"
    )]
    fn shutdown(slf: &Bound<'_, Self>, immediate: Truth) -> PyResult<()> {
        Self::ready(slf)?;
        let (py, this) = (slf.py(), slf.get());
        let done = if immediate.0 {
            let items = {
                let _lock = priority::Lock::take(this, py)?;
                this.gate.shut_down_draining(|contents| contents.items.take())
            };
            items.is_some()
        } else {
            this.gate.shut_down()
        };
        if done {
            return Ok(());
        }
        let immediate = PyBool::new(py, immediate.0).to_owned().into_any();
        opened::call(slf, intern!(py, "shutdown"), [immediate]).map(|_| ())
    }

    /// The number of items; out of date once returned.
    fn qsize<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::ready(slf)?;
        let (py, count) = (slf.py(), slf.get().gate.count());
        if slf.get().is_native() {
            return Ok(count.into_pyobject(py)?.into_any());
        }
        opened::call(slf, intern!(py, "qsize"), [])
    }

    /// Whether there are no items; out of date once returned.
    fn empty(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Self::ready(slf)?;
        let count = slf.get().gate.count();
        if slf.get().is_native() {
            return Ok(count == 0);
        }
        call::truth(&opened::call(slf, intern!(slf.py(), "empty"), [])?)
    }

    /// Whether there is no room; out of date once returned.
    fn full(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Self::ready(slf)?;
        let full = slf.get().gate.is_full();
        if slf.get().is_native() {
            return Ok(full);
        }
        call::truth(&opened::call(slf, intern!(slf.py(), "full"), [])?)
    }

    /// The most items that the queue holds; 0 or less means any number.
    #[getter]
    pub(super) fn maxsize<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let kept = self
            .gate
            .look(|contents| contents.maxsize.as_ref().map(|kept| kept.get().clone_ref(py)));
        match (kept, self.gate.limit()) {
            (Some(kept), _) => Ok(kept.into_bound(py)),
            (None, usize::MAX) => Ok(PyInt::new(py, 0).into_any()),
            (None, limit) => Ok(limit.into_pyobject(py)?.into_any()),
        }
    }

    #[setter(maxsize)]
    fn set_maxsize(&self, maxsize: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set_limit(maxsize)
    }

    /// The number of items that were put and not yet reported done.
    #[getter]
    fn unfinished_tasks(&self) -> usize {
        self.gate.unfinished()
    }

    #[setter(unfinished_tasks)]
    fn set_unfinished_tasks(&self, tasks: &Bound<'_, PyAny>) -> PyResult<()> {
        let tasks = call::index(tasks)?;
        // (Below zero there is nothing to wait for either.)
        self.gate.set_unfinished(if tasks.lt(0)? { 0 } else { tasks.extract()? });
        Ok(())
    }

    /// Whether the queue was shut down.
    #[getter]
    fn is_shutdown(&self) -> bool {
        if self.mode() == OPEN {
            let shut = self.shut.load(Ordering::Relaxed);
            if shut {
                self.gate.follow_puts(); // And the shutdown.
            }
            shut
        } else {
            self.gate.is_shut_down()
        }
    }

    #[setter(is_shutdown)]
    fn set_is_shutdown(&self, shut: Truth) {
        self.shut.store(shut.0, Ordering::Relaxed);
        if shut.0 {
            self.gate.shut_down();
        } else {
            self.gate.reopen();
        }
    }

    #[getter]
    fn mutex<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        opened::part(slf, intern!(slf.py(), "mutex"))
    }

    #[setter(mutex)]
    fn set_mutex(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        opened::set_part(slf, intern!(slf.py(), "mutex"), value)
    }

    #[getter]
    fn not_empty<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        opened::part(slf, intern!(slf.py(), "not_empty"))
    }

    #[setter(not_empty)]
    fn set_not_empty(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        opened::set_part(slf, intern!(slf.py(), "not_empty"), value)
    }

    #[getter]
    fn not_full<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        opened::part(slf, intern!(slf.py(), "not_full"))
    }

    #[setter(not_full)]
    fn set_not_full(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        opened::set_part(slf, intern!(slf.py(), "not_full"), value)
    }

    #[getter]
    fn all_tasks_done<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        opened::part(slf, intern!(slf.py(), "all_tasks_done"))
    }

    #[setter(all_tasks_done)]
    fn set_all_tasks_done(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        opened::set_part(slf, intern!(slf.py(), "all_tasks_done"), value)
    }

    #[getter]
    fn queue<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        opened::part(slf, intern!(slf.py(), "queue"))
    }

    #[setter(queue)]
    fn set_queue(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        opened::set_part(slf, intern!(slf.py(), "queue"), value)
    }

    /// A hook for subclasses: makes the container of the items, `self.queue`.
    fn _init(slf: &Bound<'_, Self>, maxsize: &Bound<'_, PyAny>) -> PyResult<()> {
        let _ = maxsize;
        opened::make_container(slf, Order::First)
    }

    /// A hook for subclasses: the number of items.
    fn _qsize<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        opened::hook_qsize(slf)
    }

    /// A hook for subclasses: adds an item.
    fn _put(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<()> {
        opened::hook_put(slf, Order::First, item)
    }

    /// A hook for subclasses: removes and returns an item.
    fn _get<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        opened::hook_get(slf, Order::First)
    }

    fn __setattr__(
        slf: &Bound<'_, Self>,
        name: &Bound<'_, PyString>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        if overridden::is_hook(name) && slf.get().is_native() {
            opened::open(slf)?;
        }
        call::generic_setattr(slf.as_any(), name, Some(value))
    }

    fn __delattr__(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>) -> PyResult<()> {
        call::generic_setattr(slf.as_any(), name, None)
    }

    /// The numbers of threads waiting to put, to get, and to join. raddle only.
    fn _waiting(&self) -> (usize, usize, usize) {
        let gate = &*self.gate;
        (gate.waiting_to_put(), gate.waiting_to_get(), gate.waiting_to_join())
    }

    /// Whether the items are in Rust still. raddle only.
    fn _native(&self) -> bool {
        self.is_native()
    }

    /// The `name=` that the program gave it, for reports, or None. raddle only.
    #[getter(_raddle_name)]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.gate.name.get(py)
    }

    fn __sizeof__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        let own: usize = slf.get_type().getattr("__basicsize__")?.extract()?;
        Ok(own + slf.get().gate.look(|contents| contents.items.allocated()))
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if !self.made.load(Ordering::Acquire) {
            return Ok(());
        }
        // SAFETY: items are put and got by attached threads, between which the collector runs.
        unsafe { (*self.gate.store_unlocked()).traverse(&visit) }
    }

    fn __clear__(&self) {
        drop(self.gate.look(|contents| (contents.items.take(), contents.maxsize.take())));
    }
}
