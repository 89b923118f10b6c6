//! A count that goes down to zero, and opens then for good.

use std::time::Duration;

use crate::clock::Edge;
use crate::os::sync::{AtomicUsize, Ordering, maybe_const};
use crate::os::{Deadline, turns};
use crate::wait::{Awaited, Blocking, Kind, Native, infallible};
use crate::waiters::{Abandoned, WaitList};

/// Opens for good once it was counted down; threads wait for that.
///
/// Java's `CountDownLatch`. Python's `threading` has `Barrier`, whose parties wait themselves.
///
/// | state | meaning                   | what changes it, and how                     |
/// |-------|---------------------------|----------------------------------------------|
/// | `n`   | n are left: threads wait  | `count_down`: less                           |
/// | `0`   | open                      | nobody                                       |
///
/// Whoever takes the last one locks the line and wakes all in it; whoever joins the line looks at
/// the state under that latch.
///
/// ```
/// let ready = raddle::Latch::new(2);
/// raddle::scope(|scope| {
///     scope.spawn(|| ready.count_down(1));
///     scope.spawn(|| ready.count_down(1));
///     ready.wait();
/// });
/// assert!(ready.is_open());
/// ```
#[derive(Debug)]
pub struct Latch {
    left: AtomicUsize,
    line: WaitList,
    /// From each count to those that find it open.
    order: Edge,
}

impl Latch {
    maybe_const! {
        /// A latch that is open once `count` were counted down.
        #[must_use]
        pub fn new(count: usize) -> Self {
            Self { left: AtomicUsize::new(count), line: WaitList::new(), order: Edge::new() }
        }
    }

    /// Takes `count` off what is left, but no more than that; returns how many are left then.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn count_down(&self, count: usize) -> usize {
        turns::about(self, "Latch.count_down");
        self.order.release();
        let less = |left: usize| Some(left.saturating_sub(count));
        let before = self
            .left
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, less)
            .unwrap_or_default();
        let left = before.saturating_sub(count);
        if left == 0 && before > 0 {
            self.line.lock().choose_many(usize::MAX, 0, || {});
        }
        left
    }

    /// How many are left; out of date once returned.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    /// Whether it is open; what was written before each count is then visible.
    #[must_use]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn is_open(&self) -> bool {
        turns::about(self, "Latch.is_open");
        self.opened()
    }

    fn opened(&self) -> bool {
        let open = self.left.load(Ordering::Acquire) == 0;
        if open {
            self.order.acquire();
        }
        open
    }

    /// Waits until it is open or `until` passes; returns whether it is open.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        turns::about(self, "Latch.wait");
        if self.opened() {
            return Ok(true);
        }
        if until == Deadline::PAST {
            return Ok(false);
        }
        let open = self.line.wait(blocking, until, self, |waiter| {
            let locked = self.line.lock();
            let waits = self.left.load(Ordering::Acquire) > 0;
            if waits {
                locked.push_back(waiter);
            }
            waits
        })?;
        if open {
            self.order.acquire();
        }
        Ok(open)
    }

    /// Waits until it is open.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait(&self) {
        infallible(self.wait_with(&mut Native, Deadline::NEVER));
    }

    /// Waits until it is open, for at most `timeout`; returns whether it is.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        infallible(self.wait_with(&mut Native, Deadline::after(timeout)))
    }

    /// The number of threads that wait; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.line.count()
    }
}

impl Awaited for Latch {
    fn kind(&self) -> Kind {
        Kind::Latch
    }
}

impl Abandoned for Latch {}
