//! One strategy after the other.

use super::pos::PartialOrder;
use super::strategy::{Able, Choices, Depth, Random, Strategy};
use super::touch::Touched;

/// Preemptions of the schedules that are all tried.
const BOUND: usize = 2;

/// How many steps a program has, before one has been seen.
const STEPS: usize = 20;

/// Something of each strategy: most failures need few preemptions, and those that need more are
/// left to chance. A quarter each are schedules with at most two preemptions ([`Choices`]), those
/// of [`PartialOrder`], of [`Depth`] with three orderings, and of [`Random`].
pub struct Mix {
    bounded: Choices,
    rest: [Box<dyn Strategy>; 3],
    /// The strategy that chooses now, and how many of its runs are left.
    now: usize,
    left: usize,
    share: usize,
}

impl Mix {
    /// For so many runs.
    #[must_use]
    pub fn new(seed: u64, runs: usize) -> Self {
        let share = (runs / 4).max(1);
        Self {
            bounded: Choices::new(BOUND),
            rest: [
                Box::new(PartialOrder::new(seed)),
                Box::new(Depth::new(seed.wrapping_add(3), 3, STEPS)),
                Box::new(Random::new(seed)),
            ],
            now: 0,
            left: share,
            share,
        }
    }

    fn strategy(&mut self) -> &mut dyn Strategy {
        match self.now {
            0 => &mut self.bounded,
            now => &mut *self.rest[now - 1],
        }
    }
}

impl std::fmt::Debug for Mix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mix").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Strategy for Mix {
    fn choose(&mut self, able: &[Able], goes_on: bool) -> usize {
        self.strategy().choose(able, goes_on)
    }

    fn made(&mut self, place: usize, touched: &Touched) {
        self.strategy().made(place, touched);
    }

    fn advance(&mut self) -> bool {
        let goes_on = self.strategy().advance();
        if !goes_on && self.bounded.are_all() {
            return false;
        }
        self.left -= 1;
        if self.now < self.rest.len() && (self.left == 0 || !goes_on) {
            (self.now, self.left) = (self.now + 1, self.share);
        }
        self.left = self.left.max(1);
        true
    }
}
