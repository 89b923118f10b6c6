//! The death of objects, told to the core: what it remembers of an address is of no use then.
//!
//! Objects of Python's classes say so through their type's `tp_finalize`, which the interpreter
//! calls before it takes them apart; a class that has none gets one, and one that has `__del__`
//! has it called as well. Containers say so through `tp_dealloc` of their types. What cannot be
//! told is not looked at, see [`tells`].

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use raddle::race;

use crate::python::exit_guards::guarded;

/// Types of containers whose `tp_dealloc` is replaced, at most.
const KINDS: usize = 12;

static KIND: [AtomicUsize; KINDS] = [const { AtomicUsize::new(0) }; KINDS];
static BEFORE: [AtomicUsize; KINDS] = [const { AtomicUsize::new(0) }; KINDS];
/// What Python's classes have in `tp_dealloc`.
static CLASS_DEALLOC: AtomicUsize = AtomicUsize::new(0);
/// What those that have `__del__` have in `tp_finalize`.
static CLASS_FINALIZE: AtomicUsize = AtomicUsize::new(0);

type Dealloc = unsafe extern "C-unwind" fn(*mut ffi::PyObject);

unsafe extern "C-unwind" fn dealloc<const AT: usize>(object: *mut ffi::PyObject) {
    race::forget(object.addr());
    let before = BEFORE[AT].load(Ordering::Relaxed);
    // SAFETY: the type's own, set before it was replaced; the arguments are passed on.
    guarded(|| unsafe { std::mem::transmute::<usize, Dealloc>(before)(object) });
}

const DEALLOCS: [Dealloc; KINDS] = [
    dealloc::<0>,
    dealloc::<1>,
    dealloc::<2>,
    dealloc::<3>,
    dealloc::<4>,
    dealloc::<5>,
    dealloc::<6>,
    dealloc::<7>,
    dealloc::<8>,
    dealloc::<9>,
    dealloc::<10>,
    dealloc::<11>,
];

unsafe extern "C-unwind" fn finalize(object: *mut ffi::PyObject) {
    race::forget(object.addr());
}

unsafe extern "C-unwind" fn finalize_and_del(object: *mut ffi::PyObject) {
    let del = CLASS_FINALIZE.load(Ordering::Relaxed);
    // SAFETY: what Python's classes with `__del__` have; the arguments are passed on.
    guarded(|| unsafe { std::mem::transmute::<usize, Dealloc>(del)(object) });
    race::forget(object.addr());
}

/// Has containers of those types say when they die; `plain` is a class of Python's, and `with_del`
/// one that has `__del__`.
pub(super) fn prepare(
    kinds: &[Bound<'_, PyAny>],
    plain: &Bound<'_, PyAny>,
    with_del: &Bound<'_, PyAny>,
) {
    if CLASS_DEALLOC.load(Ordering::Relaxed) != 0 {
        return;
    }
    // SAFETY: attached, and the two are classes that are alive.
    unsafe {
        let plain = (*plain.as_ptr().cast::<ffi::PyTypeObject>()).tp_dealloc;
        let del = (*with_del.as_ptr().cast::<ffi::PyTypeObject>()).tp_finalize;
        CLASS_FINALIZE.store(del.map_or(0, |del| del as usize), Ordering::Relaxed);
        CLASS_DEALLOC.store(plain.map_or(0, |plain| plain as usize), Ordering::Relaxed);
    }
    for (at, kind) in kinds.iter().take(KINDS).enumerate() {
        let kind = kind.as_ptr().cast::<ffi::PyTypeObject>();
        // SAFETY: attached; a type, which is kept for ever (its reference count goes up). The
        // function that is there is called by the one that takes its place.
        unsafe {
            let Some(before) = (*kind).tp_dealloc else { continue };
            ffi::Py_INCREF(kind.cast());
            BEFORE[at].store(before as usize, Ordering::Relaxed);
            KIND[at].store(kind.addr(), Ordering::Release);
            (*kind).tp_dealloc =
                Some(std::mem::transmute::<Dealloc, ffi::destructor>(DEALLOCS[at]));
        }
    }
}

/// Whether a type is one of those whose `tp_dealloc` is replaced, and no class derived from it.
pub(super) fn is_watched(kind: *mut ffi::PyTypeObject) -> bool {
    KIND.iter().any(|known| known.load(Ordering::Acquire) == kind.addr())
}

/// Whether the death of an object of that type is told; it is from now on, if it can be.
///
/// # Safety
/// The type is alive, and the thread attached.
#[inline]
pub(super) unsafe fn tells(kind: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: passed on to the caller.
    unsafe {
        let dealloc = (*kind).tp_dealloc.map_or(0, |it| it as usize);
        if dealloc != CLASS_DEALLOC.load(Ordering::Relaxed) {
            return DEALLOCS.iter().any(|it| *it as usize == dealloc);
        }
        let now = (*kind).tp_finalize.map_or(0, |it| it as usize);
        if now == finalize as *const () as usize
            || now == finalize_and_del as *const () as usize
        {
            return true;
        }
        let new: Dealloc = if now == 0 {
            finalize
        } else if now == CLASS_FINALIZE.load(Ordering::Relaxed) {
            finalize_and_del
        } else {
            return false;
        };
        (*kind).tp_finalize = Some(std::mem::transmute::<Dealloc, ffi::destructor>(new));
        true
    }
}
