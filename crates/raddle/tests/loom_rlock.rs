//! The re-entrant lock under loom.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::{Interrupted, Scripted, Step, check};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use raddle::{Deadline, NotOwner, RLock, thread_id};

/// A count that only mutual exclusion keeps right: it is read and written in two steps, and
/// only the lock orders the steps of different threads.
#[derive(Debug)]
struct Guarded {
    lock: RLock,
    count: AtomicUsize,
}

impl Guarded {
    fn new() -> Arc<Self> {
        Arc::new(Self { lock: RLock::new(), count: AtomicUsize::new(0) })
    }

    fn add_one(&self) {
        assert!(self.lock.is_owned());
        self.count.store(self.count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

#[test]
fn owners_take_it_again_and_others_wait_until_it_is_released_as_often() {
    check(6, || {
        let guarded = Guarded::new();
        let visit = |guarded: &Guarded| {
            guarded.lock.acquire();
            guarded.lock.acquire();
            guarded.add_one();
            guarded.lock.release().unwrap();
            assert_eq!(guarded.lock.owner(), thread_id());
            guarded.add_one();
            guarded.lock.release().unwrap();
            assert!(!guarded.lock.is_owned());
        };
        let other = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || visit(&guarded))
        };
        visit(&guarded);
        other.join().unwrap();
        assert_eq!(guarded.count.load(Ordering::Relaxed), 4);
        assert!(!guarded.lock.is_locked());
    });
}

#[test]
fn others_can_neither_release_it_nor_break_in() {
    check(6, || {
        let guarded = Guarded::new();
        guarded.lock.acquire();
        let other = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || {
                assert_eq!(guarded.lock.release(), Err(NotOwner));
                assert_eq!(guarded.lock.release_all(), Err(NotOwner));
                let taken = guarded.lock.try_acquire();
                if taken {
                    guarded.add_one();
                    guarded.lock.release().unwrap();
                }
                usize::from(taken)
            })
        };
        guarded.add_one();
        guarded.lock.release().unwrap();
        let taken = other.join().unwrap();
        assert_eq!(guarded.count.load(Ordering::Relaxed), 1 + taken);
    });
}

#[test]
fn releasing_all_lets_others_in_and_restoring_brings_the_count_back() {
    check(6, || {
        let guarded = Guarded::new();
        guarded.lock.acquire();
        guarded.lock.acquire();
        let other = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || {
                guarded.lock.acquire();
                guarded.add_one();
                guarded.lock.release().unwrap();
            })
        };
        let held = guarded.lock.release_all().unwrap();
        guarded.lock.restore_with(&mut Scripted::new(&[]), held).unwrap();
        assert_eq!(guarded.lock.count(), 2);
        guarded.add_one();
        guarded.lock.release().unwrap();
        guarded.lock.release().unwrap();
        other.join().unwrap();
        assert_eq!(guarded.count.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn an_interrupted_waiter_owns_nothing_and_passes_its_turn_on() {
    check(3, || {
        let guarded = Guarded::new();
        guarded.lock.acquire();
        let interrupted = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || {
                let mut blocking = Scripted::new(&[Step::Interrupt]);
                match guarded.lock.acquire_with(&mut blocking, Deadline::NEVER) {
                    Ok(taken) => {
                        assert!(taken);
                        guarded.lock.release().unwrap();
                    }
                    Err(Interrupted) => assert!(!guarded.lock.is_owned()),
                }
            })
        };
        let patient = {
            let guarded = Arc::clone(&guarded);
            thread::spawn(move || {
                guarded.lock.acquire();
                guarded.add_one();
                guarded.lock.release().unwrap();
            })
        };
        guarded.lock.release().unwrap();
        interrupted.join().unwrap();
        patient.join().unwrap();
        assert_eq!(guarded.count.load(Ordering::Relaxed), 1);
        assert_eq!(guarded.lock.waiting(), 0);
        assert_eq!(guarded.lock.owner(), 0);
    });
}
