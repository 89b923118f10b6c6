//! What is told of accesses of tracked values, and what is not.
#![cfg(all(feature = "race", not(raddle_loom)))]

use std::panic::Location;
use std::sync::Once;

use raddle::race::{self, Harm, Tracked};
use raddle::{Barrier, Condition, Event, Lock, Queue, Semaphore, scope};

fn on() {
    static ON: Once = Once::new();
    ON.call_once(|| race::check(true, false));
}

/// The harms that are told of the places in this file between two lines.
fn told(from: &Location<'_>, to: &Location<'_>) -> Vec<Harm> {
    let lines = from.line()..to.line();
    let races = race::races().into_iter();
    let mine =
        races.filter(|race| race.accesses.iter().any(|(at, _)| lines.contains(&at.line())));
    mine.map(|race| race.harm).collect()
}

/// Where a test begins, and where it asks what was told.
#[track_caller]
fn here() -> &'static Location<'static> {
    on();
    Location::caller()
}

/// Runs the two one after the other, in threads that nothing orders.
fn one_after_the_other(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    let turn = std::sync::Barrier::new(2); // (Of `std`: it orders nothing here.)
    scope(|scope| {
        scope.spawn(|| {
            first();
            turn.wait();
        });
        scope.spawn(|| {
            turn.wait();
            second();
        });
    });
}

#[test]
fn an_update_without_a_lock_is_told_though_the_threads_never_met() {
    let from = here();
    {
        let hits = Tracked::new(0);
        one_after_the_other(|| hits.update(|n| n + 1), || hits.update(|n| n + 1));
        assert_eq!(hits.get(), 2);
    }
    let harms = told(from, here());
    assert!(!harms.is_empty() && harms.iter().all(|harm| *harm == Harm::Update), "{harms:?}");
}

#[test]
fn nothing_is_told_of_what_is_updated_under_one_lock_and_all_of_what_is_not() {
    let from = here();
    {
        let (hits, sent) = (Tracked::new(0), Tracked::new(0));
        let lock = Lock::checked("stats", ());
        let serve = || {
            {
                let _held = lock.acquire();
                hits.update(|n| n + 1);
            }
            sent.update(|n| n + 1);
            let _held = lock.acquire();
            hits.update(|n| n - 1);
        };
        one_after_the_other(serve, serve);
    }
    let harms = told(from, here());
    assert_eq!(harms, [Harm::Update]);
}

#[test]
fn a_value_read_and_written_back_under_the_lock_but_not_at_once_is_told() {
    let from = here();
    {
        let (hits, lock) = (Tracked::new(0), Lock::checked("stats", ()));
        let read = || {
            let _held = lock.acquire();
            hits.get()
        };
        let write = |n| {
            let _held = lock.acquire();
            hits.set(n);
        };
        one_after_the_other(|| write(read() + 1), || write(read() + 1));
    }
    let harms = told(from, here());
    // (Only who sees the code knows that the two belong together: `update` does.)
    assert_eq!(harms, []);
}

#[test]
fn a_read_of_what_another_thread_replaces_is_told_and_not_once_it_was_joined() {
    let from = here();
    {
        let level = Tracked::new(0);
        one_after_the_other(|| level.set(7), || assert_eq!(level.get(), 7));
        assert_eq!(level.get(), 7);
    }
    let harms = told(from, here());
    assert_eq!(harms, [Harm::Unordered]);
}

#[test]
fn what_an_event_a_queue_a_barrier_or_a_permit_orders_is_not_told() {
    let from = here();
    {
        let (value, event, queue) = (Tracked::new(0), Event::new(), Queue::unbounded());
        let (barrier, permits) = (Barrier::new(2), Semaphore::new(0));
        scope(|scope| {
            scope.spawn(|| {
                value.set(1);
                event.set();
                queue.get().unwrap();
                value.set(3);
                barrier.wait().unwrap();
                permits.acquire();
                value.set(5);
            });
            event.wait();
            value.set(value.get() + 1);
            queue.put(()).unwrap();
            barrier.wait().unwrap();
            value.set(value.get() + 1);
            permits.release(1).unwrap();
        });
        assert_eq!(value.get(), 5);
    }
    let harms = told(from, here());
    assert_eq!(harms, []);
}

#[test]
fn what_a_condition_orders_is_not_told() {
    let from = here();
    {
        let (value, ready, filled) =
            (Tracked::new(0), Lock::checked("ready", false), Condition::new());
        scope(|scope| {
            scope.spawn(|| {
                value.set(1);
                *ready.acquire() = true;
                filled.notify_all();
            });
            let mut ready = ready.acquire();
            filled.wait_while(&mut ready, |ready| !*ready);
        });
        assert_eq!(value.get(), 1);
    }
    let harms = told(from, here());
    assert_eq!(harms, []);
}

#[test]
fn a_permit_that_was_there_from_the_beginning_orders_nothing() {
    let from = here();
    {
        let (value, two) = (Tracked::new(0), Semaphore::new(2));
        let add = || {
            let _permit = two.hold();
            value.update(|n| n + 1);
        };
        one_after_the_other(add, add);
    }
    let harms = told(from, here());
    assert!(harms.contains(&Harm::Update), "{harms:?}");
}

#[test]
fn a_value_that_takes_the_place_of_another_has_nothing_of_it() {
    let from = here();
    {
        for _ in 0..3 {
            let value = Box::new(Tracked::new(0));
            scope(|scope| {
                scope.spawn(|| value.set(1));
            });
        }
    }
    let harms = told(from, here());
    assert_eq!(harms, []);
}
