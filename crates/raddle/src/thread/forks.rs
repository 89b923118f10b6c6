//! Forks, and what a fork must not catch half-way, one at a time.
//!
//! Any number of threads may fork at once, and any number may be in such a *step*, but never both.
//! One word counts them, so that one change comes first: either the step sees the fork and does not
//! begin, or the fork sees the step and waits for its end.
//!
//! | bits              | meaning                   | what changes it                                |
//! |-------------------|---------------------------|------------------------------------------------|
//! | `STEP`s, low half | threads inside of a step  | a thread that begins one, if nobody forks: +1; |
//! |                   |                           | one that has waited `until`: +1; its end: −1   |
//! | `FORK`s, above    | threads from the moment   | a thread that is about to fork: +1; the same   |
//! |                   | before a fork to the one  | thread in the parent: −1                       |
//! |                   | after it                  |                                                |
//! | all               |                           | a forked child: 0, since it has one thread,    |
//! |                   |                           | which is in no step                            |
//!
//! Forks come first: a step that begins later waits, so that those under way come to an end.

use crate::os::Deadline;
use crate::os::sync::{AtomicUsize, Ordering, maybe_const, yield_now};

const STEP: usize = 1;
const FORK: usize = 1 << (usize::BITS / 2);

/// Keeps forks out of steps that a fork must not catch half-way, and those steps out of forks.
#[derive(Debug)]
pub struct Forks {
    /// See the module's table.
    word: AtomicUsize,
}

/// A step during which nobody forks; ends when dropped.
#[must_use]
#[derive(Debug)]
pub struct Step<'a>(&'a Forks);

impl Forks {
    maybe_const! {
        /// Nobody forks, and nobody is in a step.
        #[must_use]
        pub fn new() -> Self {
            Self { word: AtomicUsize::new(0) }
        }
    }

    /// Begins a step, once nobody forks; after `until`, in any case. (What happens between two
    /// hooks of a fork is not ours: one of them may wait for the very thread that waits here.)
    ///
    /// The thread that forks must need nothing of what the caller holds.
    pub fn step(&self, until: Deadline) -> Step<'_> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word >= FORK && !until.has_passed() {
                pause();
                word = self.word.load(Ordering::Relaxed);
                continue;
            }
            let order = (Ordering::Acquire, Ordering::Relaxed);
            match self.word.compare_exchange_weak(word, word + STEP, order.0, order.1) {
                Ok(_) => return Step(self),
                Err(now) => word = now,
            }
        }
    }

    /// Says that the calling thread is about to fork, and waits for the end of the steps under
    /// way. It calls [`end_fork`](Self::end_fork) in the parent.
    ///
    /// No step may need what the caller holds.
    pub fn begin_fork(&self) {
        self.word.fetch_add(FORK, Ordering::Acquire);
        while self.word.load(Ordering::Acquire) & (FORK - 1) != 0 {
            yield_now();
        }
    }

    /// Says in the parent that the calling thread has forked, or could not.
    pub fn end_fork(&self) {
        self.word.fetch_sub(FORK, Ordering::Release);
    }

    /// Forgets in a forked child what the parent's threads were at. It may be called between
    /// `fork` and `exec`.
    pub fn after_fork(&self) {
        self.word.store(0, Ordering::Relaxed);
    }
}

impl Default for Forks {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        self.0.word.fetch_sub(STEP, Ordering::Release);
    }
}

/// A fork lasts a millisecond.
fn pause() {
    #[cfg(not(raddle_loom))]
    std::thread::sleep(std::time::Duration::from_micros(100));
    #[cfg(raddle_loom)]
    yield_now();
}
