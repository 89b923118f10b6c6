//! A thread of a group, and its result.

use std::fmt;
use std::sync::Arc;

use crate::locks::{Event, Lock};
use crate::os::Deadline;
use crate::wait::{Blocking, CancelToken, Cancelled};

/// What a call has returned, or why it has not.
pub(super) type Outcome<T> = Result<T, Cancelled>;

/// Where the thread leaves what its call has returned.
pub(super) struct Slot<T> {
    outcome: Lock<Option<Outcome<T>>>,
    filled: Event,
}

impl<T> Slot<T> {
    pub(super) fn new() -> Self {
        Self { outcome: Lock::new(None), filled: Event::new() }
    }

    pub(super) fn fill(&self, outcome: Outcome<T>) {
        *self.outcome.acquire() = Some(outcome);
        self.filled.set();
    }
}

/// A call in a thread of a [`Group`](super::Group). Dropped, it goes on: the group waits for it.
///
/// ```
/// use raddle::{Cancelled, Deadline, Event, Failure, group};
///
/// let never = Event::new();
/// let ended = group(Deadline::NEVER, |group| {
///     let waits = group.start(|group| {
///         never.wait_with(&mut group.token().blocking(), Deadline::NEVER)?;
///         Err::<(), _>(Failure::Error("not reached"))
///     });
///     waits.cancel();
///     Ok(waits.join())
/// });
/// assert_eq!(ended, Ok(Err(Cancelled::Requested)));
/// ```
pub struct Task<T> {
    slot: Arc<Slot<T>>,
    token: CancelToken,
    /// What ends the waits of the thread that started it.
    starter: CancelToken,
}

impl<T> Task<T> {
    pub(super) fn new(slot: Arc<Slot<T>>, token: CancelToken, starter: CancelToken) -> Self {
        Self { slot, token, starter }
    }

    /// Waits for the call to end and returns its result. The wait ends with the token of the thread
    /// that started the task.
    ///
    /// # Errors
    /// That the wait was ended or the call was, or that it has failed, which cancels the group: its
    /// error is what the group returns.
    pub fn join(self) -> Result<T, Cancelled> {
        self.wait_with(&mut self.starter.blocking(), Deadline::NEVER)?;
        self.slot.outcome.acquire().take().unwrap_or(Err(Cancelled::Requested))
    }

    /// Waits for the call to end, until `until`; returns whether it has.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub fn wait_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        self.slot.filled.wait_with(blocking, until)
    }

    /// Whether the call has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.slot.filled.is_set()
    }

    /// Ends the waits of this call, and of groups inside; the rest of the group goes on.
    pub fn cancel(&self) {
        self.token.cancel();
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("is_finished", &self.is_finished()).finish_non_exhaustive()
    }
}
