//! What a window's cells say: whether a result is there, or a run of them on its way.
//!
//! A worker that finds items short claims a *range* of them by one step, and announces their
//! results by another. The cell of the range's first item then stands for all of them, and the
//! others are not used. How far its worker is can be read in it at any time, and what has not
//! begun can be taken away.
//!
//! | cell      | what it carries          | what leaves it, and how                                 |
//! |-----------|--------------------------|---------------------------------------------------------|
//! | `EMPTY`   | nothing                  | the consumer: to `WATCHED`; the worker that claimed the |
//! |           |                          | item: to `FULL`, or a range from here on: to `RUNNING`  |
//! | `WATCHED` | the consumer sleeps      | as above; the consumer: back to `EMPTY`                 |
//! | `RUNNING` | `BEGUN`: items begun     | the worker: +1 as it begins one, having finished those  |
//! |           |                          | before; to `FULL` at the end                            |
//! |           | the end: how many items  | the consumer: down to those begun (it is *cut*)         |
//! |           | `ASKED`: it sleeps       | the consumer                                            |
//! | `FULL`    | the slot, or how many    | the consumer, taking: to `EMPTY`                        |
//! |           | results of a range       |                                                         |
//!
//! The worker's steps and the consumer's cut are on one word: the worker sees the cut before it
//! begins another item, or the consumer sees that it has begun it.

use crate::os::Latch;
use crate::os::sync::{AtomicUsize, Ordering, UnsafeCell};

const TAG: usize = 3;
pub(super) const EMPTY: usize = 0;
pub(super) const WATCHED: usize = 1;
const FULL: usize = 2;
const RUNNING: usize = 3;
const ASKED: usize = 4;
const SLOT: u32 = 2;
const BEGUN: u32 = 3;
const END: u32 = 17;
const MASK: usize = (1 << 14) - 1;

/// The most items in a range.
pub(super) const MOST: usize = 1 << 12;

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing, whether or not the consumer sleeps on it.
    Empty,
    /// A range of `end` items of which so many have begun: one more than the last of it, if all
    /// are done.
    Running { begun: usize, end: usize },
    /// A result in this slot, or so many of a range.
    Full(usize),
}

impl Cell {
    #[inline]
    pub(super) fn read(word: usize) -> Self {
        match word & TAG {
            EMPTY | WATCHED => Self::Empty,
            FULL => Self::Full(word >> SLOT),
            _ => Self::Running { begun: word >> BEGUN & MASK, end: word >> END & MASK },
        }
    }

    #[inline]
    pub(super) fn write(self) -> usize {
        match self {
            Self::Empty => EMPTY,
            Self::Running { begun, end } => RUNNING | begun << BEGUN | end << END,
            Self::Full(what) => FULL | what << SLOT,
        }
    }

    /// How many results of a range can be taken.
    #[inline]
    pub(super) fn done(self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Running { begun, .. } => begun - 1,
            Self::Full(count) => count,
        }
    }
}

/// Whether the consumer sleeps until the cell is filled.
#[inline]
pub(super) fn is_watched(word: usize) -> bool {
    match word & TAG {
        WATCHED => true,
        RUNNING => word & ASKED != 0,
        _ => false,
    }
}

/// Turns the cell of a range's first item, which the caller has claimed, to `RUNNING`.
pub(super) fn begin(cell: &AtomicUsize, end: usize) {
    debug_assert!((2..=MOST).contains(&end));
    let running = Cell::Running { begun: 1, end }.write();
    let update = |word| Some(if word == WATCHED { running | ASKED } else { running });
    let before = cell.fetch_update(Ordering::AcqRel, Ordering::Acquire, update);
    debug_assert!(matches!(before, Ok(EMPTY | WATCHED)));
}

/// The range's worker has done what it had begun: returns how many items it has been left, and
/// begins one more if there is one.
///
/// `exclusive`: the thread that cuts it cannot do so while this thread is here.
#[inline]
pub(super) fn step(cell: &AtomicUsize, exclusive: bool) -> Cell {
    if exclusive {
        let word = cell.load(Ordering::Relaxed);
        cell.store(word + (1 << BEGUN), Ordering::Release);
        return Cell::read(word);
    }
    Cell::read(cell.fetch_add(1 << BEGUN, Ordering::AcqRel))
}

/// Takes away what has not begun of the range at `cell`; returns its first and its last number
/// plus 1, counted from the beginning of the range.
pub(super) fn cut(cell: &AtomicUsize) -> Option<(usize, usize)> {
    let mut word = cell.load(Ordering::Acquire);
    loop {
        let Cell::Running { begun, end } = Cell::read(word) else { return None };
        if begun >= end {
            return None;
        }
        let shorter = Cell::Running { begun, end: begun }.write() | word & ASKED;
        match cell.compare_exchange(word, shorter, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return Some((begun, end)),
            Err(now) => word = now,
        }
    }
}

/// Has the consumer be woken when the cell is filled; returns false if there is something to
/// take, for a consumer that has seen so many results of it.
pub(super) fn watch(cell: &AtomicUsize, seen: usize) -> bool {
    let mut word = cell.load(Ordering::Acquire);
    loop {
        let watched = match Cell::read(word) {
            Cell::Empty => WATCHED,
            running @ Cell::Running { .. } if running.done() <= seen => word | ASKED,
            _ => return false,
        };
        match cell.compare_exchange(word, watched, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return true,
            Err(now) => word = now,
        }
    }
}

/// The consumer no longer sleeps on the cell.
pub(super) fn unwatch(cell: &AtomicUsize) {
    // A range that was asked for gives the consumer one spurious wake-up, which is harmless.
    let _ = cell.compare_exchange(WATCHED, EMPTY, Ordering::AcqRel, Ordering::Acquire);
}

/// What was cut off, for any worker to claim: tickets that follow each other, as first and end.
pub(super) struct Offcuts {
    /// How many items there are; changed under the latch.
    count: AtomicUsize,
    latch: Latch,
    ranges: UnsafeCell<Vec<(usize, usize)>>,
}

impl Offcuts {
    pub(super) fn new() -> Self {
        let ranges = UnsafeCell::new(Vec::new());
        Self { count: AtomicUsize::new(0), latch: Latch::new(), ranges }
    }

    #[inline]
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Cuts what has not begun off the range at `cell`, whose first ticket is `number`, for any
    /// worker to claim. Returns how long the range was; `None` if there was nothing to cut.
    pub(super) fn cut(&self, cell: &AtomicUsize, number: usize) -> Option<usize> {
        let _latched = self.latch.lock();
        // Counted before it can be seen: the worker that finds its range shortened looks here
        // next, and must not leave before it has got what was cut. The latch has it wait for
        // that.
        self.count.fetch_add(1, Ordering::AcqRel);
        let Some((begun, end)) = cut(cell) else {
            self.count.fetch_sub(1, Ordering::AcqRel);
            return None;
        };
        let range = (number.wrapping_add(begun), number.wrapping_add(end));
        // SAFETY: the latch is held.
        self.ranges.with_mut(|ranges| unsafe { (*ranges).push(range) });
        self.count.fetch_add(end - begun - 1, Ordering::AcqRel);
        Some(end)
    }

    /// Takes one item's ticket.
    #[cold]
    pub(super) fn take(&self) -> Option<usize> {
        let _latched = self.latch.lock();
        self.ranges.with_mut(|ranges| {
            // SAFETY: the latch is held.
            let ranges = unsafe { &mut *ranges };
            // The oldest results are wanted first.
            let (first, end) = ranges.first_mut()?;
            let ticket = *first;
            *first = first.wrapping_add(1);
            if first == end {
                ranges.remove(0);
            }
            self.count.fetch_sub(1, Ordering::AcqRel);
            Some(ticket)
        })
    }
}
