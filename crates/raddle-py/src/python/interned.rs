//! The names that are looked up in Python objects, made when the module is imported.
//!
//! (PyO3 would make each when it is first used, and others wait meanwhile. A child that is forked
//! at such a moment would wait for ever: the thread that was making it is not there.)

use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::python::call;
use crate::python::once::OnceBox;

const NAMES: &[&str] = &[
    "BaseExceptionGroup",
    "__call__",
    "__dict__",
    "__enter__",
    "__exit__",
    "__file__",
    "__get__",
    "__import__",
    "__index__",
    "__len__",
    "__length_hint__",
    "__qualname__",
    "_acquire_restore",
    "_active",
    "_active_limbo_lock",
    "_at_fork_reinit",
    "_current_frames",
    "_ended",
    "_get",
    "_grow",
    "_init",
    "_invoke_callbacks",
    "_is_owned",
    "_limbo",
    "_look",
    "_name",
    "_open",
    "_outcome",
    "_put",
    "_qsize",
    "_refuse",
    "_release_save",
    "_shutdown",
    "_submit",
    "_wind_up",
    "acquire",
    "add_cancelled",
    "add_exception",
    "add_note",
    "add_result",
    "all_tasks_done",
    "append",
    "audit",
    "block",
    "co_code",
    "co_filename",
    "co_name",
    "co_qualname",
    "empty",
    "f_locals",
    "full",
    "get",
    "join",
    "locked",
    "mutex",
    "not_empty",
    "not_full",
    "notify",
    "notify_all",
    "pop",
    "popleft",
    "put",
    "qsize",
    "queue",
    "release",
    "run",
    "self",
    "setdefault",
    "shutdown",
    "task_done",
    "tell_joiners",
    "wait",
];

static MADE: OnceBox<Vec<Py<PyString>>> = OnceBox::new();

/// Where a name is in the list; that it is there is settled when this is compiled.
pub(crate) const fn place(name: &str) -> usize {
    let mut at = 0;
    while at < NAMES.len() {
        if same(NAMES[at].as_bytes(), name.as_bytes()) {
            return at;
        }
        at += 1;
    }
    panic!("a name that is not in the list of `interned`")
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// The name at a place of the list.
#[inline]
pub(crate) fn at(py: Python<'_>, place: usize) -> &Bound<'_, PyString> {
    let made = MADE.get().expect("they are made when the module is imported");
    made[place].bind(py)
}

/// A name as a Python string: `intern!(py, "wait")`.
macro_rules! intern {
    ($py:expr, $name:literal) => {{
        const PLACE: usize = $crate::python::interned::place($name);
        $crate::python::interned::at($py, PLACE)
    }};
}
pub(crate) use intern;

/// Makes the names, and what PyO3 makes when it first needs it; before anything else.
pub(crate) fn prepare(module: &Bound<'_, PyModule>) {
    let py = module.py();
    let _ = MADE.set(NAMES.iter().map(|name| PyString::intern(py, name).unbind()).collect());
    // What PyO3 looks up by name in a class.
    let _ = PyType::new::<PyType>(py).module();
    // What a panic is raised as.
    let _ = PyType::new::<PanicException>(py);
    // That the interpreter has begun, which is asked whenever PyO3 attaches. (From 3.15 on it has
    // not while a .pth file imports this.)
    let _ = py.detach(|| Python::try_attach(|_| ()));
}

/// Makes what PyO3 needs to say which argument was wrong; when the functions are there.
pub(crate) fn prepare_errors(module: &Bound<'_, PyModule>) {
    let no_class = module.py().None().into_bound(module.py());
    let wrong = module.getattr("_barrier_error").and_then(|it| call::call1(&it, &no_class));
    debug_assert!(wrong.is_err(), "it takes a class");
}
