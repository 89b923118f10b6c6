//! A binary heap whose comparisons are made by the caller, in between.
//!
//! A comparison may be foreign code: it may take its time, fail, or change this very heap. So
//! none is made while the heap changes. A [`Plan`] asks one comparison after the other about a
//! heap that stays as it is, and is carried out at the end in one step; if the heap has changed
//! meanwhile, see [`Heap::changes`], the plan is invalid and is made anew. A plan that is given
//! up leaves no trace.
//!
//! Which items are compared, and so which of several equal ones comes first, is as in Python's
//! `heapq`.

use super::{Stack, Store};

/// Items of which the smallest comes first.
#[derive(Debug)]
pub struct Heap<T> {
    /// Each item is not greater than those at twice its index plus 1 and 2.
    items: Stack<T>,
    /// How often it has changed.
    changes: usize,
}

/// How an item gets in, or the smallest one out: first asks, then is carried out.
#[derive(Debug)]
pub struct Plan {
    /// The heap's changes when the plan was made.
    changes: usize,
    /// Where the hole is now.
    hole: usize,
    /// The number of items that matter: all for a push, all but the last for a pop.
    limit: usize,
    /// Whether it is the smallest item that leaves, and not a new one that comes.
    pops: bool,
    /// Whether the hole still sinks; afterwards it rises.
    sinking: bool,
    /// Whether the questions are over.
    done: bool,
}

/// What a [`Plan`] wants to know: is `left` less than `right`?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The index of an item; `None` for the one that moves (the new one, or the last).
    pub left: Option<usize>,
    /// The index of an item.
    pub right: usize,
}

impl Plan {
    /// The next comparison to make, if any.
    #[inline]
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        if self.done {
            None
        } else if self.sinking {
            let child = 2 * self.hole + 1;
            Some(Question { left: Some(child), right: child + 1 })
        } else {
            // What a pop's hole went past is going to be one place further up.
            let right = if self.pops { self.hole } else { (self.hole - 1) / 2 };
            Some(Question { left: None, right })
        }
    }

    /// Takes the answer to the question.
    #[inline]
    pub fn answer(&mut self, less: bool) {
        if self.sinking {
            self.hole = 2 * self.hole + if less { 1 } else { 2 };
            self.sink();
        } else if less {
            self.hole = (self.hole - 1) / 2;
            self.done = self.hole == 0;
        } else {
            self.done = true;
        }
    }

    /// Lets the hole sink as far as no question is needed.
    fn sink(&mut self) {
        let child = 2 * self.hole + 1;
        if child + 1 < self.limit {
            return;
        }
        if child < self.limit {
            self.hole = child;
        }
        self.sinking = false;
        self.done = self.hole == 0;
    }
}

impl<T> Heap<T> {
    /// A heap without items.
    #[must_use]
    pub const fn new() -> Self {
        Self { items: Stack::new(), changes: 0 }
    }

    /// How often the heap has changed: a plan is valid as long as this stays the same.
    #[inline]
    #[must_use]
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// Whether `plan` is about the heap as it is.
    #[inline]
    #[must_use]
    pub fn suits(&self, plan: &Plan) -> bool {
        self.changes == plan.changes
    }

    /// The items, a heap.
    #[must_use]
    pub fn items(&self) -> &[T] {
        self.items.items()
    }

    /// The bytes that the items take.
    #[must_use]
    pub fn allocated(&self) -> usize {
        self.items.allocated()
    }

    /// Plans to push an item.
    #[inline]
    #[must_use]
    pub fn plan_push(&self) -> Plan {
        let hole = self.items.count();
        let (pops, sinking, done) = (false, false, hole == 0);
        Plan { changes: self.changes, hole, limit: hole, pops, sinking, done }
    }

    /// Plans to pop the smallest item; `None` if there is none.
    #[inline]
    #[must_use]
    pub fn plan_pop(&self) -> Option<Plan> {
        let limit = self.items.count().checked_sub(1)?;
        let (pops, sinking, done) = (true, true, false);
        let mut plan = Plan { changes: self.changes, hole: 0, limit, pops, sinking, done };
        plan.sink();
        Some(plan)
    }

    /// Pushes `item` as planned.
    ///
    /// # Panics
    /// If the plan does not [suit](Self::suits) or has questions left.
    pub fn push(&mut self, item: T, plan: &Plan) {
        assert!(self.suits(plan) && plan.done, "a plan is carried out as it was made");
        self.changes = self.changes.wrapping_add(1);
        let mut at = self.items.count();
        self.items.push(item);
        while at != plan.hole {
            let parent = (at - 1) / 2;
            self.items.items_mut().swap(at, parent);
            at = parent;
        }
    }

    /// Pops the smallest item as planned.
    ///
    /// # Panics
    /// If the plan does not [suit](Self::suits) or has questions left.
    pub fn pop(&mut self, plan: &Plan) -> T {
        assert!(self.suits(plan) && plan.done, "a plan is carried out as it was made");
        self.changes = self.changes.wrapping_add(1);
        let mut moving = self.items.pop().expect("a plan to pop was made for an item");
        let items = self.items.items_mut();
        if items.is_empty() {
            return moving;
        }
        // Along the way from the hole up to the first place each item moves up by one.
        let mut at = plan.hole;
        loop {
            std::mem::swap(&mut items[at], &mut moving);
            if at == 0 {
                return moving;
            }
            at = (at - 1) / 2;
        }
    }

    /// Takes all items out.
    pub fn take(&mut self) -> Stack<T> {
        self.changes = self.changes.wrapping_add(1);
        std::mem::take(&mut self.items)
    }
}

impl<T> Default for Heap<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Store for Heap<T> {
    #[inline]
    fn count(&self) -> usize {
        self.items.count()
    }

    fn forget(&mut self) {
        std::mem::forget(self.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(heap: &mut Heap<(u32, usize)>, item: (u32, usize)) {
        let mut plan = heap.plan_push();
        while let Some(Question { left: None, right }) = plan.question() {
            plan.answer(item.0 < heap.items()[right].0);
        }
        heap.push(item, &plan);
    }

    fn pop(heap: &mut Heap<(u32, usize)>) -> Option<(u32, usize)> {
        let mut plan = heap.plan_pop()?;
        while let Some(Question { left, right }) = plan.question() {
            let items = heap.items();
            let left = left.unwrap_or(items.len() - 1);
            plan.answer(items[left].0 < items[right].0);
        }
        Some(heap.pop(&plan))
    }

    #[test]
    fn the_smallest_item_comes_first_and_none_is_lost() {
        let mut heap = Heap::new();
        let mut reference = Vec::new();
        let mut chance = 1_u32;
        for number in 0..4000 {
            chance = chance.wrapping_mul(747_796_405).wrapping_add(1);
            if chance >> 16 & 7 < 5 {
                let item = (chance >> 20 & 63, number);
                push(&mut heap, item);
                reference.push(item.0);
            } else {
                reference.sort_unstable_by(|a, b| b.cmp(a));
                assert_eq!(pop(&mut heap).map(|item| item.0), reference.pop());
            }
            assert_eq!(heap.count(), reference.len());
            let items = heap.items();
            assert!((1..items.len()).all(|at| items[(at - 1) / 2].0 <= items[at].0));
        }
        assert!(reference.len() > 100);
    }

    #[test]
    fn a_plan_for_a_heap_that_has_changed_does_not_suit() {
        let mut heap = Heap::new();
        push(&mut heap, (1, 0));
        let plan = heap.plan_pop().unwrap();
        assert!(heap.suits(&plan));
        push(&mut heap, (0, 1));
        assert!(!heap.suits(&plan));
    }
}
