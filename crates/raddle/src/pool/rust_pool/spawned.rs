//! The result of a task that was given to a pool.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::end::TaskEnd;
use super::workers;
use crate::locks::Lock;
use crate::os::Deadline;
use crate::thread::Joined;
use crate::wait::{Native, infallible};

/// What the task leaves, and the thread that joins it takes.
pub(super) struct Packet<T> {
    pub(super) done: TaskEnd,
    pub(super) outcome: Lock<Option<Joined<T>>>,
}

/// A task given to a [`Pool`](crate::Pool); dropping this lets the task run on.
///
/// Python's `concurrent.futures.Future`, for one owner.
///
/// ```
/// let pool = raddle::Pool::new(2);
/// let task = pool.spawn(|| (1..=10).sum::<u32>());
/// assert_eq!(task.join().unwrap(), 55);
/// ```
#[must_use = "a panic of the task is seen by joining it only"]
pub struct Spawned<T> {
    pub(super) packet: Arc<Packet<T>>,
}

impl<T> Spawned<T> {
    /// Whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.packet.done.is_complete()
    }

    /// Waits for the task to end and returns what it returned. A worker of a pool runs other tasks
    /// of its pool meanwhile, those that come later included, so tasks may join tasks.
    ///
    /// # Errors
    /// The panic with which it ended.
    pub fn join(self) -> Joined<T> {
        if !workers::wait_for(&self.packet.done) {
            self.packet.done.wait();
        }
        self.outcome()
    }

    /// [`join`](Self::join) for at most `timeout`, during which no other task is begun.
    ///
    /// # Errors
    /// The handle itself, if the task has not ended in time.
    pub fn join_timeout(self, timeout: Duration) -> Result<Joined<T>, Self> {
        let until = Deadline::after(timeout);
        let done = infallible(self.packet.done.wait_with(&mut Native, until));
        if done { Ok(self.outcome()) } else { Err(self) }
    }

    fn outcome(self) -> Joined<T> {
        match self.packet.outcome.acquire().take() {
            Some(outcome) => outcome,
            None => unreachable!("a task leaves its outcome before it is done"),
        }
    }
}

impl<T> fmt::Debug for Spawned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawned").field("finished", &self.is_finished()).finish()
    }
}
