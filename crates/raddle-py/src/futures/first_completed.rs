//! Waiting for the first of many futures.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyList, PySet};
use raddle::deadlock::{self, Kind, Provider};
use raddle::pool::{Seat, Tasks};

use crate::blocking::attached::Attached;
use crate::futures::state::Future;
use crate::python::call::OwnedPy;
use crate::python::timeout;

/// Futures that were watched and are done, in the order in which they ended.
#[pyclass(frozen, weakref, module = "raddle._raddle", name = "_Completed")]
pub(crate) struct Completed {
    done: Tasks<OwnedPy>,
    /// The pool whose workers end all of the futures, or 0; once that is known, it is so for
    /// those that are left.
    pool: AtomicUsize,
    /// How many were left when that was last looked for.
    looked: AtomicUsize,
}

/// Up to so many futures are looked at each time.
const FEW: usize = 100;

impl Completed {
    /// Which pool ends these futures, for a worker that waits for them: it may be its
    /// own pool. (So many are looked at only if they have become half as many since.)
    fn provider(&self, futures: &Bound<'_, PySet>) -> Provider {
        let known = self.pool.load(Ordering::Relaxed);
        if known != 0 {
            return Provider::Pool { pool: known };
        }
        let left = futures.len();
        if !deadlock::serves() || left > FEW.max(self.looked.load(Ordering::Relaxed) / 2) {
            return Provider::Anyone;
        }
        self.looked.store(left, Ordering::Relaxed);
        let mut pools =
            futures.iter().map(|future| match future.cast::<Future>().ok()?.get().provider() {
                Provider::Pool { pool } => Some(pool),
                Provider::Thread { thread, .. } => deadlock::served(thread),
                Provider::Anyone => None,
            });
        let Some(Some(pool)) = pools.next() else { return Provider::Anyone };
        if pools.any(|other| other != Some(pool)) {
            return Provider::Anyone;
        }
        self.pool.store(pool, Ordering::Relaxed);
        Provider::Pool { pool }
    }

    /// A future is done; called by the thread that ended it.
    pub(crate) fn tell(&self, future: &Bound<'_, Future>) {
        let _ = self.done.push_always(OwnedPy::new(future.clone().into_any().unbind()));
    }
}

#[pymethods]
impl Completed {
    #[new]
    fn new() -> Self {
        Self {
            done: Tasks::new(),
            pool: AtomicUsize::new(0),
            looked: AtomicUsize::new(usize::MAX),
        }
    }

    /// Waits for the future's end, too. Returns False if there is nothing to wait for.
    fn add(slf: &Bound<'_, Self>, future: &Bound<'_, Future>) -> bool {
        future.get().watch(slf)
    }

    /// Stops waiting for the future.
    fn remove(slf: &Bound<'_, Self>, future: &Bound<'_, Future>) {
        future.get().unwatch(slf);
    }

    /// Returns the futures that have ended since, waiting for one for at most `timeout` seconds
    /// (None: no limit); an empty list if there is none by then. `futures` are those that are
    /// left.
    fn wait<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<&Bound<'py, PyAny>>,
        futures: &Bound<'py, PySet>,
    ) -> PyResult<Bound<'py, PyList>> {
        let until = timeout::of_wait(timeout)?;
        let mut seat = Seat::new();
        let slept = if self.done.is_empty() {
            let mut attached = Attached::to_wait(py, until)?
                .on(self)
                .kind(Kind::Futures)
                .provided_by(self.provider(futures));
            self.done.sleep(&mut seat, &mut attached, until)
        } else {
            Ok(true)
        };
        self.done.leave(&mut seat);
        slept?;
        let list = PyList::empty(py);
        for future in self.done.drain(0) {
            list.append(future.get())?;
        }
        Ok(list)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: only attached threads add or take, and none runs during a collection.
        unsafe { self.done.each(|future| visit.call(future.get())) }
    }

    fn __clear__(&self) {
        drop(self.done.drain(0));
    }
}
