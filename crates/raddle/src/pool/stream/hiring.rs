//! How a window's consumer asks for workers: only a few at a time, and none for a while after one
//! was asked for in vain.

use super::consumer_state::{BATCH_DELAY, LONGEST_LAP};
use super::window::Window;
use crate::os::sync::Ordering;

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

    /// Whether one more may be asked for: not after one was asked for in vain, until one
    /// leaves.
    pub(super) fn is_open<T, R>(&self, window: &Window<T, R>) -> bool {
        let gone = window.sleep.gone();
        self.declined != Some(gone) && self.hired.saturating_sub(gone) < self.most
    }

    /// How many workers were hired and have not come in yet.
    pub(super) fn coming<T, R>(&self, window: &Window<T, R>) -> usize {
        self.hired.saturating_sub(window.entered.load(Ordering::Acquire))
    }

    /// The next wait's length; it grows while nobody comes.
    pub(super) fn lap<T, R>(&mut self, window: &Window<T, R>) -> i64 {
        let coming = self.coming(window);
        if coming != std::mem::replace(&mut self.seen, coming) {
            self.lap = BATCH_DELAY;
        }
        self.crew = (self.crew * 2).min(MOST_CREW);
        let lap = self.lap;
        self.lap = (lap * 2).min(LONGEST_LAP);
        lap
    }
}
