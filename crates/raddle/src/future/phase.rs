//! Where a task is in its life, as others see it.

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has begun it.
    Pending,
    /// Somebody runs it.
    Running,
    /// It was cancelled before it began.
    Cancelled,
    /// It was cancelled, and the worker that would have run it has seen so.
    Notified,
    /// Its value is there.
    Finished,
}

impl Phase {
    /// Whether nothing can change for those that wait for the end.
    #[must_use]
    pub fn is_done(self) -> bool {
        matches!(self, Self::Cancelled | Self::Notified | Self::Finished)
    }
}
