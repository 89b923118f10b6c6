//! Calls about threads that systems do not share.

use std::cell::Cell;

use super::stacks::Stack;

/// The one right to join a thread of this process, which has said that it is done; in a forked
/// child it is dropped, and says nothing.
pub(crate) struct Joinable {
    thread: usize,
    /// What it runs on, if that is not the system's.
    stack: Cell<Option<Stack>>,
}

impl Joinable {
    /// # Safety
    /// The caller has that right, and gives it up. The thread runs on the stack.
    pub(crate) unsafe fn new(thread: usize, stack: Option<Stack>) -> Self {
        Self { thread, stack: Cell::new(stack) }
    }

    /// Joins it if it has left; returns whether it had. Not to be called again then.
    pub(crate) fn try_join(&self) -> bool {
        #[cfg(target_os = "linux")]
        {
            let thread = self.thread as libc::pthread_t;
            // SAFETY: this is the right to do so.
            let has_left =
                unsafe { libc::pthread_tryjoin_np(thread, std::ptr::null_mut()) == 0 };
            if has_left {
                self.free();
            }
            has_left
        }
        #[cfg(not(target_os = "linux"))]
        false
    }

    /// Joins it, waiting until it has left. What its last steps need is not held by the caller.
    pub(crate) fn join(self) {
        // SAFETY: this is the right to do so.
        unsafe { libc::pthread_join(self.thread as libc::pthread_t, std::ptr::null_mut()) };
        self.free();
    }

    fn free(&self) {
        if let Some(stack) = self.stack.take() {
            // SAFETY: its thread was joined.
            unsafe { stack.free() };
        }
    }
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
