//! The lock, with real threads.
#![cfg(not(raddle_loom))]

mod common;

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Interrupted, eventually, interrupted, not_early, scope_within};
use raddle::{Deadline, Lock, LockGuard, RawLock};

const A_WHILE: Duration = Duration::from_millis(20);
const AGES: Duration = Duration::from_secs(600);

#[test]
fn four_threads_count_without_losing_any() {
    let counter = Lock::new(0);
    scope_within(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10_000).for_each(|_| *counter.acquire() += 1));
        }
    });
    assert_eq!(counter.into_inner(), 40_000);
}

#[test]
fn the_value_is_seen_as_the_last_holder_left_it() {
    let lock = Lock::new((0, 0));
    scope_within(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..5_000 {
                    let mut value = lock.acquire();
                    assert_eq!(value.0, value.1);
                    value.0 += 1;
                    value.1 += 1;
                }
            });
        }
    });
    assert_eq!(*lock.acquire(), (15_000, 15_000));
}

#[test]
fn a_held_lock_is_not_acquired_again() {
    let lock = Lock::new(());
    let guard = lock.acquire();
    assert!(lock.try_acquire().is_none());
    assert!(lock.acquire_timeout(Duration::ZERO).is_none());
    assert!(lock.is_locked());
    drop(guard);
    assert!(!lock.is_locked());
    assert!(lock.try_acquire().is_some());
}

#[test]
fn a_timed_wait_gives_up_but_never_early() {
    let lock = Lock::new(());
    let _guard = lock.acquire();
    for _ in 0..5 {
        assert!(!not_early(A_WHILE, |timeout| lock.acquire_timeout(timeout).is_some()));
    }
    assert_eq!(lock.waiting(), 0);
}

#[test]
fn a_timed_wait_gets_a_lock_that_is_released_in_time() {
    let lock = Lock::new(());
    scope_within(|scope| {
        let guard = lock.acquire();
        let waiter = scope.spawn(|| lock.acquire_timeout(AGES).is_some());
        eventually("the waiter queues", || lock.waiting() == 1);
        drop(guard);
        assert!(waiter.join().unwrap());
    });
}

#[test]
fn every_waiter_is_counted_and_gets_its_turn() {
    let lock = Lock::new(0);
    scope_within(|scope| {
        let guard = lock.acquire();
        for _ in 0..5 {
            scope.spawn(|| *lock.acquire() += 1);
        }
        eventually("all queue", || lock.waiting() == 5);
        drop(guard);
    });
    assert_eq!((lock.waiting(), *lock.acquire()), (0, 5));
}

#[test]
fn a_waiter_that_gives_up_leaves_the_others_in_line() {
    let lock = Lock::new(());
    scope_within(|scope| {
        let guard = lock.acquire();
        let patient = scope.spawn(|| drop(lock.acquire()));
        eventually("the patient one queues", || lock.waiting() == 1);
        assert!(lock.acquire_timeout(A_WHILE).is_none());
        assert_eq!(lock.waiting(), 1);
        drop(guard);
        patient.join().unwrap();
    });
}

#[test]
fn a_thread_that_keeps_coming_back_starves_nobody() {
    let lock = Lock::new(());
    let served = AtomicBool::new(false);
    scope_within(|scope| {
        let guard = lock.acquire();
        scope.spawn(|| {
            drop(lock.acquire());
            served.store(true, Ordering::Relaxed);
        });
        eventually("the waiter queues", || lock.waiting() == 1);
        drop(guard);
        while !served.load(Ordering::Relaxed) {
            drop(lock.acquire());
        }
    });
}

#[test]
fn a_panic_releases_the_lock_and_poisons_nothing() {
    let lock = Lock::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.acquire();
        panic!("while holding it");
    }));
    assert!(panicked.is_err());
    assert_eq!(*lock.acquire(), 1);
}

#[test]
fn any_thread_may_release_a_raw_lock_but_only_once() {
    let lock = RawLock::new();
    lock.acquire();
    scope_within(|scope| scope.spawn(|| assert!(lock.try_release())).join().unwrap());
    assert!(!lock.is_locked());
    assert!(!lock.try_release());
    assert!(lock.try_acquire());
}

#[test]
fn a_deadline_in_the_past_makes_one_attempt() {
    let lock = RawLock::new();
    let attempt = || lock.acquire_with(&mut raddle::Native, Deadline::PAST).unwrap();
    assert!(attempt());
    assert!(!attempt());
}

#[test]
fn a_signal_ends_a_wait_and_the_lock_is_not_taken() {
    let lock = RawLock::new();
    lock.acquire();
    let outcome = interrupted(
        || lock.waiting() == 1,
        |blocking| lock.acquire_with(blocking, Deadline::NEVER),
    );
    assert_eq!(outcome, Err(Interrupted));
    assert_eq!(lock.waiting(), 0);
    lock.release();
    assert!(!lock.is_locked());
}

#[test]
fn a_guard_is_lent_to_other_threads_only_if_its_value_may_be() {
    /// `SYNC` is the inherent constant where that applies, and else the trait's.
    struct Probe<T>(PhantomData<T>);
    impl<T: Sync> Probe<T> {
        const SYNC: bool = true;
    }
    trait Fallback {
        const SYNC: bool = false;
    }
    impl<T> Fallback for Probe<T> {}

    const { assert!(Probe::<LockGuard<'_, u8>>::SYNC) };
    let shared = Probe::<LockGuard<'_, Cell<u8>>>::SYNC;
    assert!(!shared, "two threads could reach into one Cell");
    const { assert!(Probe::<Lock<Cell<u8>>>::SYNC) };
    const { assert!(!Probe::<Lock<std::rc::Rc<u8>>>::SYNC) };
}

#[test]
fn an_owned_lock_gives_its_value_back_even_if_a_guard_was_forgotten() {
    let lock = Lock::new(3);
    std::mem::forget(lock.acquire());
    let inner = raddle::spawn(move || lock.into_inner());
    let inner = inner.join_timeout(common::PATIENCE).expect("nobody else can hold it");
    assert_eq!(inner.unwrap(), 3);
}

#[test]
fn debug_output_never_waits() {
    let lock = Lock::new(3);
    assert_eq!(format!("{lock:?}"), "Lock { value: 3 }");
    let guard = lock.acquire();
    assert_eq!(format!("{guard:?} {lock:?}"), "3 Lock { value: <locked> }");
}
