//! Accesses of variables: attributes, globals and cells.

use std::sync::atomic::Ordering;

use pyo3::ffi;
use pyo3::prelude::*;
use raddle::race::{self, Flags, Kind, Value};

use super::gone;
use super::keys;
use super::operands::Frame;
use super::seen::Seen;
use super::sites::{Site, What};

/// Whose attribute a name is, for objects of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resolved {
    /// The object's own.
    Own = 1,
    /// The object's own, or the class's if it has none.
    OwnOrClass = 2,
    /// A method, a property, of something that is not looked at, or the thread's own.
    Neither = 3,
}

mod raw {
    use super::ffi;

    interpreter! {
        /// What a class has under a name, or null; raises nothing. The reference is borrowed with a
        /// GIL, and a new one without.
        #[cfg_attr(Py_GIL_DISABLED, link_name = "_PyType_LookupRef")]
        #[cfg_attr(not(Py_GIL_DISABLED), link_name = "_PyType_Lookup")]
        pub(super) fn lookup(
            kind: *mut ffi::PyTypeObject,
            name: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject;
    }
}

/// What a class has under a name, if it has.
///
/// # Safety
/// `kind` is a type and `name` a text, both alive.
pub(super) unsafe fn lookup<'py>(
    py: Python<'py>,
    kind: *mut ffi::PyTypeObject,
    name: *mut ffi::PyObject,
) -> Option<Bound<'py, PyAny>> {
    // SAFETY: passed on to the caller; attached. The reference is as said there.
    unsafe {
        let found = raw::lookup(kind, name);
        if cfg!(Py_GIL_DISABLED) {
            Bound::from_owned_ptr_or_opt(py, found)
        } else {
            Bound::from_borrowed_ptr_or_opt(py, found)
        }
    }
}

/// An attribute is read or written.
///
/// # Safety
/// The frame is running in the calling thread, at that site.
pub(super) unsafe fn attribute(
    py: Python<'_>,
    frame: Frame,
    site: &'static Site,
    seen: &mut Seen,
) -> bool {
    // SAFETY: passed on to the caller: the operands are there.
    unsafe {
        let owner = frame.local(site.top);
        if owner.is_null() {
            return true;
        }
        let value = match site.what {
            What::StoreAttr => value_of(site, frame.local(site.top - 1)),
            _ => Value::Other,
        };
        let kind = if site.what == What::LoadAttr { Kind::Read } else { Kind::Write };
        if ffi::PyType_Check(owner) != 0 {
            let class =
                if kind == Kind::Read { definer(owner.cast(), site.name) } else { owner };
            if class.is_null() || !gone::tells(ffi::Py_TYPE(class)) {
                return true;
            }
            seen.variable(py, site, class, owner.addr(), kind, value);
            return true;
        }
        if ffi::PyModule_Check(owner) != 0 {
            let names = ffi::PyModule_GetDict(owner);
            seen.variable(py, site, names, names.addr(), kind, value);
            return true;
        }
        let class = ffi::Py_TYPE(owner);
        match resolve(py, class, site) {
            Resolved::Neither if is_local(class) => race::is_same_thread(),
            Resolved::Neither => seen.calls(frame, site),
            Resolved::Own => seen.variable(py, site, owner, class.addr(), kind, value),
            Resolved::OwnOrClass => {
                seen.variable(py, site, owner, class.addr(), kind, value);
                if kind == Kind::Read {
                    let class = definer(class, site.name);
                    if !class.is_null() && gone::tells(ffi::Py_TYPE(class)) {
                        seen.inherited(py, site, class);
                    }
                }
            }
        }
        true
    }
}

/// An attribute is read or written by a function that is given its name.
///
/// # Safety
/// `owner` and `name`, a text, are alive, `value` is or is null, and the thread is attached.
pub(super) unsafe fn named(
    py: Python<'_>,
    site: &Site,
    seen: &mut Seen,
    owner: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
    kind: Kind,
    value: *mut ffi::PyObject,
) {
    // SAFETY: passed on to the caller. The name is made the interpreter's own, of which there is
    // one, as those in code are.
    unsafe {
        let mut own = name;
        ffi::Py_INCREF(own);
        ffi::PyUnicode_InternInPlace(&raw mut own);
        let class = ffi::Py_TYPE(owner);
        let is_plain = ffi::PyType_Check(owner) == 0 && ffi::PyModule_Check(owner) == 0;
        if is_plain
            && gone::tells(class)
            && matches!(look(py, class, own), Resolved::Own | Resolved::OwnOrClass)
        {
            seen.named(py, site, owner, own, kind, value_of(site, value));
        }
        ffi::Py_DECREF(own);
    }
}

/// Whose an attribute of that name is, for objects of a class. What was found for the class that
/// was here last is remembered with its version.
unsafe fn resolve(py: Python<'_>, class: *mut ffi::PyTypeObject, site: &Site) -> Resolved {
    // SAFETY: passed on to the caller: a type that is alive, attached.
    unsafe {
        let version = u64::from((*class).tp_version_tag);
        let key = (class.addr() as u64 >> 4 & 0x3fff_ffff) << 32 | version;
        let known = site.known_type.load(Ordering::Relaxed);
        if version != 0 && known & 0x3fff_ffff_ffff_ffff == key {
            return match known >> 62 {
                1 => Resolved::Own,
                2 => Resolved::OwnOrClass,
                _ => Resolved::Neither,
            };
        }
        let found =
            if gone::tells(class) { look(py, class, site.name) } else { Resolved::Neither };
        let version = u64::from((*class).tp_version_tag);
        let key = key & !0xffff_ffff | version;
        site.known_type.store((found as u64) << 62 | key, Ordering::Relaxed);
        found
    }
}

unsafe fn look(
    py: Python<'_>,
    class: *mut ffi::PyTypeObject,
    name: *mut ffi::PyObject,
) -> Resolved {
    // SAFETY: as above.
    unsafe {
        let plain = ffi::PyBaseObject_Type.tp_setattro.map(|it| it as usize);
        if (*class).tp_setattro.map(|it| it as usize) != plain && !is_local(class) {
            return Resolved::Neither; // It says itself what becomes of an attribute.
        }
        let Some(found) = lookup(py, class, name) else {
            return if is_local(class) { Resolved::Neither } else { Resolved::Own };
        };
        let kind = ffi::Py_TYPE(found.as_ptr());
        if kind == &raw mut ffi::PyMemberDescr_Type {
            return Resolved::Own;
        }
        if (*kind).tp_descr_set.is_some() {
            return Resolved::Neither;
        }
        if is_local(class) || (*kind).tp_descr_get.is_some() {
            return if is_cached(kind) { Resolved::Own } else { Resolved::Neither };
        }
        Resolved::OwnOrClass
    }
}

/// Whether it is a descriptor that has its value put into the object, as `cached_property` does.
unsafe fn is_cached(kind: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: a type that is alive; its name ends in a null.
    let name = unsafe { std::ffi::CStr::from_ptr((*kind).tp_name) };
    name.to_bytes().ends_with(b"cached_property")
}

/// Whether each thread has attributes of its own on such objects.
unsafe fn is_local(class: *mut ffi::PyTypeObject) -> bool {
    let mut class = class;
    // SAFETY: a type that is alive, and its bases; names end in a null.
    unsafe {
        while !class.is_null() {
            if std::ffi::CStr::from_ptr((*class).tp_name).to_bytes() == b"_thread._local" {
                return true;
            }
            class = (*class).tp_base;
        }
    }
    false
}

/// The class that a class has an attribute from; null if it has none.
unsafe fn definer(
    class: *mut ffi::PyTypeObject,
    name: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller: a type that is alive, attached; its bases are in a tuple.
    unsafe {
        let order = (*class).tp_mro;
        if order.is_null() {
            return std::ptr::null_mut();
        }
        for at in 0..ffi::PyTuple_Size(order) {
            let base = ffi::PyTuple_GET_ITEM(order, at);
            let names = (*base.cast::<ffi::PyTypeObject>()).tp_dict;
            if !names.is_null() && keys::is_in(names, name) {
                return base;
            }
        }
        std::ptr::null_mut()
    }
}

/// A global variable is read or written.
///
/// # Safety
/// The frame is running in the calling thread, at that site.
pub(super) unsafe fn global(
    py: Python<'_>,
    frame: Frame,
    site: &Site,
    seen: &mut Seen,
) -> bool {
    // SAFETY: passed on to the caller.
    unsafe {
        let names = frame.globals();
        let (kind, value) = match site.what {
            What::LoadGlobal => (Kind::Read, Value::Other),
            What::StoreGlobal => (Kind::Write, value_of(site, frame.local(site.top))),
            _ => (Kind::Write, Value::Other),
        };
        if gone::tells(ffi::Py_TYPE(names)) {
            seen.variable(py, site, names, names.addr(), kind, value);
        }
    }
    true
}

/// A variable of a function that others inside or outside of it have as well.
///
/// # Safety
/// The frame is running in the calling thread, at that site.
pub(super) unsafe fn cell(py: Python<'_>, frame: Frame, site: &Site, seen: &mut Seen) -> bool {
    // SAFETY: passed on to the caller: the instruction's argument is where the cell is.
    unsafe {
        let cell = frame.local(site.arg);
        if cell.is_null() || ffi::Py_TYPE(cell) != &raw mut ffi::PyCell_Type {
            return true;
        }
        let (kind, value) = match site.what {
            What::LoadDeref => (Kind::Read, Value::Other),
            _ => (Kind::Write, value_of(site, frame.local(site.top))),
        };
        seen.variable(py, site, cell, 0, kind, value);
    }
    true
}

/// What is written.
pub(super) unsafe fn value_of(site: &Site, value: *mut ffi::PyObject) -> Value {
    if value.is_null() {
        return Value::Other;
    }
    // SAFETY: passed on to the caller: an object, or null; attached.
    unsafe {
        if ffi::PyBool_Check(value) != 0 {
            return Value::Flag(value == ffi::Py_True());
        }
        if keys::is_plain(value, 0) {
            return if site.flags.has(Flags::CONSTANT) {
                Value::Constant(keys::hash(value) as u32)
            } else {
                Value::Other
            };
        }
        let kind = ffi::Py_TYPE(value);
        let brings_nothing = ffi::PyType_Check(value) != 0
            || ffi::PyModule_Check(value) != 0
            || kind == &raw mut ffi::PyComplex_Type;
        if brings_nothing { Value::Other } else { Value::Reference }
    }
}
