//! Deadlock detection under loom: a ring is told once and is true, whoever moves meanwhile.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::check;
use loom::thread;
use raddle::deadlock::{self, Deadlock, Finding, Serving, Verdict};
use raddle::future::{Access, Completion};
use raddle::{Blocking, Deadline, Parker, RawLock, Wake, thread_id};

/// Ends a wait of which it is told that it closes a ring, and keeps what it was told.
#[derive(Default)]
struct Ending(Option<Deadlock>);

impl Blocking for Ending {
    type Interrupt = ();

    const DETECT: bool = true;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        parker.park(until)
    }

    fn on_signal(&mut self) -> Result<(), ()> {
        Ok(())
    }

    fn on_deadlock(&mut self, found: &Deadlock) -> Result<Verdict, ()> {
        self.0 = Some(found.clone());
        Err(())
    }
}

/// Enters both locks, unless that is a deadlock; returns what was told.
fn nest(outer: &RawLock, inner: &RawLock) -> Option<Deadlock> {
    let mut ending = Ending::default();
    outer.enter_with(&mut ending, Deadline::NEVER).expect("nothing is held yet");
    if inner.enter_with(&mut ending, Deadline::NEVER) == Ok(true) {
        inner.exit();
    }
    outer.exit();
    ending.0
}

fn assert_at_rest(lock: &RawLock) {
    assert!(lock.try_acquire() && lock.owner().is_some() && lock.waiting() == 0);
    lock.release();
    assert_eq!(lock.owner(), None);
}

#[test]
fn two_that_nest_locks_both_ways_are_told_at_most_once_and_both_end() {
    check(5, || {
        let locks = Arc::new([RawLock::new(), RawLock::new()]);
        let other = {
            let locks = Arc::clone(&locks);
            thread::spawn(move || nest(&locks[1], &locks[0]))
        };
        let told = [nest(&locks[0], &locks[1]), other.join().unwrap()];
        let found: Vec<_> = told.iter().flatten().collect();
        assert!(found.len() <= 1, "one of the two closes the ring");
        for found in found {
            assert!(found.finding == Finding::Cycle && found.surely && found.waits.len() == 2);
        }
        locks.iter().for_each(assert_at_rest);
    });
}

#[test]
fn two_that_nest_locks_in_one_order_are_told_nothing() {
    check(5, || {
        let locks = Arc::new([RawLock::new(), RawLock::new()]);
        let other = {
            let locks = Arc::clone(&locks);
            thread::spawn(move || nest(&locks[0], &locks[1]))
        };
        assert!(nest(&locks[0], &locks[1]).is_none());
        assert!(other.join().unwrap().is_none());
        locks.iter().for_each(assert_at_rest);
    });
}

#[test]
fn a_lock_that_changes_hands_while_the_ring_is_walked_makes_no_false_ring() {
    check(5, || {
        let locks = Arc::new([RawLock::new(), RawLock::new()]);
        let other = {
            let locks = Arc::clone(&locks);
            thread::spawn(move || {
                // Both locks in turn, never both at once.
                let mut ending = Ending::default();
                for lock in [&locks[1], &locks[0], &locks[1]] {
                    lock.enter_with(&mut ending, Deadline::NEVER).expect("no deadlock");
                    lock.exit();
                }
                ending.0
            })
        };
        assert!(nest(&locks[0], &locks[1]).is_none());
        assert!(other.join().unwrap().is_none());
        locks.iter().for_each(assert_at_rest);
    });
}

/// A worker waits for what is queued in its pool, another thread looks, and ends it.
#[test]
fn a_pool_is_starved_while_its_worker_waits_and_not_after_that() {
    const POOL: usize = 16;
    check(5, || {
        let task = Arc::new(Completion::new());
        task.queue_in(POOL);
        let worker = {
            let task = Arc::clone(&task);
            thread::spawn(move || {
                let _serving = Serving::new(POOL, 1);
                let waited = task.wait_with(&mut Ending::default(), Deadline::NEVER);
                assert_eq!(waited, Ok(true));
                thread_id()
            })
        };
        let found = deadlock::report();
        let changed = task.claim(Access::Free).expect("nobody else ends it").publish();
        assert!(!changed.observed);
        let id = worker.join().unwrap();
        for found in &found {
            assert!(found.finding == Finding::Starved && !found.surely);
            assert!(matches!(found.waits[..], [wait] if wait.thread == id));
        }
        assert!(deadlock::report().is_empty());
    });
}
