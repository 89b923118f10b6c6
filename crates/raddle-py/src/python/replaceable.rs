//! Names that programs replace in the modules which publish raddle's classes.
//!
//! The standard library's code looks the names of its module up when it uses them, and tests and
//! tools rely on that: after `queue.Empty = Mine`, get() raises Mine. The module that counts is
//! the one that publishes the class: `queue` and `threading` while raddle is installed,
//! `raddle.queue` and `raddle.threading` otherwise. Futures are published in
//! `concurrent.futures._base` either way.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::python::once::OnceBox;

/// A name that is looked up when it is used.
#[derive(Clone, Copy)]
pub(crate) enum Replaceable {
    Empty,
    Full,
    ShutDown,
    BrokenBarrierError,
    CancelledError,
    InvalidStateError,
    TimeoutError,
}

/// For each `Replaceable`: the module while raddle is installed, the module otherwise, the name.
const PLACES: [[&str; 3]; 7] = [
    ["queue", "raddle.queue", "Empty"],
    ["queue", "raddle.queue", "Full"],
    ["queue", "raddle.queue", "ShutDown"],
    ["threading", "raddle.threading", "BrokenBarrierError"],
    ["concurrent.futures._base", "concurrent.futures._base", "CancelledError"],
    ["concurrent.futures._base", "concurrent.futures._base", "InvalidStateError"],
    ["concurrent.futures._base", "concurrent.futures._base", "TimeoutError"],
];

struct Table {
    /// `sys.modules`.
    modules: Py<PyDict>,
    /// `PLACES`, as Python's strings.
    places: [[Py<PyString>; 3]; PLACES.len()],
}

static TABLE: OnceBox<Table> = OnceBox::new();
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Prepares the table; called when the module is imported.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    let modules = py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?.unbind();
    let text = |text: &str| PyString::intern(py, text).unbind();
    let _ = TABLE.set(Table { modules, places: PLACES.map(|place| place.map(text)) });
    Ok(())
}

/// Says whether raddle's classes are those of the standard library's modules.
#[pyfunction]
#[pyo3(name = "_publish")]
pub(crate) fn publish(installed: bool) {
    INSTALLED.store(installed, Ordering::Relaxed);
}

/// What the name stands for at this moment; None where the module is not there, or has been
/// emptied at the interpreter's end.
pub(crate) fn look_up<'py>(py: Python<'py>, name: Replaceable) -> Option<Bound<'py, PyAny>> {
    let table = TABLE.get()?;
    let [published, own, name] = &table.places[name as usize];
    let module = if INSTALLED.load(Ordering::Relaxed) { published } else { own };
    let module = table.modules.bind(py).get_item(module).ok()??;
    let found = module.cast::<PyModule>().ok()?.dict().get_item(name).ok()??;
    (!found.is_none()).then_some(found)
}

/// The error that `raise NAME` makes at this moment; `usual` is what it is if nobody knows.
#[cold]
pub(crate) fn error(py: Python<'_>, name: Replaceable, usual: impl FnOnce() -> PyErr) -> PyErr {
    // (For what is no exception, this is the TypeError of `raise`.)
    look_up(py, name).map_or_else(usual, PyErr::from_value)
}
