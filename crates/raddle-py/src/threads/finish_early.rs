//! Telling joiners that a thread is done while its thread state is still being taken apart.
//!
//! Without a GIL, clearing a thread state ends with a search through memory that earlier threads
//! left behind: 0.1 to 0.2 ms, more than the rest of a short thread's life, in which nothing of
//! the program runs any more. The interpreter clears `threading.local` values first, then the
//! dict of thread-specific objects, then its own; an object that is put last into that dict is
//! dropped at the moment at which joiners can go on.

use std::ffi::{CStr, c_void};

use pyo3::ffi;
use raddle::thread;

const NAME: &CStr = c"raddle.farewell";

/// Puts the object into the calling thread's dict, unless values in its context are to be
/// dropped after that. If memory runs out, the thread is done at its last line instead.
///
/// # Safety
/// The thread is attached, and about to clear its thread state.
pub(super) unsafe fn leave_in_thread_state() {
    // SAFETY: attached, says the caller; the dict is borrowed, the rest is ours to drop. The
    // capsule holds the thread's identifier, which is not null.
    unsafe {
        let context = ffi::PyContext_CopyCurrent();
        if !context.is_null() && ffi::PyObject_Length(context) == 0 {
            let dict = ffi::PyThreadState_GetDict();
            let me = raddle::thread_id() as *mut c_void;
            let capsule = ffi::PyCapsule_New(me, NAME.as_ptr(), Some(drop));
            if !dict.is_null() && !capsule.is_null() {
                ffi::PyDict_SetItemString(dict, NAME.as_ptr(), capsule);
            }
            ffi::Py_DecRef(capsule);
        }
        ffi::Py_DecRef(context);
        ffi::PyErr_Clear();
    }
}

/// Runs where the dict is dropped: in the thread itself, unless somebody else took hold of
/// it (a debugger can); the thread is then done at its last line.
unsafe extern "C" fn drop(capsule: *mut ffi::PyObject) {
    // SAFETY: the interpreter passes the capsule that is going away.
    let owner = unsafe { ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr()) };
    if owner as usize == raddle::thread_id() {
        thread::finish_early();
    }
}
