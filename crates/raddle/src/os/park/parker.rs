//! The parker on a real operating system: a futex word.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{Wake, futex};
use crate::os::Deadline;

const EMPTY: u32 = 0;
const ASLEEP: u32 = 1;
const NOTIFIED: u32 = 2;

/// One thread's place to sleep, for one wait.
///
/// ```
/// use raddle::{Deadline, Parker, Wake};
/// use std::time::Duration;
///
/// // A [`Blocking`](crate::Blocking) gets one for each of its sleeps; nobody notifies this one.
/// let parker = Parker::new();
/// assert!(!parker.is_notified());
/// assert_ne!(parker.park(Deadline::after(Duration::from_millis(1))), Wake::Unparked);
/// ```
#[derive(Debug)]
pub struct Parker {
    /// See the module's table.
    state: AtomicU32,
}

/// A wake-up call that is still to be made; deliver it once no lock is held.
#[must_use]
#[derive(Debug)]
pub(crate) struct Wakeup(*const AtomicU32);

impl Wakeup {
    /// Wakes the sleeper. Its parker may be gone by now: only the address is used.
    pub(crate) fn deliver(self) {
        futex::wake_one(self.0);
    }
}

impl Parker {
    /// A parker that nobody has notified.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: AtomicU32::new(EMPTY) }
    }

    /// Whether the parker has been notified; what was written before is then visible.
    #[inline]
    #[must_use]
    pub fn is_notified(&self) -> bool {
        self.state.load(Ordering::Acquire) == NOTIFIED
    }

    /// Marks the parker notified and says whether its owner must also be woken.
    ///
    /// The owner may return and pop its stack as soon as this is done, so the parker must not be
    /// touched again; the [`Wakeup`] holds an address only.
    #[inline]
    pub(crate) fn notify(&self) -> Option<Wakeup> {
        let address = &raw const self.state;
        (self.state.swap(NOTIFIED, Ordering::AcqRel) == ASLEEP).then_some(Wakeup(address))
    }

    /// Sleeps until notified, until the deadline, or until a signal arrives.
    pub fn park(&self, until: Deadline) -> Wake {
        loop {
            // EMPTY becomes ASLEEP; after a spurious return it still is.
            let seen = self.state.compare_exchange(
                EMPTY,
                ASLEEP,
                Ordering::Acquire,
                Ordering::Acquire,
            );
            if seen == Err(NOTIFIED) {
                return Wake::Unparked;
            }
            let woken = futex::wait(&self.state, ASLEEP, until);
            if self.is_notified() {
                return Wake::Unparked;
            }
            if woken == Wake::Unparked {
                continue;
            }
            // Withdraw, unless the notification wins the race.
            return match self.state.compare_exchange(
                ASLEEP,
                EMPTY,
                Ordering::Acquire,
                Ordering::Acquire,
            ) {
                Ok(_) => woken,
                Err(_) => Wake::Unparked,
            };
        }
    }
}

impl Default for Parker {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_notification_before_the_sleep_is_kept() {
        let parker = Parker::new();
        assert!(parker.notify().is_none(), "nobody sleeps, so nobody needs a call");
        assert_eq!(parker.park(Deadline::NEVER), Wake::Unparked);
    }

    #[test]
    fn a_sleep_without_notification_times_out_and_not_early() {
        let parker = Parker::new();
        let start = std::time::Instant::now();
        let until = Deadline::after(Duration::from_millis(5));
        assert_eq!(parker.park(until), Wake::TimedOut);
        assert!(start.elapsed() >= Duration::from_millis(5));
        assert!(until.has_passed());
    }

    #[test]
    fn a_sleeper_is_woken_from_another_thread() {
        let parker = Parker::new();
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(parker.park(Deadline::NEVER), Wake::Unparked));
            while parker.state.load(Ordering::Relaxed) != ASLEEP {
                std::thread::yield_now();
            }
            parker.notify().expect("the owner sleeps").deliver();
        });
    }
}
