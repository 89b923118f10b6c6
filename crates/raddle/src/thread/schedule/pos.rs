//! Sampling the orders of steps that conflict, rather than those of all steps.

use super::dice::Dice;
use super::strategy::{Able, Strategy};
use super::touch::Touched;

/// Each step has a priority by chance, and the highest goes first. Once it is made, those that
/// conflict with it are given new ones: so each order of two conflicting steps has a good chance,
/// whatever the steps in between (Yuan, Yang and Gu, "Partial order aware concurrency sampling",
/// 2018).
#[derive(Clone, Debug)]
pub struct PartialOrder {
    dice: Dice,
    /// By place: what its next step has, and what that touches; none until it is looked at.
    steps: Vec<Option<(u64, Touched)>>,
}

impl PartialOrder {
    /// The samples with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed), steps: Vec::new() }
    }

    fn priority(&mut self, able: &Able) -> u64 {
        if self.steps.len() <= able.place {
            self.steps.resize(able.place + 1, None);
        }
        let dice = &mut self.dice;
        self.steps[able.place].get_or_insert_with(|| (dice.next(), able.next)).0
    }
}

impl Strategy for PartialOrder {
    fn choose(&mut self, able: &[Able], _goes_on: bool) -> usize {
        (0..able.len()).max_by_key(|at| self.priority(&able[*at])).unwrap_or(0)
    }

    fn made(&mut self, place: usize, touched: &Touched) {
        for (at, step) in self.steps.iter_mut().enumerate() {
            if at == place || step.is_some_and(|(_, next)| next.conflicts(touched)) {
                *step = None;
            }
        }
    }

    fn advance(&mut self) -> bool {
        self.steps.clear();
        true
    }
}
