//! Threads of POSIX.

use std::ffi::c_void;
use std::{mem, ptr};

use super::Entry;
use super::stacks::Stack;
pub(crate) use super::stacks::{clear, shrink};
use crate::os::ident;

/// What a thread leaves: what it runs on, if that is not the system's.
pub(crate) struct Remains(Stack);

impl Remains {
    /// Where its stack begins, for [`shrink`].
    pub(crate) fn stack(&self) -> Option<usize> {
        Some(self.0.start())
    }

    /// # Safety
    /// The thread was joined, or never made.
    pub(crate) unsafe fn free(self) {
        // SAFETY: says the caller.
        unsafe { self.0.free() };
    }
}

/// Makes a thread that calls `entry(argument)`, and returns its identifier, or the system's number of
/// an error. `stack_size`: in bytes; 0 for the default. `own`: on a stack of the crate's, if it may be.
/// `keep` is given what it will leave, before it runs, though it may not be made then.
///
/// # Safety
/// `entry` may be called with `argument` in another thread.
pub(crate) unsafe fn create(
    own: bool,
    stack_size: usize,
    entry: Entry,
    argument: *mut c_void,
    keep: impl FnOnce(Remains),
) -> Result<usize, i32> {
    // SAFETY: an all-zero attribute object is a valid place for pthread_attr_init.
    let mut attributes: libc::pthread_attr_t = unsafe { mem::zeroed() };
    let check = |error: i32| if error == 0 { Ok(()) } else { Err(error) };
    // SAFETY: `attributes` outlives the calls and is destroyed once, below.
    check(unsafe { libc::pthread_attr_init(&raw mut attributes) })?;
    let created = (|| {
        if stack_size != 0 {
            // SAFETY: `attributes` was initialised.
            check(unsafe { libc::pthread_attr_setstacksize(&raw mut attributes, stack_size) })?;
        } else if own && let Some(stack) = Stack::take(&attributes) {
            if stack.lend(&mut attributes) {
                keep(Remains(stack));
            } else {
                // SAFETY: no thread was made.
                unsafe { stack.free() };
            }
        }
        // SAFETY: the two conventions differ only in whether unwinding out of the function is
        // allowed, and the caller is the C library, which expects just that.
        let entry = unsafe {
            mem::transmute::<Entry, extern "C" fn(*mut c_void) -> *mut c_void>(entry)
        };
        let mut thread = 0 as libc::pthread_t;
        // SAFETY: the function is a thread's entry, and may be called so, says the caller.
        check(unsafe { libc::pthread_create(&raw mut thread, &attributes, entry, argument) })?;
        Ok(ident::of(thread as usize))
    })();
    // SAFETY: initialised above, and not used again.
    unsafe { libc::pthread_attr_destroy(&raw mut attributes) };
    created
}

/// Whether this error of [`create`] says that there was no room.
pub(crate) fn wants_room(error: i32) -> bool {
    error == libc::EAGAIN
}

/// Joins a thread if it has left; returns whether it had. Where a system cannot be asked, it lets the
/// thread go.
///
/// # Safety
/// The caller has the right to join it.
pub(super) unsafe fn try_join(thread: usize, _remains: Option<&Remains>) -> bool {
    let thread = ident::system(thread) as libc::pthread_t;
    #[cfg(target_os = "linux")]
    // SAFETY: says the caller.
    return unsafe { libc::pthread_tryjoin_np(thread, ptr::null_mut()) == 0 };
    #[cfg(not(target_os = "linux"))]
    // SAFETY: says the caller.
    return unsafe { libc::pthread_detach(thread) == 0 };
}

/// The signals that a thread blocks.
pub(crate) struct Blocked(libc::sigset_t);

impl Blocked {
    /// Those of the calling thread.
    pub(crate) fn mine() -> Self {
        Self::change(ptr::null())
    }

    /// The calling thread blocks these from now on.
    pub(crate) fn block(&self) {
        Self::change(&raw const self.0);
    }

    fn change(block: *const libc::sigset_t) -> Self {
        // SAFETY: a set of all zeros is one; the call reads `block` if it is there, and fills the
        // set.
        unsafe {
            let mut before: libc::sigset_t = mem::zeroed();
            libc::pthread_sigmask(libc::SIG_SETMASK, block, &raw mut before);
            Self(before)
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
pub(super) fn count() -> Option<usize> {
    #[cfg(target_os = "linux")]
    return Some(std::fs::read_dir("/proc/self/task").ok()?.count());
    #[cfg(target_os = "macos")]
    {
        // SAFETY: plain data, for which zeros are right.
        let mut task: libc::proc_taskinfo = unsafe { mem::zeroed() };
        let size = i32::try_from(size_of_val(&task)).ok()?;
        // SAFETY: this process, and a place of that size for what is asked for.
        let got = unsafe {
            let (pid, at) = (libc::getpid(), (&raw mut task).cast());
            libc::proc_pidinfo(pid, libc::PROC_PIDTASKINFO, 0, at, size)
        };
        return if got == size { usize::try_from(task.pti_threadnum).ok() } else { None };
    }
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    None
}

/// The numbers of this process's threads, if they can be told.
pub(super) fn natives() -> Option<Vec<u64>> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    Some(tasks.flatten().filter_map(|task| task.file_name().to_str()?.parse().ok()).collect())
}

/// When a thread of this process was started, as the system counts; `None` if there is none, or
/// the system does not tell.
pub(super) fn started(native: u64) -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let stat = std::fs::read_to_string(format!("/proc/self/task/{native}/stat")).ok()?;
    // The second field is a name in parentheses, with anything in it; this is the 22nd.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}
