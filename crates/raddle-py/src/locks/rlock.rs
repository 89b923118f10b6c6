//! `threading.RLock`.

use std::ptr;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use raddle::deadlock::Kind;
use raddle::{Ownership, RLock as Core};

use crate::blocking::attached::Attached;
use crate::locks::mutex::Mutex;
use crate::locks::name;
use crate::locks::padded::Padded;
use crate::python::allocate::value_of;
use crate::python::arguments::{Arg, Flag};
use crate::python::errors;
use crate::python::registry;
use crate::python::timeout;

/// A lock that the thread which holds it may take again, to be released as often.
///
/// `name` is what reports call the lock. raddle only.
#[pyclass(frozen, subclass, weakref, module = "_thread")]
pub(crate) struct RLock {
    core: Padded<Core>,
}

impl Mutex for RLock {
    type Core = Core;

    fn create() -> Self {
        Self { core: Padded::new(Core::new()) }
    }

    fn padded(&self) -> &Padded<Core> {
        &self.core
    }
}

impl RLock {
    #[inline]
    fn take(
        &self,
        py: Python<'_>,
        blocking: bool,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let until = timeout::of_acquire(blocking, timeout)?;
        let seize = |core: &Core| core.try_acquire() || core.seize();
        self.take_by(py, until, Core::acquire_fast, seize, Core::acquire_with)
    }

    #[inline]
    pub(crate) fn enter(&self, py: Python<'_>) -> PyResult<bool> {
        self.take(py, true, None)
    }

    #[inline]
    pub(crate) fn give(&self) -> PyResult<()> {
        self.core.release().map_err(|_| not_owned(&self.core))
    }
}

/// A new RLock of a type that is RLock's or a subclass.
fn make<'py>(kind: &Bound<'py, PyType>) -> PyResult<Bound<'py, RLock>> {
    let py = kind.py();
    // SAFETY: the type is RLock's or a subclass, whose instances have no other state that wants a
    // value; `object` makes them, as PyO3 would have it do.
    unsafe {
        let new = ffi::PyBaseObject_Type.tp_new.expect("object can be made");
        let none = PyTuple::empty(py);
        let object = new(kind.as_type_ptr(), none.as_ptr(), ptr::null_mut());
        let object = Bound::from_owned_ptr_or_err(py, object)?.into_ptr();
        value_of::<RLock>(object).write(RLock::create());
        let lock = Bound::from_owned_ptr(py, object).cast_into_unchecked::<RLock>();
        lock.get().check(py);
        Ok(lock)
    }
}

/// Whether a subclass of RLock has an `__init__` of its own, which arguments are meant for.
fn has_own_init(kind: &Bound<'_, PyType>) -> bool {
    let of = |kind: *mut ffi::PyTypeObject| {
        // SAFETY: the types are alive, and their slots were filled when they were made.
        unsafe { (*kind).tp_init }.map(|init| init as usize)
    };
    of(kind.as_type_ptr()) != of(PyType::new::<RLock>(kind.py()).as_type_ptr())
}

/// Arguments to `RLock()` itself are ignored up to 3.12, deprecated up to 3.14, then refused; a
/// subclass may have its own.
fn refuse_arguments(kind: &Bound<'_, PyType>) -> PyResult<()> {
    if !cfg!(Py_3_13) || !kind.is(PyType::new::<RLock>(kind.py())) {
        return Ok(());
    }
    if cfg!(Py_3_15) {
        return Err(PyTypeError::new_err("RLock() takes no arguments"));
    }
    errors::deprecated(
        kind.py(),
        c"Passing arguments to RLock is deprecated and will be removed in 3.15",
    )
}

/// Why `release` failed: the lock is free, or another thread's.
fn not_owned(core: &Core) -> PyErr {
    errors::misuse(if core.is_locked() {
        "cannot release un-acquired lock: another thread holds it, and an RLock is released by \
         the thread that acquired it; 'with lock:' does both"
    } else {
        "cannot release un-acquired lock: call acquire() before release(), once for each; \
         'with lock:' does both"
    })
}

#[pymethods]
impl RLock {
    #[new]
    #[classmethod]
    #[pyo3(
        signature = (*args, name = None, **kwargs),
        text_signature = "(*args, name=None, **kwargs)"
    )]
    fn new<'py>(
        kind: &Bound<'py, PyType>,
        args: &Bound<'py, PyTuple>,
        name: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, Self>> {
        if !args.is_empty() || kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            refuse_arguments(kind)?;
        }
        let name = if has_own_init(kind) {
            name::read_any(name)? // It is the subclass's, and may mean something else there.
        } else {
            name::read(name, "RLock")?
        };
        let lock = make(kind)?;
        lock.get().set_name(kind.py(), name);
        Ok(lock)
    }

    /// Takes the lock once more, waiting for another holder if `blocking`, for at most `timeout`
    /// seconds (-1: no limit); returns whether it was taken.
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

    /// Undoes one acquire(). Raises RuntimeError if the calling thread does not hold the lock.
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
        self.give()
    }

    fn _is_owned(&self) -> bool {
        self.core.is_owned()
    }

    fn _recursion_count(&self) -> usize {
        if self.core.is_owned() { self.core.count() } else { 0 }
    }

    fn _release_save(&self) -> PyResult<(usize, usize)> {
        let held = self.core.release_all().map_err(|_| not_owned(&self.core))?;
        Ok((held.count, held.owner))
    }

    fn _acquire_restore(&self, py: Python<'_>, state: (usize, usize)) -> PyResult<()> {
        let (count, owner) = state;
        // The caller is about to release it: an interrupt is raised once the lock is held.
        let mut attached = Attached::new(py).on(self).kind(Kind::RLock).shielded();
        let mut outcome = Ok(());
        while let Err(error) = self.core.restore_with(&mut attached, Ownership { owner, count })
        {
            outcome = outcome.and(Err(error));
        }
        outcome
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
        let kind = slf.get_type();
        let name = format!("{}.{}", kind.module()?, kind.qualname()?);
        let (owner, count) = (core.owner(), core.count());
        let held = registry::held_by(slf.py(), owner);
        let place = errors::place(slf.as_any());
        let text =
            format!("<{state} {name} object owner={owner} count={count}{held} at {place}>");
        Ok(PyString::new(slf.py(), &text))
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }
}
