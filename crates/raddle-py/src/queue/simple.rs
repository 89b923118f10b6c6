//! `queue.SimpleQueue`.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use raddle::queue::{Blocks, Deny, Gate, Turn};

use super::errors;
use super::timeout::Timeout;
use crate::blocking::attached::Attached;
use crate::locks::name;
use crate::locks::padded::Padded;
use crate::python::arguments::Truth;
use crate::python::call::OwnedPy;

/// An unbounded first-in first-out queue. put() may be called from destructors and signal
/// handlers, also while the same thread is inside of one of its methods.
///
/// `name` is what reports call the queue. raddle only.
#[pyclass(frozen, subclass, weakref, generic, module = "_queue")]
pub(crate) struct SimpleQueue {
    /// Whether the gate is there yet; the collector may look before, at zeroes.
    made: AtomicBool,
    /// Changed by attached threads only: the collector, while it runs, sees it at rest.
    pub(super) gate: Padded<Gate<Blocks<OwnedPy>>>,
}

impl SimpleQueue {
    pub(crate) fn create() -> Self {
        let gate = Padded::new(Gate::new(Blocks::new(), usize::MAX));
        Self { made: AtomicBool::new(true), gate }
    }

    #[inline]
    pub(super) fn add(&self, item: Py<PyAny>) {
        let item = OwnedPy::new(item);
        if let Err((item, _)) = self.gate.put_by(item, Blocks::push) {
            drop(item); // Never full, never shut down.
        }
    }

    #[inline]
    fn take(&self, py: Python<'_>, timeout: Timeout<'_, '_>) -> PyResult<Py<PyAny>> {
        match self.gate.get_by(Blocks::pop) {
            Ok(Some(item)) => Ok(item.into_inner()),
            _ => self.take_slow(py, timeout),
        }
    }

    #[cold]
    fn take_slow(&self, py: Python<'_>, timeout: Timeout<'_, '_>) -> PyResult<Py<PyAny>> {
        if let Timeout::NoWait = timeout {
            return Err(errors::simple_empty(py));
        }
        let until = timeout.exact_deadline()?;
        let mut turn = Turn::default();
        let mut blocking = Attached::to_wait(py, until)?.on(self);
        loop {
            if !self.gate.wait_to_get(&mut blocking, until, &mut turn)? {
                drop(blocking);
                return Err(errors::simple_empty(py));
            }
            match self.gate.get_by(Blocks::pop) {
                Ok(Some(item)) => return Ok(item.into_inner()),
                Ok(None) | Err(Deny::Later | Deny::ShutDown | Deny::Retired) => {}
            }
        }
    }
}

#[pymethods]
impl SimpleQueue {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(*, name=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::create()
    }

    #[pyo3(signature = (*, name = None))]
    fn __init__(&self, name: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.gate.name.set(name::read(name, "SimpleQueue")?);
        Ok(())
    }

    /// Puts `item`; never waits. `block` and `timeout` are there for likeness with Queue.
    #[inline]
    #[pyo3(
        signature = (item, block = Truth(true), timeout = None),
        text_signature = "($self, item, block=True, timeout=None)"
    )]
    fn put(&self, item: Py<PyAny>, block: Truth, timeout: Option<&Bound<'_, PyAny>>) {
        let _ = (block, timeout);
        self.add(item);
    }

    /// Puts `item`; the same as put(item).
    #[inline]
    fn put_nowait(&self, item: Py<PyAny>) {
        self.add(item);
    }

    /// Removes and returns the oldest item, waiting for one if `block`, for at most `timeout`
    /// seconds (None: no limit).
    ///
    /// Raises Empty if there is none (in time), ValueError for a negative timeout. A signal
    /// handler that raises ends the wait.
    #[inline]
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
        let timeout = Timeout::new(block.0, timeout);
        timeout.check_exactly()?;
        self.take(py, timeout)
    }

    /// Removes and returns the oldest item; raises Empty if there is none.
    #[inline]
    fn get_nowait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.take(py, Timeout::NoWait)
    }

    /// Whether there are no items; out of date once returned.
    fn empty(&self) -> bool {
        self.gate.count() == 0
    }

    /// The number of items; out of date once returned.
    fn qsize(&self) -> usize {
        self.gate.count()
    }

    /// The number of threads waiting for an item. raddle only.
    fn _waiting(&self) -> usize {
        self.gate.waiting_to_get()
    }

    /// The `name=` that the program gave it, for reports, or None. raddle only.
    #[getter(_raddle_name)]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.gate.name.get(py)
    }

    fn __sizeof__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        let own: usize = slf.get_type().getattr("__basicsize__")?.extract()?;
        Ok(own + slf.get().gate.look(|items| items.allocated()))
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if !self.made.load(Ordering::Acquire) {
            return Ok(());
        }
        // SAFETY: items are put and got by attached threads, between which the collector runs.
        let items = unsafe { &*self.gate.store_unlocked() };
        items.iter().try_for_each(|item| visit.call(item.get()))
    }

    fn __clear__(&self) {
        drop(self.gate.look(std::mem::take));
    }
}
