//! How many items a worker thread claims at once, its range: one, unless they turn out to be short.
//! (How many inputs travel in one message to a process is in Python, `_map/chunk_size.py`.)
//!
//! Handing over an item costs about as much as a very short one takes. A range of them is meant to
//! take some 50 µs, so that nobody waits for it for long; it begins with one item and doubles.

use crossbeam_utils::CachePadded;

use super::cell;
use crate::os::sync::{AtomicUsize, Ordering};

/// A range that took less than this many nanoseconds may be twice as large.
const SHORT: i64 = 25_000;
/// One that took more than this many has been too large.
const LONG: i64 = 100_000;
/// From this many items on, one is so short that a GIL is never given up for it.
const SHORT_ITEMS: usize = 16;
/// How many workers' shares are left for each one there is. (A model has no room for more.)
const SHARES: usize = if cfg!(raddle_loom) { 1 } else { 2 };

/// What all workers of a window have learned.
pub(super) struct RangeSize {
    size: CachePadded<AtomicUsize>,
    most: usize,
}

impl RangeSize {
    pub(super) fn new(first: usize, most: usize) -> Self {
        let most = most.clamp(1, cell::MOST);
        Self { size: CachePadded::new(AtomicUsize::new(first.clamp(1, most))), most }
    }

    /// How many items to claim of `left`, among so many workers.
    #[inline]
    pub(super) fn share(&self, left: usize, workers: usize) -> usize {
        let size = self.size.load(Ordering::Relaxed);
        if size == 1 { 1 } else { size.min(left / (SHARES * workers.max(1))).max(1) }
    }

    /// A worker has run `count` items in `nanos`.
    #[inline]
    pub(super) fn learn(&self, count: usize, nanos: i64) {
        let size = self.size.load(Ordering::Relaxed);
        let now = if nanos > LONG {
            (size / 2).min(count / 2).max(1)
        } else if nanos < SHORT && count >= size {
            (size * 2).min(self.most)
        } else {
            return;
        };
        if now != size {
            self.size.store(now, Ordering::Relaxed);
        }
    }

    /// Whether items are so short that a GIL is not given up while they run.
    #[inline]
    pub(super) fn is_short(&self) -> bool {
        self.size.load(Ordering::Relaxed) >= SHORT_ITEMS
    }

    /// Somebody has waited for long.
    pub(super) fn forget(&self) {
        self.size.store(1, Ordering::Relaxed);
    }

    /// Whether a worker that is awake does `left` items as soon as another one would be.
    #[inline]
    pub(super) fn is_little(&self, left: usize, exclusive: bool) -> bool {
        let size = self.size.load(Ordering::Relaxed);
        size > 1 && (left <= size * 2 || exclusive && size >= SHORT_ITEMS)
    }
}
