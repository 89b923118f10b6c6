//! A value that is made when it is first wanted, under loom.
#![cfg(raddle_loom)]

mod common;

use std::cell::Cell;
use std::sync::Arc;
use std::thread_local;

use common::check;
use loom::cell::UnsafeCell;
use loom::thread;
use raddle::Lazy;

thread_local! {
    /// Values of this execution that were made, less those that were dropped. (A model's threads
    /// are all of one thread.)
    static ALIVE: Cell<usize> = const { Cell::new(0) };
}

/// What one thread writes when it makes it: loom fails if another one reads it too early.
struct Made(UnsafeCell<usize>);

// SAFETY: it is written where it is made, and read by those that see it whole; loom sees to that.
unsafe impl Send for Made {}
// SAFETY: as above.
unsafe impl Sync for Made {}

impl Default for Made {
    fn default() -> Self {
        ALIVE.set(ALIVE.get() + 1);
        let made = Self(UnsafeCell::new(0));
        // SAFETY: nobody else has it yet.
        made.0.with_mut(|written| unsafe { *written = 7 });
        made
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // SAFETY: nobody else has it any more; loom sees to that.
        self.0.with_mut(|written| unsafe { *written = 0 });
        ALIVE.set(ALIVE.get() - 1);
    }
}

fn read(made: &Made) -> usize {
    // SAFETY: it was whole when it was shown.
    made.0.with(|written| unsafe { *written })
}

#[test]
fn all_that_want_it_at_once_use_one_which_is_dropped_once() {
    check(4, || {
        ALIVE.set(0);
        let lazy = Arc::new(Lazy::<Made>::new());
        let others = [(); 2].map(|()| {
            let lazy = Arc::clone(&lazy);
            thread::spawn(move || {
                let made = lazy.get_or_make();
                assert_eq!(read(made), 7);
                std::ptr::from_ref(made).addr()
            })
        });
        // (It may be there by now; then it is whole.)
        assert!(lazy.get().is_none_or(|made| read(made) == 7));
        let mine = std::ptr::from_ref(lazy.get_or_make()).addr();
        assert!(others.map(|other| other.join().unwrap()).iter().all(|other| *other == mine));
        assert_eq!(ALIVE.get(), 1);
        drop(lazy);
        assert_eq!(ALIVE.get(), 0);
    });
}
