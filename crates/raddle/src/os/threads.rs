//! Calls about threads that systems do not share.

use super::stacks::Stack;

/// The one right to join a thread of this process, which is done or is the calling one; in a forked
/// child it is dropped, and says nothing.
pub(crate) struct Joinable {
    thread: usize,
    /// What it runs on, if that is not the system's.
    stack: Option<Stack>,
}

impl Joinable {
    /// # Safety
    /// The caller has that right, and gives it up. The thread runs on the stack.
    pub(crate) unsafe fn new(thread: usize, stack: Option<Stack>) -> Self {
        Self { thread, stack }
    }

    /// Whether it is the calling thread, which cannot join itself.
    pub(crate) fn is_mine(&self) -> bool {
        self.thread == super::thread_id()
    }

    /// Joins the thread if it has left; returns whether it had, and this can be [freed](Self::free).
    /// Where a system cannot be asked, it lets the thread go.
    pub(crate) fn try_join(&self) -> bool {
        let thread = self.thread as libc::pthread_t;
        #[cfg(target_os = "linux")]
        // SAFETY: this is the right to do so.
        return unsafe { libc::pthread_tryjoin_np(thread, std::ptr::null_mut()) == 0 };
        #[cfg(not(target_os = "linux"))]
        // SAFETY: this is the right to do so.
        return unsafe { libc::pthread_detach(thread) == 0 };
    }

    /// Gives back what it ran on.
    ///
    /// # Safety
    /// [`try_join`](Self::try_join) has said that it can be.
    pub(crate) unsafe fn free(self) {
        if let Some(stack) = self.stack {
            // SAFETY: it was joined, says the caller. (Those that are let go have none.)
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
