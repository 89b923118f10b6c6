//! Threads that are done, and still on their way out of the operating system.
//!
//! A joiner need not wait for that: nothing of the thread's own is left to run. But somebody has
//! to join the operating system's thread in the end, and before a `fork` all of them have to be
//! gone, since a process with more than one thread is warned about (and rightly).

use super::spare;
use crate::os::sync::UnsafeCell;
use crate::os::{Latch, threads::Joinable};

/// More than these are not left behind: the oldest is waited for.
const CROWD: usize = 64;

struct Lingering {
    latch: Latch,
    /// Each to be joined by the thread that takes it out. Guarded by `latch`.
    threads: UnsafeCell<Vec<Joinable>>,
}

// SAFETY: `threads` is touched under the latch only.
unsafe impl Sync for Lingering {}

static LINGERING: Lingering =
    Lingering { latch: Latch::new(), threads: UnsafeCell::new(Vec::new()) };

impl Lingering {
    fn with<R>(&self, change: impl FnOnce(&mut Vec<Joinable>) -> R) -> R {
        let guard = self.latch.lock();
        self.threads.with_mut(|threads| {
            // SAFETY: the latch is held, and `change` is not re-entrant.
            let threads = unsafe { &mut *threads };
            if guard.stale() {
                // A parent process's threads. Its list may have been caught half-way: leave it.
                std::mem::forget(std::mem::take(threads));
            }
            change(threads)
        })
    }
}

/// Leaves a thread to be joined later. What its last steps need is not held by the caller.
pub(super) fn add(thread: Joinable) {
    leave(thread);
    let crowded = LINGERING.with(|threads| (threads.len() > CROWD).then(|| threads.remove(0)));
    if let Some(oldest) = crowded {
        oldest.join();
    }
}

/// [`add`], for a caller that may hold what they need: waits for nothing.
pub(super) fn leave(thread: Joinable) {
    LINGERING.with(|threads| {
        threads.retain(|each| !each.try_join());
        threads.push(thread);
    });
}

/// Waits until every thread that was joined is gone, and ends those that wait to be used again. It
/// takes microseconds: none of them has anything left to run. A process that forks calls it first,
/// without holding what the threads' last steps need.
pub fn wait_for_lingering() {
    spare::end();
    while let Some(thread) = LINGERING.with(Vec::pop) {
        thread.join();
    }
}
