//! The parker on a real operating system: a futex word.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{Wake, futex, turns};
use crate::os::Deadline;

const EMPTY: u32 = 0;
const ASLEEP: u32 = 1;
const NOTIFIED: u32 = 2;
const NUDGED: u32 = 3;

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

    /// Has the owner's sleep, or else its next one, end as after a signal; says whether the owner
    /// must also be woken. One that was notified stays notified.
    pub(crate) fn nudge(&self) -> Option<Wakeup> {
        let address = &raw const self.state;
        let nudge = |state| (state < NOTIFIED).then_some(NUDGED);
        let before = self.state.fetch_update(Ordering::AcqRel, Ordering::Relaxed, nudge);
        (before == Ok(ASLEEP)).then_some(Wakeup(address))
    }

    /// Takes back what the owner has set, or a nudge; `woken`, unless it was notified meanwhile.
    fn withdraw(&self, from: u32, woken: Wake) -> Wake {
        let taken =
            self.state.compare_exchange(from, EMPTY, Ordering::Acquire, Ordering::Acquire);
        match taken {
            Ok(_) => woken,
            Err(NUDGED) => self.withdraw(NUDGED, woken),
            Err(_) => Wake::Unparked,
        }
    }

    /// Sleeps until notified, until the deadline, or until a signal arrives.
    pub fn park(&self, until: Deadline) -> Wake {
        match turns::mine() {
            Some(turns) => turns.park(self, until),
            None => self.park_here(until),
        }
    }

    /// What has happened to the parker, if its owner is to go on for it.
    pub(crate) fn look(&self) -> Option<Wake> {
        match self.state.load(Ordering::Acquire) {
            NOTIFIED => Some(Wake::Unparked),
            NUDGED => Some(self.withdraw(NUDGED, Wake::Signal)),
            _ => None,
        }
    }

    /// Whether [`look`](Self::look) would find something.
    pub(crate) fn is_touched(&self) -> bool {
        self.state.load(Ordering::Acquire) >= NOTIFIED
    }

    /// [`park`](Self::park) of a thread whose turn somebody has to choose, too.
    pub(crate) fn park_here(&self, until: Deadline) -> Wake {
        loop {
            // EMPTY becomes ASLEEP; after a spurious return it still is.
            let seen = self.state.compare_exchange(
                EMPTY,
                ASLEEP,
                Ordering::Acquire,
                Ordering::Acquire,
            );
            match seen {
                Err(NOTIFIED) => return Wake::Unparked,
                Err(NUDGED) => return self.withdraw(NUDGED, Wake::Signal),
                _ => {}
            }
            let woken = futex::wait(&self.state, ASLEEP, until);
            match self.state.load(Ordering::Acquire) {
                NOTIFIED => return Wake::Unparked,
                NUDGED => return self.withdraw(NUDGED, Wake::Signal),
                _ if woken == Wake::Unparked => {}
                _ => return self.withdraw(ASLEEP, woken),
            }
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
    fn a_nudge_ends_one_sleep_and_no_notification() {
        let parker = Parker::new();
        assert!(parker.nudge().is_none(), "nobody sleeps");
        assert_eq!(parker.park(Deadline::NEVER), Wake::Signal);
        assert!(!parker.is_notified());
        assert_eq!(parker.park(Deadline::PAST), Wake::TimedOut, "it was for one sleep");
        assert!(parker.nudge().is_none());
        assert!(parker.notify().is_none());
        assert!(parker.nudge().is_none());
        assert_eq!(parker.park(Deadline::NEVER), Wake::Unparked, "what was notified stays so");
    }

    #[test]
    fn a_sleeper_is_nudged_from_another_thread() {
        let parker = Parker::new();
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(parker.park(Deadline::NEVER), Wake::Signal));
            while parker.state.load(Ordering::Relaxed) != ASLEEP {
                std::thread::yield_now();
            }
            parker.nudge().expect("the owner sleeps").deliver();
        });
        assert!(!parker.is_notified());
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
