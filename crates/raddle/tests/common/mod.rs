//! What the tests of several words share.
#![allow(dead_code, unused_imports, reason = "every test binary uses its own part of this")]

#[cfg(all(unix, not(raddle_loom)))]
mod process;
mod scripted;
#[cfg(not(raddle_loom))]
mod signal;
#[cfg(not(raddle_loom))]
mod telling;
#[cfg(not(raddle_loom))]
mod wait;

#[cfg(all(unix, not(raddle_loom)))]
pub use process::{Child, exit_status, exit_status_of, in_child};
pub use scripted::{Interrupted, Scripted, Step};
#[cfg(not(raddle_loom))]
pub use signal::{Interruptible, interrupted};
#[cfg(not(raddle_loom))]
pub use telling::{Telling, telling};
#[cfg(not(raddle_loom))]
pub use wait::{PATIENCE, eventually, not_early, scope_within};

/// Checks `model` in every interleaving with at most `preemptions` forced switches.
///
/// A thread that blocks or ends costs no forced switch; `None` explores everything. The
/// environment variable `LOOM_MAX_PREEMPTIONS` overrides it for a longer search.
#[cfg(raddle_loom)]
#[track_caller]
pub fn check(preemptions: impl Into<Option<usize>>, model: impl Fn() + Sync + Send + 'static) {
    use std::sync::atomic::{AtomicUsize, Ordering};

    let preemptions = preemptions.into();
    let interleavings = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&interleavings);
    let mut builder = loom::model::Builder::new();
    if std::env::var_os("LOOM_MAX_PREEMPTIONS").is_none() {
        builder.preemption_bound = preemptions;
    }
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let interleavings = interleavings.load(Ordering::Relaxed);
    let test = std::thread::current();
    println!("{}: {interleavings} interleavings", test.name().unwrap_or("a model"));
}
