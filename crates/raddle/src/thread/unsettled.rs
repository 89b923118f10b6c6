//! Threads between their creation and what they need to run.

use crate::os::sync::{AtomicUsize, Ordering, maybe_const};

/// Counts threads that were created, and those of them that have settled; both only grow.
///
/// | `created`, `settled`   | meaning                                | what changes them            |
/// |------------------------|----------------------------------------|------------------------------|
/// | equal                  | none is starting                       | a starter, before it creates |
/// |                        |                                        | a thread: `created` +1       |
/// | `settled` < `created`  | so many are between two system calls   | each of them (or the starter |
/// |                        |                                        | that could not create it):   |
/// |                        |                                        | `settled` +1                 |
/// | equal                  | in a forked child, which has one thread | the child, alone            |
#[derive(Debug)]
pub struct Unsettled {
    created: AtomicUsize,
    settled: AtomicUsize,
}

/// The threads that had been created at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Starting<'a> {
    unsettled: &'a Unsettled,
    created: usize,
}

impl Unsettled {
    maybe_const! {
        /// None was created.
        #[must_use]
        pub fn new() -> Self {
            Self { created: AtomicUsize::new(0), settled: AtomicUsize::new(0) }
        }
    }

    /// Says that the calling thread is about to create one.
    pub fn create(&self) {
        self.created.fetch_add(1, Ordering::AcqRel);
    }

    /// Says that the calling thread, once created, has what it needs to run; or that it could not
    /// be created.
    pub fn settle(&self) {
        self.settled.fetch_add(1, Ordering::AcqRel);
    }

    /// How many have not settled; out of date once returned.
    #[must_use]
    pub fn count(&self) -> usize {
        // In this order: a thread that has settled was created before that.
        let settled = self.settled.load(Ordering::Acquire);
        self.created.load(Ordering::Acquire).wrapping_sub(settled)
    }

    /// Those created up to now.
    #[must_use]
    pub fn now(&self) -> Starting<'_> {
        Starting { unsettled: self, created: self.created.load(Ordering::Acquire) }
    }

    /// Forgets in a forked child the threads that the parent was starting. It may be called
    /// between `fork` and `exec`.
    pub fn after_fork(&self) {
        self.settled.store(self.created.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl Default for Unsettled {
    fn default() -> Self {
        Self::new()
    }
}

impl Starting<'_> {
    /// Whether fewer threads have settled than had been created then. (Later ones count too if
    /// they were quicker: close enough for those that wait, which must not wait for ever.)
    #[must_use]
    pub fn any_left(self) -> bool {
        (self.unsettled.settled.load(Ordering::Acquire).wrapping_sub(self.created) as isize) < 0
    }
}
