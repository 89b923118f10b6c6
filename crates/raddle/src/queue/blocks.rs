//! Items in the order in which they came, in blocks of a fixed size.
//!
//! A growing ring doubles: half of it is empty on average, and growing it moves every item while
//! others wait for the latch. Here an item costs its own size and its share of a block's header,
//! and the longest thing that ever happens is one small allocation.

use std::iter;
use std::mem::MaybeUninit;
use std::ptr;

use super::Store;

/// Items in one block: with pointers for items, a block is 504 bytes, just under a size class.
const ROOM: usize = 62;

struct Block<T> {
    /// The block that was begun after this one, or null.
    next: *mut Self,
    slots: [MaybeUninit<T>; ROOM],
}

impl<T> Block<T> {
    fn allocate() -> *mut Self {
        let block = Box::into_raw(Box::<Self>::new_uninit()).cast::<Self>();
        // SAFETY: freshly allocated, so valid for writes; the slots may stay uninitialised.
        unsafe { (&raw mut (*block).next).write(ptr::null_mut()) };
        block
    }
}

/// A first-in first-out line of items; nothing is allocated before the first.
pub struct Blocks<T> {
    /// The block of the oldest item; null before the first item.
    head: *mut Block<T>,
    /// The block of the newest item; null before the first item, else reached from `head`.
    tail: *mut Block<T>,
    /// An emptied block kept for the next need, or null: a short line never allocates.
    spare: *mut Block<T>,
    /// Where in `head` the oldest item is.
    first: u32,
    /// Where in `tail` the next item goes.
    end: u32,
    len: usize,
}

// SAFETY: it owns its items, and the raw pointers are to blocks that it alone owns.
unsafe impl<T: Send> Send for Blocks<T> {}

impl<T> Blocks<T> {
    /// A line without items.
    #[must_use]
    pub const fn new() -> Self {
        let null = ptr::null_mut();
        Self { head: null, tail: null, spare: null, first: 0, end: 0, len: 0 }
    }

    /// Adds an item at the end.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.tail.is_null() || self.end as usize == ROOM {
            self.begin_block();
        }
        // SAFETY: `tail` is a block of this line, and `end`, below ROOM, is its first free slot.
        unsafe { (*self.tail).slots[self.end as usize].write(item) };
        self.end += 1;
        self.len += 1;
    }

    #[cold]
    fn begin_block(&mut self) {
        let spare = std::mem::replace(&mut self.spare, ptr::null_mut());
        let block = if spare.is_null() { Block::allocate() } else { spare };
        if self.tail.is_null() {
            self.head = block;
        } else {
            // SAFETY: `tail` is a block of this line.
            unsafe { (*self.tail).next = block };
        }
        self.tail = block;
        self.end = 0;
    }

    /// Removes the oldest item.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        // SAFETY: there are items, so `head` is a block and its slot `first` has the oldest; it
        // is never read again, because `first` moves on.
        let item = unsafe { (*self.head).slots[self.first as usize].assume_init_read() };
        self.first += 1;
        self.len -= 1;
        if self.len == 0 {
            // Without items `head` and `tail` are one block: start it again.
            (self.first, self.end) = (0, 0);
            if self.head != self.tail {
                self.end_block();
            }
        } else if self.first as usize == ROOM {
            self.end_block();
            self.first = 0;
        }
        Some(item)
    }

    /// Leaves the emptied first block behind.
    #[cold]
    fn end_block(&mut self) {
        let block = self.head;
        // SAFETY: `head` is a block of this line, and not its last.
        unsafe {
            self.head = (*block).next;
            (*block).next = ptr::null_mut();
        }
        if self.spare.is_null() {
            self.spare = block;
        } else {
            // SAFETY: from `Block::allocate`, all its items are gone, and nothing names it.
            drop(unsafe { Box::from_raw(block.cast::<MaybeUninit<Block<T>>>()) });
        }
    }

    /// The number of items.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no items.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The items, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let (mut block, mut at, mut left) = (self.head, self.first as usize, self.len);
        iter::from_fn(move || {
            left = left.checked_sub(1)?;
            // SAFETY: items are left, so `block` is a block of this line, which is borrowed.
            unsafe {
                if at == ROOM {
                    (block, at) = ((*block).next, 0);
                }
                let item = (*block).slots[at].assume_init_ref();
                at += 1;
                Some(item)
            }
        })
    }

    /// The bytes that the blocks take.
    #[must_use]
    pub fn allocated(&self) -> usize {
        let mut blocks = usize::from(!self.spare.is_null());
        let mut block = self.head;
        while !block.is_null() {
            blocks += 1;
            // SAFETY: a block of this line, which is borrowed.
            block = unsafe { (*block).next };
        }
        blocks * size_of::<Block<T>>()
    }
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Iterator for Blocks<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.pop()
    }
}

impl<T> Drop for Blocks<T> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
        for block in [self.head, self.spare] {
            if !block.is_null() {
                // SAFETY: from `Block::allocate`; its items are gone, and so is its owner.
                drop(unsafe { Box::from_raw(block.cast::<MaybeUninit<Block<T>>>()) });
            }
        }
    }
}

impl<T> std::fmt::Debug for Blocks<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<T> Store for Blocks<T> {
    #[inline]
    fn count(&self) -> usize {
        self.len
    }

    fn forget(&mut self) {
        std::mem::forget(std::mem::take(self));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn items_leave_in_the_order_in_which_they_came() {
        let mut blocks = Blocks::new();
        let (mut put, mut got) = (0, 0);
        // Fills and drains across block borders in every relation of the two ends.
        for round in 1..300 {
            for _ in 0..round % 131 {
                blocks.push(put);
                put += 1;
            }
            assert!(blocks.iter().copied().eq(got..put));
            for _ in 0..(round * 7) % 131 {
                if let Some(item) = blocks.pop() {
                    assert_eq!(item, got);
                    got += 1;
                }
            }
            assert_eq!(blocks.len(), put - got);
        }
        assert!(put > 10 * ROOM, "the test must cross borders");
        assert!(blocks.by_ref().eq(got..put));
        assert!(blocks.is_empty() && blocks.pop().is_none());
    }

    #[test]
    fn every_item_is_dropped_once() {
        let item = Rc::new(());
        let mut blocks = Blocks::new();
        for _ in 0..5 * ROOM {
            blocks.push(Rc::clone(&item));
        }
        for _ in 0..3 * ROOM / 2 {
            drop(blocks.pop());
        }
        assert_eq!(Rc::strong_count(&item), 1 + 5 * ROOM - 3 * ROOM / 2);
        drop(blocks);
        assert_eq!(Rc::strong_count(&item), 1);
    }

    #[test]
    fn an_item_costs_little_more_than_itself_and_a_short_line_nothing_new() {
        let mut blocks = Blocks::new();
        assert_eq!(blocks.allocated(), 0);
        for number in 0..1000_usize {
            blocks.push(number);
            blocks.pop();
        }
        assert_eq!(blocks.allocated(), size_of::<Block<usize>>());
        (0..100_000_usize).for_each(|number| blocks.push(number));
        assert!(blocks.allocated() < 100_000 * 9);
        while blocks.pop().is_some() {}
        assert!(blocks.allocated() <= 2 * size_of::<Block<usize>>());
    }
}
