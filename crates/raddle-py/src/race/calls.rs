//! Calls of what is built in, with containers.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use raddle::race::{self, Flags, Kind, Step};

use super::containers::{besides, container, viewed, whole};
use super::keys;
use super::operands::{Frame, field};
use super::seen::{Seen, step};
use super::sites::{self, Site, What};
use super::variables;
use crate::locks::barrier::Barrier;
use crate::locks::condition::Condition;
use crate::locks::event::Event;
use crate::locks::lock::Lock;
use crate::locks::rlock::RLock;
use crate::locks::semaphore::Semaphore;
use crate::sites::owner::{Owner, owner};

/// What a call does to its first argument, or to what its method is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Look,
    Walk,
    Put,
    /// Compares what is there with what is put.
    LookAndPut,
    Take,
    /// To the item of the next argument.
    ItemRead,
    ItemPut,
    ItemTake,
    ItemGetOrPut,
    /// Uses what belongs to the thread.
    SameThread,
    /// Reads, or writes, the attribute that the second argument names.
    GetAttr,
    SetAttr,
    /// Nothing that counts.
    Nothing,
}

mod raw {
    use super::ffi;

    interpreter! {
        #[link_name = "PyMethod_Type"]
        pub(super) static mut METHOD: ffi::PyTypeObject;
    }
}

/// By the address of the function, or of a method's definition.
static KNOWN: AtomicPtr<HashMap<usize, Does>> = AtomicPtr::new(std::ptr::null_mut());
static PREPARING: Mutex<()> = Mutex::new(());

/// `calls` has functions, types and methods of types, and words for what they do.
pub(super) fn prepare(calls: Vec<(Bound<'_, PyAny>, String)>) {
    let _one_at_a_time = PREPARING.lock();
    if !KNOWN.load(Ordering::Acquire).is_null() {
        return;
    }
    let mut known = HashMap::new();
    for (function, word) in calls {
        let does = match word.as_str() {
            "look" => Does::Look,
            "walk" => Does::Walk,
            "put" => Does::Put,
            "look_and_put" => Does::LookAndPut,
            "take" => Does::Take,
            "item_read" => Does::ItemRead,
            "item_put" => Does::ItemPut,
            "item_take" => Does::ItemTake,
            "get_attr" => Does::GetAttr,
            "set_attr" => Does::SetAttr,
            "same_thread" => Does::SameThread,
            "item_get_or_put" => Does::ItemGetOrPut,
            _ => Does::Nothing,
        };
        // SAFETY: attached; the function is kept for ever.
        let key = unsafe { key(function.as_ptr()) };
        known.insert(key, does);
        std::mem::forget(function);
    }
    KNOWN.store(Box::into_raw(Box::new(known)), Ordering::Release);
}

/// What a function is known by: a method by its definition, all else by its address.
unsafe fn key(function: *mut ffi::PyObject) -> usize {
    // SAFETY: passed on to the caller: an object, attached; the two types have the definition
    // there.
    unsafe {
        let class = ffi::Py_TYPE(function);
        if class == &raw mut ffi::PyMethodDescr_Type {
            // PyDescrObject has a type, a name and a qualified name, and the definition is next.
            return field(function, 3).addr();
        }
        if class == &raw mut ffi::PyCFunction_Type {
            return field(function, 0).addr();
        }
        function.addr()
    }
}

/// Whether an object is one of those that order threads themselves.
fn is_primitive(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<Lock>()
        || object.is_instance_of::<RLock>()
        || object.is_instance_of::<Condition>()
        || object.is_instance_of::<Event>()
        || object.is_instance_of::<Semaphore>()
        || object.is_instance_of::<Barrier>()
}

/// Something is called. Returns whether to look at the instruction again.
///
/// # Safety
/// The frame is running in the calling thread, at that site.
pub(super) unsafe fn call(py: Python<'_>, frame: Frame, site: &Site, seen: &mut Seen) -> bool {
    // SAFETY: passed on to the caller: the operands are there.
    unsafe {
        let top = site.top - usize::from(site.what == What::CallNamed);
        let count = site.arg;
        let (first, second) = (frame.local(top - count - 1), frame.local(top - count));
        // (Up to 3.12 what is called comes second, unless it is a method.)
        let (callee, this) =
            if cfg!(Py_3_13) || !first.is_null() { (first, second) } else { (second, first) };
        if callee.is_null() {
            return true;
        }
        let argument = |at: usize| {
            if at < count { frame.local(top + 1 + at - count) } else { std::ptr::null_mut() }
        };
        let class = ffi::Py_TYPE(callee);
        let is_method = class == &raw mut ffi::PyMethodDescr_Type;
        let is_function = class == &raw mut ffi::PyCFunction_Type;
        let known = KNOWN.load(Ordering::Acquire).as_ref();
        let does = known.and_then(|known| known.get(&key(callee)).copied());
        let Some(does) = does else {
            return unknown(py, callee, this, count, argument, site, seen);
        };
        if does == Does::SameThread {
            race::is_same_thread();
            return true;
        }
        if matches!(does, Does::GetAttr | Does::SetAttr) {
            let (owner, name) = (argument(0), argument(1));
            if !owner.is_null() && !name.is_null() && ffi::PyUnicode_CheckExact(name) != 0 {
                let kind = if does == Does::GetAttr { Kind::Read } else { Kind::Write };
                variables::named(py, site, seen, owner, name, kind, argument(2));
            }
            return true;
        }
        // (A method is called on its own object, or on the first argument.)
        let own = if is_function { bound_to(callee) } else { std::ptr::null_mut() };
        let (object, next) = if !own.is_null() && container(own).is_some() {
            (own, argument(0))
        } else if !this.is_null() && (is_method || !is_function) {
            (this, argument(0))
        } else {
            (argument(0), argument(1))
        };
        if object.is_null() {
            return true;
        }
        let object = viewed(object);
        if container(object).is_none() {
            return false;
        }
        // What is handed in is read.
        if !next.is_null() && matches!(does, Does::Put) && container(next).is_some() {
            whole(py, site, seen, next, Kind::Look);
        }
        apply(py, site, seen, does, object, next);
    }
    true
}

unsafe fn apply(
    py: Python<'_>,
    site: &Site,
    seen: &mut Seen,
    does: Does,
    object: *mut ffi::PyObject,
    next: *mut ffi::PyObject,
) {
    // SAFETY: passed on to the caller: objects that are alive, or null; attached.
    unsafe {
        let item = |seen: &mut Seen, kind| {
            if next.is_null() {
                return;
            }
            let Some(name) = keys::item(next) else { return };
            let plain = step(site, object, name);
            let flags = plain.flags.with(Flags::ATOMIC);
            let mut step = Step { kind, flags, ..plain };
            if does == Does::ItemGetOrPut {
                step.links = &[]; // It looks itself.
            }
            seen.step(py, &step, object, Some(next));
        };
        match does {
            Does::Nothing | Does::SameThread | Does::GetAttr | Does::SetAttr => {}
            Does::Look => whole(py, site, seen, object, Kind::Look),
            Does::Walk => whole(py, site, seen, object, Kind::Walk),
            Does::LookAndPut => {
                besides(py, site, seen, object, Kind::Look);
                whole(py, site, seen, object, Kind::Put);
            }
            Does::Put => {
                if !site.links.is_empty() {
                    item(seen, Kind::ItemWrite);
                }
                whole(py, site, seen, object, Kind::Put);
            }
            Does::Take => whole(py, site, seen, object, Kind::Take),
            Does::ItemRead => item(seen, Kind::ItemRead),
            Does::ItemPut => {
                item(seen, Kind::ItemWrite);
                whole(py, site, seen, object, Kind::Put);
            }
            Does::ItemTake => {
                item(seen, Kind::ItemWrite);
                whole(py, site, seen, object, Kind::Take);
            }
            Does::ItemGetOrPut => {
                item(seen, Kind::ItemRead);
                item(seen, Kind::ItemWrite);
                besides(py, site, seen, object, Kind::Look);
                besides(py, site, seen, object, Kind::Put);
            }
        }
    }
}

/// What a function of C is bound to; null if it is to nothing.
unsafe fn bound_to(function: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller: a function of C, attached.
    unsafe { ffi::PyCFunction_GetSelf(function) }
}

/// What is called is none of the known ones: it may hand over what others have written, if the
/// thread holds a lock.
unsafe fn unknown(
    py: Python<'_>,
    callee: *mut ffi::PyObject,
    this: *mut ffi::PyObject,
    count: usize,
    argument: impl Fn(usize) -> *mut ffi::PyObject,
    site: &Site,
    seen: &mut Seen,
) -> bool {
    // SAFETY: passed on to the caller: objects that are alive, or null; attached.
    unsafe {
        let mut function = callee;
        if ffi::Py_TYPE(callee) == &raw mut raw::METHOD {
            function = field(callee, 0);
        }
        if ffi::PyFunction_Check(function) != 0 {
            let code = ffi::PyFunction_GetCode(function);
            if sites::is_known(code)
                || owner(&Bound::from_borrowed_ptr(py, code)) == Owner::Program
            {
                return false;
            }
        } else if ffi::PyType_Check(function) != 0 {
            return false;
        }
        let mut carries = !this.is_null() && can_carry(py, this);
        let mut containers = false;
        for at in 0..count {
            let given = argument(at);
            if given.is_null() {
                continue;
            }
            carries |= can_carry(py, given);
            let given = viewed(given);
            if container(given).is_some() {
                containers = true;
                whole(py, site, seen, given, Kind::Look);
            }
        }
        if carries && race::flows() {
            return true;
        }
        containers
    }
}

/// Whether something may be read out of it that another thread has written.
unsafe fn can_carry(py: Python<'_>, object: *mut ffi::PyObject) -> bool {
    // SAFETY: passed on to the caller.
    unsafe {
        let object_of = Bound::from_borrowed_ptr(py, object);
        !keys::is_plain(object, 0)
            && !is_primitive(&object_of)
            && ffi::PyModule_Check(object) == 0
            && ffi::PyType_Check(object) == 0
    }
}
