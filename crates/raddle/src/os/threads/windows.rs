//! Threads of Windows.
//!
//! Their identifiers are used again as soon as they have ended, so that what joins a thread is its
//! handle.

use std::ffi::c_void;
use std::{mem, ptr};

use windows_sys::Win32::Foundation::{
    CloseHandle, ERROR_NOT_ENOUGH_MEMORY, FILETIME, GetLastError, HANDLE, INVALID_HANDLE_VALUE,
    WAIT_OBJECT_0,
};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::Threading::{
    CREATE_SUSPENDED, CreateThread, GetCurrentProcessId, GetCurrentThreadId,
    GetProcessIdOfThread, GetThreadTimes, OpenThread, ResumeThread,
    STACK_SIZE_PARAM_IS_A_RESERVATION, THREAD_QUERY_LIMITED_INFORMATION, WaitForSingleObject,
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
pub(super) fn count() -> Option<usize> {
    Some(natives()?.len())
}

/// The numbers of this process's threads, if they can be told.
pub(super) fn natives() -> Option<Vec<u64>> {
    // SAFETY: it takes numbers.
    let seen = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) };
    if seen == INVALID_HANDLE_VALUE {
        return None;
    }
    // SAFETY: no preconditions.
    let process = unsafe { GetCurrentProcessId() };
    // SAFETY: plain data, for which zeros are right.
    let mut entry: THREADENTRY32 = unsafe { mem::zeroed() };
    entry.dwSize = u32::try_from(size_of::<THREADENTRY32>()).ok()?;
    let mut found = Vec::new();
    // SAFETY: an open snapshot, and a place that says how large it is.
    let mut more = unsafe { Thread32First(seen, &raw mut entry) };
    while more != 0 {
        if entry.th32OwnerProcessID == process {
            found.push(u64::from(entry.th32ThreadID));
        }
        // SAFETY: as above.
        more = unsafe { Thread32Next(seen, &raw mut entry) };
    }
    // SAFETY: the snapshot is this function's.
    unsafe { CloseHandle(seen) };
    (!found.is_empty()).then_some(found)
}

/// When a thread of this process was started, as the system counts; `None` if there is none.
pub(super) fn started(native: u64) -> Option<u64> {
    let native = u32::try_from(native).ok()?;
    // SAFETY: it takes numbers.
    let thread = unsafe { OpenThread(THREAD_QUERY_LIMITED_INFORMATION, 0, native) };
    if thread.is_null() {
        return None;
    }
    let none = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let [mut began, mut ended, mut kernel, mut user] = [none; 4];
    // SAFETY: an open thread, and four places; it is closed once.
    let (known, own) = unsafe {
        let times = [&raw mut began, &raw mut ended, &raw mut kernel, &raw mut user];
        let known = GetThreadTimes(thread, times[0], times[1], times[2], times[3]) != 0;
        let own = GetProcessIdOfThread(thread) == GetCurrentProcessId();
        CloseHandle(thread);
        (known, own)
    };
    let time = u64::from(began.dwHighDateTime) << 32 | u64::from(began.dwLowDateTime);
    // (One that has ended, and that somebody has open, has an end.)
    let alive = ended.dwHighDateTime == 0 && ended.dwLowDateTime == 0;
    (known && own && alive).then_some(time)
}
