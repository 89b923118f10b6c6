//! `next(stream)` with as little around it as C has.
//!
//! What PyO3 does around a method takes as long as handing a result over. This function takes the
//! common case, a result that is there, and leaves any other to the method, whose place it takes.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::stream::Stream;
/// What PyO3 made of `__next__`: an address, 0 before the first class was made quick.
static NEXT: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn next(stream: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this attached, with an instance of a class that
    // `quicken_stream` was given.
    let this = unsafe {
        Borrowed::from_ptr(Python::assume_attached(), stream).cast_unchecked::<Stream>()
    };
    match this.get().hand_over() {
        Some(value) => value.into_inner().into_ptr(),
        // SAFETY: it is what was in this function's place.
        None => unsafe { next_of(NEXT.load(Ordering::Relaxed))(stream) },
    }
}

/// The function that [`NEXT`] is the address of.
///
/// # Safety
/// `address` is from `NEXT`, set.
unsafe fn next_of(address: usize) -> ffi::iternextfunc {
    // SAFETY: stored from such a function.
    unsafe { std::mem::transmute::<usize, ffi::iternextfunc>(address) }
}

/// Makes iterating the instances of a class quick: `Stream`, or one derived from it whose
/// `__next__` is that of `Stream`. For a class that nobody has used yet.
#[pyfunction]
#[pyo3(name = "_quicken_stream", signature = (kind))]
pub(crate) fn quicken_stream(kind: &Bound<'_, PyType>) -> PyResult<()> {
    let py = kind.py();
    let base = py.get_type::<Stream>();
    // SAFETY: both are classes, and alive.
    if unsafe { ffi::PyType_IsSubtype(kind.as_type_ptr(), base.as_type_ptr()) } == 0 {
        return Err(PyTypeError::new_err("a class derived from Stream is needed"));
    }
    // SAFETY: both are classes, and alive; nobody else writes to them.
    unsafe {
        let (kind, base) = (kind.as_type_ptr(), base.as_type_ptr());
        let address =
            |kind: *mut ffi::PyTypeObject| (*kind).tp_iternext.map(|next| next as usize);
        let ours = address(base);
        if address(kind) != ours {
            return Ok(()); // It has a `__next__` of its own.
        }
        NEXT.store(ours.expect("the class is an iterator"), Ordering::Relaxed);
        (*kind).tp_iternext = Some(next);
    }
    Ok(())
}
