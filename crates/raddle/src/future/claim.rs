//! The claim: the exclusive right to write the value of a task.

use super::{Changed, Completion, FINISHED, FINISHING, changed};
use crate::os::sync::Ordering;

/// The right to write a task's value; publish it, or the task is as it was.
///
/// Nothing else can happen to the task meanwhile, so hold it for a few instructions only.
#[must_use]
#[derive(Debug)]
pub struct Claim<'a> {
    pub(super) completion: &'a Completion,
    /// The phase in which the claim was made.
    pub(super) from: u32,
}

impl Claim<'_> {
    /// Shows the value to everyone, and wakes the threads that wait.
    #[inline]
    pub fn publish(self) -> Changed {
        let completion = self.completion;
        std::mem::forget(self);
        completion.publish()
    }
}

impl Completion {
    #[inline]
    fn publish(&self) -> Changed {
        self.end.release();
        // FINISHING to FINISHED; nobody else leaves FINISHING, and flags may come meanwhile.
        let before = self.state.fetch_add(FINISHED - FINISHING, Ordering::AcqRel);
        self.wake(before);
        changed(before)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.completion.state.fetch_sub(FINISHING - self.from, Ordering::AcqRel);
    }
}
