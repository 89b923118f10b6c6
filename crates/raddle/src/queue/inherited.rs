//! The lock of a heap, which a forked child inherits from whichever thread held it.
//!
//! A heap's lock is held from the first comparison to the change, and comparisons are the program's:
//! a fork may find it held by another thread, which is gone in the child, or by the very thread that
//! forks, which goes on there with its comparison.
//!
//! | `generation`       | meaning                                  | what changes it               |
//! |--------------------|------------------------------------------|-------------------------------|
//! | this process's     | the lock's owner, if any, lives          | a fork: it is an older one in |
//! |                    |                                          | the child                     |
//! | an older one       | the owner may have lived in a parent     | the first thread that wants   |
//! |                    |                                          | the lock: to `SETTLING`       |
//! | this one,          | that thread makes the lock free, if its  | the same thread: to this      |
//! | `SETTLING`         | owner is gone; all others wait           | process's                     |
//!
//! Whether the owner lives is not asked by its identifier alone: the system gives a thread of the
//! child the identifier of one that is gone. Nor may the thread that comes first take itself for the
//! only one: the thread that forked may hold the lock.

use crate::locks::RLock;
use crate::os::fork;
use crate::os::sync::{AtomicU32, Ordering, yield_now};

/// The lowest bit; the fork generation is above it.
const SETTLING: u32 = 1;

/// A re-entrant lock that is free in a forked child unless the thread that forked holds it.
#[derive(Debug)]
pub struct Inherited {
    lock: RLock,
    /// See the module's table: the fork generation in which the owner of `lock` was known to live.
    generation: AtomicU32,
}

fn current() -> u32 {
    fork::generation() << 1
}

impl Inherited {
    /// A lock that nobody holds.
    #[must_use]
    pub fn new() -> Self {
        fork::watch();
        Self { lock: RLock::new(), generation: AtomicU32::new(current()) }
    }

    /// The lock; free if it was held by a thread that did not live on in this process.
    #[inline]
    pub fn get(&self) -> &RLock {
        if self.generation.load(Ordering::Acquire) != current() {
            self.settle();
        }
        &self.lock
    }

    #[cold]
    fn settle(&self) {
        let now = current();
        let seen = self.generation.load(Ordering::Acquire);
        let is_first = || {
            let order = (Ordering::AcqRel, Ordering::Acquire);
            let settling = now | SETTLING;
            self.generation.compare_exchange(seen, settling, order.0, order.1).is_ok()
        };
        // (One that was `SETTLING` in a parent is an older one as well.)
        if seen & !SETTLING != now && is_first() {
            if !fork::survived(self.lock.owner(), seen >> 1) {
                // SAFETY: the owner does not exist here, and this process's other threads wait
                // below until this is done.
                unsafe { self.lock.reset_after_fork() };
            }
            self.generation.store(now, Ordering::Release);
        }
        while self.generation.load(Ordering::Acquire) != now {
            yield_now();
        }
    }

    /// A model's fork: what comes now is in the child, where only the model's first thread has
    /// lived before.
    #[cfg(raddle_loom)]
    pub fn fork(&self) {
        self.generation.store(current().wrapping_sub(2), Ordering::Relaxed);
    }
}

impl Default for Inherited {
    fn default() -> Self {
        Self::new()
    }
}
