//! The condition, with real threads.
#![cfg(not(raddle_loom))]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Interrupted, eventually, interrupted, not_early, scope_within};
use raddle::{Condition, Deadline, Lock, Native, RLock, RawLock};

const A_WHILE: Duration = Duration::from_millis(20);
const AGES: Duration = Duration::from_secs(600);

#[test]
fn notify_wakes_exactly_as_many_as_asked_longest_first() {
    let (lock, changed) = (Lock::new(()), Condition::new());
    let woken = Lock::new(Vec::new());
    scope_within(|scope| {
        for number in 0..5 {
            let (lock, changed, woken) = (&lock, &changed, &woken);
            scope.spawn(move || {
                let mut guard = lock.acquire();
                changed.wait(&mut guard);
                woken.acquire().push(number);
            });
            eventually("it waits", || changed.waiting() == number + 1);
        }
        changed.notify_one();
        eventually("the first is awake", || *woken.acquire() == [0]);
        assert_eq!(changed.waiting(), 4);
        assert_eq!(changed.notify(2), 2);
        eventually("two more are awake", || woken.acquire().len() == 3);
        assert_eq!(changed.waiting(), 2);
        woken.acquire()[1..].sort_unstable();
        assert_eq!(*woken.acquire(), [0, 1, 2]);
        assert_eq!(changed.notify(9), 2);
    });
    assert_eq!(woken.acquire().len(), 5);
    assert_eq!(changed.notify(1), 0);
}

#[test]
fn notify_all_wakes_all_and_each_returns_with_the_lock() {
    let (counter, changed) = (Lock::new(0), Condition::new());
    scope_within(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut guard = counter.acquire();
                changed.wait(&mut guard);
                *guard += 1;
            });
        }
        eventually("all wait", || changed.waiting() == 6);
        changed.notify_all();
    });
    assert_eq!(counter.into_inner(), 6);
}

#[test]
fn items_pass_through_a_queue_once_each() {
    const EACH: usize = 2_000;
    let (queue, filled) = (Lock::new(Vec::new()), Condition::new());
    let sum = AtomicUsize::new(0);
    scope_within(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let mut items = queue.acquire();
                    filled.wait_while(&mut items, |items| items.is_empty());
                    sum.fetch_add(items.pop().unwrap(), Ordering::Relaxed);
                }
            });
        }
        for producer in 0..3 {
            let (queue, filled) = (&queue, &filled);
            scope.spawn(move || {
                for item in 0..EACH {
                    queue.acquire().push(producer * EACH + item);
                    filled.notify_one();
                }
            });
        }
    });
    assert_eq!(sum.into_inner(), (0..3 * EACH).sum());
}

#[test]
fn a_timed_wait_gives_up_with_the_lock_but_never_early() {
    let (lock, changed) = (Lock::new(0), Condition::new());
    let mut guard = lock.acquire();
    assert!(!not_early(A_WHILE, |timeout| changed.wait_timeout(&mut guard, timeout)));
    assert!(!not_early(A_WHILE, |timeout| {
        changed.wait_while_timeout(&mut guard, timeout, |_| true)
    }));
    assert!(!changed.wait_timeout(&mut guard, Duration::ZERO));
    *guard += 1;
    assert!(lock.is_locked());
    assert_eq!(changed.waiting(), 0);
}

#[test]
fn a_timed_wait_returns_when_notified_in_time() {
    let (lock, changed) = (Lock::new(false), Condition::new());
    scope_within(|scope| {
        let waiter = scope.spawn(|| {
            let mut guard = lock.acquire();
            changed.wait_while_timeout(&mut guard, AGES, |opened| !*opened)
        });
        eventually("it waits", || changed.waiting() == 1);
        changed.notify_one(); // In vain: what it waits for has not happened.
        eventually("it waits again", || lock.try_acquire().is_some() && changed.waiting() == 1);
        *lock.acquire() = true;
        changed.notify_one();
        assert!(waiter.join().unwrap());
    });
}

#[test]
fn others_get_the_lock_during_the_wait() {
    let (lock, changed) = (RLock::new(), Condition::new());
    scope_within(|scope| {
        let waiter = scope.spawn(|| {
            lock.acquire();
            lock.acquire();
            let outcome = changed.wait_with(&lock, &mut Native, Deadline::NEVER).unwrap();
            let count = lock.count();
            lock.release().unwrap();
            lock.release().unwrap();
            (outcome, count)
        });
        eventually("it waits", || changed.waiting() == 1);
        lock.acquire();
        changed.notify_one();
        lock.release().unwrap();
        assert_eq!(waiter.join().unwrap(), (true, 2));
    });
    assert!(!lock.is_locked());
}

#[test]
fn a_signal_ends_a_wait_and_the_lock_is_held_again() {
    let (lock, changed) = (RawLock::new(), Condition::new());
    lock.acquire();
    let outcome = interrupted(
        || changed.waiting() == 1,
        |blocking| (changed.wait_with(&lock, blocking, Deadline::NEVER), lock.is_locked()),
    );
    assert_eq!(outcome, (Err(Interrupted), true));
    assert_eq!(changed.waiting(), 0);
}

#[test]
fn a_ticket_waits_without_knowing_the_lock() {
    let (gate, changed) = (std::sync::Mutex::new(()), Condition::new());
    scope_within(|scope| {
        let waiter = scope.spawn(|| {
            let held = gate.lock().unwrap();
            changed.enroll(|ticket| {
                drop(held);
                ticket.wait_with(&mut Native, Deadline::NEVER).unwrap()
            })
        });
        eventually("it waits", || changed.waiting() == 1);
        let held = gate.lock().unwrap();
        assert_eq!(changed.notify(1), 1);
        drop(held);
        assert!(waiter.join().unwrap());
    });
}

#[test]
fn a_ticket_that_is_not_used_leaves_nobody_in_line() {
    let changed = Condition::new();
    changed.enroll(|_| assert_eq!(changed.waiting(), 1));
    assert_eq!(changed.waiting(), 0);
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        changed.enroll(|_| panic!("before the wait"));
    }));
    assert!(unwound.is_err());
    assert_eq!(changed.waiting(), 0);
}
