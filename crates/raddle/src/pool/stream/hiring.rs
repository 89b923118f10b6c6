//! How a window's consumer asks for workers: only a few at a time, and none for a while after one
//! was asked for in vain.

/// How long a result may lie ready while the consumer waits for more, in nanoseconds.
pub(super) const BATCH_DELAY: i64 = 100_000;
/// The longest that a consumer waits before it looks again whether workers have come.
pub(super) const LONGEST_LAP: i64 = 50_000_000;
/// How many workers may be on their way at first, and ever.
const CREW: usize = 8;
const MOST_CREW: usize = 64;

/// The asking for workers.
#[derive(Debug)]
pub(super) struct Hiring {
    /// How many workers had left when one was asked for in vain.
    pub(super) declined: Option<usize>,
    pub(super) hired: usize,
    /// How many may be hired and not gone.
    most: usize,
    /// How many may be on their way at once.
    pub(super) crew: usize,
    /// How many were when last waited for, and how long the next wait is, in nanoseconds.
    seen: usize,
    lap: i64,
}

impl Hiring {
    pub(super) fn new(most: usize) -> Self {
        Self { declined: None, hired: 0, most, crew: CREW, seen: 0, lap: BATCH_DELAY }
    }

    /// Whether one more may be asked for, after so many have left: not after one was asked for in
    /// vain, until one leaves.
    pub(super) fn is_open(&self, gone: usize) -> bool {
        self.declined != Some(gone) && self.hired.saturating_sub(gone) < self.most
    }

    /// How many workers were hired and are not among those that have come in.
    pub(super) fn coming(&self, entered: usize) -> usize {
        self.hired.saturating_sub(entered)
    }

    /// The next wait's length; it grows while nobody comes.
    pub(super) fn lap(&mut self, entered: usize) -> i64 {
        let coming = self.coming(entered);
        if coming != std::mem::replace(&mut self.seen, coming) {
            self.lap = BATCH_DELAY;
        }
        self.crew = (self.crew * 2).min(MOST_CREW);
        let lap = self.lap;
        self.lap = (lap * 2).min(LONGEST_LAP);
        lap
    }
}
