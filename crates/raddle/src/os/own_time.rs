//! The time of a thread that takes turns (see `park/turns.rs`): a clock of its own.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

thread_local! {
    static CLOCK: Cell<Option<&'static AtomicI64>> = const { Cell::new(None) };
}

/// The clock of the calling thread has this time, in nanoseconds; it is the system's for None.
pub(crate) fn keep(clock: Option<&'static AtomicI64>) {
    CLOCK.set(clock);
}

/// Whether the calling thread has a clock of its own.
#[inline]
pub(crate) fn is_kept() -> bool {
    // (A thread that is ending has no such values any more, and no clock.)
    CLOCK.try_with(|clock| clock.get().is_some()) == Ok(true)
}

/// How far a look at a clock moves it, in nanoseconds: two looks are never the same, and a loop that
/// waits for a time comes to it.
const LOOK: i64 = 1_000;

/// And once a step has looked that often, by how much: it only waits for time to pass.
const OFTEN: u32 = 1_000;
const LONG_LOOK: i64 = 10_000;

/// How often the present step has looked.
static LOOKS: AtomicU32 = AtomicU32::new(0);

/// Moves the calling thread's own clock on, if it has one, as a look at it takes time.
#[inline]
pub(crate) fn look() {
    if let Some(clock) = CLOCK.try_with(Cell::get).ok().flatten() {
        let often = LOOKS.fetch_add(1, Ordering::Relaxed) >= OFTEN;
        clock.fetch_add(if often { LONG_LOOK } else { LOOK }, Ordering::Relaxed);
    }
}

/// A step begins.
pub(crate) fn begin_step() {
    LOOKS.store(0, Ordering::Relaxed);
}

/// The time of the calling thread's own clock, if it has one.
#[inline]
pub(crate) fn now() -> Option<i64> {
    CLOCK.try_with(Cell::get).ok().flatten().map(|clock| clock.load(Ordering::Relaxed))
}
