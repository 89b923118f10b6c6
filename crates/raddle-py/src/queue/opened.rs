//! Queues whose insides a program uses, or whose hooks it overrides.
//!
//! Their parts are in the instance's dict, as the standard library's are, and their operations in
//! `raddle/_threading/queues/opened.py`.

use std::sync::atomic::Ordering;

use pyo3::exceptions::PyAttributeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::state::{NATIVE, OPEN, OPENING, Order, Queue};
use super::{overridden, priority};
use crate::locks::condition::Condition;
use crate::locks::lock::Lock;
use crate::locks::mutex::Mutex;
use crate::python::call::{self, OwnedPy};
use crate::python::interned::intern;
use crate::python::once::OnceBox;

/// `module.name`, kept in `place`.
fn imported<'py>(
    py: Python<'py>,
    place: &'static OnceBox<Py<PyAny>>,
    module: &str,
    name: Option<&str>,
) -> PyResult<&'py Bound<'py, PyAny>> {
    if let Some(found) = place.get() {
        return Ok(found.bind(py));
    }
    let module = py.import(module)?.into_any();
    let found = match name {
        Some(name) => call::getattr(&module, &PyString::new(py, name))?,
        None => module,
    };
    let _ = place.set(found.unbind());
    Ok(place.get().expect("it was just set").bind(py))
}

/// `raddle._threading.queues.opened.name(queue, *arguments)`.
pub(super) fn call<'py, const N: usize>(
    queue: &Bound<'py, Queue>,
    name: &Bound<'py, PyString>,
    arguments: [Bound<'py, PyAny>; N],
) -> PyResult<Bound<'py, PyAny>> {
    static HOOKED: OnceBox<Py<PyAny>> = OnceBox::new();
    let py = queue.py();
    if queue.get().mode() == OPENING {
        // The thread that opens it holds the lock until the parts are there.
        drop(priority::Lock::take(queue.get(), py)?);
    }
    let function =
        call::getattr(imported(py, &HOOKED, "raddle._threading.queues.opened", None)?, name)?;
    let arguments = std::iter::once(queue.as_any().clone()).chain(arguments);
    let arguments = PyTuple::new(py, arguments.collect::<Vec<_>>())?;
    call::call(&function, &arguments, None)
}

pub(super) fn put<'py>(
    queue: &Bound<'py, Queue>,
    item: &OwnedPy,
    (block, timeout): (Bound<'py, PyAny>, Bound<'py, PyAny>),
) -> PyResult<()> {
    let item = item.get().bind(queue.py()).clone();
    call(queue, intern!(queue.py(), "put"), [item, block, timeout]).map(|_| ())
}

pub(super) fn get<'py>(
    queue: &Bound<'py, Queue>,
    (block, timeout): (Bound<'py, PyAny>, Bound<'py, PyAny>),
) -> PyResult<Py<PyAny>> {
    let gate = &queue.get().gate;
    gate.precede_puts();
    // (A put counts its item as unfinished, with the mutex held; the gate knows of it by that.)
    let item = call(queue, intern!(queue.py(), "get"), [block, timeout])?;
    gate.follow_puts();
    Ok(item.unbind())
}

/// `queue.name(*arguments, block=False)`.
fn without_blocking<'py>(
    queue: &Bound<'py, Queue>,
    name: &Bound<'py, PyString>,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = queue.py();
    let method = call::getattr(queue.as_any(), name)?;
    let options = PyDict::new(py);
    options.set_item(intern!(py, "block"), false)?;
    call::call(&method, arguments, Some(&options))
}

pub(super) fn put_nowait<'py>(
    queue: &Bound<'py, Queue>,
    item: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let item = PyTuple::new(queue.py(), [item])?;
    without_blocking(queue, intern!(queue.py(), "put"), &item)
}

pub(super) fn get_nowait<'py>(queue: &Bound<'py, Queue>) -> PyResult<Bound<'py, PyAny>> {
    let none = PyTuple::empty(queue.py());
    let method = intern!(queue.py(), "get");
    without_blocking(queue, method, &none)
}

/// The instance's dict.
fn dict<'py>(queue: &Bound<'py, Queue>) -> PyResult<Bound<'py, PyDict>> {
    // SAFETY: the object is live and has a dict; the call returns a new reference or null.
    let dict = unsafe {
        let dict = ffi::PyObject_GenericGetDict(queue.as_ptr(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(queue.py(), dict)
    }?;
    Ok(dict.cast_into()?)
}

/// A lock and three conditions on it.
fn furnish(queue: &Bound<'_, Queue>) -> PyResult<()> {
    let (py, dict) = (queue.py(), dict(queue)?);
    let whole = &queue.get().gate.name;
    let mutex = Py::new(py, Lock::create())?;
    if raddle::race::checks() {
        mutex.get().check(py); // Programs take it, to reach for what is inside.
    }
    mutex.get().named().set_part(py, whole, "mutex")?;
    for name in
        [intern!(py, "not_empty"), intern!(py, "not_full"), intern!(py, "all_tasks_done")]
    {
        let condition = Py::new(py, Condition::over(mutex.clone_ref(py)))?;
        condition.get().named().set_part(py, whole, name.to_str()?)?;
        dict.set_item(name, condition)?;
    }
    dict.set_item(intern!(py, "mutex"), mutex)
}

/// A container as the standard library's queue of that order has, and the name of its method
/// that adds an item.
fn container<'py>(py: Python<'py>, order: Order) -> PyResult<Bound<'py, PyAny>> {
    static DEQUE: OnceBox<Py<PyAny>> = OnceBox::new();
    match order {
        Order::First => call::call0(imported(py, &DEQUE, "collections", Some("deque"))?),
        Order::Last | Order::Least => Ok(PyList::empty(py).into_any()),
    }
}

/// Opens a native queue; does nothing if it is open.
#[cold]
pub(super) fn open(queue: &Bound<'_, Queue>) -> PyResult<()> {
    let (py, this) = (queue.py(), queue.get());
    let _lock = priority::Lock::take(this, py)?;
    match this.mode() {
        NATIVE => this.mode.store(OPENING, Ordering::Release),
        // A thread of the parent process was at it when this one was forked.
        OPENING if this.lock.get().count() == 1 => {}
        _ => return Ok(()), // By another thread, or by this one, which a destructor led here.
    }
    // Everything is made before the items move: from there on no collection, so no destructor,
    // can come in between.
    let made = furnish(queue).and_then(|()| {
        let container = container(py, this.order)?;
        let append = call::getattr(&container, intern!(py, "append"))?;
        dict(queue)?.set_item(intern!(py, "queue"), container)?;
        Ok(append)
    });
    let append = match made {
        Ok(append) => append,
        Err(error) => {
            this.mode.store(NATIVE, Ordering::Release);
            return Err(error);
        }
    };
    let mut moved = Ok(());
    if let Some((items, shut)) = this.gate.retire(|contents| contents.items.take()) {
        moved = items.try_for_each(|item| {
            let item = item.into_inner().into_bound(py);
            call::call(&append, &PyTuple::new(py, [item])?, None).map(|_| ())
        });
        this.shut.store(shut, Ordering::Relaxed);
    }
    this.mode.store(OPEN, Ordering::Release);
    moved
}

/// Ends the `__init__` of a queue with hooks of its own: it is open from the start.
pub(super) fn begin(queue: &Bound<'_, Queue>) -> PyResult<()> {
    let (py, this) = (queue.py(), queue.get());
    let old = {
        // A second `__init__`: others may be looking at the heap.
        let _lock = priority::Lock::take(this, py)?;
        this.gate.retire(|contents| contents.items.take())
    };
    drop(old);
    let init = call::getattr(queue.as_any(), intern!(py, "_init"))?;
    let maxsize = this.maxsize(py)?;
    call::call(&init, &PyTuple::new(py, [maxsize])?, None)?;
    furnish(queue)?;
    this.gate.set_unfinished(0);
    this.shut.store(false, Ordering::Relaxed);
    this.mode.store(OPEN, Ordering::Release);
    Ok(())
}

/// A second `__init__`: makes the queue as good as new.
#[cold]
pub(super) fn renew(queue: &Bound<'_, Queue>) -> PyResult<()> {
    let (py, this) = (queue.py(), queue.get());
    if overridden::examine(queue)?.hooked || !this.is_native() {
        return begin(queue);
    }
    let old = {
        let _lock = priority::Lock::take(this, py)?;
        this.gate.reopen();
        this.gate.set_unfinished(0);
        this.gate.look(|contents| contents.items.take())
    };
    drop(old);
    this.gate.nudge();
    Ok(())
}

/// `mutex`, `queue` and the like: opens the queue, and looks into its dict.
#[cold]
pub(super) fn part<'py>(
    queue: &Bound<'py, Queue>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    settle(queue)?;
    dict(queue)?.get_item(name)?.ok_or_else(|| missing(queue, name))
}

#[cold]
pub(super) fn set_part<'py>(
    queue: &Bound<'py, Queue>,
    name: &Bound<'py, PyString>,
    value: &Bound<'py, PyAny>,
) -> PyResult<()> {
    settle(queue)?;
    let dict = dict(queue)?;
    // What was there before is dropped here, and not by the dict.
    let old = dict.get_item(name)?.map(|old| OwnedPy::new(old.unbind()));
    dict.set_item(name, value)?;
    drop(old);
    Ok(())
}

/// Opens the queue if it is native, and waits until it is open if somebody else does.
fn settle(queue: &Bound<'_, Queue>) -> PyResult<()> {
    match queue.get().mode() {
        NATIVE | OPENING => open(queue),
        _ => Ok(()),
    }
}

fn missing(queue: &Bound<'_, Queue>, name: &Bound<'_, PyString>) -> PyErr {
    if queue.get().mode() == OPEN {
        let kind = queue.get_type();
        let kind = kind.name().map_or_else(|_| "Queue".into(), |kind| kind.to_string());
        return PyAttributeError::new_err(format!("'{kind}' object has no attribute '{name}'"));
    }
    super::errors::uninitialized(queue.as_any())
}

/// What `_init` does.
pub(super) fn make_container(queue: &Bound<'_, Queue>, order: Order) -> PyResult<()> {
    let container = container(queue.py(), order)?;
    set_part(queue, intern!(queue.py(), "queue"), &container)
}

/// `queue.queue`, which a subclass may have overridden.
fn inner<'py>(queue: &Bound<'py, Queue>) -> PyResult<Bound<'py, PyAny>> {
    call::getattr(queue.as_any(), intern!(queue.py(), "queue"))
}

/// What `_qsize` does.
pub(super) fn hook_qsize<'py>(queue: &Bound<'py, Queue>) -> PyResult<Bound<'py, PyAny>> {
    call::method0(&inner(queue)?, intern!(queue.py(), "__len__"))
}

/// `heapq.name`.
fn heapq<'py>(
    place: &'static OnceBox<Py<PyAny>>,
    py: Python<'py>,
    name: &str,
) -> PyResult<&'py Bound<'py, PyAny>> {
    imported(py, place, "heapq", Some(name))
}

/// What `_put` does.
pub(super) fn hook_put<'py>(
    queue: &Bound<'py, Queue>,
    order: Order,
    item: &Bound<'py, PyAny>,
) -> PyResult<()> {
    static PUSH: OnceBox<Py<PyAny>> = OnceBox::new();
    let (py, inner) = (queue.py(), inner(queue)?);
    if order == Order::Least {
        let arguments = PyTuple::new(py, [&inner, item])?;
        return call::call(heapq(&PUSH, py, "heappush")?, &arguments, None).map(|_| ());
    }
    let append = call::getattr(&inner, intern!(py, "append"))?;
    call::call(&append, &PyTuple::new(py, [item])?, None).map(|_| ())
}

/// What `_get` does.
pub(super) fn hook_get<'py>(
    queue: &Bound<'py, Queue>,
    order: Order,
) -> PyResult<Bound<'py, PyAny>> {
    static POP: OnceBox<Py<PyAny>> = OnceBox::new();
    let (py, inner) = (queue.py(), inner(queue)?);
    match order {
        Order::First => call::method0(&inner, intern!(py, "popleft")),
        Order::Last => call::method0(&inner, intern!(py, "pop")),
        Order::Least => {
            let arguments = PyTuple::new(py, [inner])?;
            call::call(heapq(&POP, py, "heappop")?, &arguments, None)
        }
    }
}
