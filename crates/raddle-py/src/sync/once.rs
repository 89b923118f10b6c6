//! `raddle.sync.Once`: a call that is made once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyException, PyRuntimeError, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use raddle::deadlock::Kind;
use raddle::{Deadline, RLock};

use crate::blocking::attached::Attached;
use crate::python::call::{self, OwnedPy};
use crate::python::errors;
use crate::python::interned::intern;
use crate::python::once::OnceBox;
use crate::sites::card;

/// Calls a function once, and returns what that returned to everybody who calls it.
///
/// function: is called without arguments, by the first that calls this. Those that call it meanwhile
/// wait, and get the result; or the error, if there is one: the next call then tries again. Raises
/// RuntimeError if the function calls this itself, and TypeError for arguments. The standard library's
/// `functools.cache` calls the function twice if two threads are the first.
#[pyclass(frozen, dict, weakref, module = "raddle.sync")]
pub(crate) struct Once {
    function: OwnedPy,
    /// What it is called in the body of a class.
    name: OnceBox<OwnedPy>,
    /// Set once.
    value: OnceBox<OwnedPy>,
    /// Held by the thread that calls the function.
    turn: RLock,
    failed: Mutex<Failed>,
    /// Threads that wait for the turn, or are about to take it.
    waiting: AtomicUsize,
}

/// The calls that have failed.
#[derive(Default)]
struct Failed {
    count: u64,
    error: Option<OwnedPy>,
}

impl Once {
    fn calling(function: Bound<'_, PyAny>) -> Self {
        let turn = RLock::new();
        if card::are_on() {
            let py = function.py();
            card::give(py, Kind::Once, |card| turn.check(card));
            let name = call::getattr(&function, intern!(py, "__qualname__"));
            if let Some(card) = turn.card()
                && let Some(name) = name.ok().and_then(|name| name.extract::<String>().ok())
            {
                card.call(&name);
            }
        }
        Self {
            function: OwnedPy::new(function.unbind()),
            name: OnceBox::new(),
            value: OnceBox::new(),
            turn,
            failed: Mutex::new(Failed::default()),
            waiting: AtomicUsize::new(0),
        }
    }

    fn failed(&self) -> MutexGuard<'_, Failed> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn first(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if self.turn.is_owned() {
            return Err(PyRuntimeError::new_err(
                "this function is called once, and calls itself before it has returned",
            ));
        }
        let seen = self.failed().count;
        let until = Deadline::NEVER;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let taken = self.turn.acquire_with(&mut Attached::to_wait(py, until)?.on(self), until);
        let others = self.waiting.fetch_sub(1, Ordering::Relaxed) - 1;
        taken?;
        let _turn = Turn(&self.turn);
        if let Some(value) = self.value.get() {
            return Ok(value.get().clone_ref(py));
        }
        let error = {
            let mut failed = self.failed();
            let kept = failed.error.as_ref().filter(|_| failed.count != seen);
            let error = kept.map(|error| error.get().clone_ref(py));
            let last = if others == 0 { failed.error.take() } else { None };
            drop(failed);
            drop(last);
            error
        };
        if let Some(error) = error {
            return Err(call::raised(error.into_bound(py))); // That of the call it has waited for.
        }
        match call::call0(self.function.get().bind(py)) {
            Ok(value) => {
                let _ = self.value.set(OwnedPy::new(value.clone().unbind()));
                let before = self.failed().error.take();
                drop(before);
                Ok(value.unbind())
            }
            // What ends a thread is its own: the next one makes the call.
            Err(error) if !error.is_instance_of::<PyException>(py) => Err(error),
            Err(error) if self.waiting.load(Ordering::Relaxed) == 0 => Err(error),
            Err(error) => {
                let kept = Some(OwnedPy::new(error.value(py).clone().into_any().unbind()));
                let before = {
                    let mut failed = self.failed();
                    failed.count += 1;
                    std::mem::replace(&mut failed.error, kept)
                };
                drop(before);
                Err(error)
            }
        }
    }
}

struct Turn<'a>(&'a RLock);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}

#[pymethods]
impl Once {
    #[new]
    #[pyo3(signature = (function, /))]
    fn new(function: Bound<'_, PyAny>) -> PyResult<Self> {
        if !function.is_callable() {
            let given = call::repr(&function)?;
            return Err(PyTypeError::new_err(format!(
                "what is called once has to be a function, not {given}"
            )));
        }
        Ok(Self::calling(function))
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__(
        slf: &Bound<'_, Self>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let (py, once) = (args.py(), slf.get());
        let is_named = kwargs.is_some_and(|kwargs| !kwargs.is_empty());
        if args.len() == 1 && !is_named && once.name.get().is_some() {
            let own = Self::__get__(slf, &args.get_item(0)?, None)?; // As of a class.
            return call::call0(&own).map(Bound::unbind);
        }
        if !args.is_empty() || is_named {
            return Err(PyTypeError::new_err(
                "a function that is called once takes no arguments: a later caller's would be \
                 ignored",
            ));
        }
        match once.value.get() {
            // (Where orders of locks are checked, the turn is taken each time: in another run this
            // may be the first call.)
            Some(value) if once.turn.card().is_none() => Ok(value.get().clone_ref(py)),
            _ => once.first(py),
        }
    }

    fn __set_name__(&self, _owner: &Bound<'_, PyAny>, name: Bound<'_, PyAny>) {
        let _ = self.name.set(OwnedPy::new(name.unbind()));
    }

    /// Of an instance, what calls the method once for that: it is in the instance's dict from then
    /// on, and found there first.
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        instance: &Bound<'py, PyAny>,
        _owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if instance.is_none() {
            return Ok(slf.clone().into_any());
        }
        let once = slf.get();
        let Some(name) = once.name.get() else {
            return Err(PyTypeError::new_err(
                "what is called once for each instance has to be in the body of a class",
            ));
        };
        let names = call::getattr(instance, intern!(py, "__dict__")).map_err(|_| {
            let kind = instance.get_type();
            PyTypeError::new_err(format!(
                "{kind} has no __dict__ to keep what is called once in"
            ))
        })?;
        let bind = call::getattr(once.function.get().bind(py), intern!(py, "__get__"))?;
        let method = call::call1(&bind, instance)?;
        let own = Bound::new(py, Self::calling(method))?;
        let given = (name.get(), own).into_pyobject(py)?;
        call::call(&call::getattr(&names, intern!(py, "setdefault"))?, &given, None)
    }

    /// Whether the function has returned.
    fn _done(&self) -> bool {
        self.value.get().is_some()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.function.get())?;
        for value in self.value.all() {
            visit.call(value.get())?;
        }
        match self.failed.try_lock() {
            Ok(failed) => failed.error.as_ref().map_or(Ok(()), |error| visit.call(error.get())),
            Err(_) => Ok(()),
        }
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }
}
