//! A fork that catches another thread inside a wait list's latch.
//!
//! A binary with one test, because it is about a process in which nobody has ever waited.
#![cfg(all(unix, not(raddle_loom)))]

mod common;

use std::sync::atomic::{AtomicBool, Ordering};

use common::{exit_status, in_child};
use raddle::Condition;

const FORKS: usize = 300;

#[test]
fn a_condition_being_notified_during_the_fork_is_usable_in_the_child() {
    let changed: &'static Condition = Box::leak(Box::new(Condition::new()));
    static END: AtomicBool = AtomicBool::new(false);
    let notifier = std::thread::spawn(|| {
        while !END.load(Ordering::Relaxed) {
            changed.notify_all();
        }
    });
    for fork in 0..FORKS {
        let child = in_child(|| changed.notify(1) == 0);
        assert_eq!(exit_status(child), 0, "fork number {fork}");
    }
    END.store(true, Ordering::Relaxed);
    notifier.join().unwrap();
}
