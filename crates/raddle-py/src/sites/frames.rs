//! The frames of the calling thread, and where in its source each is.

use pyo3::ffi;
use pyo3::prelude::*;

use crate::python::interned::intern;

/// A part of the source of a code object, by its address: from line and column to line and column.
pub(super) type Spot = (usize, [i32; 4]);

/// A frame of the calling thread.
#[derive(Clone)]
pub(super) struct Frame<'py> {
    pub(super) object: Bound<'py, PyAny>,
    pub(super) code: Bound<'py, PyAny>,
    /// The offset of its instruction.
    pub(super) at: i32,
}

/// The frames of the calling thread, from the innermost one out.
pub(super) struct Frames<'py> {
    py: Python<'py>,
    /// The one that was looked at last.
    last: Option<Bound<'py, PyAny>>,
}

pub(super) fn frames(py: Python<'_>) -> Frames<'_> {
    Frames { py, last: None }
}

impl<'py> Frames<'py> {
    /// The code object of the next frame, and the offset of its instruction. (Each step makes an
    /// object of a frame, which costs: not before it is asked for.)
    #[inline]
    pub(super) fn step(&mut self) -> Option<(Bound<'py, PyAny>, i32)> {
        let py = self.py;
        let object = match &self.last {
            // SAFETY: attached; the frame is borrowed from the running one, and made one's own.
            None => unsafe { Bound::from_borrowed_ptr_or_opt(py, raw::PyEval_GetFrame()) },
            // SAFETY: a frame; the outer one is a new reference, or null.
            Some(inner) => unsafe {
                Bound::from_owned_ptr_or_opt(py, raw::PyFrame_GetBack(inner.as_ptr()))
            },
        }?;
        // SAFETY: a frame; its code is a new reference.
        let code = unsafe { Bound::from_owned_ptr(py, raw::PyFrame_GetCode(object.as_ptr())) };
        // SAFETY: a frame.
        let at = unsafe { raw::PyFrame_GetLasti(object.as_ptr()) };
        self.last = Some(object);
        Some((code, at))
    }
}

impl<'py> Iterator for Frames<'py> {
    type Item = Frame<'py>;

    fn next(&mut self) -> Option<Frame<'py>> {
        let (code, at) = self.step()?;
        Some(Frame { object: self.last.clone()?, code, at })
    }
}

/// Where in its source a frame is.
pub(super) fn spot(frame: &Frame<'_>) -> Option<Spot> {
    let [mut line, mut column, mut last, mut end] = [-1; 4];
    // SAFETY: a code object, an offset that a frame of it has, and room for what is told.
    let told = unsafe {
        raw::PyCode_Addr2Location(
            frame.code.as_ptr(),
            frame.at,
            &raw mut line,
            &raw mut column,
            &raw mut last,
            &raw mut end,
        )
    };
    (told != 0).then(|| (frame.code.as_ptr().addr(), [line, column, last, end]))
}

/// The line of an offset.
pub(super) fn line(code: &Bound<'_, PyAny>, at: i32) -> i32 {
    // SAFETY: a code object, and an offset that a frame of it had.
    unsafe { raw::PyCode_Addr2Line(code.as_ptr(), at) }
}

/// The file of a code object.
pub(super) fn file_of(code: &Bound<'_, PyAny>) -> String {
    let name = code.getattr(intern!(code.py(), "co_filename"));
    name.and_then(|name| name.extract::<String>()).unwrap_or_default()
}

mod raw {
    use std::ffi::c_int;

    use super::ffi::PyObject;

    interpreter! {
        pub(super) fn PyEval_GetFrame() -> *mut PyObject;
        pub(super) fn PyFrame_GetCode(frame: *mut PyObject) -> *mut PyObject;
        pub(super) fn PyFrame_GetBack(frame: *mut PyObject) -> *mut PyObject;
        pub(super) fn PyFrame_GetLasti(frame: *mut PyObject) -> c_int;
        pub(super) fn PyCode_Addr2Line(code: *mut PyObject, offset: c_int) -> c_int;
        pub(super) fn PyCode_Addr2Location(
            code: *mut PyObject,
            offset: c_int,
            line: *mut c_int,
            column: *mut c_int,
            last: *mut c_int,
            end: *mut c_int,
        ) -> c_int;
    }
}
