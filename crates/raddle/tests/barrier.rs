//! The barrier, with real threads.
#![cfg(not(raddle_loom))]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Interrupted, eventually, interrupted, not_early, scope_within};
use raddle::{Barrier, BarrierError, Deadline, Event, Native};

const AGES: Duration = Duration::from_secs(600);

#[test]
fn nobody_passes_before_all_have_arrived_round_after_round() {
    const PARTIES: usize = 4;
    const ROUNDS: usize = 500;
    let barrier = Barrier::new(PARTIES);
    let arrived = AtomicUsize::new(0);
    let places = AtomicUsize::new(0);
    scope_within(|scope| {
        for _ in 0..PARTIES {
            scope.spawn(|| {
                for round in 1..=ROUNDS {
                    arrived.fetch_add(1, Ordering::SeqCst);
                    places.fetch_add(barrier.wait().unwrap(), Ordering::SeqCst);
                    assert!(arrived.load(Ordering::SeqCst) >= round * PARTIES);
                }
            });
        }
    });
    assert_eq!(places.into_inner(), ROUNDS * (1 + 2 + 3));
    assert_eq!((barrier.waiting(), barrier.is_broken()), (0, false));
}

#[test]
fn a_time_out_breaks_it_for_everyone_but_never_early() {
    let barrier = Barrier::new(3);
    scope_within(|scope| {
        let patient = scope.spawn(|| barrier.wait());
        eventually("the patient one waits", || barrier.waiting() == 1);
        let timeout = Duration::from_millis(20);
        assert!(!not_early(timeout, |timeout| barrier.wait_timeout(timeout).is_ok()));
        assert_eq!(patient.join().unwrap(), Err(BarrierError::Broken));
    });
    assert!(barrier.is_broken());
    assert_eq!(barrier.wait(), Err(BarrierError::Broken));
    assert_eq!(barrier.waiting(), 0);
}

#[test]
fn reset_sends_the_waiting_away_and_mends_it() {
    let barrier = Barrier::new(2);
    scope_within(|scope| {
        let waiter = scope.spawn(|| barrier.wait());
        eventually("it waits", || barrier.waiting() == 1);
        barrier.reset();
        assert_eq!(waiter.join().unwrap(), Err(BarrierError::Broken));
        barrier.abort();
        assert!(barrier.is_broken());
        barrier.reset();
        let waiter = scope.spawn(|| barrier.wait_timeout(AGES));
        let places = [barrier.wait().unwrap(), waiter.join().unwrap().unwrap()];
        assert_eq!(places.iter().sum::<usize>(), 1);
    });
}

#[test]
fn abort_wakes_those_who_wait() {
    let barrier = Barrier::new(4);
    scope_within(|scope| {
        let waiters: Vec<_> = (0..3).map(|_| scope.spawn(|| barrier.wait())).collect();
        eventually("all wait", || barrier.waiting() == 3);
        barrier.abort();
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), Err(BarrierError::Broken));
        }
    });
}

#[test]
fn the_last_to_arrive_runs_its_action_before_anyone_passes() {
    let barrier = Barrier::new(3);
    let runs = AtomicUsize::new(0);
    scope_within(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let act = |_: &mut Native| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                };
                barrier.wait_with(&mut Native, Deadline::NEVER, act).unwrap();
                assert_eq!(runs.load(Ordering::SeqCst), 1);
            });
        }
    });
}

#[test]
fn those_who_come_during_the_action_take_part_in_the_next_round() {
    let barrier = Barrier::new(2);
    let (acting, go_on) = (Event::new(), Event::new());
    let act = |_: &mut Native| {
        acting.set();
        go_on.wait();
        Ok(())
    };
    let visit = || barrier.wait_with(&mut Native, Deadline::NEVER, act);
    scope_within(|scope| {
        let first = [scope.spawn(visit), scope.spawn(visit)];
        acting.wait();
        let next = [scope.spawn(|| barrier.wait()), scope.spawn(|| barrier.wait())];
        assert!(next.iter().all(|visit| !visit.is_finished()));
        go_on.set();
        for visit in first {
            visit.join().unwrap().unwrap();
        }
        for visit in next {
            visit.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_time_out_during_the_action_breaks_nothing() {
    // As in Python: all parties have arrived, and the action is what they wait for.
    let barrier = Barrier::new(2);
    let timeout = Duration::from_millis(20);
    let outlasted = Event::new();
    scope_within(|scope| {
        let hasty = scope.spawn(|| {
            let outcome = barrier.wait_timeout(timeout);
            outlasted.set();
            outcome
        });
        eventually("the hasty one waits", || barrier.waiting() == 1);
        let act = |_: &mut Native| {
            // Ends when the time-out is over, or when it has cut the hasty wait short.
            outlasted.wait_timeout(10 * timeout);
            Ok(())
        };
        let late = barrier.wait_with(&mut Native, Deadline::NEVER, act);
        assert_eq!((late, hasty.join().unwrap()), (Ok(1), Ok(0)));
    });
}

#[test]
fn an_action_that_panics_breaks_the_barrier() {
    let barrier = Barrier::new(2);
    scope_within(|scope| {
        let other = scope.spawn(|| barrier.wait_timeout(AGES));
        eventually("the other waits", || barrier.waiting() == 1);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            barrier.wait_with(&mut Native, Deadline::NEVER, |_| panic!("in the action"))
        }));
        assert!(panicked.is_err());
        let broken = barrier.is_broken();
        barrier.abort(); // Lets the other one go, whatever happened.
        assert_eq!(other.join().unwrap(), Err(BarrierError::Broken));
        assert!(broken);
    });
}

#[test]
fn a_signal_takes_one_party_out_and_breaks_nothing() {
    let barrier = Barrier::new(2);
    let outcome = interrupted(
        || barrier.waiting() == 1,
        |blocking| barrier.wait_with(blocking, Deadline::NEVER, |_| Ok(())),
    );
    assert_eq!(outcome, Err(BarrierError::Interrupted(Interrupted)));
    assert_eq!((barrier.waiting(), barrier.is_broken()), (0, false));
}
