//! The processes of this machine, for `raddle dump --tree`.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use pyo3::prelude::*;
use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW,
    TH32CS_SNAPPROCESS,
};

/// Returns `[(pid, parent's pid, name)]`. (A parent may have ended, and its number be another's.)
///
/// Raises OSError if the system does not tell.
#[pyfunction]
#[pyo3(name = "_processes")]
pub(crate) fn processes() -> PyResult<Vec<(u32, u32, String)>> {
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
        found.push((entry.th32ProcessID, entry.th32ParentProcessID, name));
        // SAFETY: as above.
        more = unsafe { Process32NextW(seen.as_raw_handle(), &raw mut entry) };
    }
    Ok(found)
}
