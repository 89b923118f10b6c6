//! What this process remembers across `fork`: how many forks lie between it and its ancestor.
//!
//! `fork` copies one thread. Whatever the others were doing is frozen half-way in the child:
//! wait lists name stacks that no longer exist, and thread handles name threads that are gone.
//! Nothing here keeps a table of live objects (such a table would itself need a lock that can be
//! caught mid-update). Instead everything that can go stale remembers the generation in which it
//! was last valid and compares it, when next used, with the current one.

#[cfg(not(raddle_loom))]
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
/// The thread that forked this process, and so its first; 0 in the first process.
#[cfg(not(raddle_loom))]
static SURVIVOR: AtomicUsize = AtomicUsize::new(0);

/// The number of forks between this process and the one that first loaded the crate.
///
/// Relaxed is enough: it changes only in a child that has a single thread.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// The number of forks between this process and the one that first asked: what a thread that is
/// gone in a child may have left behind can be told by it.
#[must_use]
pub fn fork_generation() -> u32 {
    watch();
    generation()
}

/// Whether `thread` is the one that lived on through the latest fork.
#[cfg(not(raddle_loom))]
pub(crate) fn survived(thread: usize) -> bool {
    thread != 0 && SURVIVOR.load(Ordering::Relaxed) == thread
}

/// Starts watching for forks; called before anything that a fork could make stale exists.
///
/// Not with `std::sync::Once`: a fork that catches another thread inside would leave it
/// unfinished in the child for ever. Threads that race here register more than once, which only
/// makes the generation grow in larger steps.
#[inline]
pub(crate) fn watch() {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if !cfg!(raddle_loom) && !WATCHING.load(Ordering::Acquire) {
        // SAFETY: the handler only touches atomics and a const-initialised thread-local, which
        // are usable between `fork` and `exec`; the code is never unloaded.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        WATCHING.store(true, Ordering::Release);
    }
}

/// Runs in the child, on its only thread, before `fork` returns there.
unsafe extern "C" fn in_child() {
    let now = GENERATION.load(Ordering::Relaxed).wrapping_add(1);
    GENERATION.store(now, Ordering::Relaxed);
    #[cfg(not(raddle_loom))]
    SURVIVOR.store(crate::thread_id(), Ordering::Relaxed);
    #[cfg(not(raddle_loom))]
    crate::thread::after_fork(now);
}
