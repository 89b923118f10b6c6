//! The event, with real threads.
#![cfg(not(raddle_loom))]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Interrupted, eventually, interrupted, not_early, scope_within};
use raddle::{Deadline, Event};

#[test]
fn set_wakes_everyone_and_later_waits_return_at_once() {
    let event = Event::new();
    scope_within(|scope| {
        for _ in 0..6 {
            scope.spawn(|| event.wait());
        }
        eventually("all wait", || event.waiting() == 6);
        event.set();
    });
    event.wait();
    assert!(event.is_set() && event.wait_timeout(Duration::ZERO));
    assert_eq!(event.waiting(), 0);
}

#[test]
fn clear_does_not_hold_back_those_who_waited_for_the_set() {
    let event = Event::new();
    for _ in 0..200 {
        scope_within(|scope| {
            (0..3).for_each(|_| drop(scope.spawn(|| event.wait())));
            eventually("all wait", || event.waiting() == 3);
            event.set();
            event.clear();
        });
        assert!(!event.is_set());
    }
}

#[test]
fn a_timed_wait_gives_up_but_never_early() {
    let event = Event::new();
    let timeout = Duration::from_millis(20);
    assert!(!not_early(timeout, |timeout| event.wait_timeout(timeout)));
    assert!(!event.wait_timeout(Duration::ZERO));
    assert_eq!(event.waiting(), 0);
    event.set();
    event.clear();
    assert!(!event.wait_timeout(Duration::from_nanos(1)));
}

#[test]
fn two_threads_answer_each_other_many_times() {
    const ROUNDS: usize = 20_000;
    let (ping, pong) = (Event::new(), Event::new());
    let answers = AtomicUsize::new(0);
    scope_within(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                ping.wait();
                ping.clear();
                answers.fetch_add(1, Ordering::Relaxed);
                pong.set();
            }
        });
        for round in 0..ROUNDS {
            ping.set();
            pong.wait();
            pong.clear();
            assert_eq!(answers.load(Ordering::Relaxed), round + 1);
        }
    });
}

#[test]
fn a_signal_ends_a_wait_for_its_own_thread_only() {
    let event = Event::new();
    scope_within(|scope| {
        let other = scope.spawn(|| event.wait());
        eventually("the other waits", || event.waiting() == 1);
        let outcome = interrupted(
            || event.waiting() == 2,
            |blocking| event.wait_with(blocking, Deadline::NEVER),
        );
        assert_eq!(outcome, Err(Interrupted));
        assert_eq!(event.waiting(), 1);
        event.set();
        other.join().unwrap();
    });
}
