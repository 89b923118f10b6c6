//! Items in the order in which they came, in blocks of a fixed size.
//!
//! Here an item costs its own size and its share of a block's header, and the longest thing that
//! ever happens is one small allocation.
//!
//! Rejected: a growing ring (`VecDeque`). It takes the same times, and no more pages of a long line
//! are ever touched, but it doubles: 1,048,576 bytes for 100,000 items of a pointer's size, where
//! CPython's `deque` takes 825,496 and this 803,264.

use std::alloc::{self, Layout};
use std::iter;
use std::ptr;

use super::Store;

/// Items in a block of a short line: with pointers for items it takes 504 bytes, just under one
/// of the allocator's sizes.
const SMALL: usize = 61;
/// Items in a block of a long line: 4,088 bytes, so that the header is lost in the rest.
const LARGE: usize = 509;
/// The number of items from which on a line is a long one.
const LONG: usize = 4 * SMALL;

/// What a block begins with; its slots follow.
struct Block<T> {
    /// The block that was begun after this one, or null.
    next: *mut Self,
    /// The number of slots.
    room: usize,
    slots: [T; 0],
}

impl<T> Block<T> {
    fn layout(room: usize) -> Layout {
        let slots = Layout::array::<T>(room).expect("a few hundred items");
        let (layout, _) = Layout::new::<Self>().extend(slots).expect("a few hundred items");
        layout.pad_to_align()
    }

    fn allocate(room: usize) -> *mut Self {
        let layout = Self::layout(room);
        // SAFETY: the layout has at least the header's size.
        let block = unsafe { alloc::alloc(layout) }.cast::<Self>();
        if block.is_null() {
            alloc::handle_alloc_error(layout);
        }
        // SAFETY: freshly allocated, so valid for writes.
        unsafe { block.write(Self { next: ptr::null_mut(), room, slots: [] }) };
        block
    }

    /// Frees a block, or null.
    ///
    /// # Safety
    /// It is from `allocate`, its items are gone, and nothing names it any more.
    unsafe fn free(block: *mut Self) {
        if !block.is_null() {
            // SAFETY: allocated with this layout, see `allocate`.
            unsafe { alloc::dealloc(block.cast(), Self::layout((*block).room)) };
        }
    }

    /// The place of a slot.
    ///
    /// # Safety
    /// `block` is one from `allocate` with more than `at` slots.
    #[inline]
    unsafe fn slot(block: *mut Self, at: usize) -> *mut T {
        // SAFETY: the slots begin where the empty array is, at the alignment of `T`.
        unsafe { (&raw mut (*block).slots).cast::<T>().add(at) }
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
    /// The slots of `head` and of `tail`, as they say themselves; 0 before the first item.
    rooms: (u32, u32),
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
        Self { head: null, tail: null, spare: null, rooms: (0, 0), first: 0, end: 0, len: 0 }
    }

    /// Adds an item at the end.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.end == self.rooms.1 {
            self.begin_block();
        }
        // SAFETY: `tail` is a block of this line, and `end`, below its room, its first free slot.
        unsafe { Block::slot(self.tail, self.end as usize).write(item) };
        self.end += 1;
        self.len += 1;
    }

    #[cold]
    fn begin_block(&mut self) {
        let spare = std::mem::replace(&mut self.spare, ptr::null_mut());
        let room = if self.len < LONG { SMALL } else { LARGE };
        let block = if spare.is_null() { Block::allocate(room) } else { spare };
        // SAFETY: a block, just allocated or kept.
        self.rooms.1 = unsafe { (*block).room } as u32;
        if self.tail.is_null() {
            (self.head, self.rooms.0) = (block, self.rooms.1);
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
        let item = unsafe { Block::slot(self.head, self.first as usize).read() };
        self.first += 1;
        self.len -= 1;
        if self.len == 0 {
            // Without items `head` and `tail` are one block: start it again.
            (self.first, self.end) = (0, 0);
            if self.head != self.tail {
                self.end_block();
            }
        } else if self.first == self.rooms.0 {
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
            self.rooms.0 = (*self.head).room as u32;
            (*block).next = ptr::null_mut();
        }
        // Of a long line that became short, no large block is kept.
        // SAFETY: from `Block::allocate`, all its items are gone, and nothing names it.
        let freed = unsafe {
            if self.spare.is_null() && ((*block).room == SMALL || self.len >= LONG) {
                self.spare = block;
                return;
            }
            block
        };
        // SAFETY: as above.
        unsafe { Block::free(freed) };
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
                if at == (*block).room {
                    (block, at) = ((*block).next, 0);
                }
                let item = &*Block::slot(block, at);
                at += 1;
                Some(item)
            }
        })
    }

    /// The bytes that the blocks take.
    #[must_use]
    pub fn allocated(&self) -> usize {
        let mut bytes = 0;
        for mut block in [self.spare, self.head] {
            while !block.is_null() {
                // SAFETY: a block of this line, which is borrowed.
                unsafe {
                    bytes += Block::<T>::layout((*block).room).size();
                    block = (*block).next;
                }
            }
        }
        bytes
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
            // SAFETY: from `Block::allocate`; its items are gone, and so is its owner.
            unsafe { Block::free(block) };
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

    const SMALL_BLOCK: usize = SMALL * size_of::<usize>() + 16;

    #[test]
    fn items_leave_in_the_order_in_which_they_came() {
        let mut blocks = Blocks::new();
        let (mut put, mut got) = (0, 0);
        // Fills and drains across block borders in every relation of the two ends.
        for round in 1..900 {
            for _ in 0..round * 11 % 1531 {
                blocks.push(put);
                put += 1;
            }
            assert!(blocks.iter().copied().eq(got..put));
            for _ in 0..round * 7 % 1531 {
                if let Some(item) = blocks.pop() {
                    assert_eq!(item, got);
                    got += 1;
                }
            }
            assert_eq!(blocks.len(), put - got);
        }
        assert!(put > 100 * LARGE, "the test must cross borders");
        assert!(blocks.by_ref().eq(got..put));
        assert!(blocks.is_empty() && blocks.pop().is_none());
    }

    #[test]
    fn every_item_is_dropped_once() {
        let item = Rc::new(());
        let mut blocks = Blocks::new();
        for _ in 0..5 * LARGE {
            blocks.push(Rc::clone(&item));
        }
        for _ in 0..3 * LARGE / 2 {
            drop(blocks.pop());
        }
        assert_eq!(Rc::strong_count(&item), 1 + 5 * LARGE - 3 * LARGE / 2);
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
        assert_eq!(blocks.allocated(), SMALL_BLOCK);
        (0..100_000_usize).for_each(|number| blocks.push(number));
        assert!(blocks.allocated() < 100_000 * 81 / 10 + 2_000);
        while blocks.pop().is_some() {}
        assert!(blocks.allocated() <= 5_000);
    }
}
