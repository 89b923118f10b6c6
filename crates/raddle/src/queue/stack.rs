//! Items of which the newest comes first, in one piece of memory that grows gently.

use super::Store;

/// A last-in first-out stack of items.
///
/// `Vec` doubles, so that half of it may be empty; this one grows by an eighth, as Python's lists
/// do, and shrinks when half of it is empty.
#[derive(Debug)]
pub struct Stack<T> {
    items: Vec<T>,
}

impl<T> Stack<T> {
    /// A stack without items.
    #[must_use]
    pub const fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// Puts an item on top.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.items.len() == self.items.capacity() {
            // The steps of Python's lists: an eighth more, in fours.
            let wanted = self.items.len() + 1;
            let room = (wanted + wanted / 8 + 6) & !3;
            self.items.reserve_exact(room - self.items.len());
        }
        self.items.push(item);
    }

    /// Takes the item on top.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let item = self.items.pop();
        if self.items.capacity() > 64 && self.items.len() < self.items.capacity() / 2 {
            self.items.shrink_to(self.items.len() + self.items.len() / 8 + 8);
        }
        item
    }

    /// The items, oldest first.
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    pub(super) fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }

    /// The items, oldest first, for good.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.items
    }

    /// The bytes that the items take.
    #[must_use]
    pub fn allocated(&self) -> usize {
        self.items.capacity() * size_of::<T>()
    }
}

impl<T> Default for Stack<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Store for Stack<T> {
    #[inline]
    fn count(&self) -> usize {
        self.items.len()
    }

    fn forget(&mut self) {
        std::mem::forget(std::mem::take(self));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_item_comes_first_and_memory_follows_the_number_of_items() {
        let mut stack = Stack::new();
        for number in 0..100_000_usize {
            stack.push(number);
            assert!(stack.allocated() <= (number + 1) * 9 + 128);
        }
        for number in (0..100_000_usize).rev() {
            assert_eq!(stack.pop(), Some(number));
            assert!(stack.allocated() <= (number + 8) * 16 + 1024);
        }
        assert_eq!((stack.pop(), stack.count()), (None, 0));
    }
}
