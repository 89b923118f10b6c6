//! The re-entrant lock, with real threads.
#![cfg(not(raddle_loom))]

mod common;

use std::time::Duration;

use common::{Interrupted, eventually, interrupted, not_early, scope_within};
use raddle::{Deadline, Native, NotOwner, RLock, thread_id};

#[test]
fn its_owner_takes_it_again_and_others_do_not() {
    let lock = RLock::new();
    lock.acquire();
    assert!(lock.try_acquire());
    assert!(lock.acquire_timeout(Duration::ZERO));
    assert_eq!((lock.count(), lock.owner()), (3, thread_id()));
    scope_within(|scope| {
        scope.spawn(|| {
            assert!(!lock.is_owned());
            assert!(lock.is_locked());
            assert!(!lock.try_acquire());
            assert_eq!(lock.release(), Err(NotOwner));
            assert_eq!(lock.release_all(), Err(NotOwner));
        });
    });
    assert_eq!(lock.count(), 3);
}

#[test]
fn others_get_it_once_it_was_released_as_often_as_taken() {
    let lock = RLock::new();
    lock.acquire();
    lock.acquire();
    scope_within(|scope| {
        let waiter = scope.spawn(|| {
            lock.acquire();
            assert!(lock.is_owned());
            lock.release().unwrap();
        });
        eventually("the waiter queues", || lock.waiting() == 1);
        lock.release().unwrap();
        assert_eq!(lock.waiting(), 1);
        lock.release().unwrap();
        waiter.join().unwrap();
    });
    assert_eq!((lock.owner(), lock.count()), (0, 0));
    assert_eq!(lock.release(), Err(NotOwner));
}

#[test]
fn a_timed_wait_gives_up_but_never_early() {
    let lock = RLock::new();
    lock.acquire();
    scope_within(|scope| {
        scope.spawn(|| {
            let timeout = Duration::from_millis(20);
            assert!(!not_early(timeout, |timeout| lock.acquire_timeout(timeout)));
            assert!(!lock.is_owned());
        });
    });
}

#[test]
fn nested_counting_is_exact_under_contention() {
    let lock = RLock::new();
    let counter = raddle::Lock::new(0);
    scope_within(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3_000 {
                    lock.acquire();
                    lock.acquire();
                    *counter.try_acquire().expect("the outer lock excludes everyone") += 1;
                    lock.release().unwrap();
                    lock.release().unwrap();
                }
            });
        }
    });
    assert_eq!(counter.into_inner(), 12_000);
    assert!(!lock.is_locked());
}

#[test]
fn releasing_all_and_restoring_brings_back_the_count() {
    let lock = RLock::new();
    (0..3).for_each(|_| lock.acquire());
    let held = lock.release_all().unwrap();
    assert!(!lock.is_locked());
    assert_eq!((held.owner, held.count), (thread_id(), 3));
    scope_within(|scope| scope.spawn(|| assert!(lock.try_acquire())).join().unwrap());
    // The thread above has ended and took its hold with it; what it left is another's.
    assert!(lock.is_locked());
    // SAFETY: no other thread uses the lock any more.
    unsafe { lock.reset_after_fork() };
    lock.restore_with(&mut Native, held).unwrap();
    assert_eq!((lock.owner(), lock.count()), (thread_id(), 3));
}

#[test]
fn a_signal_ends_a_wait_and_the_lock_is_not_owned() {
    let lock = RLock::new();
    lock.acquire();
    let outcome = interrupted(
        || lock.waiting() == 1,
        |blocking| (lock.acquire_with(blocking, Deadline::NEVER), lock.is_owned()),
    );
    assert_eq!(outcome, (Err(Interrupted), false));
    assert_eq!((lock.waiting(), lock.count()), (0, 1));
}
