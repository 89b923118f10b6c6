//! Threads of Windows.
//!
//! Their identifiers are used again as soon as they have ended, so that what joins a thread is its
//! handle.

use std::ffi::c_void;
use std::ptr;

use windows_sys::Win32::Foundation::{
    CloseHandle, ERROR_NOT_ENOUGH_MEMORY, GetLastError, HANDLE, WAIT_OBJECT_0,
};
use windows_sys::Win32::System::Threading::{
    CREATE_SUSPENDED, CreateThread, GetCurrentThreadId, ResumeThread,
    STACK_SIZE_PARAM_IS_A_RESERVATION, WaitForSingleObject,
};

use super::Entry;

/// What a thread leaves: the system's record of it.
pub(crate) struct Remains(HANDLE);

// SAFETY: any thread may use a handle.
unsafe impl Send for Remains {}
// SAFETY: as above.
unsafe impl Sync for Remains {}

impl Remains {
    /// Its stack is the system's.
    pub(crate) fn stack(&self) -> Option<usize> {
        None
    }

    /// # Safety
    /// The thread was joined, or never made.
    pub(crate) unsafe fn free(self) {
        // SAFETY: it is this one's handle.
        unsafe { CloseHandle(self.0) };
    }
}

struct Start {
    entry: Entry,
    argument: *mut c_void,
}

unsafe extern "system" fn begin(start: *mut c_void) -> u32 {
    // SAFETY: `create` has given it to this thread alone.
    let Start { entry, argument } = *unsafe { Box::from_raw(start.cast::<Start>()) };
    // SAFETY: the promise made to `create`.
    unsafe { entry(argument) };
    0
}

/// Makes a thread that calls `entry(argument)`, and returns its identifier, or the system's number of
/// an error. `stack_size`: in bytes; 0 for the default. `keep` is given what it will leave, before it
/// runs.
///
/// # Safety
/// `entry` may be called with `argument` in another thread.
pub(crate) unsafe fn create(
    _own: bool,
    stack_size: usize,
    entry: Entry,
    argument: *mut c_void,
    keep: impl FnOnce(Remains),
) -> Result<usize, i32> {
    let start = Box::into_raw(Box::new(Start { entry, argument }));
    let flags = CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION;
    let mut ident = 0;
    // SAFETY: the function takes what it is given, in the new thread.
    let handle = unsafe {
        CreateThread(ptr::null(), stack_size, Some(begin), start.cast(), flags, &raw mut ident)
    };
    if handle.is_null() {
        // SAFETY: no thread was made, so that it is still this one's.
        drop(unsafe { Box::from_raw(start) });
        // SAFETY: no preconditions.
        return Err(unsafe { GetLastError() } as i32);
    }
    keep(Remains(handle));
    // SAFETY: the handle is open: it is closed once the thread has ended.
    unsafe { ResumeThread(handle) };
    Ok(ident as usize)
}

/// Whether this error of [`create`] says that there was no room.
pub(crate) fn wants_room(error: i32) -> bool {
    error == ERROR_NOT_ENOUGH_MEMORY as i32
}

/// Whether a thread has left.
///
/// # Safety
/// The caller has the right to join it.
pub(super) unsafe fn try_join(_thread: usize, remains: Option<&Remains>) -> bool {
    // SAFETY: the handle is open.
    remains.is_none_or(|Remains(handle)| unsafe {
        WaitForSingleObject(*handle, 0) == WAIT_OBJECT_0
    })
}

/// No stacks are kept.
pub(crate) fn clear() {}

/// # Safety
/// There is no such stack.
pub(crate) unsafe fn shrink(_start: usize) {}

/// There are no signals that a thread could block.
pub(crate) struct Blocked;

impl Blocked {
    pub(crate) fn mine() -> Self {
        Self
    }

    pub(crate) fn block(&self) {}
}

/// The calling thread's number in the operating system's tools.
pub(crate) fn native_id() -> u32 {
    // SAFETY: no preconditions.
    unsafe { GetCurrentThreadId() }
}

/// Whether the thread of this process with that number waits for something in the kernel; true
/// where that cannot be told.
pub(crate) fn is_asleep(_native: u32) -> bool {
    true
}

/// Whether all threads of this process but these wait for something in the kernel, as far as that
/// can be told.
pub(crate) fn others_are_asleep(_these: &[u32]) -> bool {
    true
}

/// In how many nanoseconds a timer sends this process a signal: there is none.
pub(crate) fn alarm() -> Option<i64> {
    None
}

/// How many threads this process has, if that can be told.
pub(crate) fn count() -> Option<usize> {
    None
}
