//! How the next thread is chosen.

/// Which of several threads goes on.
pub trait Strategy: Send {
    /// Returns a position in `able`, the places of those that can go on, at least two. The thread
    /// that ran last comes first if it is one of them, `goes_on`; the others are in their order.
    fn choose(&mut self, able: &[usize], goes_on: bool) -> usize;

    /// Goes on to the next run; returns whether there is another one to be made.
    fn advance(&mut self) -> bool;
}

/// A generator of pseudo-random numbers (Marsaglia's xorshift, 2003, with Vigna's multiplier).
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        // (A state of 0 would stay 0.)
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }
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
    fn choose(&mut self, able: &[usize], _goes_on: bool) -> usize {
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
    fn choose(&mut self, able: &[usize], goes_on: bool) -> usize {
        self.step += 1;
        while self.changes.last().is_some_and(|change| *change < self.step) {
            self.changes.pop();
            if goes_on {
                self.priority(able[0]);
                self.priorities[able[0]] = self.changes.len() as u64;
            }
        }
        let best = (0..able.len()).max_by_key(|at| self.priority(able[*at]));
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
    fn choose(&mut self, able: &[usize], _goes_on: bool) -> usize {
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
}

impl Choices {
    /// Those with at most `bound` preemptions.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self { path: Vec::new(), next: 0, bound, preemptions: 0 }
    }
}

impl Strategy for Choices {
    fn choose(&mut self, able: &[usize], goes_on: bool) -> usize {
        let stays = goes_on && self.preemptions >= self.bound;
        let many = if stays { 1 } else { able.len() };
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
    fn choose(&mut self, able: &[usize], goes_on: bool) -> usize {
        (**self).choose(able, goes_on)
    }

    fn advance(&mut self) -> bool {
        (**self).advance()
    }
}
