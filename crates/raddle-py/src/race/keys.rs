//! Which item of a container a key stands for.

use pyo3::ffi;

/// How much is in a container: the place that walks and puts are of. (Names are addresses, and
/// even; so is this, which no object has.)
pub(super) const STRUCTURE: usize = 2;

/// The place of an item, if the key can be told apart from others without running Python code: by
/// its value, or by its address where keys are equal only to themselves.
///
/// # Safety
/// `key` is an object, and the thread attached.
pub(super) unsafe fn item(key: *mut ffi::PyObject) -> Option<usize> {
    // SAFETY: passed on to the caller.
    let value = unsafe {
        if is_plain(key, 3) {
            value(key)
        } else if is_equal_to_itself_alone(key) {
            key.addr()
        } else {
            return None;
        }
    };
    Some(value.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
}

/// Whether keys of that type are compared by what they are, and by nothing in them.
unsafe fn is_equal_to_itself_alone(key: *mut ffi::PyObject) -> bool {
    // SAFETY: passed on to the caller: an object; its type is alive.
    unsafe {
        let plain = ffi::PyBaseObject_Type.tp_richcompare.map(|it| it as usize);
        (*ffi::Py_TYPE(key)).tp_richcompare.map(|it| it as usize) == plain
    }
}

/// What is the same for plain keys that are equal, and differs where they differ (but for texts
/// and numbers too long for a word that have one hash).
unsafe fn value(key: *mut ffi::PyObject) -> usize {
    // SAFETY: passed on to the caller: a plain key; a tuple's items are plain, too.
    unsafe {
        if ffi::PyTuple_CheckExact(key) != 0 {
            let items = (0..ffi::PyTuple_Size(key)).map(|at| ffi::PyTuple_GET_ITEM(key, at));
            return items.fold(0x51_7C, |all: usize, item| {
                (all.rotate_left(9) ^ value(item)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            });
        }
        if ffi::PyLong_Check(key) != 0 {
            let mut overflow = 0;
            let number = ffi::PyLong_AsLongLongAndOverflow(key, &raw mut overflow);
            if overflow == 0 {
                return number as usize;
            }
        } else if ffi::PyFloat_CheckExact(key) != 0 {
            let number = ffi::PyFloat_AS_DOUBLE(key);
            if number.fract() == 0.0 && number.abs() < 9e18 {
                return number as i64 as usize; // (It is equal to the whole number.)
            }
        }
        hash(key)
    }
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

/// Whether a dict has a plain key. (Python code may run where the dict has another one with the same
/// hash, and what that raises says nothing here.)
///
/// # Safety
/// A dict and an object that are alive; the thread is attached.
pub(super) unsafe fn is_in(dict: *mut ffi::PyObject, key: *mut ffi::PyObject) -> bool {
    // SAFETY: passed on to the caller.
    unsafe {
        let found = ffi::PyDict_Contains(dict, key);
        if found < 0 {
            ffi::PyErr_Clear();
        }
        found != 0
    }
}
