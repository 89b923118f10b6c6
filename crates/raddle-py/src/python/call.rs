//! Calls from Rust into Python.
//!
//! A daemon thread may be inside one of them when the interpreter ends, and never come back:
//! `exit_guards` guards what they call.

use std::ffi::CStr;
use std::mem::ManuallyDrop;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::python::exit_guards::guarded;

mod raw {
    use pyo3::ffi::PyObject;

    pub(super) type Vectorcall = unsafe extern "C-unwind" fn(
        *mut PyObject,
        *const *mut PyObject,
        usize,
        *mut PyObject,
    ) -> *mut PyObject;
    pub(super) type Step = unsafe extern "C-unwind" fn(*mut PyObject) -> *mut PyObject;
}

fn owned<'py>(py: Python<'py>, object: *mut ffi::PyObject) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: each caller passes what an API returned that gives a new reference, or null with
    // an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, object) }
}

/// `callable(*args, **kwargs)`.
pub(crate) fn call<'py>(
    callable: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let kwargs = kwargs.map_or(std::ptr::null_mut(), |kwargs| kwargs.as_ptr());
    // SAFETY: the references are live for the call, and the thread is attached.
    let result = unsafe { ffi::PyObject_Call(callable.as_ptr(), args.as_ptr(), kwargs) };
    owned(callable.py(), result)
}

/// `callable()`.
pub(crate) fn call0<'py>(callable: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let none = std::ptr::null_mut();
    // SAFETY: as in `call`; no arguments are read.
    let result = unsafe { ffi::PyObject_Vectorcall(callable.as_ptr(), &none, 0, none) };
    owned(callable.py(), result)
}

/// `callable(argument)`.
#[inline]
pub(crate) fn call1<'py>(
    callable: &Bound<'py, PyAny>,
    argument: &Bound<'_, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut arguments = [std::ptr::null_mut(), argument.as_ptr()];
    let count = 1 | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
    let first = (&raw mut arguments[1]).cast_const();
    // SAFETY: as in `call`; the place before the one argument may be written to, as the flag
    // says.
    let result = unsafe {
        ffi::PyObject_Vectorcall(callable.as_ptr(), first, count, std::ptr::null_mut())
    };
    owned(callable.py(), result)
}

/// A function that is called often, with one argument.
pub(crate) struct Callee {
    function: OwnedPy,
    /// Where its type has one: the call itself, without looking for it.
    vectorcall: Option<raw::Vectorcall>,
}

impl Callee {
    pub(crate) fn new(function: Bound<'_, PyAny>) -> Self {
        // What other types do can be changed while the program runs.
        let kind = function.get_type_ptr();
        let lasting = [&raw mut ffi::PyCFunction_Type, &raw mut ffi::PyFunction_Type];
        // SAFETY: the reference is live, and the thread is attached.
        let vectorcall = unsafe { ffi::PyVectorcall_Function(function.as_ptr()) }
            .filter(|_| lasting.contains(&kind));
        // SAFETY: the same function, said to be one that may be unwound.
        let vectorcall = vectorcall.map(|call| unsafe { std::mem::transmute(call) });
        Self { function: OwnedPy::new(function.unbind()), vectorcall }
    }

    /// `function(*arguments)`.
    pub(crate) fn call<'py>(
        &self,
        arguments: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        call(self.function.get().bind(arguments.py()), arguments, None)
    }

    /// `function(argument)`.
    #[inline]
    pub(crate) fn call1<'py>(
        &self,
        argument: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let function = self.function.get().bind(argument.py());
        let Some(vectorcall) = self.vectorcall else { return call1(function, argument) };
        let mut arguments = [std::ptr::null_mut(), argument.as_ptr()];
        let count = 1 | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
        let first = (&raw mut arguments[1]).cast_const();
        // SAFETY: as in `call1`; the function is the callable's own.
        let result = guarded(|| unsafe {
            vectorcall(function.as_ptr(), first, count, std::ptr::null_mut())
        });
        owned(function.py(), result)
    }
}

/// [`next`] of an iterator whose type has no Python code.
#[inline]
pub(crate) fn next_plain<'py>(
    iterator: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    // SAFETY: the reference is live for the call, and the thread is attached; the caller has
    // made sure that it is an iterator.
    let item = guarded(|| unsafe {
        let step: raw::Step =
            std::mem::transmute((*ffi::Py_TYPE(iterator.as_ptr())).tp_iternext);
        step(iterator.as_ptr())
    });
    // SAFETY: a new reference, or null.
    match unsafe { Bound::from_owned_ptr_or_opt(iterator.py(), item) } {
        Some(item) => Ok(Some(item)),
        // It need not say StopIteration, and so says whatever else it is.
        None => PyErr::take(iterator.py()).map_or(Ok(None), Err),
    }
}

/// `next(iterator)`, `None` at its end.
#[inline]
pub(crate) fn next<'py>(iterator: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    // SAFETY: the reference is live for the call, and the thread is attached; the caller has
    // made sure that it is an iterator.
    let item = unsafe { ffi::PyIter_Next(iterator.as_ptr()) };
    // SAFETY: a new reference, or null.
    match unsafe { Bound::from_owned_ptr_or_opt(iterator.py(), item) } {
        Some(item) => Ok(Some(item)),
        None => PyErr::take(iterator.py()).map_or(Ok(None), Err),
    }
}

/// `object.name`.
pub(crate) fn getattr<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, pyo3::types::PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the references are live for the call, and the thread is attached.
    let result = unsafe { ffi::PyObject_GetAttr(object.as_ptr(), name.as_ptr()) };
    owned(object.py(), result)
}

/// `object.name()`.
pub(crate) fn method0<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, pyo3::types::PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    call0(&getattr(object, name)?)
}

/// `bool(object)`.
pub(crate) fn truth(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    // SAFETY: the reference is live for the call, and the thread is attached.
    match unsafe { ffi::PyObject_IsTrue(object.as_ptr()) } {
        -1 => Err(PyErr::fetch(object.py())),
        answer => Ok(answer != 0),
    }
}

/// `left < right`.
#[inline]
pub(crate) fn less(left: &Bound<'_, PyAny>, right: &Bound<'_, PyAny>) -> PyResult<bool> {
    compare(left, right, ffi::Py_LT)
}

/// `left > right`.
pub(crate) fn greater(left: &Bound<'_, PyAny>, right: &Bound<'_, PyAny>) -> PyResult<bool> {
    compare(left, right, ffi::Py_GT)
}

/// `left <= right`.
pub(crate) fn at_most(left: &Bound<'_, PyAny>, right: &Bound<'_, PyAny>) -> PyResult<bool> {
    compare(left, right, ffi::Py_LE)
}

#[inline]
fn compare(
    left: &Bound<'_, PyAny>,
    right: &Bound<'_, PyAny>,
    operator: std::ffi::c_int,
) -> PyResult<bool> {
    let (one, other) = (left.as_ptr(), right.as_ptr());
    // SAFETY: the references are live for the call, and the thread is attached.
    match unsafe { ffi::PyObject_RichCompareBool(one, other, operator) } {
        -1 => Err(PyErr::fetch(left.py())),
        answer => Ok(answer != 0),
    }
}

/// `left + right`.
pub(crate) fn add<'py>(
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the references are live for the call, and the thread is attached.
    let sum = unsafe { ffi::PyNumber_Add(left.as_ptr(), right.as_ptr()) };
    owned(left.py(), sum)
}

/// `object.name = value`, or `del object.name` for `None`, as `object` itself does it.
pub(crate) fn generic_setattr(
    object: &Bound<'_, PyAny>,
    name: &Bound<'_, pyo3::types::PyString>,
    value: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let value = value.map_or(std::ptr::null_mut(), |value| value.as_ptr());
    // SAFETY: the references are live for the call, and the thread is attached.
    match unsafe { ffi::PyObject_GenericSetAttr(object.as_ptr(), name.as_ptr(), value) } {
        0 => Ok(()),
        _ => Err(PyErr::fetch(object.py())),
    }
}

/// `operator.index(object)`.
pub(crate) fn index<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the reference is live for the call, and the thread is attached.
    let result = unsafe { ffi::PyNumber_Index(object.as_ptr()) };
    owned(object.py(), result)
}

/// `repr(object)`.
pub(crate) fn repr<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the reference is live for the call, and the thread is attached.
    let result = unsafe { ffi::PyObject_Repr(object.as_ptr()) };
    owned(object.py(), result)
}

/// Clears the weak references to an object that is about to end, and calls their callbacks.
///
/// # Safety
/// The thread is attached; nobody refers to the object any more, and its type has a place for
/// weak references.
pub(crate) unsafe fn clear_weak_references(object: *mut ffi::PyObject) {
    // SAFETY: passed on to the caller.
    unsafe { ffi::PyObject_ClearWeakRefs(object) };
}

/// `del object[key]`.
pub(crate) fn del_item(object: &Bound<'_, PyAny>, key: &Bound<'_, PyAny>) -> PyResult<()> {
    // SAFETY: the references are live for the call, and the thread is attached.
    match unsafe { ffi::PyObject_DelItem(object.as_ptr(), key.as_ptr()) } {
        0 => Ok(()),
        _ => Err(PyErr::fetch(object.py())),
    }
}

/// `key in object`.
pub(crate) fn contains(object: &Bound<'_, PyAny>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
    // SAFETY: the references are live for the call, and the thread is attached.
    match unsafe { ffi::PySequence_Contains(object.as_ptr(), key.as_ptr()) } {
        -1 => Err(PyErr::fetch(object.py())),
        answer => Ok(answer != 0),
    }
}

/// `warnings.warn(text, category)`, at the caller's line.
pub(crate) fn warn(category: &Bound<'_, PyAny>, text: &CStr) -> PyResult<()> {
    // SAFETY: the reference and the text are live for the call, and the thread is attached.
    match unsafe { ffi::PyErr_WarnEx(category.as_ptr(), text.as_ptr(), 1) } {
        0 => Ok(()),
        _ => Err(PyErr::fetch(category.py())),
    }
}

/// `float(object)` for what is a number.
pub(crate) fn float(object: &Bound<'_, PyAny>) -> PyResult<f64> {
    // SAFETY: the reference is live for the call, and the thread is attached.
    let value = unsafe { ffi::PyFloat_AsDouble(object.as_ptr()) };
    match PyErr::take(object.py()) {
        Some(error) if value == -1.0 => Err(error),
        _ => Ok(value),
    }
}

/// Drops a reference, which may run any destructor.
pub(crate) fn drop_ref(object: Py<PyAny>) {
    // SAFETY: the reference is given up here; the callers are attached.
    unsafe { ffi::Py_DecRef(object.into_ptr()) };
}

/// Clears a thread state, which runs the destructors of its thread-locals.
///
/// # Safety
/// `state` is the calling thread's own, attached.
pub(crate) unsafe fn clear_thread_state(state: *mut ffi::PyThreadState) {
    // SAFETY: passed on to the caller.
    unsafe { ffi::PyThreadState_Clear(state) };
}

/// [`call`] for a thread that PyO3 does not know to be attached; null if it raised.
///
/// # Safety
/// The thread is attached; the references are live, `kwargs` a dict or null.
pub(crate) unsafe fn call_raw(
    callable: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller.
    unsafe { ffi::PyObject_Call(callable, args, kwargs) }
}

/// Calls `method`, a function of a class, with `object` before its arguments; null if it
/// raised.
///
/// # Safety
/// The thread is attached; the references are live, `args` are `count` positional ones and then
/// those that `names`, a tuple or null, names.
pub(crate) unsafe fn method_raw(
    method: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: isize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller; the new array has room for all.
    unsafe {
        let named = if names.is_null() { 0 } else { ffi::PyTuple_Size(names) };
        let given = (count + named) as usize;
        let mut all = Vec::with_capacity(given + 1);
        all.push(object);
        if given > 0 {
            all.extend_from_slice(std::slice::from_raw_parts(args, given));
        }
        let count = count as usize + 1;
        ffi::PyObject_Vectorcall(method, all.as_ptr(), count, names)
    }
}

/// `callable(...)` with the arguments of a vectorcall; null if it raised.
///
/// # Safety
/// The thread is attached; the references are live, `args`, `count` and `names` as a vectorcall
/// has them.
#[inline]
pub(crate) unsafe fn vectorcall_raw(
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller.
    unsafe { ffi::PyObject_Vectorcall(callable, args, count, names) }
}

/// How an object is called that has a vectorcall.
pub(crate) type Vectorcall = unsafe extern "C-unwind" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    usize,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// [`vectorcall_raw`] by way of `call`.
///
/// # Safety
/// As for `vectorcall_raw`; `call` is for objects like `callable`.
#[cold]
pub(crate) unsafe fn vectorcall_by(
    call: Vectorcall,
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller.
    guarded(|| unsafe { call(callable, args, count, names) })
}

/// [`drop_ref`] of a raw reference.
///
/// # Safety
/// The thread is attached and owns the reference.
pub(crate) unsafe fn drop_raw(object: *mut ffi::PyObject) {
    // SAFETY: passed on to the caller.
    unsafe { ffi::Py_DecRef(object) };
}

/// Reports the exception with which the function of a thread ended.
///
/// # Safety
/// The thread is attached, an exception is set, and `function` is live.
pub(crate) unsafe fn report_thread_error(function: *mut ffi::PyObject) {
    // SAFETY: passed on to the caller; the format names one object. (It takes any number of
    // arguments, which `exit_guards` cannot guard.)
    #[cfg(Py_3_13)]
    guarded(|| unsafe {
        PyErr_FormatUnraisable(c"Exception ignored in thread started by %R".as_ptr(), function);
    });
    // SAFETY: passed on to the caller.
    #[cfg(not(Py_3_13))]
    unsafe {
        _PyErr_WriteUnraisableMsg(c"in thread started by".as_ptr(), function)
    };

    #[cfg(Py_3_13)]
    interpreter! { "C-unwind":
        fn PyErr_FormatUnraisable(format: *const std::ffi::c_char, ...);
    }
    #[cfg(not(Py_3_13))]
    interpreter! {
        fn _PyErr_WriteUnraisableMsg(text: *const std::ffi::c_char, object: *mut ffi::PyObject);
    }
}

/// The error of `raise exception` at this place: what is being handled here is its context.
///
/// (PyO3 raises an instance as it is, without a context.)
pub(crate) fn raised(exception: Bound<'_, PyAny>) -> PyErr {
    let py = exception.py();
    if !exception.is_instance_of::<pyo3::exceptions::PyBaseException>() {
        return PyErr::from_value(exception); // A class, or the TypeError of `raise`.
    }
    let kind = exception.get_type();
    // SAFETY: the references are live for the call, and the thread is attached.
    unsafe { ffi::PyErr_SetObject(kind.as_ptr(), exception.as_ptr()) };
    PyErr::fetch(py)
}

/// Reports an exception that nobody can catch.
pub(crate) fn report_unraisable(error: PyErr, object: &Bound<'_, PyAny>) {
    error.restore(object.py());
    // SAFETY: an exception is set, the reference is live, and the thread is attached.
    unsafe { ffi::PyErr_WriteUnraisable(object.as_ptr()) };
}

/// `sys.audit(event, *args)`; costs a comparison when nobody listens.
pub(crate) fn audit(
    py: Python<'_>,
    event: &CStr,
    args: [*mut ffi::PyObject; 3],
) -> PyResult<()> {
    interpreter! { "C-unwind":
        fn PySys_Audit(
            event: *const std::ffi::c_char,
            format: *const std::ffi::c_char,
            ...
        ) -> i32;
    }
    let [first, second, third] = args;
    // SAFETY: the format names three objects, which are live for the call. (See above.)
    let failed = guarded(|| unsafe {
        PySys_Audit(event.as_ptr(), c"OOO".as_ptr(), first, second, third) < 0
    });
    if failed { Err(PyErr::fetch(py)) } else { Ok(()) }
}

/// A reference that is dropped by [`drop_ref`].
pub(crate) struct OwnedPy(ManuallyDrop<Py<PyAny>>);

impl OwnedPy {
    pub(crate) fn new(object: Py<PyAny>) -> Self {
        Self(ManuallyDrop::new(object))
    }

    #[inline]
    pub(crate) fn get(&self) -> &Py<PyAny> {
        &self.0
    }

    #[inline]
    pub(crate) fn into_inner(self) -> Py<PyAny> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: taken once, here, since `self` is not dropped.
        unsafe { ManuallyDrop::take(&mut this.0) }
    }
}

impl Drop for OwnedPy {
    fn drop(&mut self) {
        // SAFETY: taken once, here.
        drop_ref(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}
