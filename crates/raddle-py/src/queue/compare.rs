//! Comparisons that run no Python code: of plain numbers and texts, and of tuples that begin with
//! such, as in `(priority, number, item)`.
//!
//! They are the interpreter's own, and come to the same as its `<`. Since nothing foreign can run
//! in them, they need no references of their own, and no look at what became of the heap.

use std::cmp::Ordering;

use pyo3::ffi;
use pyo3::prelude::*;

/// `left < right`, if that is plain to see.
#[inline]
pub(super) fn less(left: &Py<PyAny>, right: &Py<PyAny>, _: Python<'_>) -> Option<bool> {
    let (left, right) = (left.as_ptr(), right.as_ptr());
    // SAFETY: both are alive, and the thread is attached.
    unsafe {
        if ffi::PyTuple_CheckExact(left) == 0 || ffi::PyTuple_CheckExact(right) == 0 {
            return compare(left, right).map(|order| order == Some(Ordering::Less));
        }
        // SAFETY: a tuple does not change, and keeps its items.
        let (ours, theirs) = (ffi::PyTuple_GET_SIZE(left), ffi::PyTuple_GET_SIZE(right));
        for at in 0..ours.min(theirs) {
            let (one, other) =
                (ffi::PyTuple_GET_ITEM(left, at), ffi::PyTuple_GET_ITEM(right, at));
            // As the interpreter does: what is the same is equal, whatever it says.
            if one == other {
                continue;
            }
            match compare(one, other)? {
                Some(Ordering::Equal) => {}
                order => return Some(order == Some(Ordering::Less)),
            }
        }
        Some(ours < theirs)
    }
}

/// The order of two numbers or texts, if it is plain to see; `Some(None)`: they have none.
///
/// # Safety
/// Both are alive, and the thread is attached.
#[inline]
unsafe fn compare(
    one: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
) -> Option<Option<Ordering>> {
    // SAFETY: passed on to the caller; each is asked as what it is.
    unsafe {
        let kind = ffi::Py_TYPE(one);
        if kind != ffi::Py_TYPE(other) {
            return None;
        }
        if kind == &raw mut ffi::PyLong_Type {
            return Some(Some(whole(one)?.cmp(&whole(other)?)));
        }
        if kind == &raw mut ffi::PyFloat_Type {
            let (one, other) = (ffi::PyFloat_AS_DOUBLE(one), ffi::PyFloat_AS_DOUBLE(other));
            return Some(one.partial_cmp(&other));
        }
        if kind == &raw mut ffi::PyUnicode_Type {
            return Some(Some(ffi::PyUnicode_Compare(one, other).cmp(&0)));
        }
        None
    }
}

/// The value of an `int`, unless it is a large one.
///
/// # Safety
/// It is an `int`, alive, and the thread is attached.
#[inline]
unsafe fn whole(number: *mut ffi::PyObject) -> Option<std::ffi::c_longlong> {
    let mut overflow = 0;
    // SAFETY: passed on to the caller.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(number, &mut overflow) };
    (overflow == 0).then_some(value)
}
