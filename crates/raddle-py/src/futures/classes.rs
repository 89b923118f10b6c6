//! What the futures need of `raddle.futures`, which hands it in when it is imported.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::futures::state::Future;
use crate::python::allocate;
use crate::python::call;
use crate::python::interned::intern;
use crate::python::once::OnceBox;

/// Classes and functions of the Python side.
pub(crate) struct Kit {
    /// The public class, a subclass of this crate's and of the standard library's.
    future: Py<PyType>,
    pub(crate) cancelled: Py<PyType>,
    pub(crate) invalid_state: Py<PyType>,
    /// `log(what, future, error)`.
    log: Py<PyAny>,
}

/// What the executors need besides.
struct Tools {
    /// `queue.Empty`.
    empty: Py<PyType>,
    /// The names of `concurrent.futures.thread`, with the flag `_shutdown`.
    thread: Py<PyDict>,
}

static KIT: OnceBox<Kit> = OnceBox::new();
static TOOLS: OnceBox<Tools> = OnceBox::new();
/// Where in a future PyO3 keeps the Rust value, in bytes.
static OFFSET: AtomicUsize = AtomicUsize::new(0);

/// Hands the kit in; later calls change nothing.
#[pyfunction]
#[pyo3(name = "_equip")]
pub(crate) fn equip(
    future: Py<PyType>,
    cancelled: Py<PyType>,
    invalid_state: Py<PyType>,
    log: Py<PyAny>,
    py: Python<'_>,
) -> PyResult<()> {
    OFFSET.store(allocate::offset(&Bound::new(py, Future::create())?), Ordering::Relaxed);
    let _ = KIT.set(Kit { future, cancelled, invalid_state, log });
    Ok(())
}

/// Hands in what executors need; later calls change nothing.
#[pyfunction]
#[pyo3(name = "_equip_executor")]
pub(crate) fn equip_executor(empty: Py<PyType>, thread: Py<PyDict>) {
    let _ = TOOLS.set(Tools { empty, thread });
}

fn tools() -> PyResult<&'static Tools> {
    TOOLS.get().ok_or_else(unequipped)
}

/// `queue.Empty()`.
pub(crate) fn empty(py: Python<'_>) -> PyErr {
    match tools() {
        Ok(tools) => PyErr::from_type(tools.empty.bind(py).clone(), ()),
        Err(error) => error,
    }
}

/// Whether the interpreter's exit has ended the executors.
#[inline]
pub(crate) fn is_shut_down(py: Python<'_>) -> PyResult<bool> {
    match tools()?.thread.bind(py).get_item(intern!(py, "_shutdown"))? {
        Some(flag) => call::truth(&flag),
        None => Ok(false),
    }
}

fn unequipped() -> PyErr {
    PyRuntimeError::new_err("raddle.futures has to be imported first")
}

impl Kit {
    #[inline]
    pub(crate) fn get() -> PyResult<&'static Self> {
        KIT.get().ok_or_else(unequipped)
    }

    /// Whether a future is of the public class itself.
    #[inline]
    pub(crate) fn is_plain(&self, future: &Bound<'_, Future>) -> bool {
        // SAFETY: the reference is live.
        unsafe { ffi::Py_TYPE(future.as_ptr()) == self.future.as_ptr().cast() }
    }

    /// A new future of the public class.
    #[inline]
    pub(crate) fn make_future<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Future>> {
        let kind = self.future.as_ptr().cast::<ffi::PyTypeObject>();
        let offset = OFFSET.load(Ordering::Relaxed);
        // SAFETY: the class is a subclass of `Future`'s, whose instances have it at `offset`; it
        // has no other state that its `__new__` would fill in.
        unsafe {
            let object = allocate::allocate(kind, offset, Future::create());
            Ok(Bound::from_owned_ptr_or_err(py, object)?.cast_into_unchecked())
        }
    }

    /// Has the Python side log something.
    pub(crate) fn log(
        &self,
        py: Python<'_>,
        what: &str,
        future: &Bound<'_, PyAny>,
        error: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let args = (what, future, error).into_pyobject(py)?;
        call::call(self.log.bind(py), &args, None).map(drop)
    }
}
