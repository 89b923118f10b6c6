//! Where the calling thread is in the program: the innermost frame of the interpreter.
//!
//! `PyEval_GetFrame` makes an object of the frame, for each call of a function anew, and that
//! costs more than a checked lock may. From 3.13 on the interpreter says, for the debuggers and
//! profilers that look at it from outside, at which offsets its structures have what they want:
//! the table `_Py_DebugOffsets`, at the start of `_PyRuntime`
//! (`Include/internal/pycore_debug_offsets.h`; in 3.13 `pycore_runtime.h`). With them two loads
//! tell where a thread is.
//!
//! What they tell is only compared, with what was read in the same way before: nothing follows
//! the addresses. Where the table is another one than expected, or what it leads to is not the
//! frame that `PyEval_GetFrame` gives, nothing is read in this way.

/// A place in the program, as long as its code object lives: the address of that, and that of
/// the instruction.
pub(crate) type Point = (usize, usize);

#[cfg(all(Py_3_12, not(Py_3_13)))]
pub(crate) use objects::frame;
#[cfg(not(Py_3_13))]
pub(crate) use objects::{innermost, prepare};

#[cfg(Py_3_13)]
pub(crate) use offsets::{frame, innermost, prepare};
#[cfg(Py_GIL_DISABLED)]
pub(crate) use offsets::{knows_threads, thread_of};

/// Up to 3.12 there is no such table.
#[cfg(not(Py_3_13))]
mod objects {
    use pyo3::Python;

    use super::Point;

    pub(crate) fn prepare(_py: Python<'_>) {}

    #[inline]
    pub(crate) fn innermost(_py: Python<'_>) -> Option<Point> {
        None
    }

    /// Where a thread's state has what leads to its innermost frame, on 3.12. (Whoever asks has
    /// seen what is there: the mode that uses it tries it first.)
    #[cfg(Py_3_12)]
    const CURRENT: usize = 56;

    /// The innermost frame of the calling thread.
    #[cfg(Py_3_12)]
    #[inline]
    pub(crate) fn frame(_py: Python<'_>) -> Option<*const u8> {
        // SAFETY: attached: the state is the calling thread's; it leads to its frames.
        let frame = unsafe {
            let state = pyo3::ffi::PyThreadState_Get().cast::<u8>();
            state.add(CURRENT).cast::<*const *const u8>().read().read()
        };
        (!frame.is_null()).then_some(frame)
    }
}

#[cfg(Py_3_13)]
mod offsets {
    use std::sync::atomic::{AtomicU32, Ordering};

    use pyo3::{Python, ffi};

    use super::Point;
    use crate::sites::symbols;

    /// Entries of the table before those of a thread's state: three of the table itself, three of
    /// the runtime, and an interpreter's.
    const STATE: usize = 6 + if cfg!(Py_3_14) { 16 } else { 13 };
    /// Entries of the table before those of a frame: a thread's state has more from 3.15 on, and
    /// an item of the stack of exceptions has one.
    const FRAME: usize = STATE + if cfg!(Py_3_15) { 16 + 1 } else { 9 };
    const ENTRIES: usize = FRAME + 4;

    /// How the table begins.
    const COOKIE: &[u8; 8] = b"xdebugpy";
    /// The newest version whose table is known, and where it was settled: in release candidates.
    const NEWEST: u64 = 0x030f;
    const CANDIDATE: u64 = 0xc;
    /// More than the size of any structure that is read from.
    const LARGE: u64 = 1 << 16;

    /// Where a thread's state has its innermost frame; 0 if that is not known.
    static CURRENT: AtomicU32 = AtomicU32::new(0);
    /// Where a thread's state has its identifier; 0 if that is not known.
    #[cfg(Py_GIL_DISABLED)]
    static THREAD: AtomicU32 = AtomicU32::new(0);
    /// Where a frame has its code object.
    static EXECUTABLE: AtomicU32 = AtomicU32::new(0);
    /// Where a frame has its instruction.
    static INSTRUCTION: AtomicU32 = AtomicU32::new(0);

    /// Looks the offsets up, and whether what they lead to is true of the calling thread.
    pub(crate) fn prepare(py: Python<'_>) {
        let Some([current, _thread, executable, instruction]) = find() else { return };
        #[cfg(Py_GIL_DISABLED)]
        {
            THREAD.store(_thread, Ordering::Relaxed);
            // SAFETY: attached; the state is the calling thread's.
            if thread_of(unsafe { ffi::PyThreadState_Get() }) != raddle::thread_id() {
                THREAD.store(0, Ordering::Relaxed);
            }
        }
        EXECUTABLE.store(executable, Ordering::Relaxed);
        INSTRUCTION.store(instruction, Ordering::Relaxed);
        CURRENT.store(current, Ordering::Relaxed);
        if !innermost(py).is_some_and(|seen| is_true(py, seen)) {
            CURRENT.store(0, Ordering::Relaxed);
        }
    }

    /// Whether the calling thread is at that place, as the objects of frames tell.
    fn is_true(_py: Python<'_>, (code, at): Point) -> bool {
        // SAFETY: attached; the frame is borrowed.
        let frame = unsafe { raw::PyEval_GetFrame() };
        if frame.is_null() {
            return false;
        }
        // SAFETY: a frame; its code object is a new reference, and the frame has another.
        let known = unsafe {
            let known = raw::PyFrame_GetCode(frame);
            ffi::Py_DECREF(known);
            known.addr()
        };
        // SAFETY: a frame.
        let offset = unsafe { raw::PyFrame_GetLasti(frame) };
        // (Instructions begin in the code object; without a GIL a thread may have its own copy.)
        let begin = at.wrapping_sub(offset as usize).wrapping_sub(code);
        code == known && (cfg!(Py_GIL_DISABLED) || (1..LARGE as usize).contains(&begin))
    }

    /// Where a state has its frame and its thread's identifier, a frame its code object and its
    /// instruction.
    fn find() -> Option<[u32; 4]> {
        // (Looked up when it is wanted: a program that has the interpreter inside may hide it.)
        let runtime = symbols::find(c"_PyRuntime");
        if runtime.is_null() {
            return None;
        }
        // SAFETY: the runtime's state is far larger than the table at its start, is aligned for
        // its numbers, and the table is written before the process begins.
        let table = unsafe { runtime.cast::<[u64; ENTRIES]>().read() };
        #[allow(clippy::useless_conversion, reason = "elsewhere it has 32 bits")]
        // SAFETY: a number that never changes.
        let version = u64::from(unsafe { ffi::Py_Version });
        let settled = version >> 16 <= NEWEST && version >> 4 & 0xf >= CANDIDATE;
        if table[0].to_ne_bytes() != *COOKIE || table[1] != version || !settled {
            return None;
        }
        let inside = |offset: u64, size: u64| {
            let word = size_of::<usize>() as u64;
            let fits = size < LARGE && offset + word <= size && offset.is_multiple_of(word);
            fits.then(|| u32::try_from(offset).ok()).flatten()
        };
        let (state, frame) = (table[STATE], table[FRAME]);
        Some([
            inside(table[STATE + 4], state)?,
            inside(table[STATE + 5], state)?,
            inside(table[FRAME + 2], frame)?,
            inside(table[FRAME + 3], frame)?,
        ])
    }

    /// Whether [`thread_of`] knows.
    #[cfg(Py_GIL_DISABLED)]
    pub(crate) fn knows_threads() -> bool {
        THREAD.load(Ordering::Relaxed) != 0
    }

    /// The identifier of the thread whose state this is, a live one.
    #[cfg(Py_GIL_DISABLED)]
    pub(crate) fn thread_of(state: *mut ffi::PyThreadState) -> usize {
        let at = THREAD.load(Ordering::Relaxed) as usize;
        // SAFETY: the caller's state; the offset is the interpreter's own.
        unsafe { state.byte_add(at).cast::<usize>().read() }
    }

    /// The innermost frame of the calling thread, if it is known where that is.
    #[inline]
    pub(crate) fn frame(_py: Python<'_>) -> Option<*const u8> {
        let current = CURRENT.load(Ordering::Relaxed) as usize;
        if current == 0 {
            return None;
        }
        // SAFETY: attached: the state is the calling thread's; the offset is the interpreter's.
        let frame =
            unsafe { ffi::PyThreadState_Get().byte_add(current).cast::<*const u8>().read() };
        (!frame.is_null()).then_some(frame)
    }

    /// Where the calling thread is, if that can be told at once.
    #[inline]
    pub(crate) fn innermost(_py: Python<'_>) -> Option<Point> {
        let current = CURRENT.load(Ordering::Relaxed) as usize;
        if current == 0 {
            return None;
        }
        let executable = EXECUTABLE.load(Ordering::Relaxed) as usize;
        let instruction = INSTRUCTION.load(Ordering::Relaxed) as usize;
        // SAFETY: attached: the state is the calling thread's, and so are its frames, of which
        // the innermost does not end while it is here. The offsets are the interpreter's own.
        unsafe {
            let frame: *const u8 =
                ffi::PyThreadState_Get().byte_add(current).cast::<*const u8>().read();
            if frame.is_null() {
                return None;
            }
            let code: usize = frame.add(executable).cast::<usize>().read();
            let at: usize = frame.add(instruction).cast::<usize>().read();
            // (The lowest bits say whether a reference is counted.)
            Some((code & !3, at))
        }
    }

    mod raw {
        use std::ffi::c_int;

        use super::ffi::PyObject;

        interpreter! {
            pub(super) fn PyEval_GetFrame() -> *mut PyObject;
            pub(super) fn PyFrame_GetCode(frame: *mut PyObject) -> *mut PyObject;
            pub(super) fn PyFrame_GetLasti(frame: *mut PyObject) -> c_int;
        }
    }
}
