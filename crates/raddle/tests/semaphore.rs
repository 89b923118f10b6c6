//! The semaphores, with real threads.
#![cfg(not(raddle_loom))]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Interrupted, eventually, interrupted, not_early, scope_within};
use raddle::{BoundedSemaphore, Deadline, Semaphore, TooManyPermits};

#[test]
fn never_more_threads_inside_than_permits() {
    let semaphore = Semaphore::new(3);
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    scope_within(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    let _permit = semaphore.hold();
                    let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert!((1..=3).contains(&most.into_inner()));
    assert_eq!((semaphore.permits(), semaphore.waiting()), (3, 0));
}

#[test]
fn release_wakes_as_many_as_it_adds_permits() {
    let semaphore = Semaphore::new(0);
    let served = AtomicUsize::new(0);
    scope_within(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                semaphore.acquire();
                served.fetch_add(1, Ordering::SeqCst);
            });
        }
        eventually("all wait", || semaphore.waiting() == 5);
        semaphore.release(2).unwrap();
        eventually("two are served", || served.load(Ordering::SeqCst) == 2);
        assert_eq!((semaphore.waiting(), semaphore.permits()), (3, 0));
        semaphore.release(4).unwrap();
    });
    assert_eq!(semaphore.permits(), 1);
}

#[test]
fn a_timed_wait_gives_up_but_never_early() {
    let semaphore = Semaphore::new(0);
    let timeout = Duration::from_millis(20);
    assert!(!not_early(timeout, |timeout| semaphore.acquire_timeout(timeout)));
    assert!(!semaphore.acquire_timeout(Duration::ZERO));
    assert!(!semaphore.try_acquire());
    semaphore.release(1).unwrap();
    assert!(semaphore.acquire_timeout(timeout));
    assert_eq!(semaphore.waiting(), 0);
}

#[test]
fn a_signal_ends_a_wait_and_takes_no_permit() {
    let semaphore = Semaphore::new(0);
    let outcome = interrupted(
        || semaphore.waiting() == 1,
        |blocking| semaphore.acquire_with(blocking, Deadline::NEVER),
    );
    assert_eq!(outcome, Err(Interrupted));
    semaphore.release(1).unwrap();
    assert_eq!((semaphore.permits(), semaphore.waiting()), (1, 0));
}

#[test]
fn no_semaphore_overflows() {
    let semaphore = Semaphore::new(Semaphore::MAX);
    assert_eq!(semaphore.release(1), Err(TooManyPermits));
    assert!(semaphore.try_acquire());
    assert_eq!(semaphore.release(usize::MAX), Err(TooManyPermits));
    assert_eq!(semaphore.release(2), Err(TooManyPermits));
    assert_eq!(semaphore.release(1), Ok(()));
    assert_eq!(semaphore.permits(), Semaphore::MAX);
}

#[test]
fn a_bounded_semaphore_holds_no_more_than_it_began_with() {
    let semaphore = BoundedSemaphore::new(2);
    assert_eq!(semaphore.release(1), Err(TooManyPermits));
    semaphore.acquire();
    assert!(semaphore.try_acquire());
    assert!(!semaphore.acquire_timeout(Duration::from_millis(1)));
    assert_eq!(semaphore.release(3), Err(TooManyPermits));
    assert_eq!(semaphore.release(2), Ok(()));
    assert_eq!((semaphore.permits(), semaphore.bound()), (2, 2));
}

#[test]
fn a_guard_does_not_lift_a_bounded_semaphore_above_its_bound() {
    let semaphore = BoundedSemaphore::new(1);
    let guard = semaphore.hold();
    semaphore.release(1).unwrap(); // One too many, in effect: the guard holds that permit.
    drop(guard);
    assert_eq!(semaphore.permits(), 1);
}
