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

/// Whether all threads of this process but these wait for something in the kernel, as far as that
/// can be told.
pub(crate) fn others_are_asleep(these: &[u32]) -> bool {
    #[cfg(target_os = "linux")]
    if let Ok(tasks) = std::fs::read_dir("/proc/self/task") {
        let numbers =
            tasks.flatten().filter_map(|task| task.file_name().to_str()?.parse().ok());
        return numbers.filter(|each| !these.contains(each)).all(is_asleep);
    }
    let _ = these;
    true
}

/// In how many nanoseconds a timer sends this process a signal, if one is set (`setitimer`, `alarm`).
pub(crate) fn alarm() -> Option<i64> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: all zero is such a value, which the call fills.
        let mut left: libc::itimerval = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a value of the kind.
        let known = unsafe { libc::getitimer(libc::ITIMER_REAL, &raw mut left) } == 0;
        let (seconds, micros) = (left.it_value.tv_sec, left.it_value.tv_usec);
        let is_set = known && (seconds != 0 || micros != 0);
        #[allow(clippy::useless_conversion, reason = "they are narrower on 32-bit systems")]
        let (seconds, micros) = (i64::from(seconds), i64::from(micros));
        is_set.then(|| seconds.saturating_mul(1_000_000_000) + micros * 1_000)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// How many threads this process has, if that can be told.
pub(crate) fn count() -> Option<usize> {
    #[cfg(target_os = "linux")]
    return Some(std::fs::read_dir("/proc/self/task").ok()?.count());
    #[cfg(not(target_os = "linux"))]
    None
}
