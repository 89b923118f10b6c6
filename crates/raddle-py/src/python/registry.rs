//! The threads that `threading` knows: what they are called, and how those that failed leave it.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::python::call;
use crate::python::hooks;
use crate::python::interned::intern;

/// Takes a thread that has ended out of `_limbo` and `_active`, if it has not done so itself: it
/// may have `failed` anywhere, or have been a function of somebody else's from its first line.
///
/// It calls no Python function, since a trace function, or one that monitors, may be what failed.
pub(crate) fn forget<'py>(thread: &Bound<'py, PyAny>, ident: usize, failed: bool) {
    let py = thread.py();
    let Some(names) = hooks::THREADING.get() else { return };
    // SAFETY: the hook takes a dict only.
    let names = unsafe { names.bind(py).cast_unchecked::<PyDict>() };
    let find = |name| names.get_item(name).ok().flatten();
    let number = number(py, ident).ok();
    let limbo = find(intern!(py, "_limbo")).filter(|limbo| is_in(limbo, thread));
    let active = find(intern!(py, "_active")).filter(|active| {
        let active = active.cast_exact::<PyDict>().ok();
        let found = active.and_then(|active| active.get_item(number.as_ref()?).ok().flatten());
        found.is_some_and(|found| found.is(thread))
    });
    if !failed && limbo.is_none() && active.is_none() {
        return;
    }
    // Others iterate over the dicts while they hold it.
    let lock = find(intern!(py, "_active_limbo_lock"));
    let call = |name: &Bound<'py, PyString>| call::method0(lock.as_ref()?, name).ok();
    let held = call(intern!(py, "acquire"));
    for (dict, key) in [(limbo, Some(thread.clone())), (active, number)] {
        if let (Some(dict), Some(key)) = (dict, key) {
            let _ = call::del_item(&dict, &key);
        }
    }
    let mut released = held.and_then(|_| call(intern!(py, "release")));
    // What failed on the last line of a `with` has left the lock held, and nobody else can
    // release it.
    let is_owned = || call(intern!(py, "_is_owned")).and_then(|owned| call::truth(&owned).ok());
    while failed && released.is_some() && is_owned() == Some(true) {
        released = call(intern!(py, "release"));
    }
}

/// Whether `key in dict`, quickly if that is empty.
fn is_in(dict: &Bound<'_, PyAny>, key: &Bound<'_, PyAny>) -> bool {
    let is_empty = dict.cast_exact::<PyDict>().is_ok_and(|dict| dict.is_empty());
    !is_empty && call::contains(dict, key).unwrap_or(false)
}

/// A number as an object; PyO3's own way panics where memory runs out.
pub(crate) fn number(py: Python<'_>, value: usize) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: attached; a new reference, or null with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyLong_FromSize_t(value)) }
}

/// The identifier of the interpreter's main thread, as far as the modules know it that are loaded.
pub(crate) fn main_ident(py: Python<'_>) -> Option<usize> {
    let modules = py.import("sys").and_then(|sys| sys.getattr("modules")).ok()?;
    let modules = modules.cast_into::<PyDict>().ok()?;
    let module = |name| modules.get_item(name).ok().flatten();
    let told = module("_thread")
        .and_then(|thread| thread.call_method0("_get_main_thread_ident").ok()) // from 3.13 on
        .or_else(|| {
            module("threading")?.call_method0("main_thread").ok()?.getattr("ident").ok()
        });
    told?.extract().ok()
}

/// ` held by 'name'`, for the repr of a lock that a thread holds; empty if no name is known.
pub(crate) fn held_by(py: Python<'_>, owner: usize) -> String {
    if owner == 0 {
        return String::new();
    }
    let name = known(py, owner).and_then(|name| call::repr(&name).ok());
    name.map_or_else(String::new, |name| format!(" held by {name}"))
}

/// The name of the thread with this identifier, if `threading` knows it. (That of a subclass
/// which was given none has the class: see `called` in `stack.py`.)
pub(crate) fn name(py: Python<'_>, ident: usize) -> Option<String> {
    Some(known(py, ident)?.to_string_lossy().into_owned())
}

fn known(py: Python<'_>, ident: usize) -> Option<Bound<'_, PyString>> {
    let threading = module(py, "threading")?;
    let active = call::getattr(&threading, intern!(py, "_active")).ok()?;
    let thread = active.cast::<PyDict>().ok()?.get_item(number(py, ident).ok()?).ok()??;
    let name = call::getattr(&thread, intern!(py, "_name")).ok()?;
    let name = name.cast_into_exact::<PyString>().ok()?;
    let text = name.to_string_lossy();
    let number = text.strip_prefix("Thread-").unwrap_or_default();
    if !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()) {
        let kind = thread.get_type().name().ok()?.to_string_lossy().into_owned();
        if kind != "Thread" {
            return Some(PyString::new(py, &format!("{text} ({kind})")));
        }
    }
    drop(text);
    Some(name)
}

/// A module that is loaded, without running any code of the program. (An import may: a program can
/// replace `__import__`.)
pub(crate) fn module<'py>(py: Python<'py>, name: &str) -> Option<Bound<'py, PyAny>> {
    // SAFETY: attached; the dict is the interpreter's, and null before it has one.
    let modules =
        unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyImport_GetModuleDict()) }?;
    modules.cast::<PyDict>().ok()?.get_item(name).ok()?
}
