//! Moments of threads, for the crate's own tests of what orders them.

use crate::clock;

/// A moment of one thread.
#[derive(Clone, Copy, Debug)]
pub struct Moment(Option<clock::Time>);

impl Moment {
    /// The number of the thread, which others have that come after it.
    #[must_use]
    pub fn slot(self) -> Option<u32> {
        self.0.map(|time| time.slot)
    }
}

/// This moment of the calling thread.
#[must_use]
pub fn now() -> Moment {
    Moment(clock::time())
}

/// Whether the calling thread is ordered after that moment by now.
#[must_use]
pub fn is_after(moment: Moment) -> bool {
    moment.0.is_none_or(clock::is_after)
}
