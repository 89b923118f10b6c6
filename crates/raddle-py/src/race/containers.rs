//! Accesses of what is in a container: items, how many there are, and walks over them.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;
use raddle::race::{Flags, Kind, Step, Value};

use super::keys::{self, STRUCTURE};
use super::operands::{Frame, field};
use super::seen::{Seen, step};
use super::sites::{Site, What};
use super::variables::{lookup, value_of};
use crate::python::once::OnceBox;

/// `deque` and `dict`'s subclass `defaultdict`, which are no types of the interpreter's own.
static DEQUE: AtomicUsize = AtomicUsize::new(0);
static DEFAULT_DICT: AtomicUsize = AtomicUsize::new(0);
static DEQUE_ITERATOR: AtomicUsize = AtomicUsize::new(0);

/// `kinds` has those by their names.
pub(super) fn prepare(kinds: &[Bound<'_, PyAny>]) {
    for kind in kinds {
        prepare_names(kind.py());
        let name = kind.getattr("__name__").and_then(|name| name.extract::<String>());
        let to = match name.as_deref() {
            Ok("deque") => &DEQUE,
            Ok("defaultdict") => &DEFAULT_DICT,
            _ => continue,
        };
        to.store(kind.as_ptr().addr(), Ordering::Relaxed);
        if name.is_ok_and(|name| name == "deque") {
            let iterator = kind.call0().and_then(|deque| Ok(deque.try_iter()?.get_type()));
            let iterator = iterator.map_or(0, |kind| kind.into_ptr().addr());
            DEQUE_ITERATOR.store(iterator, Ordering::Relaxed);
        }
    }
}

/// Kinds of containers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    List,
    Dict,
    Set,
    Deque,
    ByteArray,
}

/// What kind of container an object is; None if it is none, or a class has replaced what it does.
///
/// # Safety
/// `object` is an object, and the thread attached.
pub(super) unsafe fn container(object: *mut ffi::PyObject) -> Option<Container> {
    // SAFETY: passed on to the caller.
    unsafe {
        let found = if ffi::PyList_Check(object) != 0 {
            Container::List
        } else if ffi::PyDict_Check(object) != 0 {
            Container::Dict
        } else if ffi::PyAnySet_Check(object) != 0 {
            if ffi::PyFrozenSet_Check(object) != 0 {
                return None;
            }
            Container::Set
        } else if ffi::PyByteArray_Check(object) != 0 {
            Container::ByteArray
        } else {
            let deque = DEQUE.load(Ordering::Relaxed) as *mut ffi::PyTypeObject;
            let class = ffi::Py_TYPE(object);
            if deque.is_null() || class != deque && ffi::PyType_IsSubtype(class, deque) == 0 {
                return None;
            }
            Container::Deque
        };
        super::gone::tells(ffi::Py_TYPE(object)).then_some(found)
    }
}

/// What a class says itself if its items are not where they seem to be.
static NAMES: OnceBox<[Py<PyString>; 6]> = OnceBox::new();

fn prepare_names(py: Python<'_>) {
    let names =
        ["__iter__", "__len__", "__getitem__", "__setitem__", "__contains__", "__bool__"];
    let _ = NAMES.set(names.map(|name| PyString::intern(py, name).unbind()));
}

/// Whether a class of the program's says itself what happens to items, or how they are walked.
unsafe fn is_overridden(py: Python<'_>, object: *mut ffi::PyObject) -> bool {
    // SAFETY: passed on to the caller: an object; its type is alive.
    unsafe {
        let class = ffi::Py_TYPE(object);
        if super::gone::is_watched(class) {
            return false;
        }
        NAMES.get().into_iter().flatten().any(|name| {
            let found = lookup(py, class, name.as_ptr());
            found.is_some_and(|found| ffi::PyFunction_Check(found.as_ptr()) != 0)
        })
    }
}

/// An item is accessed, or a container tested, sliced or walked. Returns whether to look at the
/// instruction again.
///
/// # Safety
/// The frame is running in the calling thread, at that site.
pub(super) unsafe fn item(py: Python<'_>, frame: Frame, site: &Site, seen: &mut Seen) -> bool {
    // SAFETY: passed on to the caller: the operands are there.
    unsafe {
        let top = frame.local(site.top);
        if top.is_null() {
            return true;
        }
        let key = |at: usize| frame.local(site.top - at);
        match site.what {
            What::LoadItem => {
                let object = key(1);
                let Some(kind) = plain_container(py, object) else { return false };
                on_item(py, site, seen, object, kind, top, Kind::ItemRead, Value::Other);
            }
            What::StoreItem => {
                let object = key(1);
                let Some(kind) = plain_container(py, object) else { return false };
                let value = value_of(site, key(2));
                on_item(py, site, seen, object, kind, top, Kind::ItemWrite, value);
            }
            What::DeleteItem => {
                let object = key(1);
                let Some(kind) = plain_container(py, object) else { return false };
                on_item(py, site, seen, object, kind, top, Kind::ItemWrite, Value::Other);
                whole(py, site, seen, object, Kind::Take);
            }
            What::Contains => {
                let Some(_) = plain_container(py, top) else { return false };
                let Some(name) = keys::item(key(1)) else {
                    besides(py, site, seen, top, Kind::Look);
                    return true;
                };
                let step = Step { kind: Kind::ItemRead, ..step(site, top, name) };
                seen.step(py, &step, top, Some(key(1)));
                besides(py, site, seen, top, Kind::Look);
            }
            What::Test | What::Gather => {
                let Some(_) = plain_container(py, top) else { return false };
                whole(py, site, seen, top, Kind::Look);
            }
            What::Slice => {
                let object = key(2);
                let Some(_) = plain_container(py, object) else { return false };
                whole(py, site, seen, object, Kind::Look);
            }
            What::StoreSlice => {
                let object = key(2);
                let Some(_) = plain_container(py, object) else { return false };
                whole(py, site, seen, object, Kind::Put);
            }
            What::Iterate => {
                let object = viewed(top);
                let Some(_) = plain_container(py, object) else { return false };
                whole(py, site, seen, object, Kind::Walk);
            }
            What::Next => {
                let object = walked(top);
                if object.is_null() {
                    return is_iterator(top);
                }
                whole(py, site, seen, object, Kind::Walk);
            }
            _ => return false,
        }
    }
    true
}

unsafe fn plain_container(py: Python<'_>, object: *mut ffi::PyObject) -> Option<Container> {
    if object.is_null() {
        return None;
    }
    // SAFETY: passed on to the caller.
    unsafe { container(object).filter(|_| !is_overridden(py, object)) }
}

/// Something is done to all of a container, or to how much is in it.
///
/// # Safety
/// `object` is alive, and the thread attached.
pub(super) unsafe fn whole(
    py: Python<'_>,
    site: &Site,
    seen: &mut Seen,
    object: *mut ffi::PyObject,
    kind: Kind,
) {
    let plain = step(site, object, STRUCTURE);
    let step = Step { kind, flags: plain.flags.with(Flags::ATOMIC), ..plain };
    // SAFETY: passed on to the caller.
    unsafe { seen.step(py, &step, object, None) }
}

/// [`whole`], besides what is done to an item: no write belongs to that.
///
/// # Safety
/// As for that.
pub(super) unsafe fn besides(
    py: Python<'_>,
    site: &Site,
    seen: &mut Seen,
    object: *mut ffi::PyObject,
    kind: Kind,
) {
    let plain = step(site, object, STRUCTURE);
    let decides = Flags::DECIDES.with(Flags::TAKES).with(Flags::PUTS);
    let flags = plain.flags.without(Flags::LINKED.with(decides)).with(Flags::ATOMIC);
    let step = Step { kind, flags, links: &[], ..plain };
    // SAFETY: passed on to the caller.
    unsafe { seen.step(py, &step, object, None) }
}

#[allow(clippy::too_many_arguments, reason = "what an access is")]
unsafe fn on_item(
    py: Python<'_>,
    site: &Site,
    seen: &mut Seen,
    object: *mut ffi::PyObject,
    container: Container,
    key: *mut ffi::PyObject,
    kind: Kind,
    value: Value,
) {
    // SAFETY: passed on to the caller: objects that are alive, attached.
    unsafe {
        let is_sequence =
            matches!(container, Container::List | Container::Deque | Container::ByteArray);
        let name = if is_sequence { keys::index(object, key) } else { keys::item(key) };
        let Some(name) = name else {
            // A slice, or what is an index only once it is asked; or a key that cannot be told
            // apart from others.
            let kind = if kind == Kind::ItemRead { Kind::Look } else { Kind::Put };
            if !is_sequence {
                return besides(py, site, seen, object, kind);
            }
            return whole(py, site, seen, object, kind);
        };
        let is_new =
            container == Container::Dict && keys::is_plain(key, 3) && !keys::is_in(object, key);
        let plain = step(site, object, name);
        let mut flags = plain.flags;
        if is_new {
            flags = flags.without(Flags::REPLACING);
        }
        if kind == Kind::ItemRead && !flags.has(Flags::LINKED) {
            flags = flags.with(Flags::OF_MANY);
        }
        let step = Step { kind, value, flags, ..plain };
        if kind == Kind::ItemRead
            && is_new
            && ffi::Py_TYPE(object).addr() == DEFAULT_DICT.load(Ordering::Relaxed)
        {
            whole(py, site, seen, object, Kind::Put);
        }
        seen.step(py, &step, object, Some(key));
        if kind == Kind::ItemWrite && is_new {
            whole(py, site, seen, object, Kind::Put);
        }
    }
}

/// The dict that a view is of; else the object itself.
pub(super) unsafe fn viewed(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller; a view has its dict after its header.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let views: [*mut ffi::PyTypeObject; 3] = [
            &raw mut ffi::PyDictKeys_Type,
            &raw mut ffi::PyDictValues_Type,
            &raw mut ffi::PyDictItems_Type,
        ];
        if views.contains(&class) { field(object, 0) } else { object }
    }
}

/// The container that an iterator goes over; null if there is none, or it is over.
unsafe fn walked(iterator: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller; the types have what is read there.
    unsafe {
        let class = ffi::Py_TYPE(iterator);
        if class == &raw mut ffi::PyListIter_Type {
            field(iterator, 1)
        } else if [
            &raw mut ffi::PyDictIterKey_Type,
            &raw mut ffi::PyDictIterValue_Type,
            &raw mut ffi::PyDictIterItem_Type,
            &raw mut ffi::PySetIter_Type,
        ]
        .contains(&class)
        {
            let set = field(iterator, 0);
            if set.is_null() || ffi::PyFrozenSet_Check(set) != 0 {
                std::ptr::null_mut()
            } else {
                set
            }
        } else if class == &raw mut ffi::PyEnum_Type {
            let inner = field(iterator, 1);
            if inner.is_null() { inner } else { walked(inner) }
        } else if class.addr() == DEQUE_ITERATOR.load(Ordering::Relaxed) {
            field(iterator, 2)
        } else {
            std::ptr::null_mut()
        }
    }
}

/// Whether such an iterator may go over a container.
unsafe fn is_iterator(iterator: *mut ffi::PyObject) -> bool {
    // SAFETY: passed on to the caller.
    let class = unsafe { ffi::Py_TYPE(iterator) };
    let all: [*mut ffi::PyTypeObject; 6] = [
        &raw mut ffi::PyListIter_Type,
        &raw mut ffi::PyDictIterKey_Type,
        &raw mut ffi::PyDictIterValue_Type,
        &raw mut ffi::PyDictIterItem_Type,
        &raw mut ffi::PySetIter_Type,
        &raw mut ffi::PyEnum_Type,
    ];
    all.contains(&class) || class.addr() == DEQUE_ITERATOR.load(Ordering::Relaxed)
}
