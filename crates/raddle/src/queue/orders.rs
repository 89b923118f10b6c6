//! What is ordered by a queue.
//!
//! | what releases            | what acquires                                                     |
//! |--------------------------|-------------------------------------------------------------------|
//! | a put, and a shutdown    | each get after it; what is told that the queue was shut down, or  |
//! |                          | that its items are elsewhere now                                  |
//! | a get of a bounded queue | a put that had to wait for room; each put, if there is one place  |
//! | the end of a task        | what finds that all are done                                      |

use crate::clock::{Edge, is_on};

/// See the module's table.
#[derive(Debug)]
pub(super) struct Orders {
    puts: Edge,
    gets: Edge,
    dones: Edge,
}

impl Orders {
    pub(super) const fn new() -> Self {
        Self { puts: Edge::new(), gets: Edge::new(), dones: Edge::new() }
    }

    /// An item is put, the `only` one that there is room for.
    #[inline]
    pub(super) fn put(&self, only: impl FnOnce() -> bool) {
        if is_on() {
            self.tell_of_put(only());
        }
    }

    #[cold]
    fn tell_of_put(&self, only: bool) {
        if only {
            self.gets.acquire();
        }
        self.puts.release();
    }

    /// An item was got, from a queue that may be full if it is `bounded`.
    #[inline]
    pub(super) fn got(&self, bounded: impl FnOnce() -> bool) {
        if is_on() {
            self.tell_of_get(bounded());
        }
    }

    #[cold]
    fn tell_of_get(&self, bounded: bool) {
        self.puts.acquire();
        if bounded {
            self.gets.release();
        }
    }

    /// An item is about to be got from elsewhere.
    #[inline]
    pub(super) fn getting(&self, bounded: impl FnOnce() -> bool) {
        if is_on() && bounded() {
            self.gets.release();
        }
    }

    #[inline]
    pub(super) fn follow_puts(&self) {
        self.puts.acquire();
    }

    #[cold]
    pub(super) fn found_room(&self) {
        self.gets.acquire();
    }

    /// The items go elsewhere, where what was denied entry will find them.
    #[cold]
    pub(super) fn retire(&self) {
        self.puts.acquire();
        self.puts.release();
    }

    #[inline]
    pub(super) fn done(&self) {
        self.dones.release();
    }

    #[inline]
    pub(super) fn joined(&self) {
        self.dones.acquire();
    }
}
