//! One object, or none, that may be read while it is written.

use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::python::call::OwnedPy;

/// An object or nothing; empty when its memory is zero, as `once` explains.
///
/// The thread that takes an object out has to keep it alive for as long as another may be reading
/// it. The one that drops this has to take the object out first, to drop it as `call` says.
pub(crate) struct AtomicPy {
    /// Null, or a reference that this owns.
    object: AtomicPtr<ffi::PyObject>,
}

impl AtomicPy {
    pub(crate) const fn new() -> Self {
        Self { object: AtomicPtr::new(ptr::null_mut()) }
    }

    #[cfg(Py_GIL_DISABLED)]
    pub(crate) fn is_empty(&self) -> bool {
        self.object.load(Ordering::Relaxed).is_null()
    }

    pub(crate) fn filled(object: Bound<'_, PyAny>) -> Self {
        Self { object: AtomicPtr::new(object.into_ptr()) }
    }

    /// A new reference to the object.
    #[inline]
    pub(crate) fn get(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        let object = self.object.load(Ordering::Acquire);
        // SAFETY: null, or alive: see the type's text.
        unsafe { Bound::from_borrowed_ptr_or_opt(py, object) }.map(Bound::unbind)
    }

    /// Puts an object in, or nothing; returns what was there. Needs no interpreter.
    #[must_use]
    pub(crate) fn put(&self, object: Option<Py<PyAny>>) -> Option<Py<PyAny>> {
        let new = object.map_or(ptr::null_mut(), Py::into_ptr);
        owned(self.object.swap(new, Ordering::AcqRel))
    }

    /// Puts an object in; returns what was there, for an attached thread to drop.
    pub(crate) fn replace(&self, object: Bound<'_, PyAny>) -> Option<OwnedPy> {
        self.put(Some(object.unbind())).map(OwnedPy::new)
    }

    /// Takes the object out, for an attached thread to drop.
    pub(crate) fn take(&self) -> Option<OwnedPy> {
        self.put(None).map(OwnedPy::new)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match owned(self.object.load(Ordering::Acquire)).map(ManuallyDrop::new) {
            Some(borrowed) => visit.call(&*borrowed),
            None => Ok(()),
        }
    }
}

/// The reference that a pointer from an `AtomicPy` is.
fn owned(object: *mut ffi::PyObject) -> Option<Py<PyAny>> {
    // SAFETY: null, or from `Py::into_ptr`; the token is not used for anything else.
    unsafe { Bound::from_owned_ptr_or_opt(Python::assume_attached(), object) }
        .map(Bound::unbind)
}
