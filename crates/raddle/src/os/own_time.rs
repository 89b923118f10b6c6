//! The time of a thread that takes turns (see `park/turns.rs`): a clock of its own.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering};

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

/// Moves the calling thread's own clock on, if it has one, as a look at it takes time.
#[inline]
pub(crate) fn look() {
    if let Some(clock) = CLOCK.try_with(Cell::get).ok().flatten() {
        clock.fetch_add(LOOK, Ordering::Relaxed);
    }
}

/// The time of the calling thread's own clock, if it has one.
#[inline]
pub(crate) fn now() -> Option<i64> {
    CLOCK.try_with(Cell::get).ok().flatten().map(|clock| clock.load(Ordering::Relaxed))
}
