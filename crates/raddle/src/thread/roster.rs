//! How many raw threads there are, and waiting for those that the process must not leave behind.
//!
//! Counters, not a table: a table would need a lock that a `fork` can catch half-way.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::raw;
use super::unsettled::{Starting, Unsettled};
use crate::clock::Edge;
use crate::os::{Deadline, turns};
use crate::wait::{Awaited, Blocking, Kind};
use crate::waiters::{Abandoned, Passed, WaitList, Waiter};

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static LASTING: AtomicUsize = AtomicUsize::new(0);
static UNSETTLED: Unsettled = Unsettled::new();
/// The threads that wait for `LASTING` to fall; it is looked at under this list's latch.
static WATCHERS: WaitList = WaitList::new();
/// From the end of each lasting thread to what waits for all of them.
static ENDS: Edge = Edge::new();

pub(super) fn enter(lasting: bool) {
    UNSETTLED.create();
    RUNNING.fetch_add(1, Ordering::Relaxed);
    if lasting {
        LASTING.fetch_add(1, Ordering::Relaxed);
    }
}

/// The thread is done, as far as the threads that join it are concerned.
pub(super) fn done() {
    RUNNING.fetch_sub(1, Ordering::Relaxed);
}

/// What the thread did so far happens before what waits for all lasting ones. (Others count, too:
/// an embedder may wait for some of them in its own way.)
pub(super) fn release() {
    ENDS.release();
}

/// What the calling thread does from now on happens after what the threads did that have ended.
pub fn follow_ends() {
    ENDS.acquire();
}

/// The thread has run its last line.
pub(super) fn leave(lasting: bool) {
    release();
    if lasting {
        LASTING.fetch_sub(1, Ordering::AcqRel);
        WATCHERS.lock().choose_many(usize::MAX, 0, || {});
    }
}

/// Takes back an [`enter`] after which no thread was created.
pub(super) fn never_started(lasting: bool) {
    settled();
    done();
    leave(lasting);
}

/// Says that the calling raw thread has what it needs to run; it calls this once, whatever
/// happens. A thread that takes turns waits for its first one here.
pub fn settled() {
    UNSETTLED.settle();
    turns::begin();
}

/// Whether some raw threads were created and have not called [`settled`] yet.
///
/// Each is between two system calls, so waiting for it by yielding is in order.
#[must_use]
pub fn any_starting() -> bool {
    starting_now().any_left()
}

/// How many raw threads were created and have not called [`settled`] yet; out of date once
/// returned.
#[must_use]
pub fn starting() -> usize {
    UNSETTLED.count()
}

/// The raw threads created up to now, of which some may not have called [`settled`] yet.
#[must_use]
pub fn starting_now() -> Starting<'static> {
    UNSETTLED.now()
}

/// In a forked child: `survivor` tells of the calling thread, if it is a raw one, whether it is
/// lasting.
pub(super) fn after_fork(survivor: Option<bool>) {
    UNSETTLED.after_fork();
    RUNNING.store(usize::from(survivor.is_some()), Ordering::Relaxed);
    LASTING.store(usize::from(survivor == Some(true)), Ordering::Relaxed);
}

/// The number of raw threads that were started and have not ended; out of date once returned.
#[must_use]
pub fn running() -> usize {
    RUNNING.load(Ordering::Relaxed)
}

/// Waits until no lasting raw thread but the calling one is left, or until `until`; returns
/// whether that is so.
///
/// # Errors
/// The interrupt with which `blocking` ended the wait.
pub fn wait_for_lasting<B: Blocking>(
    blocking: &mut B,
    until: Deadline,
) -> Result<bool, B::Interrupt> {
    let own = usize::from(raw::current(|handle| handle.is_lasting()).unwrap_or(false));
    loop {
        let mut alone = false;
        let join = |waiter: &Waiter| {
            let locked = WATCHERS.lock();
            alone = LASTING.load(Ordering::Acquire) <= own;
            let queued = !alone && !until.has_passed();
            if queued {
                locked.push_back(waiter);
            }
            queued
        };
        match WATCHERS.wait_as(Waiter::new(), true, blocking, until, &Watcher, join)? {
            Passed::AtOnce => {
                if alone {
                    ENDS.acquire();
                }
                return Ok(alone);
            }
            Passed::Chosen(_) | Passed::TimedOut | Passed::Forked => {}
        }
    }
}

/// A thread that waits for others to end. All are told at once: nothing is passed on.
struct Watcher;

impl Awaited for Watcher {
    fn kind(&self) -> Kind {
        Kind::Thread
    }
}

impl Abandoned for Watcher {}
