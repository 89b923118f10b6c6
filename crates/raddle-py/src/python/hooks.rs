//! What Python hands to Rust: its classes, functions and names, in one table.
//!
//! A module of the package hands its own in when it is imported, all in one call:
//! `_equip(name=object, ...)`. The first object of a name is the one for good: what a fresh copy of
//! a module hands in later changes nothing. Reading one takes a load.

use std::fmt::Write;

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::python::once::OnceBox;

/// A place of the table.
pub(crate) struct Hook {
    name: &'static str,
    /// The module that hands it in when it is imported.
    module: &'static str,
    kind: Required,
    object: OnceBox<Py<PyAny>>,
}

/// What an object has to be.
#[derive(Clone, Copy)]
enum Required {
    Class,
    Function,
    /// The `__dict__` of a module.
    Names,
}

macro_rules! hooks {
    ($($module:literal: {$($(#[$doc:meta])* $hook:ident = $name:literal, $kind:ident;)*})*) => {
        $($($(#[$doc])* pub(crate) static $hook: Hook = Hook {
            name: $name,
            module: $module,
            kind: Required::$kind,
            object: OnceBox::new(),
        };)*)*

        static ALL: &[&Hook] = &[$($(&$hook),*),*];
    };
}

hooks! {
    "raddle.threading": {
        /// The names of the standard library's `threading`, in which the registry of threads is.
        THREADING = "threading", Names;
        /// `BrokenBarrierError`.
        BROKEN_BARRIER = "broken_barrier", Class;
    }
    "raddle.queue": {
        /// `queue.Empty`.
        EMPTY = "empty", Class;
        /// `queue.Full`.
        FULL = "full", Class;
        /// `queue.ShutDown`.
        SHUT_DOWN = "shut_down", Class;
    }
    "raddle._futures.future": {
        /// The public class, a subclass of this crate's and of the standard library's.
        FUTURE = "future", Class;
        /// `CancelledError`.
        CANCELLED = "cancelled", Class;
        /// `InvalidStateError`.
        INVALID_STATE = "invalid_state", Class;
        /// `log(what, future, error)`.
        LOG = "log", Function;
    }
    "raddle._futures.executor": {
        /// `queue.Empty`, as executors know it.
        EXECUTOR_EMPTY = "executor_empty", Class;
        /// The names of `concurrent.futures.thread`, with the flag `_shutdown`.
        EXECUTOR_THREAD = "executor_thread", Names;
    }
    "raddle._explore.run": {
        /// Returns what a wait raises in a thread that takes turns, where none of them can go on:
        /// `stuck(tells)`, in one of the threads that are stuck before the others leave.
        STUCK = "stuck", Function;
    }
    "raddle._futures.cut": {
        /// `raddle.Cancelled`.
        SCOPE_CANCELLED = "scope_cancelled", Class;
        /// `cut(late, kind, object)` returns what a wait raises because its scope has ended, as its
        /// deadline has passed (`late`) or it was cancelled.
        CUT = "cut", Function;
        /// `left(scope, error, late, outer)` is called when a scope is left that has cut a wait, or
        /// by an exception; returns whether that goes no further, or what is raised instead.
        LEFT = "left", Function;
        /// `time.sleep`, the interpreter's own.
        SLEEP = "sleep", Function;
    }
    "raddle._futures.reach": {
        /// What the thread runs that looks after those that compute in a scope.
        WATCH = "watch", Function;
        /// `reached(key, late, code, offset)` returns what the calling thread raises where it is, or what
        /// `sys.monitoring` is told.
        REACHED = "reached", Function;
    }
    "raddle._diagnose.deadlock": {
        /// What is called when a deadlock is found, perhaps in another thread than that which
        /// found it (`finder`): `deadlock(finder, kind, ring, certain, may_raise, waits)`.
        ///
        /// An exception that it returns is raised in the finder, if `may_raise`. From a tuple of a
        /// function and its arguments, the function is called there, and what this returns counts.
        /// "later" has it called again after a second, "dismissed" no more as long as the same
        /// threads wait.
        DEADLOCK = "deadlock", Function;
    }
    "raddle._diagnose.lock_order": {
        /// What is called for a lock order that contradicts another: `lock_order(finder, links)`,
        /// a link being `((number, kind, name, made), held, next, thread)`. What it returns counts
        /// as with `DEADLOCK`.
        LOCK_ORDER = "lock_order", Function;
    }
    "raddle._diagnose.race.told": {
        /// What is called for two accesses that nothing orders:
        /// `race(finder, harm, mine, other, object, name, (is_item, key), guards)`, an access
        /// being `(what, code, offset, thread, locks)`. What it returns counts as with
        /// `DEADLOCK`, but an exception is only printed: an access can raise nothing.
        RACE = "race", Function;
    }
    "raddle._explore.points": {
        /// What a thread that takes turns calls before a racing access:
        /// `turn(code, offset, name, writes)`.
        TURN = "turn", Function;
        /// `says_nothing()`, whether the calling thread's state could be a new one, but for its
        /// locals. It is in Python: what was to be raised in the thread is raised in it.
        SAYS_NOTHING = "says_nothing", Function;
    }
    "raddle._pytest.runner": {
        /// What the main thread calls before it looks whether all are asleep: `bystanders()`
        /// returns a list of `(ident, native_id)`, the threads that wake no other.
        BYSTANDERS = "bystanders", Function;
    }
}

impl Hook {
    #[inline]
    pub(crate) fn get(&self) -> Option<&Py<PyAny>> {
        self.object.get()
    }

    /// The object, or a RuntimeError that says which module has to be imported.
    #[inline]
    pub(crate) fn need(&self) -> PyResult<&Py<PyAny>> {
        self.get().ok_or_else(|| self.missing())
    }

    /// The object; imports the module that hands it in, if need be.
    pub(crate) fn import(&self, py: Python<'_>) -> PyResult<&Py<PyAny>> {
        if self.get().is_none() {
            py.import(self.module)?;
        }
        self.need()
    }

    pub(crate) fn module(&self) -> &'static str {
        self.module
    }

    #[cold]
    fn missing(&self) -> PyErr {
        let Self { name, module, .. } = self;
        PyRuntimeError::new_err(format!(
            "{module} has to be imported first: it hands '{name}' in"
        ))
    }

    /// Raises TypeError if it cannot be this object.
    fn check(&self, object: &Bound<'_, PyAny>) -> PyResult<()> {
        let (fits, what) = match self.kind {
            Required::Class => (object.is_instance_of::<PyType>(), "a class"),
            Required::Function => (object.is_callable(), "a function"),
            Required::Names => {
                (object.is_exact_instance_of::<PyDict>(), "the names of a module")
            }
        };
        if fits {
            return Ok(());
        }
        let name = self.name;
        Err(PyTypeError::new_err(format!("'{name}' has to be {what}, not {object:?}")))
    }
}

/// Hands classes and functions in, see [`Hook`]; the first of a name counts.
///
/// Raises TypeError for a name that is not known, for a missing one that the same module hands in,
/// and for what is no class, no function, or no names of a module, where one is needed. Nothing is
/// changed then.
#[pyfunction]
#[pyo3(name = "_equip", signature = (**hooks))]
pub(crate) fn equip(hooks: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    let Some(hooks) = hooks else { return Ok(()) };
    let mut given = Vec::new();
    for hook in ALL {
        if let Some(object) = hooks.get_item(hook.name)? {
            hook.check(&object)?;
            given.push((*hook, object));
        }
    }
    if given.len() < hooks.len() {
        return Err(unknown(hooks, &given));
    }
    for missing in ALL {
        if let Some((hook, _)) = given.iter().find(|(hook, _)| hook.module == missing.module)
            && hooks.get_item(missing.name)?.is_none()
        {
            return Err(PyTypeError::new_err(format!(
                "'{}' is missing: '{}' and it are handed in together, by {}",
                missing.name, hook.name, hook.module
            )));
        }
    }
    for (hook, object) in given {
        let _ = hook.object.set(object.unbind());
    }
    Ok(())
}

#[cold]
fn unknown(hooks: &Bound<'_, PyDict>, given: &[(&Hook, Bound<'_, PyAny>)]) -> PyErr {
    let is_given = |name: &str| given.iter().any(|(hook, _)| hook.name == name);
    let mut names = hooks.iter().map(|(name, _)| name.to_string());
    let name = names.find(|name| !is_given(name)).unwrap_or_default();
    // (LLVM works at `join` for minutes, since it knows each length.)
    let mut all = String::new();
    for hook in ALL {
        let _ = write!(all, "{}{}", if all.is_empty() { "" } else { ", " }, hook.name);
    }
    PyTypeError::new_err(format!("'{name}' is none of {all}"))
}
