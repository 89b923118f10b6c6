//! Memory for instances, guarded as the functions in `exit_guards` are.
//!
//! PyO3 has `object` make the instances of its classes, which asks the class's `tp_alloc` for
//! memory: a call through two slots, which no linker sees. On 3.11 an allocation collects
//! garbage, and so runs destructors. The classes get an allocation that is guarded, and a
//! `tp_new` that gives the same to each subclass before its first instance is made: the
//! interpreter gives a subclass that a program makes its own, unguarded one.

use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::python::exit_guards::guarded;

/// Has the linker's guard in it, as each address of that function that is taken here.
const ALLOCATE: ffi::allocfunc = ffi::PyType_GenericAlloc;

/// Gives a type the guarded allocation in the place of the interpreter's own.
///
/// # Safety
/// The type is alive, and the thread attached.
#[inline]
unsafe fn guard_allocation(kind: *mut ffi::PyTypeObject) {
    // SAFETY: passed on to the caller. Whoever writes the slot writes this.
    unsafe {
        let plain = ffi::PyBaseObject_Type.tp_alloc.map(|allocate| allocate as usize);
        if (*kind).tp_alloc.map(|allocate| allocate as usize) == plain {
            (*kind).tp_alloc = Some(ALLOCATE);
        }
    }
}

/// Makes an instance of a class or of a subclass, with the `tp_new` that PyO3 gave the class.
///
/// # Safety
/// As for a `tp_new`; `general` has that of the class.
#[inline]
pub(crate) unsafe fn make(
    general: &AtomicUsize,
    kind: *mut ffi::PyTypeObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller; `install` has set `general` before this could be called.
    unsafe {
        guard_allocation(kind);
        if ffi::PyType_HasFeature(kind, ffi::Py_TPFLAGS_IS_ABSTRACT) != 0 {
            return refuse_abstract(kind);
        }
        let general = general.load(Ordering::Relaxed);
        mem::transmute::<usize, ffi::newfunc>(general)(kind, args, kwargs)
    }
}

/// Raises what `object` raises for a class with abstract methods; it looks for their names.
///
/// # Safety
/// As for [`make`].
#[cold]
unsafe fn refuse_abstract(kind: *mut ffi::PyTypeObject) -> *mut ffi::PyObject {
    type Unwinding = unsafe extern "C-unwind" fn(
        *mut ffi::PyTypeObject,
        *mut ffi::PyObject,
        *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
    // SAFETY: passed on to the caller; `object` can be made, and its function is the same whether
    // or not it may be unwound.
    unsafe {
        let none = PyTuple::empty(Python::assume_attached());
        let make = ffi::PyBaseObject_Type.tp_new.expect("object can be made");
        let make = mem::transmute::<ffi::newfunc, Unwinding>(make);
        guarded(|| make(kind, none.as_ptr(), ptr::null_mut()))
    }
}

/// Guards the allocation of a class, and has `make` called for its instances.
///
/// # Safety
/// The thread is attached; the class is this module's own, and nobody uses it yet. `make` calls
/// [`make`] with `general`.
pub(crate) unsafe fn install(
    kind: *mut ffi::PyTypeObject,
    general: &'static AtomicUsize,
    make: ffi::newfunc,
) {
    // SAFETY: passed on to the caller.
    unsafe {
        guard_allocation(kind);
        // (A program that takes the module out of `sys.modules` and imports it again, as some
        // tracers do, comes here twice: what is there then is `make`, which would call itself.)
        if let Some(new) = (*kind).tp_new.filter(|new| *new as usize != make as usize) {
            general.store(new as usize, Ordering::Relaxed);
            (*kind).tp_new = Some(make);
        }
    }
}

/// Guards what makes the instances of each class; when the module is imported.
macro_rules! guard_instances {
    ($py:expr, $($class:path),* $(,)?) => {$({
        static GENERAL: std::sync::atomic::AtomicUsize =
            std::sync::atomic::AtomicUsize::new(0);
        unsafe extern "C" fn new(
            kind: *mut pyo3::ffi::PyTypeObject,
            args: *mut pyo3::ffi::PyObject,
            kwargs: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            // SAFETY: passed on to the caller, the interpreter.
            unsafe { $crate::python::instances::make(&GENERAL, kind, args, kwargs) }
        }
        let class = pyo3::types::PyType::new::<$class>($py);
        // SAFETY: `py` says that the thread is attached; the class is this module's own.
        unsafe { $crate::python::instances::install(class.as_type_ptr(), &GENERAL, new) };
    })*};
}
pub(crate) use guard_instances;
