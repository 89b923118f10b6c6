//! What a thread is called by the operating system.

#[cfg(raddle_loom)]
pub use crate::os::sync::thread_id;

/// The calling thread's identifier: nonzero, unique among live threads, kept across `fork`.
///
/// It is `pthread_self()`, the number that Python calls `threading.get_ident()`.
#[cfg(all(
    unix,
    not(raddle_loom),
    not(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64"))
))]
#[inline]
pub fn thread_id() -> usize {
    // SAFETY: `pthread_self` has no preconditions and cannot fail.
    unsafe { libc::pthread_self() as usize }
}

/// The calling thread's identifier: nonzero, unique among live threads, kept across `fork`.
///
/// It is `pthread_self()`, the number that Python calls `threading.get_ident()`, without the
/// call: each lock's fast path asks twice. The thread's control block begins with its own
/// address (System V ABI, AMD64 supplement, thread-local storage), and both C libraries for
/// Linux answer with that.
#[cfg(all(
    not(raddle_loom),
    all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64")
))]
#[inline]
pub fn thread_id() -> usize {
    let block: usize;
    // SAFETY: reads the first word of the thread's control block, which never changes.
    unsafe {
        std::arch::asm!(
            "mov {}, qword ptr fs:[0]",
            out(reg) block,
            options(nostack, preserves_flags, pure, readonly),
        );
    }
    block
}

/// The calling thread's identifier: nonzero, unique among live threads.
///
/// It is `GetCurrentThreadId()`, the number that Python calls `threading.get_ident()`.
#[cfg(all(windows, not(raddle_loom)))]
#[inline]
pub fn thread_id() -> usize {
    // SAFETY: no preconditions.
    unsafe { windows_sys::Win32::System::Threading::GetCurrentThreadId() as usize }
}

#[cfg(all(test, unix, not(raddle_loom)))]
mod tests {
    #[test]
    fn a_threads_identifier_is_what_the_system_calls_it() {
        let differs = || {
            // SAFETY: no preconditions.
            let system = unsafe { libc::pthread_self() as usize };
            (super::thread_id() != system).then_some(system)
        };
        assert_eq!(differs(), None);
        assert_eq!(std::thread::spawn(differs).join().unwrap(), None);
    }
}
