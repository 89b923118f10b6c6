//! A point on the monotonic clock at which a wait gives up.
//!
//! Waits carry a point, not a duration: after a spurious wake-up or a signal, a wait sleeps
//! until the same point, so it can neither end early nor drift.

use std::time::Duration;

/// When a wait gives up: at a point on the monotonic clock, or never.
///
/// ```
/// use raddle::{Deadline, Native, Semaphore};
/// use std::time::Duration;
///
/// let soon = Deadline::after(Duration::from_millis(1));
/// let permits = Semaphore::new(0);
/// // However many waits there are, all of them end at the same point.
/// for _ in 0..2 {
///     assert_eq!(permits.acquire_with(&mut Native, soon), Ok(false));
/// }
/// assert!(soon.has_passed());
/// assert!(Deadline::NEVER.is_never());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// Nanoseconds on `CLOCK_MONOTONIC`; `i64::MAX` stands for never.
    nanos: i64,
}

impl Deadline {
    /// The deadline of a wait without a timeout.
    pub const NEVER: Self = Self { nanos: i64::MAX };

    /// A deadline that has passed: the wait becomes an attempt.
    pub const PAST: Self = Self { nanos: i64::MIN };

    /// The deadline `timeout` from now; one too far away to be told apart from never is never.
    #[must_use]
    pub fn after(timeout: Duration) -> Self {
        if timeout.is_zero() {
            return Self::PAST;
        }
        match i64::try_from(timeout.as_nanos()) {
            Ok(nanos) => Self { nanos: present().saturating_add(nanos) },
            Err(_) => Self::NEVER,
        }
    }

    /// The deadline `nanos` nanoseconds from now; zero and less have passed already.
    #[must_use]
    pub fn after_nanos(nanos: i64) -> Self {
        if nanos <= 0 { Self::PAST } else { Self { nanos: present().saturating_add(nanos) } }
    }

    /// Whether this wait has no timeout.
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.nanos == i64::MAX
    }

    /// Whether the point has been reached.
    #[must_use]
    pub fn has_passed(self) -> bool {
        if self.nanos == i64::MIN || self.is_never() {
            return !self.is_never();
        }
        look();
        present() >= self.nanos
    }

    /// The time left, zero once it has passed, `None` if it never will.
    #[must_use]
    pub fn remaining(self) -> Option<Duration> {
        if self.is_never() {
            return None;
        }
        if self.nanos == i64::MIN {
            return Some(Duration::ZERO);
        }
        Some(Duration::from_nanos(
            u64::try_from(self.nanos.saturating_sub(present())).unwrap_or(0),
        ))
    }

    /// The nanoseconds until it, below zero once it has passed; `None` if it never will.
    #[must_use]
    pub fn from_now(self) -> Option<i64> {
        (!self.is_never()).then(|| self.nanos.saturating_sub(present()))
    }

    /// The earlier of the two.
    #[must_use]
    pub fn or_sooner(self, other: Self) -> Self {
        self.min(other)
    }

    /// The point with these nanoseconds.
    #[cfg(not(raddle_loom))]
    pub(crate) fn at(nanos: i64) -> Self {
        Self { nanos }
    }

    /// The nanoseconds of the point; `i64::MAX` for never, `i64::MIN` for one that has passed.
    #[cfg(not(raddle_loom))]
    pub(crate) fn nanos(self) -> i64 {
        self.nanos
    }

    /// The point as a `timespec` of `CLOCK_MONOTONIC`, `None` for never.
    #[cfg(all(target_os = "linux", not(raddle_portable), not(raddle_loom)))]
    pub(crate) fn timespec(self) -> Option<libc::timespec> {
        if self.is_never() {
            return None;
        }
        let nanos = self.nanos.max(0);
        Some(libc::timespec {
            tv_sec: (nanos / 1_000_000_000) as _,
            tv_nsec: (nanos % 1_000_000_000) as _,
        })
    }
}

impl From<Option<Duration>> for Deadline {
    fn from(timeout: Option<Duration>) -> Self {
        timeout.map_or(Self::NEVER, Self::after)
    }
}

/// The time that deadlines are on, and patience: the calling thread's own, if it has one.
#[cfg(not(raddle_loom))]
pub(crate) fn present() -> i64 {
    crate::os::own_time::now().unwrap_or_else(now)
}

#[cfg(not(raddle_loom))]
use crate::os::own_time::look;

#[cfg(raddle_loom)]
fn look() {}

#[cfg(raddle_loom)]
pub(crate) use now as present;

#[cfg(raddle_loom)]
pub(crate) use crate::os::sync::{now, now as coarse};

#[cfg(not(raddle_loom))]
pub(crate) use crate::os::clock::{coarse, now};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_far_future_is_never() {
        assert!(Deadline::after(Duration::MAX).is_never());
        assert_eq!(Deadline::NEVER.remaining(), None);
        assert!(!Deadline::NEVER.has_passed());
    }

    #[test]
    fn zero_has_passed_at_once() {
        assert!(Deadline::after(Duration::ZERO).has_passed());
        assert!(Deadline::after_nanos(-5).has_passed());
        assert_eq!(Deadline::PAST.remaining(), Some(Duration::ZERO));
    }

    #[test]
    fn a_later_point_is_later() {
        let near = Deadline::after(Duration::from_secs(10));
        let far = Deadline::after(Duration::from_secs(20));
        assert_eq!(far.or_sooner(near), near);
        assert!(near.remaining().unwrap() <= Duration::from_secs(10));
    }
}
