//! The sign by which `raddle dump PID` sees that this process answers.
//!
//! The signal that asks would end a process that does not expect it, and neither the
//! environment of a process nor the signals that it catches say whose handlers those are. So as
//! long as raddle's is set, the process has a mapping of an empty file in memory whose name
//! says so, which `/proc/PID/maps` shows: a fork keeps it, an exec ends it, and no descriptor
//! stays open.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;

/// The mapping's address; 0 if there is none.
static SIGN: AtomicUsize = AtomicUsize::new(0);

/// As long as a mapping is at least; nothing is ever read there.
#[cfg(target_os = "linux")]
const LENGTH: usize = 1;

/// Shows a sign with this text, of at most 240 bytes, in the place of an earlier one; with
/// None, takes it away.
///
/// Raises OSError where the system has no such files.
#[pyfunction]
#[pyo3(name = "_show_sign")]
pub(crate) fn show_sign(text: Option<&[u8]>) -> PyResult<()> {
    let shown = text.map_or(Ok(0), show)?;
    hide(SIGN.swap(shown, Ordering::Relaxed));
    Ok(())
}

/// Of `memfd_create`: nobody may execute it. (Linux 6.3.)
#[cfg(target_os = "linux")]
const MFD_NOEXEC_SEAL: libc::c_uint = 8;

#[cfg(target_os = "linux")]
fn show(text: &[u8]) -> PyResult<usize> {
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsRawFd, FromRawFd};

    let name = std::ffi::CString::new(text)?;
    // (The C library's own function for it is newer than the oldest one that is supported.)
    // SAFETY: a text that ends in a null, and flags.
    let make = |flags: libc::c_uint| unsafe {
        libc::syscall(libc::SYS_memfd_create, name.as_ptr(), flags)
    };
    // A hardened system refuses a file that might be executed; an old one does not know the
    // flag.
    let mut made = make(libc::MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if made < 0 {
        made = make(libc::MFD_CLOEXEC);
    }
    let Ok(descriptor @ 0..) = i32::try_from(made) else {
        return Err(io::Error::last_os_error().into());
    };
    // SAFETY: a descriptor that was made just now, and is nobody else's.
    let file = unsafe { File::from_raw_fd(descriptor) };
    let (nowhere, none) = (std::ptr::null_mut(), libc::PROT_NONE);
    // SAFETY: a new mapping, where the system likes, that nobody may read or write.
    let at =
        unsafe { libc::mmap(nowhere, LENGTH, none, libc::MAP_PRIVATE, file.as_raw_fd(), 0) };
    if at == libc::MAP_FAILED { Err(io::Error::last_os_error().into()) } else { Ok(at.addr()) }
}

#[cfg(target_os = "linux")]
fn hide(at: usize) {
    if at != 0 {
        // SAFETY: the mapping that `show` made, which nobody uses.
        unsafe { libc::munmap(std::ptr::with_exposed_provenance_mut(at), LENGTH) };
    }
}

#[cfg(not(target_os = "linux"))]
fn show(_text: &[u8]) -> PyResult<usize> {
    Err(pyo3::exceptions::PyOSError::new_err("only Linux shows such a sign"))
}

#[cfg(not(target_os = "linux"))]
fn hide(_at: usize) {}
