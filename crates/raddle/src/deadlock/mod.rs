//! Who waits for whom: naming the hangs that would otherwise be silent.
//!
//! Locks know their holder (see `lock/raw.rs`), and a thread that goes to sleep in the kernel
//! leaves a [`Wait`] in its record (`record.rs`) until it is awake again: nothing else is kept,
//! and fast paths do nothing for it. The thread that falls asleep last closes the ring, and so
//! it is the one that looks (`watch.rs`): from itself to who holds what it waits for, to what that
//! one waits for, and so on (`ring.rs`).
//!
//! What makes a ring true, though locks change hands while it is walked, is in `ring.rs`.
//!
//! Rejected: a table of locks and owners behind one lock (every contended acquisition would
//! meet there, and a fork can catch it half-way), and a thread that watches the others (a
//! program with one thread would have two, and `fork` warns of that).

mod record;
mod ring;
mod serving;
mod starved;
#[cfg(not(raddle_loom))]
mod subject;
mod watch;

use std::fmt;
#[cfg(not(raddle_loom))]
use std::time::Duration;

pub use serving::{Serving, served, serves, unlimit};
#[cfg(not(raddle_loom))]
pub(crate) use subject::For;
pub(crate) use watch::Watch;

use crate::sync::thread_id;
#[cfg(not(raddle_loom))]
use crate::sync::{AtomicBool, AtomicU64, Ordering};

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A lock that any thread may release.
    Lock,
    /// A lock that its holder releases.
    RLock,
    /// To be notified.
    Condition,
    /// A permit.
    Semaphore,
    /// An event to be set.
    Event,
    /// The other parties of a barrier.
    Barrier,
    /// An item in a queue.
    QueueGet,
    /// Room in a queue.
    QueuePut,
    /// The end of a queue's tasks.
    QueueJoin,
    /// The end of a thread.
    Thread,
    /// The end of a future.
    Future,
    /// The end of some of several futures.
    Futures,
    /// The results of a pool, or the end of its workers.
    Pool,
    /// Something to do, as a worker of a pool.
    Work,
    /// Something else.
    Other,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::RLock => "rlock",
            Self::Condition => "condition",
            Self::Semaphore => "semaphore",
            Self::Event => "event",
            Self::Barrier => "barrier",
            Self::QueueGet => "queue get",
            Self::QueuePut => "queue put",
            Self::QueueJoin => "queue join",
            Self::Thread => "thread join",
            Self::Future => "future",
            Self::Futures => "futures",
            Self::Pool => "pool",
            Self::Work => "work",
            Self::Other => "other",
        }
    }
}

/// Who can end a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Nobody can tell.
    Anyone,
    /// A thread; `surely` if nobody else can.
    Thread {
        /// Its identifier.
        thread: usize,
        /// Whether nobody else can end the wait.
        surely: bool,
    },
    /// Any worker of a pool, and nobody else: what is waited for is queued there.
    Pool {
        /// What the workers have said that they [serve](Serving).
        pool: usize,
    },
}

/// What is waited for, as whoever blocks knows it; see [`Blocking`](crate::Blocking).
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// What kind of thing, if it is known better than the primitive does.
    pub kind: Option<Kind>,
    /// Who can end the wait, if it is known better than the primitive does.
    pub provider: Option<Provider>,
    /// The address of an object that stands for it, or 0.
    pub object: usize,
}

impl Subject {
    /// Nothing is known but what the primitive says.
    pub const UNKNOWN: Self = Self { kind: None, provider: None, object: 0 };
}

/// One thread's wait, as it was at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// The identifier of the thread that waits.
    pub thread: usize,
    /// What it waits for.
    pub kind: Kind,
    /// The address of an object that stands for it, or 0.
    pub object: usize,
    /// Who can end the wait.
    pub provider: Provider,
    /// Whether it has a timeout.
    pub timed: bool,
    /// When it began, in nanoseconds of the monotonic clock.
    pub since: i64,
    /// Which wait of the process it is, however often it sleeps.
    id: usize,
    /// Which sleep of the process it is: a later one has a greater number. 0 for a thread that is
    /// awake within its wait.
    order: usize,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Each waits for the next, and the last for the first.
    Cycle,
    /// All threads wait, for what only another of them could do.
    Asleep,
    /// All workers of a pool wait, for what only a worker of that pool could do; and perhaps
    /// others, for which a worker waits.
    Starved,
}

/// What became of a finding that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is known now; the wait hears of nothing more.
    Told,
    /// It may be as it is meant to be: nothing is told, as long as the same threads wait.
    Dismissed,
    /// It is too early to tell that all are asleep: ask again after a second. (Anything else is
    /// dismissed.)
    Later,
}

/// Threads that wait for each other.
#[derive(Clone, Debug)]
pub struct Deadlock {
    /// What was found.
    pub finding: Finding,
    /// Their waits; those of a cycle in its order.
    pub waits: Vec<Wait>,
    /// Whether it cannot come undone; false where another thread might yet release a
    /// lock or end a task.
    pub surely: bool,
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.finding {
            Finding::Cycle => "deadlock:",
            Finding::Asleep => "all threads are asleep:",
            Finding::Starved => "no worker of a pool is left:",
        })?;
        for wait in &self.waits {
            write!(f, "\n  thread {:#x} waits for a {}", wait.thread, wait.kind.word())?;
            match wait.provider {
                Provider::Thread { thread, .. } => write!(f, " of thread {thread:#x}")?,
                Provider::Pool { pool } => write!(f, " of pool {pool:#x}")?,
                Provider::Anyone => {}
            }
        }
        Ok(())
    }
}

/// Whether waits are looked at as they begin.
#[cfg(not(raddle_loom))]
static DETECTING: AtomicBool = AtomicBool::new(true);

/// Switches detection off, or on again; it is on at first, and does nothing for a thread whose
/// [`Blocking`](crate::Blocking) does not want to know. Owners and waits are recorded either way.
#[cfg(not(raddle_loom))]
pub fn detect(on: bool) {
    DETECTING.store(on, Ordering::Relaxed);
}

/// How long a ring that might come undone lasts before it is told, in nanoseconds.
#[cfg(not(raddle_loom))]
static DOUBT: AtomicU64 = AtomicU64::new(1_000_000_000);

/// Says how long a ring that might come undone, since any thread may release its locks, has to
/// last before it is told: one second at first. For waits that begin to be part of one after that.
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

/// The rings in which threads wait for each other now, and the pools that are starved, each once.
#[must_use]
pub fn report() -> Vec<Deadlock> {
    let mut found = ring::all();
    found.extend(starved::all());
    found
}

/// Calls `visit` with each wait that goes on, the thread being kept in it meanwhile: `visit` must
/// neither wait nor call anything that could.
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

/// In a forked child: forgets the parent's other threads.
#[cfg(not(raddle_loom))]
pub(crate) fn after_fork() {
    record::after_fork();
}
