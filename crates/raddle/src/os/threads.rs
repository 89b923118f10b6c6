//! Calls about threads that systems do not share.

/// Joins a thread if it has left; says whether it had. The caller has the right to join it.
pub(crate) fn try_join(thread: usize) -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: the caller has the one right to join it, and it lives in this process.
    return unsafe {
        libc::pthread_tryjoin_np(thread as libc::pthread_t, std::ptr::null_mut()) == 0
    };
    #[cfg(not(target_os = "linux"))]
    false
}

/// The calling thread's number in the operating system's tools.
pub(crate) fn native_id() -> u32 {
    #[cfg(target_os = "linux")]
    // SAFETY: `gettid` has no preconditions and cannot fail.
    return unsafe { libc::gettid() } as u32;
    #[cfg(not(target_os = "linux"))]
    return 1;
}

/// Whether the thread of this process with that number waits for something in the kernel; true
/// where that cannot be told.
pub(crate) fn is_asleep(native: u32) -> bool {
    #[cfg(target_os = "linux")]
    if let Ok(stat) = std::fs::read_to_string(format!("/proc/self/task/{native}/stat")) {
        // The state comes after the name, which is in parentheses and may have any of these.
        return stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('R'));
    }
    let _ = native;
    true
}

/// How many threads this process has, if that can be told.
pub(crate) fn count() -> Option<usize> {
    #[cfg(target_os = "linux")]
    return Some(std::fs::read_dir("/proc/self/task").ok()?.count());
    #[cfg(not(target_os = "linux"))]
    None
}
