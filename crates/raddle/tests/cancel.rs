//! Waits that a token ends, at each primitive: they leave the line, and lose nothing.
#![cfg(not(raddle_loom))]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{PATIENCE, eventually, scope_within};
use raddle::{
    Barrier, CancelToken, Cancelled, Condition, Deadline, Event, Queue, RLock, RawLock,
    Semaphore,
};

const NEVER: Deadline = Deadline::NEVER;

/// Cancels once `waiting()` says that a thread is asleep; returns what its `wait` did.
fn cancelled<R: Send>(
    waiting: impl Fn() -> usize,
    wait: impl FnOnce(&CancelToken) -> R + Send,
) -> R {
    let token = CancelToken::new(NEVER);
    scope_within(|scope| {
        let waiter = scope.spawn(|| wait(&token));
        eventually("the thread is in line", || waiting() == 1);
        assert!(token.cancel(), "it is the first to cancel");
        waiter.join().unwrap()
    })
}

#[test]
fn a_wait_for_a_lock_ends_and_leaves_the_line() {
    let lock = RawLock::new();
    lock.acquire();
    let ended =
        cancelled(|| lock.waiting(), |token| lock.acquire_with(&mut token.blocking(), NEVER));
    assert_eq!((ended, lock.waiting()), (Err(Cancelled::Requested), 0));
    lock.release();
    assert!(lock.try_acquire());
}

#[test]
fn a_wait_for_an_rlock_ends_and_leaves_the_line() {
    let lock = RLock::new();
    lock.acquire();
    let ended =
        cancelled(|| lock.waiting(), |token| lock.acquire_with(&mut token.blocking(), NEVER));
    assert_eq!((ended, lock.waiting()), (Err(Cancelled::Requested), 0));
}

#[test]
fn a_wait_for_an_event_ends_and_leaves_the_line() {
    let event = Event::new();
    let ended =
        cancelled(|| event.waiting(), |token| event.wait_with(&mut token.blocking(), NEVER));
    assert_eq!((ended, event.waiting()), (Err(Cancelled::Requested), 0));
}

#[test]
fn a_permit_is_there_for_the_next_one() {
    let permits = Semaphore::new(0);
    let ended = cancelled(
        || permits.waiting(),
        |token| permits.acquire_with(&mut token.blocking(), NEVER),
    );
    assert_eq!((ended, permits.waiting()), (Err(Cancelled::Requested), 0));
    permits.release(1).unwrap();
    assert!(permits.try_acquire());
}

#[test]
fn a_condition_takes_its_lock_back_before_it_ends() {
    let (lock, filled) = (RawLock::new(), Condition::new());
    let ended = cancelled(
        || filled.waiting(),
        |token| {
            lock.acquire();
            let ended = filled.wait_with(&lock, &mut token.blocking(), NEVER);
            assert!(lock.is_locked(), "it was taken back");
            lock.release();
            ended
        },
    );
    assert_eq!((ended, filled.waiting()), (Err(Cancelled::Requested), 0));
}

#[test]
fn a_barrier_has_room_for_another_in_its_round() {
    let barrier = Barrier::new(2);
    let ended = cancelled(
        || barrier.waiting(),
        |token| barrier.wait_with(&mut token.blocking(), NEVER, |_| Ok(())).is_err(),
    );
    assert_eq!((ended, barrier.is_broken(), barrier.waiting()), (true, false, 0));
}

#[test]
fn an_item_stays_in_the_queue() {
    let queue = Queue::bounded(1);
    let asleep = AtomicUsize::new(0);
    let token = CancelToken::new(NEVER);
    scope_within(|scope| {
        let taker = scope.spawn(|| {
            asleep.store(1, Ordering::SeqCst);
            queue.get_with(&mut token.blocking(), NEVER).is_err()
        });
        eventually("the taker has begun", || asleep.load(Ordering::SeqCst) == 1);
        token.cancel();
        assert!(taker.join().unwrap());
    });
    queue.put(7).unwrap();
    assert!(queue.put_with(8, &mut token.blocking(), NEVER).is_err(), "it is full");
    assert_eq!((queue.try_get(), queue.len()), (Ok(7), 0));
}

#[test]
fn a_wait_that_need_not_sleep_does_not_look() {
    let token = CancelToken::new(NEVER);
    token.cancel();
    let event = Event::new();
    event.set();
    assert_eq!(event.wait_with(&mut token.blocking(), NEVER), Ok(true));
    event.clear();
    let ended = event.wait_with(&mut token.blocking(), NEVER);
    assert_eq!(ended, Err(Cancelled::Requested), "and one that must sleep ends at once");
    let tried = event.wait_with(&mut token.blocking(), Deadline::PAST);
    assert_eq!(tried, Ok(false), "an attempt is no wait");
}

#[test]
fn a_deadline_ends_it_and_a_timeout_that_is_sooner_is_one() {
    let event = Event::new();
    let soon = || Deadline::after(Duration::from_millis(5));
    let token = CancelToken::new(soon());
    let ended = event.wait_with(&mut token.blocking(), NEVER);
    assert_eq!(ended, Err(Cancelled::Deadline));
    assert!(token.deadline().has_passed() && !token.is_cancelled());

    let token = CancelToken::new(Deadline::after(PATIENCE));
    assert_eq!(event.wait_with(&mut token.blocking(), soon()), Ok(false));
    assert_eq!(token.ended(), None);
}

#[test]
fn a_child_ends_with_its_parent_and_not_the_other_way_round() {
    let parent = CancelToken::new(Deadline::after(PATIENCE));
    let (one, other) = (parent.child(NEVER), parent.child(Deadline::PAST));
    assert_eq!(one.deadline(), parent.deadline(), "no later than the parent's");
    assert_eq!(other.ended(), Some(Cancelled::Deadline));
    assert!(one.cancel() && !one.cancel(), "only the first call is the first");
    assert_eq!((parent.ended(), one.ended()), (None, Some(Cancelled::Requested)));

    assert!(one.is_within(&parent) && !parent.is_within(&one) && !one.is_within(&other));

    let grandchild = parent.child(NEVER).child(NEVER);
    assert_eq!(grandchild.ended(), None);
    let late = parent.child(NEVER);
    parent.cancel();
    assert!(late.child(NEVER).is_cancelled(), "a child of one that was cancelled is, too");
    assert!(parent.child(NEVER).is_cancelled());
    assert!(grandchild.is_cancelled(), "though nobody else has its parent any more");
}

#[test]
fn a_grandchild_ends_as_long_as_its_parent_is_there() {
    let top = CancelToken::new(NEVER);
    let middle = top.child(NEVER);
    let bottom = middle.child(NEVER);
    let event = Event::new();
    scope_within(|scope| {
        let waiter = scope.spawn(|| event.wait_with(&mut bottom.blocking(), NEVER));
        eventually("the thread is in line", || event.waiting() == 1);
        top.cancel();
        assert_eq!(waiter.join().unwrap(), Err(Cancelled::Requested));
    });
}

#[test]
fn many_threads_may_wait_under_one_token() {
    let (token, permits) = (CancelToken::new(NEVER), Semaphore::new(0));
    scope_within(|scope| {
        let waiters = [(); 16]
            .map(|()| scope.spawn(|| permits.acquire_with(&mut token.blocking(), NEVER)));
        eventually("all are in line", || permits.waiting() == 16);
        permits.release(4).unwrap();
        token.cancel();
        let ends = waiters.map(|waiter| waiter.join().unwrap());
        let got = ends.iter().filter(|end| **end == Ok(true)).count();
        assert_eq!(got + permits.permits(), 4, "{ends:?}");
    });
}

#[test]
fn a_long_chain_is_dropped() {
    let mut token = CancelToken::new(NEVER);
    for _ in 0..300_000 {
        token = token.child(NEVER);
    }
    drop(token);
}

#[test]
fn one_of_many_is_the_first_to_cancel() {
    for _ in 0..50 {
        let token = CancelToken::new(NEVER);
        let firsts = AtomicUsize::new(0);
        scope_within(|scope| {
            for _ in 0..4 {
                scope.spawn(|| firsts.fetch_add(usize::from(token.cancel()), Ordering::SeqCst));
            }
        });
        assert_eq!(firsts.into_inner(), 1);
    }
}

#[test]
fn the_dead_leave_the_list_of_children() {
    let token = CancelToken::new(NEVER);
    let kept: Vec<_> = (0..10).map(|_| token.child(NEVER)).collect();
    for _ in 0..10_000 {
        drop(token.child(NEVER));
    }
    assert!(format!("{token:?}").matches("(Weak)").count() <= 64, "they are let go");
    token.cancel();
    assert!(kept.iter().all(CancelToken::is_cancelled));
}
