//! The death of objects, told to the core: what it remembers of an address is of no use then.
//!
//! Objects of Python's classes say so through their type's `tp_finalize`, which the interpreter
//! calls before it takes them apart; a class that has none gets one, and one that has `__del__`
//! has it called as well. Containers say so through `tp_dealloc` of their types. What cannot be
//! told is not looked at, see [`tells`].
//!
//! Up to 3.13 the `tp_dealloc` of a container puts objects off that are nested too deep, so that
//! the stack does not overflow, but only where it finds itself in its type's slot. The one that
//! takes its place does so instead, see [`nested`]. From 3.14 on the interpreter does it before it
//! calls any `tp_dealloc`.

use std::cell::Cell;
use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{mem, ptr};

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

/// Whether the deallocation of an object of that type may be put off.
static CAN_WAIT: [AtomicBool; KINDS] = [const { AtomicBool::new(false) }; KINDS];

/// Whether an object of that type is a class, which is the family of its objects' attributes.
static IS_CLASS: [AtomicBool; KINDS] = [const { AtomicBool::new(false) }; KINDS];

/// Types whose objects may hold one another without end. (A class is in no long chain.)
const WAITING: [&CStr; 8] = [
    c"list",
    c"dict",
    c"set",
    c"collections.deque",
    c"collections.OrderedDict",
    c"collections.defaultdict",
    c"cell",
    c"function",
];

/// How deep deallocations may be nested, as in the interpreter.
const DEEPEST: u32 = 50;

thread_local! {
    /// How deep the calling thread's are.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Those that were put off: null, or from a box. (It has no destructor, so it can be used
    /// while the thread ends.)
    static WAITS: Cell<*mut Vec<*mut ffi::PyObject>> = const { Cell::new(ptr::null_mut()) };
}

type Dealloc = unsafe extern "C-unwind" fn(*mut ffi::PyObject);

unsafe extern "C-unwind" fn dealloc<const AT: usize>(object: *mut ffi::PyObject) {
    race::forget(object.addr());
    if IS_CLASS[AT].load(Ordering::Relaxed) {
        race::forget_family(object.addr());
    }
    // SAFETY: the interpreter calls this with an object of the type that has no references.
    unsafe {
        if cfg!(Py_3_14) || !CAN_WAIT[AT].load(Ordering::Relaxed) {
            plain::<AT>(object);
        } else {
            nested::<AT>(object);
        }
    }
}

/// Calls what was in the slot before.
#[inline]
unsafe fn plain<const AT: usize>(object: *mut ffi::PyObject) {
    let before = BEFORE[AT].load(Ordering::Relaxed);
    // SAFETY: the type's own, set before it was replaced; the arguments are passed on.
    guarded(|| unsafe { mem::transmute::<usize, Dealloc>(before)(object) });
}

/// Calls what was in the slot before, or puts that off until the thread's outermost call is done
/// if it would be too deep.
unsafe fn nested<const AT: usize>(object: *mut ffi::PyObject) {
    let depth = DEPTH.get();
    // SAFETY: passed on to the caller. Only what nobody has begun to take apart is put off: the
    // function is in its own type's slot, and a class that is derived from the type has another
    // one. The collector knows nothing of it meanwhile, and knows of it again when the function is
    // called, as that expects.
    unsafe {
        let own = (*ffi::Py_TYPE(object)).tp_dealloc.map(|it| it as usize);
        if depth >= DEEPEST && own == Some(DEALLOCS[AT] as usize) {
            ffi::PyObject_GC_UnTrack(object.cast());
            return put_off(object);
        }
        DEPTH.set(depth + 1);
        plain::<AT>(object);
        while let Some(next) = (depth == 0).then(take_waiting).flatten() {
            // (The collector does not run before the function says that the object is no more.)
            ffi::PyObject_GC_Track(next.cast());
            if let Some(dealloc) = (*ffi::Py_TYPE(next)).tp_dealloc {
                // (It is at the depth of this one, and puts off what is too deep below it.)
                guarded(|| dealloc(next));
            }
        }
        DEPTH.set(depth);
    }
}

fn put_off(object: *mut ffi::PyObject) {
    let mut waits = WAITS.get();
    if waits.is_null() {
        waits = Box::into_raw(Box::default());
        WAITS.set(waits);
    }
    // SAFETY: from a box that is the calling thread's; nothing else uses it meanwhile.
    unsafe { (*waits).push(object) };
}

/// The object that was put off last.
fn take_waiting() -> Option<*mut ffi::PyObject> {
    let waits = WAITS.get();
    // SAFETY: null, or from a box that is the calling thread's; nothing else uses it meanwhile.
    let next = unsafe { waits.as_mut() }?.pop();
    if next.is_none() {
        WAITS.set(ptr::null_mut());
        // SAFETY: from a box, which nobody else has any more.
        drop(unsafe { Box::from_raw(waits) });
    }
    next
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
    guarded(|| unsafe { mem::transmute::<usize, Dealloc>(del)(object) });
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
            let name = CStr::from_ptr((*kind).tp_name);
            IS_CLASS[at].store(kind == &raw mut ffi::PyType_Type, Ordering::Relaxed);
            CAN_WAIT[at].store(WAITING.contains(&name), Ordering::Relaxed);
            KIND[at].store(kind.addr(), Ordering::Release);
            put(&raw mut (*kind).tp_dealloc, DEALLOCS[at]);
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
        put(&raw mut (*kind).tp_finalize, new);
        true
    }
}

/// Puts a function into a type's slot, which other threads may read or write meanwhile.
unsafe fn put(slot: *mut Option<ffi::destructor>, new: Dealloc) {
    // SAFETY: passed on to the caller: the slot of a type that is alive; a slot is a word.
    unsafe { AtomicUsize::from_ptr(slot.cast()) }.store(new as usize, Ordering::Release);
}
