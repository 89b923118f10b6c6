//! Whether a queue's class still is what it was: hooks and methods can be overridden in a
//! subclass, and replaced on a class at any time.

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyString, PyType};

use super::kinds::{LifoQueue, PriorityQueue};
use super::state::{Order, Queue};
use crate::python::call;
use crate::python::interned::intern;
use crate::python::once::OnceBox;

const HOOKS: [&str; 4] = ["_init", "_qsize", "_put", "_get"];
const METHODS: [&str; 2] = ["put", "get"];

/// The hooks of the three classes, in the order of `Order`, and the methods of the first, as
/// they were when the module was imported.
struct Originals {
    hooks: [[Py<PyAny>; HOOKS.len()]; 3],
    methods: [Py<PyAny>; METHODS.len()],
}

static ORIGINALS: OnceBox<Originals> = OnceBox::new();

/// Remembers what the classes are like; called when the module is imported.
pub(crate) fn prepare(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    super::fast::prepare(py)?;
    fn all<const N: usize>(
        class: &Bound<'_, PyType>,
        names: [&str; N],
    ) -> PyResult<[Py<PyAny>; N]> {
        let mut found = [const { None }; N];
        for (place, name) in found.iter_mut().zip(names) {
            *place = Some(class.getattr(name)?.unbind());
        }
        Ok(found.map(|each| each.expect("each was found")))
    }
    let (first, last, least) = (
        PyType::new::<Queue>(py),
        PyType::new::<LifoQueue>(py),
        PyType::new::<PriorityQueue>(py),
    );
    let hooks = [all(&first, HOOKS)?, all(&last, HOOKS)?, all(&least, HOOKS)?];
    let _ = ORIGINALS.set(Originals { hooks, methods: all(&first, METHODS)? });
    Ok(())
}

/// What is to be known of the class of a queue.
pub(super) struct Traits {
    /// Somebody has overridden a hook.
    pub(super) hooked: bool,
    /// It is one of the three classes, with its own methods.
    pub(super) plain: bool,
}

pub(super) fn examine(queue: &Bound<'_, Queue>) -> PyResult<Traits> {
    let py = queue.py();
    let (class, order) = (queue.get_type(), queue.get().order);
    let Some(originals) = ORIGINALS.get() else {
        return Ok(Traits { hooked: true, plain: false });
    };
    let same = |name: &str, original: &Py<PyAny>| {
        call::getattr(class.as_any(), &PyString::new(py, name)).map(|now| now.is(original))
    };
    let mut hooked = false;
    for (name, original) in HOOKS.iter().zip(&originals.hooks[order as usize]) {
        hooked |= !same(name, original)?;
    }
    let mut plain = match order {
        Order::First => class.is(PyType::new::<Queue>(py)),
        Order::Last => class.is(PyType::new::<LifoQueue>(py)),
        Order::Least => class.is(PyType::new::<PriorityQueue>(py)),
    };
    for (name, original) in METHODS.iter().zip(&originals.methods) {
        plain &= same(name, original)?;
    }
    Ok(Traits { hooked, plain })
}

/// The version of a queue's class: another one after each change of it or of its bases, 0 if the
/// interpreter has given it none.
#[inline]
pub(super) fn version(queue: &Bound<'_, Queue>) -> u32 {
    // SAFETY: the type is alive, and the field is a word that is written as a whole.
    unsafe {
        let class = ffi::Py_TYPE(queue.as_ptr());
        AtomicU32::from_ptr(&raw mut (*class).tp_version_tag).load(Ordering::Relaxed)
    }
}

/// Whether nobody has set an attribute of an instance of one of the three classes.
#[inline]
pub(super) fn dict_is_empty(queue: &Bound<'_, Queue>) -> bool {
    // SAFETY: the three classes have a dict at a fixed place, which is null or a dict. Without a
    // GIL others write it meanwhile, as a whole.
    let place = unsafe {
        let offset = (*ffi::Py_TYPE(queue.as_ptr())).tp_dictoffset;
        if offset <= 0 {
            return false;
        }
        AtomicPtr::from_ptr(queue.as_ptr().byte_offset(offset).cast::<*mut ffi::PyObject>())
    };
    place.load(Ordering::Relaxed).is_null() || dict_holds_nothing(queue, place)
}

/// Without a GIL another thread may be replacing the dict, and dropping the old one: that thread
/// has the queue's critical section.
#[cold]
fn dict_holds_nothing(queue: &Bound<'_, Queue>, place: &AtomicPtr<ffi::PyObject>) -> bool {
    with_critical_section(queue.as_any(), || {
        let dict = place.load(Ordering::Acquire);
        // SAFETY: null or a dict, which nobody replaces at this moment.
        dict.is_null() || unsafe { ffi::PyDict_Size(dict) == 0 }
    })
}

pub(super) fn is_hook(name: &Bound<'_, PyString>) -> bool {
    let py = name.py();
    let is = |hook: &Bound<'_, PyString>| name.is(hook);
    let interned = is(intern!(py, "_put"))
        || is(intern!(py, "_get"))
        || is(intern!(py, "_qsize"))
        || is(intern!(py, "_init"));
    interned || name.to_str().is_ok_and(|name| HOOKS.contains(&name))
}
