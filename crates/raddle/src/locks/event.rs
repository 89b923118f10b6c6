//! A flag that threads wait for.
//!
//! | state    | meaning                | what changes it, and how                           |
//! |----------|------------------------|----------------------------------------------------|
//! | `0`      | clear, nobody waits    | `set`: to `SET`; a waiter: to `QUEUED`             |
//! | `QUEUED` | clear, somebody waits  | `set`: to `SET`; the last waiter to leave: to `0`  |
//! | `SET`    | set, so nobody waits   | `clear`: to `0`                                    |
//!
//! `QUEUED` is added and dropped under the wait list's latch only, so `set` takes the latch if it
//! sees it, and sets the flag and chooses all waiters as one step. Were the flag set before, a
//! thread that saw and cleared it could wait anew and be chosen for the set that it had cleared.
//! A waiter that was chosen saw the flag set, even if somebody cleared it before it got to run.

use std::time::Duration;

use crate::clock::Edge;
use crate::os::sync::{AtomicU8, Ordering, maybe_const};
use crate::os::{Deadline, turns};
use crate::wait::{Awaited, Blocking, Kind, Native, infallible};
use crate::waiters::{Abandoned, Locked, WaitList, Why};

const SET: u8 = 1;
const QUEUED: u8 = 2;

/// A flag that any thread can set and clear, and any number can wait for.
///
/// Python's `threading.Event`.
///
/// ```
/// let ready = raddle::Event::new();
/// raddle::scope(|scope| {
///     scope.spawn(|| ready.set());
///     ready.wait();
/// });
/// assert!(ready.is_set());
/// ```
#[derive(Debug)]
pub struct Event {
    /// See the module's table.
    state: AtomicU8,
    waiters: WaitList,
    /// From each `set` to those that find the flag set.
    order: Edge,
}

impl Event {
    maybe_const! {
        /// A clear event.
        #[must_use]
        pub fn new() -> Self {
            Self { state: AtomicU8::new(0), waiters: WaitList::new(), order: Edge::new() }
        }
    }

    /// Whether the flag is set; what the setter wrote before is then visible.
    #[inline]
    #[must_use]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn is_set(&self) -> bool {
        turns::about(self, "Event.is_set");
        self.is_up()
    }

    /// Whether it is set, for a thread that is not to be ordered after what came before.
    #[cfg(not(raddle_loom))]
    #[inline]
    pub(crate) fn is_up_by_chance(&self) -> bool {
        self.state.load(Ordering::Relaxed) & SET != 0
    }

    /// [`is_set`](Self::is_set), as part of another step.
    #[inline]
    pub(crate) fn is_up(&self) -> bool {
        let set = self.state.load(Ordering::Acquire) & SET != 0;
        if set {
            self.order.acquire();
        }
        set
    }

    /// Sets the flag and wakes every thread that waits for it.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn set(&self) {
        turns::about(self, "Event.set");
        self.put_up();
    }

    /// [`set`](Self::set), as part of another step.
    #[inline]
    pub(crate) fn put_up(&self) {
        self.order.release();
        // Also if it is set already: later waits are to see what this thread wrote before.
        let set = self.state.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |state| {
            (state & QUEUED == 0).then_some(SET)
        });
        if set.is_err() {
            self.set_and_wake();
        }
    }

    #[cold]
    fn set_and_wake(&self) {
        let locked = self.waiters.lock();
        self.state.swap(SET, Ordering::AcqRel);
        locked.choose_many(usize::MAX, 0, || {});
    }

    /// Clears the flag: from now on, threads wait again.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn clear(&self) {
        turns::about(self, "Event.clear");
        self.state.fetch_and(!SET, Ordering::AcqRel);
    }

    /// Waits until the flag is set or `until` passes; returns whether it was set.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        turns::about(self, "Event.wait");
        if self.is_up() { Ok(true) } else { self.wait_slow(blocking, until, || false) }
    }

    /// [`wait_with`](Self::wait_with) for an event that nobody will set any more if `gone` says
    /// so: in the child of a fork, which a signal handler may have made during the wait.
    #[cfg(not(raddle_loom))]
    pub(crate) fn wait_unless<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
        gone: impl Fn() -> bool,
    ) -> Result<bool, B::Interrupt> {
        if self.is_up() { Ok(true) } else { self.wait_slow(blocking, until, gone) }
    }

    #[cold]
    fn wait_slow<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
        gone: impl Fn() -> bool,
    ) -> Result<bool, B::Interrupt> {
        if until == Deadline::PAST {
            return Ok(false);
        }
        let set = self.waiters.wait(blocking, until, self, |waiter| {
            let locked = self.waiters.lock();
            let queued = !gone()
                && self
                    .state
                    .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                        (state & SET == 0).then_some(state | QUEUED)
                    })
                    .is_ok();
            if queued {
                locked.push_back(waiter);
            }
            queued
        })?;
        if set {
            self.order.acquire();
        }
        Ok(set)
    }

    /// Waits until the flag is set.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait(&self) {
        infallible(self.wait_with(&mut Native, Deadline::NEVER));
    }

    /// Waits until the flag is set, for at most `timeout`; returns whether it was set.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        infallible(self.wait_with(&mut Native, Deadline::after(timeout)))
    }

    /// The number of threads waiting; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiters.count()
    }
}

impl Awaited for Event {
    fn kind(&self) -> Kind {
        Kind::Event
    }
}

impl Abandoned for Event {
    fn left(&self, locked: &Locked<'_>, _: Why) {
        if locked.is_empty() {
            self.state.fetch_and(!QUEUED, Ordering::Relaxed);
        }
    }

    // `set` wakes everyone, so there is nobody to pass a wake-up on to.
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}
