//! Threads that are done, and still on their way out of the operating system.
//!
//! A joiner need not wait for that: no line of the thread's is left to run. But somebody has to join
//! the operating system's thread in the end. And before a `fork` they should be gone, since a
//! process with more than one thread is warned about (and rightly). That is waited for, but not for
//! ever: what C libraries do at a thread's end may take long, fork itself, or need what the thread
//! that forks holds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::spare;
use crate::os::sync::UnsafeCell;
use crate::os::{Latch, threads::Joinable};

/// How long a process that forks waits for them.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long one waits by yielding: more than most take.
pub(super) const SHORT: Duration = Duration::from_millis(1);
/// And then how long it sleeps between two looks.
const NAP: Duration = Duration::from_micros(100);

struct Lingering {
    latch: Latch,
    /// Each, with the number of those that were added before, is to be joined by the thread that
    /// takes it out. Guarded by `latch`.
    threads: UnsafeCell<Vec<(usize, Joinable)>>,
}

/// How many were added; changed under the latch.
static ADDED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: `threads` is touched under the latch only.
unsafe impl Sync for Lingering {}

static LINGERING: Lingering =
    Lingering { latch: Latch::new(), threads: UnsafeCell::new(Vec::new()) };

impl Lingering {
    fn with<R>(&self, change: impl FnOnce(&mut Vec<(usize, Joinable)>) -> R) -> R {
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

/// Leaves a thread to be joined later.
pub(super) fn add(thread: Joinable) {
    join(Some(thread), 0);
}

/// Joins those that have left, and adds one to the others; returns whether any are left of the first
/// so many that were ever added, but for the calling thread.
fn join(another: Option<Joinable>, first: usize) -> bool {
    let (gone, left) = LINGERING.with(|threads| {
        let gone: Vec<_> = threads.extract_if(.., |(_, each)| each.try_join()).collect();
        let another = another.map(|each| (ADDED.fetch_add(1, Ordering::Relaxed), each));
        threads.extend(another);
        (gone, threads.iter().any(|(number, each)| *number < first && !each.is_mine()))
    });
    // SAFETY: they were joined.
    gone.into_iter().for_each(|(_, each)| unsafe { each.free() });
    left
}

/// Waits until every thread that is done by now is gone, for a second at most, and ends those that
/// wait to be used again. It takes microseconds: hardly any of them has anything left to run. A
/// process that forks calls it first, without holding what the threads' last steps need.
pub fn wait_for_lingering() {
    spare::end();
    see_off(PATIENCE);
}

/// Waits until every thread that is done by now is gone, but not longer than that; returns whether
/// there were any. (It takes real time, also where threads have a clock of their own.)
pub(super) fn see_off(patience: Duration) -> bool {
    let (start, first) = (Instant::now(), ADDED.load(Ordering::Relaxed));
    let mut any = false;
    while join(None, first) {
        any = true;
        match start.elapsed() {
            spent if spent >= patience => break,
            spent if spent >= SHORT => std::thread::sleep(NAP),
            _ => std::thread::yield_now(),
        }
    }
    any
}
