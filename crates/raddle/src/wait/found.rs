//! What is found and reported: deadlocks, and lock orders that contradict each other.

use std::fmt;
use std::sync::Arc;

use super::{Kind, Provider, Site};

/// One thread's wait, as it was at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// The identifier of the thread that waits.
    pub thread: usize,
    /// What it waits for.
    pub kind: Kind,
    /// The address of an object that stands for it, or 0.
    pub object: usize,
    /// What can end the wait.
    pub provider: Provider,
    /// Whether it has a timeout.
    pub timed: bool,
    /// When it began, in nanoseconds of the monotonic clock.
    pub since: i64,
    /// Which wait of the process it is, however often it sleeps.
    pub(crate) id: usize,
    /// Which sleep of the process it is: a later one has a greater number. 0 for a thread that
    /// is awake within its wait.
    pub(crate) order: usize,
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

/// What reports show of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockInfo {
    /// Its number: never used again.
    pub id: usize,
    /// Lock or RLock.
    pub kind: Kind,
    /// The name that the program gave it.
    pub name: Option<Arc<str>>,
    /// Where it was made.
    pub made: Site,
    /// The place that reports show for that: it may say more, or be the same.
    pub told: Site,
}

impl fmt::Display for LockInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(name),
            None => write!(f, "the lock made at {}", self.made),
        }
    }
}

/// Locks that were taken inside one another in orders that cannot all be kept: threads that do
/// so at the same time may wait for each other for ever.
#[derive(Clone, Debug)]
pub struct Inversion {
    /// Each lock was held while the next was taken; the last one's next is the first. The first
    /// link is the one that was seen last.
    pub links: Vec<Link>,
}

/// One lock of an inversion.
#[derive(Clone, Debug)]
pub struct Link {
    /// The lock that was held.
    pub lock: LockInfo,
    /// Where it had been taken.
    pub held: Site,
    /// Where the next was taken meanwhile.
    pub next: Site,
    /// The name of the thread that did so, when it was first seen.
    pub thread: Option<Arc<str>>,
}

impl fmt::Display for Inversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lock order:")?;
        for (at, link) in self.links.iter().enumerate() {
            let next = &self.links[(at + 1) % self.links.len()].lock;
            write!(
                f,
                "\n  {} (taken at {}) was held when {next} was taken at {}",
                link.lock, link.held, link.next
            )?;
        }
        Ok(())
    }
}
