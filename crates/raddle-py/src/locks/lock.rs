//! `threading.Lock`.

use pyo3::prelude::*;
use pyo3::types::PyString;
use raddle::deadlock::Kind;
use raddle::{Deadline, RawLock};

use crate::locks::mutex::Mutex;
use crate::locks::padded::Padded;
use crate::python::arguments::{Arg, Flag};
use crate::python::errors;
use crate::python::registry;
use crate::python::timeout;
use crate::sites::card;

/// A lock that one thread holds at a time and any thread may release.
///
/// Made by `threading.Lock()`, which is this type from 3.13 on and a function before, as in the
/// standard library. `name` is what reports call the lock. raddle only.
#[pyclass(frozen, weakref, module = "_thread", name = "lock")]
pub(crate) struct Lock {
    core: Padded<RawLock>,
}

impl Mutex for Lock {
    type Core = RawLock;

    fn create() -> Self {
        Self { core: Padded::new(RawLock::new()) }
    }

    fn padded(&self) -> &Padded<RawLock> {
        &self.core
    }
}

impl Lock {
    #[inline]
    fn take(
        &self,
        py: Python<'_>,
        blocking: bool,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let until = timeout::of_acquire(blocking, timeout)?;
        let seize = |core: &RawLock| core.try_acquire() || core.seize();
        self.take_by(py, until, RawLock::acquire_fast, seize, RawLock::acquire_with)
    }

    /// [`take`](Self::take) for a `with` block, which ends in the same thread.
    #[inline]
    pub(crate) fn enter(&self, py: Python<'_>) -> PyResult<bool> {
        let seize = |core: &RawLock| core.try_enter() || core.seize_entered();
        self.take_by(py, Deadline::NEVER, RawLock::enter_fast, seize, RawLock::enter_with)
    }

    #[inline]
    fn give(&self) -> PyResult<()> {
        if self.core.try_release() { Ok(()) } else { Err(errors::misuse(UNLOCKED)) }
    }

    #[inline]
    pub(crate) fn exit(&self) -> PyResult<()> {
        if self.core.exit() { Ok(()) } else { Err(errors::misuse(UNLOCKED)) }
    }
}

/// A lock that is not checked: it says when a thread has ended, and nobody really holds it. (The
/// check for races knows it, as a signal.)
#[pyfunction]
#[pyo3(name = "_signal_lock")]
pub(crate) fn signal_lock(py: Python<'_>) -> Lock {
    let lock = Lock::create();
    if raddle::race::checks() {
        card::give(py, Kind::Lock, |card| lock.core().check(card.of_signal()));
    }
    lock
}

const UNLOCKED: &str = "release unlocked lock: call acquire() before release(), once for each; \
                        'with lock:' does both";

#[pymethods]
impl Lock {
    #[cfg(Py_3_13)]
    #[new]
    #[pyo3(signature = (*, name = None))]
    fn new<'py>(
        py: Python<'py>,
        name: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let name = crate::locks::name::read(name, "Lock")?;
        let lock = Self::object(py)?.into_bound(py);
        lock.get().set_name(py, name);
        Ok(lock)
    }

    #[cfg(not(Py_3_13))]
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(
        _args: &Bound<'_, pyo3::types::PyTuple>,
        _kwargs: Option<&Bound<'_, pyo3::types::PyDict>>,
    ) -> PyResult<Self> {
        Err(pyo3::exceptions::PyTypeError::new_err("cannot create '_thread.lock' instances"))
    }

    /// Takes the lock, waiting for it if `blocking`, for at most `timeout` seconds (-1: no
    /// limit); returns whether it was taken.
    ///
    /// Raises ValueError for a negative timeout, or one without blocking; OverflowError for one
    /// too large. A signal handler that raises ends the wait.
    #[inline]
    #[pyo3(
        signature = (blocking = Flag(true), timeout = Arg::Missing),
        text_signature = "($self, blocking=True, timeout=-1)"
    )]
    fn acquire(&self, py: Python<'_>, blocking: Flag, timeout: Arg<'_>) -> PyResult<bool> {
        self.take(py, blocking.0, timeout.given())
    }

    /// Releases the lock, whichever thread holds it. Raises RuntimeError if none does.
    #[inline]
    fn release(&self) -> PyResult<()> {
        self.give()
    }

    /// Whether some thread holds the lock.
    fn locked(&self) -> bool {
        self.core.is_locked()
    }

    #[inline]
    fn __enter__(&self, py: Python<'_>) -> PyResult<bool> {
        self.enter(py)
    }

    #[inline]
    #[pyo3(signature = (_kind = None, _error = None, _traceback = None, /))]
    fn __exit__(
        &self,
        _kind: Option<&Bound<'_, PyAny>>,
        _error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.exit()
    }

    /// An obsolete synonym of acquire().
    #[pyo3(
        signature = (blocking = Flag(true), timeout = Arg::Missing),
        text_signature = "($self, blocking=True, timeout=-1)"
    )]
    fn acquire_lock(&self, py: Python<'_>, blocking: Flag, timeout: Arg<'_>) -> PyResult<bool> {
        self.take(py, blocking.0, timeout.given())
    }

    /// An obsolete synonym of release().
    fn release_lock(&self) -> PyResult<()> {
        self.give()
    }

    /// An obsolete synonym of locked().
    fn locked_lock(&self) -> bool {
        self.core.is_locked()
    }

    fn _at_fork_reinit(&self) {
        // SAFETY: Python calls this in a forked child, which has one thread.
        unsafe { self.core.reset_after_fork() };
    }

    /// The number of threads waiting for the lock. raddle only.
    fn _waiting(&self) -> usize {
        self.core.waiting()
    }

    /// The `name=` that the program gave it, for reports, or None. raddle only.
    #[getter(_raddle_name)]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.core.name.get(py)
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        let core = slf.get().core();
        let state = if core.is_locked() { "locked" } else { "unlocked" };
        let held = registry::held_by(slf.py(), core.owner().unwrap_or(0));
        let place = errors::place(slf.as_any());
        let text = format!("<{state} _thread.lock object{held} at {place}>");
        Ok(PyString::new(slf.py(), &text))
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }
}
