//! The end of starting threads: what is closed once, while threads may be at it.
//!
//! | bits                | meaning                          | what changes it                    |
//! |---------------------|----------------------------------|------------------------------------|
//! | `CLOSED`            | no thread may start another, but | `close`, once                      |
//! |                     | for one that is exempt           |                                    |
//! | `STARTER`s, above   | threads that are starting others | a starter: +1 unless `CLOSED` (and |
//! |                     |                                  | it is not exempt); its end: −1     |
//! | all                 |                                  | a forked child: 0, since nobody    |
//! |                     |                                  | closes, and nobody starts a thread |
//!
//! Both are in one word, so one change comes first: a starter is refused, or waited for.

use crate::os::sync::{AtomicUsize, Ordering, maybe_const, yield_now};

const CLOSED: usize = 1;
const STARTER: usize = 2;

/// The threads that are starting others, until that is closed.
///
/// (Windows calls such a thing rundown protection.)
#[derive(Debug)]
pub struct Starters {
    /// See the module's table.
    word: AtomicUsize,
}

/// A thread that is starting another one, until this is dropped.
#[must_use]
#[derive(Debug)]
pub struct Starter<'a> {
    starters: &'a Starters,
    late: bool,
}

impl Starters {
    maybe_const! {
        /// Every thread may start others.
        #[must_use]
        pub fn new() -> Self {
            Self { word: AtomicUsize::new(0) }
        }
    }

    /// Counts the calling thread, which is about to start another; `None` if that is closed and
    /// the caller is not `exempt`.
    ///
    /// A thread that is refused is not counted: threads that go on trying do not keep
    /// [`close`](Self::close) waiting.
    pub fn enter(&self, exempt: impl FnOnce() -> bool) -> Option<Starter<'_>> {
        let mut exempt = Some(exempt);
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let late = word & CLOSED != 0;
            // (Asked at most once: what is closed stays so.)
            if late && exempt.take().is_some_and(|exempt| !exempt()) {
                return None;
            }
            let order = (Ordering::Acquire, Ordering::Relaxed);
            let entered =
                self.word.compare_exchange_weak(word, word + STARTER, order.0, order.1);
            match entered {
                Ok(_) => return Some(Starter { starters: self, late }),
                Err(now) => word = now,
            }
        }
    }

    /// Closes the starting of threads, and waits for those that are at it, and as long as some
    /// threads that they have started are still `starting`. When this has returned, only exempt
    /// threads start others; all others that were started have settled, see
    /// [`Unsettled`](super::Unsettled).
    ///
    /// The caller holds nothing that starting a thread needs.
    pub fn close(&self, starting: impl Fn() -> bool) {
        self.word.fetch_or(CLOSED, Ordering::Relaxed);
        while self.word.load(Ordering::Acquire) >= STARTER || starting() {
            yield_now();
        }
    }

    /// Forgets in a forked child what the parent's threads were at. It may be called between
    /// `fork` and `exec`.
    pub fn after_fork(&self) {
        self.word.store(0, Ordering::Relaxed);
    }
}

impl Default for Starters {
    fn default() -> Self {
        Self::new()
    }
}

impl Starter<'_> {
    /// Whether it starts a thread though that is closed.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.late
    }
}

impl Drop for Starter<'_> {
    fn drop(&mut self) {
        self.starters.word.fetch_sub(STARTER, Ordering::Release);
    }
}
