//! Several strategies, in turn.

use super::pos::PartialOrder;
use super::strategy::{Able, Choices, Depth, Random, Strategy};
use super::touch::Touched;

/// Preemptions of the schedules that are all tried.
const BOUND: usize = 2;

/// How many steps a program has, before one has been seen.
const STEPS: usize = 20;

/// Something of each strategy, one run each in turn: what one of them finds late another may find
/// soon. They are [`Choices`] with at most two preemptions, [`Depth`] with three orderings,
/// [`Random`], [`PartialOrder`], and `Depth` with six.
///
/// There is no other schedule where two preemptions are enough for all.
pub struct Mix {
    bounded: Choices,
    /// There are no schedules left with as few preemptions.
    spent: bool,
    by_chance: [Box<dyn Strategy>; 4],
    /// Whose turn it is: 0 for `bounded`, and then the others.
    turn: usize,
}

impl Mix {
    /// With this seed for what is chosen by chance.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let depth =
            |depth: usize| Box::new(Depth::new(seed.wrapping_add(depth as u64), depth, STEPS));
        Self {
            bounded: Choices::new(BOUND),
            spent: false,
            by_chance: [
                depth(3),
                Box::new(Random::new(seed)),
                Box::new(PartialOrder::new(seed)),
                depth(6),
            ],
            turn: 0,
        }
    }

    fn strategy(&mut self) -> &mut dyn Strategy {
        match self.turn {
            0 => &mut self.bounded,
            turn => &mut *self.by_chance[turn - 1],
        }
    }
}

impl std::fmt::Debug for Mix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mix").field("turn", &self.turn).finish_non_exhaustive()
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
        if self.turn == 0 && !goes_on {
            if self.bounded.are_all() {
                return false;
            }
            self.spent = true;
        }
        self.turn = (self.turn + 1) % (1 + self.by_chance.len());
        self.turn = self.turn.max(usize::from(self.spent));
        true
    }
}
