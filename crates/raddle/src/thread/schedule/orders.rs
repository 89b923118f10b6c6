//! All schedules, but for those that differ only in the order of steps that do not conflict.

use super::strategy::{Able, Strategy};
use super::touch::Touched;

/// Where several threads could go on.
#[derive(Clone, Debug)]
struct Node {
    /// The places of the threads, and which of them is tried now.
    able: Vec<usize>,
    chosen: usize,
    /// Those that need not be tried here.
    asleep: Vec<usize>,
    /// What the step of the one that is tried has touched.
    touched: Option<Touched>,
    /// Those that were tried before, and what their steps have touched.
    tried: Vec<(usize, Touched)>,
}

/// All schedules, one after the other, but for those that differ from one that was tried only in
/// the order of steps that do not [conflict](Touched::conflicts): such steps are left to the
/// first schedule that has them (sleep sets, Godefroid, "Partial-order methods for the
/// verification of concurrent systems", 1996).
///
/// The number of preemptions has no bound: with one, the schedule that an order is left to may be
/// beyond the bound.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    path: Vec<Node>,
    next: usize,
    /// Threads whose next step, which touches this, has been tried: what follows need not begin
    /// with it until something that conflicts with it has been done.
    asleep: Vec<(usize, Touched)>,
    /// The node whose step is being made.
    at: Option<usize>,
    /// A thread that was to sleep has gone on, since there was no other: nothing new follows.
    stale: bool,
}

impl Orders {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Strategy for Orders {
    fn choose(&mut self, able: &[Able], _goes_on: bool) -> usize {
        self.at = None;
        if self.next == self.path.len() {
            let sleeps = |place| self.asleep.iter().any(|(asleep, _)| *asleep == place);
            let awake = able.iter().position(|each| !sleeps(each.place));
            let Some(chosen) = awake.filter(|_| !self.stale) else {
                self.stale = true;
                return 0;
            };
            self.path.push(Node {
                able: able.iter().map(|each| each.place).collect(),
                chosen,
                asleep: self.asleep.iter().map(|(place, _)| *place).collect(),
                touched: None,
                tried: Vec::new(),
            });
        }
        let node = &self.path[self.next];
        for (place, touched) in &node.tried {
            let now = able.iter().find(|each| each.place == *place);
            self.asleep.extend(now.map(|now| (*place, touched.again(&now.next, now.itself))));
        }
        self.at = Some(self.next);
        self.next += 1;
        node.chosen
    }

    fn made(&mut self, place: usize, touched: &Touched) {
        if let Some(node) = self.at.take() {
            self.path[node].touched = Some(*touched);
        }
        self.stale |= self.asleep.iter().any(|(asleep, _)| *asleep == place);
        self.asleep.retain(|(_, step)| !step.conflicts(touched));
    }

    fn repeats(&self) -> bool {
        self.stale
    }

    fn advance(&mut self) -> bool {
        (self.next, self.at, self.stale) = (0, None, false);
        self.asleep.clear();
        while let Some(mut node) = self.path.pop() {
            let place = node.able[node.chosen];
            // (A step that has not come to its end is no reason to leave anything out.)
            node.tried.extend(node.touched.take().map(|touched| (place, touched)));
            let next = (node.chosen + 1..node.able.len())
                .find(|at| !node.asleep.contains(&node.able[*at]));
            if let Some(chosen) = next {
                node.chosen = chosen;
                self.path.push(node);
                return true;
            }
        }
        false
    }
}
