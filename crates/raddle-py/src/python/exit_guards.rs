//! Guards for every call into the interpreter that may not return, because the program exits.
//!
//! CPython up to 3.13 ends a daemon thread that wants to run while the interpreter finalizes
//! with `pthread_exit`, which unwinds the thread's stack. Frames of this library must not be
//! unwound: they are `extern "C"`, and PyO3's catch. So each function of the interpreter that
//! may run Python code, or wait for the GIL, is called under a guard whose drop never returns:
//! the unwinding starts at the innermost frame, meets the guard, and the thread hangs, as 3.14
//! makes it hang by itself.
//!
//! PyO3 makes most of these calls, where references are dropped, arguments read and exceptions
//! raised. So the linker guards them: `build.rs` reads the list below and passes `--wrap`, by
//! which every call of `NAME`, and every use of its address, gets the `__wrap_NAME` that is
//! defined here. `tests/process/test_exit_guards.py` checks that each function that the
//! extension imports is on this list, or on that test's list of those that never run Python
//! code.
//!
//! Three kinds of calls need something else. What takes a variable number of arguments cannot
//! be defined in Rust: `call` guards the two that there are, and the calls by an address that
//! this crate makes. And where PyO3 calls what is in a slot of a type, `instances` has put
//! something guarded there.

/// Hangs the thread when dropped; forget it when the guarded call has returned.
pub(crate) struct HangOnUnwind;

impl Drop for HangOnUnwind {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

/// Runs `call`, during which the thread may be ended from below.
#[inline]
pub(crate) fn guarded<R>(call: impl FnOnce() -> R) -> R {
    let guard = HangOnUnwind;
    let result = call();
    std::mem::forget(guard);
    result
}

/// Defines `__wrap_NAME` for each function.
#[cfg(raddle_exit_guards)]
macro_rules! exit_guards {
    ($($(#[$cfg:meta])* fn $name:ident($($arg:ident: $kind:ty),*) $(-> $result:ty)?;)*) => {
        $($(#[$cfg])* const _: () = {
            #[unsafe(export_name = concat!("__wrap_", stringify!($name)))]
            unsafe extern "C-unwind" fn wrapper($($arg: $kind),*) $(-> $result)? {
                unsafe extern "C-unwind" {
                    #[link_name = concat!("__real_", stringify!($name))]
                    fn real($($arg: $kind),*) $(-> $result)?;
                }
                // SAFETY: passed on to the caller, whose call this is.
                guarded(|| unsafe { real($($arg),*) })
            }
        };)*
    };
}

/// Elsewhere the interpreter hangs such threads itself (from 3.14), or ends them without
/// unwinding (where there is no glibc).
#[cfg(not(raddle_exit_guards))]
macro_rules! exit_guards {
    ($($any:tt)*) => {};
}

#[cfg(all(raddle_exit_guards, not(Py_3_12)))]
use std::ffi::c_ulong;
#[cfg(raddle_exit_guards)]
use std::ffi::{c_char, c_int, c_long, c_ulonglong};

#[cfg(raddle_exit_guards)]
use pyo3::ffi::{
    PyFrameObject, PyGILState_STATE, PyMethodDef, PyObject, PyThreadState, PyType_Spec,
    PyTypeObject,
};

// One function a line, as `build.rs` reads them; a `cfg` that is there stands alone in the line
// before.
#[rustfmt::skip]
exit_guards! {
    // Calls.
    fn PyObject_Call(callable: *mut PyObject, args: *mut PyObject, kwargs: *mut PyObject) -> *mut PyObject;
    fn PyObject_CallNoArgs(callable: *mut PyObject) -> *mut PyObject;
    fn PyObject_Vectorcall(callable: *mut PyObject, args: *const *mut PyObject, count: usize, names: *mut PyObject) -> *mut PyObject;
    fn PyObject_VectorcallMethod(name: *mut PyObject, args: *const *mut PyObject, count: usize, names: *mut PyObject) -> *mut PyObject;
    fn PyErr_CheckSignals() -> c_int;
    fn PyImport_Import(name: *mut PyObject) -> *mut PyObject;
    fn Py_InitializeEx(signals: c_int);

    // Attributes, items, operators.
    fn PyObject_GetAttr(object: *mut PyObject, name: *mut PyObject) -> *mut PyObject;
    fn PyObject_GetAttrString(object: *mut PyObject, name: *const c_char) -> *mut PyObject;
    #[cfg(Py_3_13)]
    fn PyObject_GetOptionalAttr(object: *mut PyObject, name: *mut PyObject, result: *mut *mut PyObject) -> c_int;
    fn PyObject_SetAttr(object: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> c_int;
    fn PyObject_SetAttrString(object: *mut PyObject, name: *const c_char, value: *mut PyObject) -> c_int;
    fn PyObject_GenericGetDict(object: *mut PyObject, context: *mut std::ffi::c_void) -> *mut PyObject;
    fn PyObject_GenericSetDict(object: *mut PyObject, value: *mut PyObject, context: *mut std::ffi::c_void) -> c_int;
    fn PyObject_GenericSetAttr(object: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> c_int;
    fn PyObject_GetItem(object: *mut PyObject, key: *mut PyObject) -> *mut PyObject;
    fn PyObject_SetItem(object: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int;
    fn PySequence_Contains(object: *mut PyObject, key: *mut PyObject) -> c_int;
    #[cfg(Py_3_12)]
    fn PyDict_Contains(dict: *mut PyObject, key: *mut PyObject) -> c_int;
    #[cfg(Py_3_12)]
    fn PyObject_Hash(object: *mut PyObject) -> isize;
    #[cfg(Py_3_12)]
    fn _PyType_Lookup(kind: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
    fn PyObject_DelItem(object: *mut PyObject, key: *mut PyObject) -> c_int;
    fn PyObject_Size(object: *mut PyObject) -> isize;
    fn PyObject_GetIter(object: *mut PyObject) -> *mut PyObject;
    fn PyIter_Next(iterator: *mut PyObject) -> *mut PyObject;
    fn PyObject_IsTrue(object: *mut PyObject) -> c_int;
    fn PyObject_IsInstance(object: *mut PyObject, kind: *mut PyObject) -> c_int;
    fn PyObject_Repr(object: *mut PyObject) -> *mut PyObject;
    fn Py_ReprEnter(object: *mut PyObject) -> c_int;
    fn Py_ReprLeave(object: *mut PyObject);
    fn PyObject_Str(object: *mut PyObject) -> *mut PyObject;
    fn PyObject_RichCompare(left: *mut PyObject, right: *mut PyObject, operator: c_int) -> *mut PyObject;
    fn PyObject_RichCompareBool(left: *mut PyObject, right: *mut PyObject, operator: c_int) -> c_int;
    fn PyNumber_Add(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject;
    fn PyNumber_Index(object: *mut PyObject) -> *mut PyObject;
    fn PyFloat_AsDouble(object: *mut PyObject) -> f64;
    fn PyLong_FromDouble(value: f64) -> *mut PyObject;
    fn PyLong_AsLong(object: *mut PyObject) -> c_long;
    fn PyLong_AsUnsignedLongLong(object: *mut PyObject) -> c_ulonglong;

    // References that are dropped.
    fn _Py_Dealloc(object: *mut PyObject);
    fn Py_DecRef(object: *mut PyObject);
    fn PyObject_ClearWeakRefs(object: *mut PyObject);
    fn PyDict_Clear(dict: *mut PyObject);
    fn PyDict_SetItem(dict: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int;
    fn PyDict_DelItemString(dict: *mut PyObject, key: *const c_char) -> c_int;
    #[cfg(Py_3_13)]
    fn PyDict_GetItemRef(dict: *mut PyObject, key: *mut PyObject, result: *mut *mut PyObject) -> c_int;
    #[cfg(not(Py_3_13))]
    fn PyDict_GetItemWithError(dict: *mut PyObject, key: *mut PyObject) -> *mut PyObject;
    fn PyException_SetContext(exception: *mut PyObject, context: *mut PyObject);
    fn PyException_SetCause(exception: *mut PyObject, cause: *mut PyObject);
    fn PyException_SetTraceback(exception: *mut PyObject, traceback: *mut PyObject) -> c_int;
    fn PyThreadState_Clear(state: *mut PyThreadState);

    // Exceptions: making one calls its class, and drops the one before.
    fn PyErr_Clear();
    #[cfg(not(Py_3_12))]
    fn PyErr_NormalizeException(kind: *mut *mut PyObject, value: *mut *mut PyObject, traceback: *mut *mut PyObject);
    #[cfg(not(Py_3_12))]
    fn PyErr_Restore(kind: *mut PyObject, value: *mut PyObject, traceback: *mut PyObject);
    #[cfg(Py_3_12)]
    fn PyErr_SetRaisedException(exception: *mut PyObject);
    fn PyErr_SetObject(kind: *mut PyObject, value: *mut PyObject);
    fn PyErr_SetString(kind: *mut PyObject, text: *const c_char);
    fn PyErr_NoMemory() -> *mut PyObject;
    fn PyErr_PrintEx(keep: c_int);
    fn PyErr_WarnEx(category: *mut PyObject, text: *const c_char, level: isize) -> c_int;
    fn PyErr_WriteUnraisable(object: *mut PyObject);
    #[cfg(not(Py_3_12))]
    fn PyThreadState_SetAsyncExc(ident: c_ulong, exception: *mut PyObject) -> c_int;
    #[cfg(not(Py_3_13))]
    fn _PyErr_WriteUnraisableMsg(text: *const c_char, object: *mut PyObject);
    fn PyErr_NewExceptionWithDoc(name: *const c_char, doc: *const c_char, base: *mut PyObject, dict: *mut PyObject) -> *mut PyObject;
    fn PyTraceBack_Print(traceback: *mut PyObject, file: *mut PyObject) -> c_int;

    // Objects that are made: 3.11 collects garbage then. And what raises when it cannot.
    fn PyTuple_New(size: isize) -> *mut PyObject;
    fn PyTuple_GetItem(tuple: *mut PyObject, at: isize) -> *mut PyObject;
    fn PyTuple_GetSlice(tuple: *mut PyObject, from: isize, to: isize) -> *mut PyObject;
    fn PyList_New(size: isize) -> *mut PyObject;
    fn PyDict_New() -> *mut PyObject;
    fn PyContext_CopyCurrent() -> *mut PyObject;
    fn PyContext_Copy(context: *mut PyObject) -> *mut PyObject;
    fn PyContext_Enter(context: *mut PyObject) -> c_int;
    fn PyContext_Exit(context: *mut PyObject) -> c_int;
    fn PyCMethod_New(definition: *mut PyMethodDef, this: *mut PyObject, module: *mut PyObject, class: *mut PyTypeObject) -> *mut PyObject;
    fn PyDescr_NewMethod(kind: *mut PyTypeObject, definition: *mut PyMethodDef) -> *mut PyObject;
    fn PyEval_GetFrame() -> *mut PyFrameObject;
    fn PyFrame_GetBack(frame: *mut PyFrameObject) -> *mut PyFrameObject;
    fn Py_GenericAlias(origin: *mut PyObject, args: *mut PyObject) -> *mut PyObject;
    fn PyType_FromSpec(spec: *mut PyType_Spec) -> *mut PyObject;
    fn PyType_GenericAlloc(kind: *mut PyTypeObject, items: isize) -> *mut PyObject;
    fn PyType_Ready(kind: *mut PyTypeObject) -> c_int;
    fn PyType_Modified(kind: *mut PyTypeObject);
    #[cfg(Py_3_13)]
    fn PyType_GetModuleName(kind: *mut PyTypeObject) -> *mut PyObject;
    fn PyModule_GetNameObject(module: *mut PyObject) -> *mut PyObject;
    fn PyUnicode_AsEncodedString(text: *mut PyObject, encoding: *const c_char, errors: *const c_char) -> *mut PyObject;
    fn PyUnicode_AsUTF8AndSize(text: *mut PyObject, size: *mut isize) -> *const c_char;
    fn PyUnicode_Concat(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject;
    fn PyUnicode_FromObject(object: *mut PyObject) -> *mut PyObject;

    // The GIL.
    fn PyEval_RestoreThread(state: *mut PyThreadState);
    fn PyGILState_Ensure() -> PyGILState_STATE;
    fn PyGILState_Release(state: PyGILState_STATE);
}
