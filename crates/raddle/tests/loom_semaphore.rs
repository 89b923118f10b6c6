//! The semaphore under loom.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::{Interrupted, Scripted, Step, check};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use raddle::{BoundedSemaphore, Deadline, Semaphore, TooManyPermits};

/// A deadline that is not past when the wait begins, but is whenever the wait looks.
fn soon() -> Deadline {
    Deadline::after_nanos(1)
}

fn acquire(
    semaphore: &Semaphore,
    steps: &[Step],
    until: Deadline,
) -> Result<bool, Interrupted> {
    semaphore.acquire_with(&mut Scripted::new(steps), until)
}

#[test]
fn one_permit_excludes_and_orders_like_a_lock() {
    check(3, || {
        let shared = Arc::new((Semaphore::new(1), AtomicUsize::new(0)));
        let visit = |(semaphore, count): &(Semaphore, AtomicUsize)| {
            semaphore.acquire();
            count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            semaphore.release(1).unwrap();
        };
        let others = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || visit(&shared))
        });
        visit(&shared);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(shared.1.load(Ordering::Relaxed), 3);
        assert_eq!(shared.0.permits(), 1);
    });
}

#[test]
fn two_permits_at_once_serve_two_waiters_whoever_barges_in() {
    check(3, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let waiters = [(); 2].map(|()| {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || semaphore.acquire())
        });
        semaphore.release(2).unwrap();
        if semaphore.try_acquire() {
            semaphore.release(1).unwrap();
        }
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(semaphore.permits(), 0);
        assert_eq!(semaphore.waiting(), 0);
    });
}

#[test]
fn setting_the_permits_serves_as_many_waiters() {
    check(3, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let waiters = [(); 2].map(|()| {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || semaphore.acquire())
        });
        semaphore.set_permits(2);
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!((semaphore.permits(), semaphore.waiting()), (0, 0));
    });
}

#[test]
fn two_releases_at_once_serve_two_waiters() {
    check(2, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let waiter = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || semaphore.acquire())
        };
        let releaser = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || semaphore.release(1).unwrap())
        };
        semaphore.release(1).unwrap();
        semaphore.acquire();
        waiter.join().unwrap();
        releaser.join().unwrap();
        assert_eq!(semaphore.permits(), 0);
    });
}

/// One permit comes while two wait for it; the first one's wait goes as `steps` say. Whoever
/// gets the permit gives it back.
fn the_second_waiter_is_not_stranded(steps: &'static [Step], until: fn() -> Deadline) {
    check(3, move || {
        let semaphore = Arc::new(Semaphore::new(0));
        let first = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || {
                if acquire(&semaphore, steps, until()) == Ok(true) {
                    semaphore.release(1).unwrap();
                }
            })
        };
        let second = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || {
                semaphore.acquire();
                semaphore.release(1).unwrap();
            })
        };
        semaphore.release(1).unwrap();
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(semaphore.permits(), 1);
        assert_eq!(semaphore.waiting(), 0);
    });
}

#[test]
fn an_interrupted_waiter_passes_its_wake_up_on() {
    the_second_waiter_is_not_stranded(&[Step::Interrupt], || Deadline::NEVER);
}

#[test]
fn a_waiter_that_times_out_leaves_the_permit_to_others() {
    the_second_waiter_is_not_stranded(&[Step::TimeOut], soon);
}

#[test]
fn a_waiter_woken_after_its_deadline_uses_the_permit_or_leaves_it_to_others() {
    the_second_waiter_is_not_stranded(&[Step::Park], soon);
}

#[test]
fn a_handled_signal_costs_nobody_a_permit() {
    the_second_waiter_is_not_stranded(&[Step::Handle], || Deadline::NEVER);
}

#[test]
fn a_permit_is_taken_by_the_wait_or_left_never_both_or_neither() {
    for step in [Step::TimeOut, Step::Interrupt] {
        check(6, move || {
            let semaphore = Arc::new(Semaphore::new(0));
            let waiter = {
                let semaphore = Arc::clone(&semaphore);
                thread::spawn(move || acquire(&semaphore, &[step], soon()))
            };
            semaphore.release(1).unwrap();
            let taken = usize::from(waiter.join().unwrap() == Ok(true));
            assert_eq!(taken + semaphore.permits(), 1);
            assert_eq!(semaphore.waiting(), 0);
        });
    }
}

#[test]
fn two_interrupted_waiters_leave_both_permits_to_a_third() {
    check(2, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let interrupted = [(); 2].map(|()| {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || {
                if acquire(&semaphore, &[Step::Interrupt], Deadline::NEVER) == Ok(true) {
                    semaphore.release(1).unwrap();
                }
            })
        });
        semaphore.release(1).unwrap();
        semaphore.release(1).unwrap();
        semaphore.acquire();
        semaphore.acquire();
        for waiter in interrupted {
            waiter.join().unwrap();
        }
        assert_eq!(semaphore.permits(), 0);
    });
}

#[test]
fn a_bounded_semaphore_refuses_exactly_the_release_too_many() {
    check(6, || {
        let semaphore = Arc::new(BoundedSemaphore::new(1));
        semaphore.acquire();
        let other = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || semaphore.release(1))
        };
        let mut outcomes = [semaphore.release(1), other.join().unwrap()];
        outcomes.sort_by_key(Result::is_err);
        assert_eq!(outcomes, [Ok(()), Err(TooManyPermits)]);
        assert_eq!(semaphore.permits(), 1);
    });
}
