//! What a thread is called by the operating system.

#[cfg(raddle_loom)]
pub use crate::os::sync::thread_id;

/// The calling thread's identifier: nonzero, unique among live threads, kept across `fork`.
///
/// It is `pthread_self()`, the number that Python calls `threading.get_ident()`.
#[cfg(all(
    unix,
    not(raddle_loom),
    any(
        raddle_portable,
        not(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64"))
    )
))]
#[inline]
pub fn thread_id() -> usize {
    // SAFETY: `pthread_self` has no preconditions and cannot fail.
    of(unsafe { libc::pthread_self() as usize })
}

/// The identifier of the thread that the system calls so.
///
/// It is the same; but in the portable configuration it is turned, so that its low bits are not
/// those of an address. What is tested in that one assumes nothing of them.
#[cfg(all(unix, not(raddle_loom)))]
pub(crate) const fn of(system: usize) -> usize {
    if cfg!(raddle_portable) {
        assert!(system <= LAST, "an address of a program has at most 48 bits");
        system >> TURN | (system << (BITS - TURN)) & LAST
    } else {
        system
    }
}

/// What the system calls the thread with an identifier.
#[cfg(all(unix, not(raddle_loom)))]
pub(crate) const fn system(ident: usize) -> usize {
    if cfg!(raddle_portable) { (ident << TURN) & LAST | ident >> (BITS - TURN) } else { ident }
}

/// Threads' addresses differ by whole pages, so that identifiers that are turned by a page's
/// bits have every alignment.
#[cfg(all(unix, not(raddle_loom)))]
const TURN: u32 = 12;
#[cfg(all(unix, not(raddle_loom)))]
const BITS: u32 = if usize::BITS < 48 { usize::BITS } else { 48 };
#[cfg(all(unix, not(raddle_loom)))]
const LAST: usize = usize::MAX >> (usize::BITS - BITS);

/// The calling thread's identifier: nonzero, unique among live threads, kept across `fork`.
///
/// It is `pthread_self()`, the number that Python calls `threading.get_ident()`, without the
/// call: each lock's fast path asks twice. The thread's control block begins with its own
/// address (System V ABI, AMD64 supplement, thread-local storage), and both C libraries for
/// Linux answer with that.
#[cfg(all(
    not(raddle_loom),
    not(raddle_portable),
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
            let told = super::of(system);
            (super::thread_id() != told || super::system(told) != system).then_some(system)
        };
        assert_eq!(differs(), None);
        assert_eq!(std::thread::spawn(differs).join().unwrap(), None);
    }

    #[cfg(raddle_portable)]
    #[test]
    fn threads_on_pages_one_after_the_other_have_identifiers_of_every_alignment() {
        let alignment = |page: usize| super::of(0x7fff_0000_06c0 + page * 4096) % 64;
        let mut seen: Vec<usize> = (0..64).map(alignment).collect();
        seen.sort_unstable();
        assert_eq!(seen, Vec::from_iter(0..64));
    }
}
