//! The event under loom.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::{Interrupted, Scripted, Step, check};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use raddle::{Deadline, Event};

/// A deadline that is not past when the wait begins, but is whenever the wait looks.
fn soon() -> Deadline {
    Deadline::after_nanos(1)
}

fn wait(event: &Event, steps: &[Step], until: Deadline) -> Result<bool, Interrupted> {
    event.wait_with(&mut Scripted::new(steps), until)
}

#[test]
fn setting_it_wakes_everyone_and_shows_what_was_written_before() {
    check(4, || {
        let shared = Arc::new((Event::new(), AtomicUsize::new(0)));
        let waiters = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (event, written) = &*shared;
                event.wait();
                assert_eq!(written.load(Ordering::Relaxed), 7);
            })
        });
        let (event, written) = &*shared;
        written.store(7, Ordering::Relaxed);
        event.set();
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(event.waiting(), 0);
    });
}

#[test]
fn clearing_it_at_once_does_not_hold_back_those_who_waited() {
    check(6, || {
        let event = Arc::new(Event::new());
        let waiter = {
            let event = Arc::clone(&event);
            thread::spawn(move || event.wait())
        };
        let was_waiting = event.waiting() == 1;
        event.set();
        event.clear();
        if !was_waiting {
            event.set(); // It may come only now.
        }
        waiter.join().unwrap();
        assert_eq!(event.waiting(), 0);
    });
}

#[test]
fn two_setters_and_a_clear_lose_no_wake_up() {
    check(4, || {
        let event = Arc::new(Event::new());
        let waiter = {
            let event = Arc::clone(&event);
            thread::spawn(move || event.wait())
        };
        let setter = {
            let event = Arc::clone(&event);
            thread::spawn(move || {
                event.set();
                event.clear();
            })
        };
        event.set();
        setter.join().unwrap();
        event.set();
        waiter.join().unwrap();
        assert!(event.is_set());
    });
}

#[test]
fn a_waiter_that_leaves_early_takes_nobody_with_it() {
    for step in [Step::TimeOut, Step::Interrupt, Step::Handle] {
        check(4, move || {
            let event = Arc::new(Event::new());
            let leaver = {
                let event = Arc::clone(&event);
                thread::spawn(move || wait(&event, &[step], soon()))
            };
            let patient = {
                let event = Arc::clone(&event);
                thread::spawn(move || wait(&event, &[], Deadline::NEVER))
            };
            event.set();
            let outcome = leaver.join().unwrap();
            assert!(step != Step::Handle || outcome == Ok(true));
            assert_eq!(patient.join().unwrap(), Ok(true));
            assert_eq!(event.waiting(), 0);
        });
    }
}

#[test]
fn a_wait_that_began_after_the_clear_is_not_ended_by_the_set_before_it() {
    check(6, || {
        let event = Arc::new(Event::new());
        let consumer = {
            let event = Arc::clone(&event);
            thread::spawn(move || {
                let _ = wait(&event, &[Step::TimeOut], soon());
                if event.is_set() {
                    event.clear();
                    // Only one set was ever begun, and it has been seen and cleared.
                    assert_eq!(wait(&event, &[Step::TimeOut], soon()), Ok(false));
                }
            })
        };
        event.set();
        consumer.join().unwrap();
    });
}
