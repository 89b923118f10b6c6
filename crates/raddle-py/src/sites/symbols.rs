//! What the interpreter has under a name, looked up while the program runs.

use std::ffi::{CStr, c_void};

/// Its address; null if the interpreter does not show such a name.
#[cfg(unix)]
pub(crate) fn find(name: &CStr) -> *mut c_void {
    // SAFETY: a name, to be looked for everywhere.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}

/// Its address; null if the interpreter does not show such a name.
#[cfg(windows)]
pub(crate) fn find(name: &CStr) -> *mut c_void {
    use std::ptr;

    use pyo3::ffi;
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
        GetModuleHandleExW, GetProcAddress,
    };

    let flags =
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    let mut library = ptr::null_mut();
    // SAFETY: an address in the interpreter's library, which is never unloaded, and a valid place.
    unsafe {
        let inside = (&raw const ffi::PyType_Type).cast();
        if GetModuleHandleExW(flags, inside, &raw mut library) == 0 {
            return ptr::null_mut();
        }
        let found = GetProcAddress(library, name.as_ptr().cast());
        found.map_or(ptr::null_mut(), |found| found as *mut c_void)
    }
}
