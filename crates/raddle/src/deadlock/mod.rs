//! Deadlock detection: which thread waits for which.
//!
//! Locks know their holder (see `locks/raw.rs`), and a thread that goes to sleep in the kernel
//! leaves a [`Wait`] in its record (`record.rs`) until it is awake again: nothing else is kept,
//! and fast paths do nothing for it. The thread that falls asleep last closes the ring, and so
//! it is the one that looks (`watch.rs`): from itself to the holder of what it waits for, to
//! what that one waits for, and so on (`ring.rs`).
//!
//! What makes a ring true, though locks change hands while it is walked, is in `ring.rs`.
//!
//! ```
//! use raddle::deadlock::{Deadlock, Finding, Verdict, doubt_for};
//! use raddle::{Blocking, Deadline, Parker, RawLock, Wake};
//! use std::time::Duration;
//!
//! /// Ends a wait that is part of a deadlock.
//! struct Careful;
//!
//! impl Blocking for Careful {
//!     type Interrupt = Finding;
//!
//!     fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
//!         parker.park(until)
//!     }
//!
//!     fn on_signal(&mut self) -> Result<(), Finding> {
//!         Ok(())
//!     }
//!
//!     fn on_deadlock(&mut self, found: &Deadlock) -> Result<Verdict, Finding> {
//!         Err(found.finding)
//!     }
//! }
//!
//! // Another thread might still release it, which is waited for a second, or as long as this says.
//! doubt_for(Duration::from_millis(1));
//! let lock = RawLock::new();
//! lock.acquire();
//! # if cfg!(not(feature = "deadlock")) { return; }
//! assert_eq!(lock.acquire_with(&mut Careful, Deadline::NEVER), Err(Finding::Cycle));
//! ```
//!
//! Rejected: a table of locks and owners behind one lock. Every contended acquisition would
//! contend for it, and a fork could copy it half-changed. Rejected: a thread that watches the
//! others. A program with one thread would have two, and `fork` warns of that.

mod record;
mod ring;
mod serving;
mod starved;
mod watch;

#[cfg(not(raddle_loom))]
use std::time::Duration;

pub use serving::{Serving, served, serves, unlimit};
pub(crate) use watch::Watch;

pub use crate::wait::{Deadlock, Finding, Kind, Provider, Subject, Verdict, Wait};

#[cfg(not(raddle_loom))]
use crate::os::sync::{AtomicBool, AtomicU64, Ordering};
use crate::os::thread_id;

/// Whether waits are looked at as they begin.
#[cfg(not(raddle_loom))]
static DETECTING: AtomicBool = AtomicBool::new(true);

/// Switches detection off, or on again; it is on at first, and does nothing for a thread whose
/// [`Blocking`](crate::Blocking) does not want to know. Owners and waits are recorded either
/// way.
#[cfg(not(raddle_loom))]
pub fn detect(on: bool) {
    DETECTING.store(on, Ordering::Relaxed);
}

/// How long a ring that might come undone lasts before it is told, in nanoseconds.
#[cfg(not(raddle_loom))]
static DOUBT: AtomicU64 = AtomicU64::new(1_000_000_000);

/// Says how long a ring that might come undone, since any thread may release its locks, has to
/// last before it is told: one second at first. For waits that begin to be part of one after
/// that.
#[cfg(not(raddle_loom))]
pub fn doubt_for(lasting: Duration) {
    let most = i64::MAX.unsigned_abs();
    DOUBT.store(u64::try_from(lasting.as_nanos()).unwrap_or(most).min(most), Ordering::Relaxed);
}

#[cfg(not(raddle_loom))]
fn doubt() -> i64 {
    DOUBT.load(Ordering::Relaxed).cast_signed()
}

#[cfg(raddle_loom)]
fn doubt() -> i64 {
    1_000_000_000
}

#[cfg(not(raddle_loom))]
fn is_detecting() -> bool {
    DETECTING.load(Ordering::Relaxed)
}

#[cfg(raddle_loom)]
fn is_detecting() -> bool {
    true
}

/// The rings in which threads wait for each other now, and the pools that are starved, each
/// once.
#[must_use]
pub fn report() -> Vec<Deadlock> {
    let mut found = ring::all();
    found.extend(starved::all());
    found
}

/// Calls `visit` with each wait that goes on, the thread being kept in it meanwhile: `visit`
/// must neither wait nor call anything that could.
pub fn visit(mut visit: impl FnMut(&Wait)) {
    record::each(|record| {
        record.with(|wait| visit(wait));
    });
}

impl Deadlock {
    /// Calls `visit` with each of its waits that still goes on, as [`visit()`] does,
    /// and with that of the calling thread, which is told of it; returns whether all go on.
    pub fn visit(&self, mut visit: impl FnMut(&Wait)) -> bool {
        let me = thread_id();
        let mut all = true;
        for wait in &self.waits {
            if wait.thread == me {
                visit(wait);
                continue;
            }
            let mut found = false;
            if let Some(record) = record::of(wait.thread) {
                record.with(|now| {
                    // (It may have woken to look around, and sleep anew.)
                    if now.id == wait.id {
                        found = true;
                        visit(now);
                    }
                });
            }
            all &= found;
        }
        all
    }
}
