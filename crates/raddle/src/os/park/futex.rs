//! Sleeping on a word, with Linux's futex.
//!
//! Waits take an absolute point on the monotonic clock (`FUTEX_WAIT_BITSET`), so a wait that is
//! restarted needs no recomputation. Source: futex(2), the Linux manual pages.

use std::sync::atomic::AtomicU32;

use super::Wake;
use crate::os::Deadline;

/// Sleeps while `*word == expected`; a changed word counts as being woken.
pub(crate) fn wait(word: &AtomicU32, expected: u32, until: Deadline) -> Wake {
    let timeout = until.timespec();
    let pointer = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: `word` is a live, aligned u32 for the whole call, and `pointer` is null or points
    // to `timeout`, which outlives the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex,
            std::ptr::from_ref(word),
            libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG,
            expected,
            pointer,
            std::ptr::null::<u32>(),
            libc::FUTEX_BITSET_MATCH_ANY,
        )
    };
    if result == 0 {
        return Wake::Unparked;
    }
    match std::io::Error::last_os_error().raw_os_error() {
        Some(libc::ETIMEDOUT) => Wake::TimedOut,
        Some(libc::EINTR) => Wake::Signal,
        _ => Wake::Unparked,
    }
}

/// Wakes one sleeper on the word at `address`, which is not dereferenced in this process.
pub(crate) fn wake_one(address: *const AtomicU32) {
    // SAFETY: the kernel checks the address; a stale one wakes nobody or, at worst, ends an
    // unrelated sleep early, and every sleep here checks its own state again.
    unsafe {
        libc::syscall(libc::SYS_futex, address, libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1);
    }
}
