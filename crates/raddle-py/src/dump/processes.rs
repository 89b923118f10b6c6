//! The processes of this machine, for `raddle dump --tree`.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use pyo3::prelude::*;
use windows_sys::Win32::Foundation::{FILETIME, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW,
    TH32CS_SNAPPROCESS,
};
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION,
};

/// Returns `[(pid, parent's pid, name, when it was started)]`, the last as the system counts, and 0
/// if it does not tell. (A parent may have ended, and its number be a younger process's.)
///
/// Raises OSError if the system does not tell.
#[pyfunction]
#[pyo3(name = "_processes")]
pub(crate) fn processes() -> PyResult<Vec<(u32, u32, String, u64)>> {
    // SAFETY: it takes numbers.
    let seen = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    if seen == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error().into());
    }
    // SAFETY: a handle that was made just now, and is nobody else's.
    let seen = unsafe { OwnedHandle::from_raw_handle(seen) };
    // SAFETY: plain data, for which zeros are right.
    let mut entry: PROCESSENTRY32W = unsafe { std::mem::zeroed() };
    entry.dwSize = u32::try_from(size_of::<PROCESSENTRY32W>()).expect("it is small");
    let mut found = Vec::new();
    // SAFETY: an open snapshot, and a place that says how large it is.
    let mut more = unsafe { Process32FirstW(seen.as_raw_handle(), &raw mut entry) };
    while more != 0 {
        let length = entry.szExeFile.iter().position(|&unit| unit == 0);
        let name = &entry.szExeFile[..length.unwrap_or(entry.szExeFile.len())];
        let name = String::from_utf16_lossy(name);
        let (pid, parent) = (entry.th32ProcessID, entry.th32ParentProcessID);
        found.push((pid, parent, name, started(pid)));
        // SAFETY: as above.
        more = unsafe { Process32NextW(seen.as_raw_handle(), &raw mut entry) };
    }
    Ok(found)
}

/// When a process was started; 0 if it is not told.
fn started(pid: u32) -> u64 {
    // SAFETY: it takes numbers.
    let process = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    if process.is_null() {
        return 0;
    }
    // SAFETY: a handle that was made just now, and is nobody else's.
    let process = unsafe { OwnedHandle::from_raw_handle(process) };
    let none = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let [mut began, mut ended, mut kernel, mut user] = [none; 4];
    // SAFETY: an open process, and four places.
    unsafe {
        let [began, ended] = [&raw mut began, &raw mut ended];
        let process = process.as_raw_handle();
        GetProcessTimes(process, began, ended, &raw mut kernel, &raw mut user);
    }
    u64::from(began.dwHighDateTime) << 32 | u64::from(began.dwLowDateTime)
}
