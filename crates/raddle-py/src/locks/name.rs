//! What the program calls a primitive, for reports: the keyword `name=` of each constructor.
//!
//! Few primitives have a name, so none is larger for it. Without a GIL it has its place in the
//! padding before the value (see `padded`); with one, where there is no padding, the names are
//! in a table, by address, and dropping a primitive looks there if anything has a name.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;
use raddle::card::Card;

use crate::python::call::OwnedPy;

/// The name of the object that this is in, or none. Set only once it is in its object, for good:
/// the table goes by its address.
pub(crate) struct Name {
    #[cfg(Py_GIL_DISABLED)]
    place: crate::python::atomic::AtomicPy,
}

/// Waits for no thread that runs Python. Held by attached threads only, between two steps of the
/// interpreter: a fork finds it free.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(not(Py_GIL_DISABLED))]
mod table {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static NAMES: Mutex<BTreeMap<usize, OwnedPy>> = Mutex::new(BTreeMap::new());
    /// How many there are.
    static COUNT: AtomicUsize = AtomicUsize::new(0);

    impl Name {
        pub(crate) const fn none() -> Self {
            Self {}
        }

        /// The place of its own in an object, which no other object's value has.
        fn key(&self) -> usize {
            std::ptr::from_ref(self).addr()
        }

        pub(super) fn look(&self, py: Python<'_>) -> Option<Py<PyAny>> {
            lock(&NAMES).get(&self.key()).map(|name| name.get().clone_ref(py))
        }

        pub(super) fn replace(&self, name: Option<OwnedPy>) -> Option<OwnedPy> {
            let mut names = lock(&NAMES);
            let old = match name {
                Some(name) => names.insert(self.key(), name),
                None => names.remove(&self.key()),
            };
            COUNT.store(names.len(), Ordering::Relaxed);
            old
        }

        /// Whether there is nothing to look for.
        #[inline]
        pub(super) fn is_surely_none(&self) -> bool {
            COUNT.load(Ordering::Relaxed) == 0
        }
    }
}

#[cfg(Py_GIL_DISABLED)]
mod in_object {
    use super::*;
    use crate::python::atomic::AtomicPy;

    /// Keeps a name alive while somebody reads it.
    static READING: Mutex<()> = Mutex::new(());

    impl Name {
        pub(crate) const fn none() -> Self {
            Self { place: AtomicPy::new() }
        }

        pub(super) fn look(&self, py: Python<'_>) -> Option<Py<PyAny>> {
            let _reading = lock(&READING);
            self.place.get(py)
        }

        pub(super) fn replace(&self, name: Option<OwnedPy>) -> Option<OwnedPy> {
            let _reading = lock(&READING);
            self.place.put(name.map(OwnedPy::into_inner)).map(OwnedPy::new)
        }

        #[inline]
        pub(super) fn is_surely_none(&self) -> bool {
            self.place.is_empty()
        }
    }
}

impl Name {
    /// The name, a plain `str`.
    pub(crate) fn get(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        if self.is_surely_none() { None } else { self.look(py) }
    }

    /// Gives the object that this is in a name, in the place of what it had, or takes that away.
    #[inline]
    pub(crate) fn set(&self, name: Option<OwnedPy>) {
        if name.is_some() || !self.is_surely_none() {
            // (What it had is dropped here, where nothing is locked.)
            drop(self.replace(name));
        }
    }

    /// Tells the card of a lock that is checked.
    pub(crate) fn note(&self, py: Python<'_>, card: &Card) {
        if let Some(name) = self.get(py)
            && let Ok(name) = name.into_bound(py).cast_into::<PyString>()
        {
            card.call(&name.to_string_lossy());
        }
    }

    /// Gives a part of an object a name after the object's own: `jobs.mutex`.
    pub(crate) fn set_part(&self, py: Python<'_>, whole: &Name, part: &str) -> PyResult<()> {
        self.set(match whole.get(py) {
            Some(name) => {
                let part = PyString::new(py, &format!(".{part}"));
                let name = name.into_bound(py).cast_into::<PyString>()?;
                // SAFETY: both are strings, and the call returns a new one or null.
                let name = unsafe {
                    let name = ffi::PyUnicode_Concat(name.as_ptr(), part.as_ptr());
                    Bound::from_owned_ptr_or_err(py, name)
                }?;
                Some(OwnedPy::new(name.unbind()))
            }
            None => None,
        });
        Ok(())
    }
}

impl Drop for Name {
    #[inline]
    fn drop(&mut self) {
        self.set(None);
    }
}

/// Reads a `name=`: a `str` or None. `kind` is the class, for the error.
#[inline]
pub(crate) fn read(name: Option<&Bound<'_, PyAny>>, kind: &str) -> PyResult<Option<OwnedPy>> {
    name.map(|name| plain(name).unwrap_or_else(|| Err(no_text(name, kind)))).transpose()
}

/// Takes a name from arguments that may have been meant for somebody else: what is no `str` is
/// nobody's name.
pub(crate) fn read_any(name: Option<&Bound<'_, PyAny>>) -> PyResult<Option<OwnedPy>> {
    name.and_then(plain).transpose()
}

/// The text of a `str`, without what a subclass adds to it.
fn plain(name: &Bound<'_, PyAny>) -> Option<PyResult<OwnedPy>> {
    let name = name.cast::<PyString>().ok()?;
    // SAFETY: a string; the call returns a new reference to a plain one, or null.
    let name = unsafe {
        let text = ffi::PyUnicode_FromObject(name.as_ptr());
        Bound::from_owned_ptr_or_err(name.py(), text)
    };
    Some(name.map(|name| OwnedPy::new(name.unbind())))
}

#[cold]
fn no_text(name: &Bound<'_, PyAny>, kind: &str) -> PyErr {
    let of = name.get_type();
    let of = of.name().map_or_else(|_| "?".into(), |of| of.to_string());
    PyTypeError::new_err(format!(
        "name must be a str or None, not '{of}': it is what reports call this {kind}, as in \
         {kind}(..., name='jobs')"
    ))
}
