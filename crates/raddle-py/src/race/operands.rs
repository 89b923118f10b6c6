//! The values on the stack of the running frame.
//!
//! While `sys.monitoring` calls back before an instruction, the operands of that are at the top of
//! the frame's stack. How many values are there is known from the bytecode, and where the stack
//! begins from the code object: so nothing has to be read that the interpreter keeps in registers
//! meanwhile (up to 3.13 the frame does not say how deep its stack is while it runs).

use pyo3::{Python, ffi};

use crate::sites::innermost;

/// Where a frame has its globals, and its local variables.
const GLOBALS: usize = 24;
const LOCALS: usize = if cfg!(Py_3_14) { 80 } else { 72 };
/// Bits of a reference on the stack that say how it is counted.
const TAGS: usize = if cfg!(Py_3_14) { 3 } else { 0 };

/// The running frame.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    address: *const u8,
}

/// What an object has in a word of its own, counted from the end of its header.
///
/// # Safety
/// An object of a type that has a pointer there.
pub(super) unsafe fn field(object: *mut ffi::PyObject, at: usize) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller.
    unsafe { object.add(1).cast::<*mut ffi::PyObject>().add(at).read() }
}

impl Frame {
    /// The frame that the calling thread runs; None if it cannot be found.
    #[inline]
    pub(super) fn running(py: Python<'_>) -> Option<Self> {
        innermost::frame(py).map(|address| Self { address })
    }

    /// What tells it from others that run.
    #[inline]
    pub(super) fn number(self) -> usize {
        self.address.addr()
    }

    /// A local variable, or a value on the stack, which begins after those; null if there is
    /// none.
    ///
    /// # Safety
    /// The frame is running in the calling thread and has that many.
    #[inline]
    pub(super) unsafe fn local(self, at: usize) -> *mut ffi::PyObject {
        // SAFETY: passed on to the caller.
        let value = unsafe {
            self.address.add(LOCALS + at * size_of::<usize>()).cast::<usize>().read()
        };
        // (A number may be there by itself; it is no object.)
        let tag = value & TAGS;
        if TAGS != 0 && tag == TAGS { std::ptr::null_mut() } else { (value & !TAGS) as _ }
    }

    /// The names of the module that the frame's function is from.
    ///
    /// # Safety
    /// The frame is running in the calling thread.
    #[inline]
    pub(super) unsafe fn globals(self) -> *mut ffi::PyObject {
        // SAFETY: passed on to the caller.
        unsafe { self.address.add(GLOBALS).cast::<*mut ffi::PyObject>().read() }
    }
}
