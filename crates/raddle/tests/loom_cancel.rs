//! The token under loom: against a notification, a hand-over, a time-out and an interrupt.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::check;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use raddle::{
    Blocking, CancelToken, Cancelled, Condition, Deadline, Event, Native, Parker, RawLock,
    Semaphore, Wake,
};

const NEVER: Deadline = Deadline::NEVER;

#[test]
fn a_waiter_that_is_cancelled_while_it_is_woken_ends_once() {
    check(3, || {
        let event = Arc::new(Event::new());
        let token = CancelToken::new(NEVER);
        let waiter = {
            let (event, token) = (Arc::clone(&event), token.clone());
            thread::spawn(move || event.wait_with(&mut token.blocking(), NEVER))
        };
        let canceller = {
            let token = token.clone();
            thread::spawn(move || token.cancel())
        };
        event.set();
        assert!(matches!(waiter.join().unwrap(), Ok(true) | Err(Cancelled::Requested)));
        assert!(canceller.join().unwrap());
        assert_eq!(event.waiting(), 0);
    });
}

#[test]
fn a_permit_that_had_chosen_the_waiter_is_used_or_passed_on() {
    check(3, || {
        let permits = Arc::new(Semaphore::new(0));
        let token = CancelToken::new(NEVER);
        let waiter = {
            let (permits, token) = (Arc::clone(&permits), token.clone());
            thread::spawn(move || permits.acquire_with(&mut token.blocking(), NEVER))
        };
        let canceller = thread::spawn(move || token.cancel());
        permits.release(1).unwrap();
        let got = waiter.join().unwrap() == Ok(true);
        canceller.join().unwrap();
        assert_ne!(got, permits.try_acquire(), "there is one permit, and one has it");
    });
}

#[test]
fn a_lock_that_is_handed_over_is_not_lost() {
    check(3, || {
        let lock = Arc::new(RawLock::new());
        let token = CancelToken::new(NEVER);
        lock.acquire();
        let waiter = {
            let (lock, token) = (Arc::clone(&lock), token.clone());
            thread::spawn(move || {
                if lock.acquire_with(&mut token.blocking(), NEVER).is_ok() {
                    lock.release();
                }
            })
        };
        let canceller = thread::spawn(move || token.cancel());
        lock.release();
        waiter.join().unwrap();
        canceller.join().unwrap();
        assert!(lock.try_acquire());
        assert_eq!(lock.waiting(), 0);
    });
}

#[test]
fn a_notification_that_had_chosen_the_waiter_goes_to_the_next() {
    check(2, || {
        let shared = Arc::new((RawLock::new(), Condition::new(), AtomicBool::new(false)));
        let token = CancelToken::new(NEVER);
        let hasty = {
            let (shared, token) = (Arc::clone(&shared), token.clone());
            thread::spawn(move || {
                let (lock, filled, ready) = &*shared;
                lock.acquire();
                if !ready.load(Ordering::Relaxed) {
                    let ended = filled.wait_with(lock, &mut token.blocking(), NEVER);
                    if ended.is_ok() {
                        filled.notify_one(); // It has used the one that there was.
                    }
                }
                lock.release();
            })
        };
        let notifier = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (lock, filled, ready) = &*shared;
                lock.acquire();
                ready.store(true, Ordering::Relaxed);
                filled.notify_one();
                lock.release();
                token.cancel();
            })
        };
        let (lock, filled, ready) = &*shared;
        lock.acquire();
        while !ready.load(Ordering::Relaxed) {
            // If the notification is lost, this waits for ever.
            assert!(filled.wait_with(lock, &mut Native, NEVER).is_ok());
        }
        lock.release();
        hasty.join().unwrap();
        notifier.join().unwrap();
        assert_eq!(filled.waiting(), 0);
    });
}

#[test]
fn a_time_out_and_a_cancellation_end_a_wait_once() {
    check(3, || {
        let permits = Arc::new(Semaphore::new(0));
        let token = CancelToken::new(NEVER);
        let canceller = {
            let token = token.clone();
            thread::spawn(move || token.cancel())
        };
        let ended = permits.acquire_with(&mut token.blocking(), Deadline::after_nanos(1));
        assert!(matches!(ended, Ok(false) | Err(Cancelled::Requested)));
        canceller.join().unwrap();
        permits.release(1).unwrap();
        assert!(permits.try_acquire());
    });
}

/// Blocks under a token, and its handler goes on after the first look: as one of a signal may.
struct Handled<'a>(&'a CancelToken, bool);

impl Blocking for Handled<'_> {
    type Interrupt = Cancelled;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        self.0.park(parker, until)
    }

    fn on_signal(&mut self) -> Result<(), Cancelled> {
        if std::mem::take(&mut self.1) {
            return Ok(());
        }
        self.0.ended().map_or(Ok(()), Err)
    }
}

#[test]
fn a_nudge_that_was_taken_for_another_signal_is_not_lost() {
    check(3, || {
        let event = Arc::new(Event::new());
        let token = CancelToken::new(NEVER);
        let canceller = {
            let token = token.clone();
            thread::spawn(move || token.cancel())
        };
        let ended = event.wait_with(&mut Handled(&token, true), NEVER);
        assert_eq!(ended, Err(Cancelled::Requested));
        canceller.join().unwrap();
    });
}

#[test]
fn a_scope_that_is_made_while_its_parent_is_cancelled_is_cancelled() {
    check(3, || {
        let parent = CancelToken::new(NEVER);
        let waiter = {
            let parent = parent.clone();
            thread::spawn(move || {
                let child = parent.child(NEVER);
                Event::new().wait_with(&mut child.blocking(), NEVER)
            })
        };
        parent.cancel();
        assert_eq!(waiter.join().unwrap(), Err(Cancelled::Requested), "else it waits for ever");
    });
}
