//! Which item of a container a key stands for.

use pyo3::ffi;

/// How much is in a container: the place that walks and puts are of. (Names are addresses, and
/// even; so is this, which no object has.)
pub(super) const STRUCTURE: usize = 2;

/// The place of an item: by the key's hash where that is found without running Python code, and
/// by its address where not. Equal keys of a class of the program's are told apart then.
///
/// # Safety
/// `key` is an object, and the thread attached.
pub(super) unsafe fn item(key: *mut ffi::PyObject) -> usize {
    // SAFETY: passed on to the caller.
    let hash = unsafe { if is_plain(key, 3) { hash(key) } else { key.addr() } };
    hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1
}

/// The place of an item of a list, with the index counted from the front.
pub(super) unsafe fn index(list: *mut ffi::PyObject, key: *mut ffi::PyObject) -> Option<usize> {
    // SAFETY: passed on to the caller: a list or a number, attached.
    unsafe {
        if ffi::PyLong_Check(key) == 0 {
            return None;
        }
        let mut overflow = 0;
        let at = ffi::PyLong_AsLongLongAndOverflow(key, &raw mut overflow);
        let at = if at < 0 { at + ffi::Py_SIZE(list) as i64 } else { at };
        (overflow == 0).then_some((at as usize).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
}

/// Whether no Python code runs where the hash of a key is made, or two are compared.
///
/// # Safety
/// `key` is an object, and the thread attached.
pub(super) unsafe fn is_plain(key: *mut ffi::PyObject, depth: usize) -> bool {
    // SAFETY: passed on to the caller; a tuple's items are objects.
    unsafe {
        if ffi::PyTuple_CheckExact(key) != 0 {
            let items = ffi::PyTuple_Size(key);
            return depth > 0
                && (0..items).all(|at| is_plain(ffi::PyTuple_GET_ITEM(key, at), depth - 1));
        }
        ffi::PyUnicode_CheckExact(key) != 0
            || ffi::PyLong_CheckExact(key) != 0
            || ffi::PyFloat_CheckExact(key) != 0
            || ffi::PyBytes_CheckExact(key) != 0
            || ffi::PyBool_Check(key) != 0
            || key == ffi::Py_None()
    }
}

/// The hash of a plain key, or its address if it has none.
pub(super) unsafe fn hash(key: *mut ffi::PyObject) -> usize {
    // SAFETY: passed on to the caller.
    unsafe {
        let hash = ffi::PyObject_Hash(key);
        if hash == -1 {
            ffi::PyErr_Clear();
            return key.addr();
        }
        hash as usize
    }
}
