//! How the next thread is chosen.

use super::dice::Dice;
use super::touch::Touched;
use crate::os::turns::Touch;

/// A thread that can go on.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Able {
    /// Its place.
    pub place: usize,
    /// What is known of its next step.
    pub next: Touched,
    /// What it is itself, as an object.
    pub itself: Touch,
}

/// Which of several threads goes on.
pub trait Strategy: Send {
    /// Returns a position in `able`, those that can go on, at least two. The thread that ran last
    /// comes first if it is one of them, `goes_on`; the others are in their order.
    fn choose(&mut self, able: &[Able], goes_on: bool) -> usize;

    /// The thread of this place has made a step, which has touched this.
    fn made(&mut self, place: usize, touched: &Touched) {
        let _ = (place, touched);
    }

    /// Whether the present run came to be one that is known, but for the order of steps that do
    /// not conflict.
    fn repeats(&self) -> bool {
        false
    }

    /// Goes on to the next run; returns whether there is another one to be made.
    fn advance(&mut self) -> bool;
}

/// Each thread that can go on, with the same chance: a random walk.
#[derive(Clone, Debug)]
pub struct Random(Dice);

impl Random {
    /// The walk with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Dice::new(seed))
    }
}

impl Strategy for Random {
    fn choose(&mut self, able: &[Able], _goes_on: bool) -> usize {
        self.0.below(able.len())
    }

    fn advance(&mut self) -> bool {
        true
    }
}

/// The thread with the highest priority, which falls at a few random steps: finds each bug that
/// needs `depth` orderings with a probability that has a lower bound (Burckhardt, Kothari,
/// Musuvathi and Nagarakatte, "A randomized scheduler with probabilistic guarantees of finding
/// bugs", 2010).
#[derive(Clone, Debug)]
pub struct Depth {
    dice: Dice,
    depth: usize,
    steps: usize,
    /// By place: the higher, the sooner.
    priorities: Vec<u64>,
    /// The steps at which the present thread's priority falls, the last one first.
    changes: Vec<usize>,
    step: usize,
}

impl Depth {
    /// Of `depth` orderings, at least 1, in a program of about so many `steps`.
    #[must_use]
    pub fn new(seed: u64, depth: usize, steps: usize) -> Self {
        let dice = Dice::new(seed);
        let mut made =
            Self { dice, depth, steps, priorities: Vec::new(), changes: Vec::new(), step: 0 };
        made.throw();
        made
    }

    fn throw(&mut self) {
        self.priorities.clear();
        self.changes = (1..self.depth).map(|_| self.dice.below(self.steps)).collect();
        self.changes.sort_unstable_by(|a, b| b.cmp(a));
    }

    fn priority(&mut self, place: usize) -> u64 {
        while self.priorities.len() <= place {
            // Above those that have fallen.
            let priority = self.dice.next() | 1 << 63;
            self.priorities.push(priority);
        }
        self.priorities[place]
    }
}

impl Strategy for Depth {
    fn choose(&mut self, able: &[Able], goes_on: bool) -> usize {
        self.step += 1;
        while self.changes.last().is_some_and(|change| *change < self.step) {
            self.changes.pop();
            if goes_on {
                let place = able[0].place;
                self.priority(place);
                self.priorities[place] = self.changes.len() as u64;
            }
        }
        let best = (0..able.len()).max_by_key(|at| self.priority(able[*at].place));
        best.unwrap_or(0)
    }

    fn advance(&mut self) -> bool {
        // As many steps as the run before had.
        self.steps = std::mem::take(&mut self.step).max(1);
        self.throw();
        true
    }
}

/// The choices of a schedule, and after them the thread that goes on, or the first one.
#[derive(Clone, Debug)]
pub struct Replay {
    choices: Vec<usize>,
    next: usize,
}

impl Replay {
    /// Of these choices.
    #[must_use]
    pub fn new(choices: Vec<usize>) -> Self {
        Self { choices, next: 0 }
    }
}

impl Strategy for Replay {
    fn choose(&mut self, able: &[Able], _goes_on: bool) -> usize {
        let chosen = self.choices.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        chosen.min(able.len() - 1)
    }

    fn advance(&mut self) -> bool {
        self.next = 0;
        false
    }
}

/// All schedules with at most so many preemptions, one after the other.
///
/// ```
/// use raddle::thread::schedule::{Choices, Strategy};
///
/// // (No schedule was run: there is only the one without a choice.)
/// let mut choices = Choices::new(2);
/// assert!(!choices.advance());
/// ```
#[derive(Clone, Debug)]
pub struct Choices {
    /// What was chosen, among how many, and how many of these may be.
    path: Vec<(usize, usize)>,
    next: usize,
    /// How many times a thread that could go on may not.
    bound: usize,
    preemptions: usize,
    /// There are schedules that the bound has left out.
    cut: bool,
}

impl Choices {
    /// Those with at most `bound` preemptions.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self { path: Vec::new(), next: 0, bound, preemptions: 0, cut: false }
    }

    /// Whether there are no schedules but those that were tried, and may be.
    #[must_use]
    pub fn are_all(&self) -> bool {
        !self.cut
    }
}

impl Strategy for Choices {
    fn choose(&mut self, able: &[Able], goes_on: bool) -> usize {
        let stays = goes_on && self.preemptions >= self.bound;
        let many = if stays { 1 } else { able.len() };
        self.cut |= stays;
        if self.next == self.path.len() {
            self.path.push((0, many));
        }
        let chosen = self.path[self.next].0.min(many - 1);
        self.next += 1;
        self.preemptions += usize::from(goes_on && chosen != 0);
        chosen
    }

    fn advance(&mut self) -> bool {
        (self.next, self.preemptions) = (0, 0);
        while let Some((chosen, many)) = self.path.pop() {
            if chosen + 1 < many {
                self.path.push((chosen + 1, many));
                return true;
            }
        }
        false
    }
}

impl<S: Strategy + ?Sized> Strategy for Box<S> {
    fn choose(&mut self, able: &[Able], goes_on: bool) -> usize {
        (**self).choose(able, goes_on)
    }

    fn made(&mut self, place: usize, touched: &Touched) {
        (**self).made(place, touched);
    }

    fn repeats(&self) -> bool {
        (**self).repeats()
    }

    fn advance(&mut self) -> bool {
        (**self).advance()
    }
}
