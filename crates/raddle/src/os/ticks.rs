//! A cheap clock for what happens all the time: the processor's counter, where the system's
//! clock uses it, too.
//!
//! A lock that is profiled looks at the clock twice each time it is taken, and asking the
//! system took as long as all the rest of counting. Ticks are turned into nanoseconds when
//! somebody wants to know: `tally` adds up ticks.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::os::deadline;

/// Nanoseconds per tick, as the bits of an `f64`, or [`CLOCK`]; 0 until that is decided, for
/// good.
static NANOS: AtomicU64 = AtomicU64::new(0);
/// Ticks are nanoseconds of the clock.
const CLOCK: u64 = u64::MAX;

/// How long the counter is held against the clock, in nanoseconds: then what a tick takes is
/// known to about one in ten thousand.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const WINDOW: i64 = 2_000_000;

/// What the counter says now.
#[inline]
pub(crate) fn now() -> u64 {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    if !matches!(NANOS.load(Ordering::Relaxed), 0 | CLOCK) {
        // SAFETY: each processor of this architecture has the counter.
        return unsafe { std::arch::x86_64::_rdtsc() };
    }
    u64::try_from(deadline::now()).unwrap_or(0)
}

/// So many ticks in nanoseconds.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "years of nanoseconds fit, to a millionth"
)]
pub(crate) fn nanos(ticks: u64) -> u64 {
    match NANOS.load(Ordering::Relaxed) {
        0 | CLOCK => ticks,
        nanos => (ticks as f64 * f64::from_bits(nanos)) as u64,
    }
}

/// Finds out what a tick is; takes two milliseconds, once. Called before anything is counted.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn prepare() {
    // The system goes by the counter if it runs evenly, and alike on all processors.
    const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    if NANOS.load(Ordering::Relaxed) != 0 {
        return;
    }
    let counts = std::fs::read_to_string(SOURCE).is_ok_and(|name| name.trim() == "tsc");
    let nanos = if counts { compare() } else { CLOCK };
    // (The first of two that ask at once has said what it is: what it counts is to stay.)
    let _ = NANOS.compare_exchange(0, nanos, Ordering::Relaxed, Ordering::Relaxed);
}

/// Nanoseconds per tick, as is to be stored.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn compare() -> u64 {
    let (first, start) = both();
    while deadline::now() < start + WINDOW {
        std::hint::spin_loop();
    }
    let (last, end) = both();
    #[allow(clippy::cast_precision_loss, reason = "some millions")]
    let nanos = (end - start) as f64 / last.saturating_sub(first) as f64;
    if nanos.is_normal() { nanos.to_bits() } else { CLOCK }
}

/// What the counter and the clock say at one moment: the shortest of a few tries, so that
/// nobody is likely to have come in between.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn both() -> (u64, i64) {
    const TRIES: usize = 16;
    // SAFETY: each processor of this architecture has the counter.
    let count = || unsafe { std::arch::x86_64::_rdtsc() };
    let tries = (0..TRIES).map(|_| {
        let before = count();
        let nanos = deadline::now();
        let took = count().saturating_sub(before);
        (took, before + took / 2, nanos)
    });
    let (_, ticks, nanos) = tries.min().expect("there are tries");
    (ticks, nanos)
}

/// Ticks are nanoseconds of the clock.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn prepare() {}

#[cfg(all(test, not(raddle_loom)))]
mod tests {
    use super::*;

    #[test]
    fn ticks_tell_the_time() {
        prepare();
        let (outer, start, inner) = (now(), deadline::now(), now());
        while deadline::now() < start + 20_000_000 {
            std::hint::spin_loop();
        }
        let (inner, end, outer) = (now() - inner, deadline::now(), now() - outer);
        let around = u64::try_from(end - start).unwrap();
        assert!(nanos(outer) >= around - around / 100, "{} of {around} ns", nanos(outer));
        assert!(nanos(inner) <= around + around / 100, "{} of {around} ns", nanos(inner));
    }
}
