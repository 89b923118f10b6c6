//! The condition under loom.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::{Interrupted, Scripted, Step, check};
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;
use raddle::{Condition, Deadline, Lock, RLock, RawLock};

/// A deadline that is not past when the wait begins, but is whenever the wait looks.
fn soon() -> Deadline {
    Deadline::after_nanos(1)
}

/// Tokens that threads wait for, one each.
#[derive(Debug)]
struct Tokens {
    count: Lock<usize>,
    added: Condition,
}

impl Tokens {
    fn new() -> Arc<Self> {
        Arc::new(Self { count: Lock::new(0), added: Condition::new() })
    }

    fn add(&self) {
        *self.count.acquire() += 1;
        self.added.notify_one();
    }

    fn take(&self) {
        let mut count = self.count.acquire();
        self.added.wait_while(&mut count, |count| *count == 0);
        *count -= 1;
    }
}

/// A bare lock, its condition, and a count that only the lock keeps right.
#[derive(Debug)]
struct Bare {
    lock: RawLock,
    changed: Condition,
    count: AtomicUsize,
    /// Guarded by the lock, too: what `wait_until_open` waits for.
    opened: AtomicBool,
}

impl Bare {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            lock: RawLock::new(),
            changed: Condition::new(),
            count: AtomicUsize::new(0),
            opened: AtomicBool::new(false),
        })
    }

    /// To be called with the lock: the lock alone orders the two steps among threads.
    fn add_one(&self) {
        assert!(self.lock.is_locked());
        self.count.store(self.count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Waits once, with the lock held before and after.
    fn wait_once(&self, steps: &[Step], until: Deadline) -> Result<bool, Interrupted> {
        self.lock.acquire();
        let outcome = self.changed.wait_with(&self.lock, &mut Scripted::new(steps), until);
        self.add_one();
        self.lock.release();
        outcome
    }

    /// Waits for [`open`](Self::open); returns how many waits that took.
    fn wait_until_open(&self, steps: &[Step]) -> usize {
        let mut waits = 0;
        self.lock.acquire();
        while !self.opened.load(Ordering::Relaxed) {
            let mut blocking = Scripted::new(steps);
            let outcome = self.changed.wait_with(&self.lock, &mut blocking, Deadline::NEVER);
            assert_eq!(outcome, Ok(true));
            waits += 1;
        }
        self.lock.release();
        waits
    }

    /// Lets the threads through that wait for it, and notifies one of them.
    fn open(&self) {
        self.lock.acquire();
        self.opened.store(true, Ordering::Relaxed);
        self.changed.notify(1);
        self.lock.release();
    }

    fn assert_at_rest(&self) {
        assert_eq!(self.changed.waiting(), 0);
        assert_eq!(self.lock.waiting(), 0);
        assert!(!self.lock.is_locked());
    }

    /// Notifies one with the lock held; returns how many were chosen.
    fn notify_once(&self) -> usize {
        self.lock.acquire();
        self.add_one();
        let chosen = self.changed.notify(1);
        self.lock.release();
        chosen
    }
}

#[test]
fn a_notification_made_under_the_lock_is_never_missed() {
    check(6, || {
        let tokens = Tokens::new();
        let waiter = {
            let tokens = Arc::clone(&tokens);
            thread::spawn(move || tokens.take())
        };
        *tokens.count.acquire() += 1;
        tokens.added.notify_one();
        waiter.join().unwrap();
        assert_eq!(*tokens.count.acquire(), 0);
        assert_eq!(tokens.added.waiting(), 0);
    });
}

#[test]
fn each_of_two_waiters_gets_the_notification_that_is_its_own() {
    check(3, || {
        let tokens = Tokens::new();
        let waiters = [(); 2].map(|()| {
            let tokens = Arc::clone(&tokens);
            thread::spawn(move || tokens.take())
        });
        tokens.add();
        tokens.add();
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(*tokens.count.acquire(), 0);
        assert_eq!(tokens.added.waiting(), 0);
    });
}

#[test]
fn notifying_all_wakes_all() {
    check(3, || {
        let tokens = Tokens::new();
        let waiters = [(); 2].map(|()| {
            let tokens = Arc::clone(&tokens);
            thread::spawn(move || tokens.take())
        });
        *tokens.count.acquire() += 2;
        tokens.added.notify_all();
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(tokens.added.waiting(), 0);
    });
}

#[test]
fn a_notification_beats_the_time_out_or_goes_unused_by_both_accounts() {
    check(6, || {
        let bare = Bare::new();
        let waiter = {
            let bare = Arc::clone(&bare);
            thread::spawn(move || bare.wait_once(&[Step::TimeOut], soon()))
        };
        let chosen = bare.notify_once();
        assert_eq!(waiter.join().unwrap(), Ok(chosen == 1));
        assert_eq!(bare.count.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn a_wait_without_time_takes_a_notification_that_came_in_between() {
    check(6, || {
        let bare = Bare::new();
        let waiter = {
            let bare = Arc::clone(&bare);
            thread::spawn(move || bare.wait_once(&[], Deadline::PAST))
        };
        let chosen = bare.notify_once();
        assert_eq!(waiter.join().unwrap(), Ok(chosen == 1));
        assert_eq!(bare.changed.waiting(), 0);
    });
}

#[test]
fn an_interrupted_waiter_passes_its_notification_on() {
    check(3, || {
        let bare = Bare::new();
        let interrupted = {
            let bare = Arc::clone(&bare);
            thread::spawn(move || {
                if bare.wait_once(&[Step::Interrupt], Deadline::NEVER) == Ok(true) {
                    bare.changed.notify_one();
                }
            })
        };
        let patient = {
            let bare = Arc::clone(&bare);
            thread::spawn(move || bare.wait_until_open(&[]))
        };
        bare.open();
        interrupted.join().unwrap();
        patient.join().unwrap();
        bare.assert_at_rest();
    });
}

#[test]
fn a_waiter_interrupted_anywhere_still_returns_with_the_lock() {
    check(6, || {
        let bare = Bare::new();
        let waiter = {
            let bare = Arc::clone(&bare);
            // The first sleep may be for the notification or for the lock, the others follow.
            thread::spawn(move || bare.wait_once(&[Step::Interrupt; 3], Deadline::NEVER))
        };
        let chosen = bare.notify_once();
        let outcome = waiter.join().unwrap();
        assert!(outcome != Ok(false) && (outcome != Ok(true) || chosen == 1));
        assert_eq!(bare.count.load(Ordering::Relaxed), 2);
        assert!(!bare.lock.is_locked());
        assert_eq!(bare.lock.waiting(), 0);
    });
}

#[test]
fn a_handled_signal_does_not_end_the_wait() {
    check(6, || {
        let bare = Bare::new();
        let waiter = {
            let bare = Arc::clone(&bare);
            thread::spawn(move || bare.wait_until_open(&[Step::Handle]))
        };
        bare.open();
        assert!(waiter.join().unwrap() <= 1, "it is woken for nothing but the notification");
        bare.assert_at_rest();
    });
}

#[test]
fn a_re_entrant_lock_is_released_for_the_wait_and_taken_back_as_often() {
    check(6, || {
        let shared = Arc::new((RLock::new(), Condition::new(), AtomicUsize::new(0)));
        let waiter = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (lock, changed, count) = &*shared;
                lock.acquire();
                lock.acquire();
                while count.load(Ordering::Relaxed) == 0 {
                    let mut blocking = Scripted::new(&[]);
                    assert_eq!(
                        changed.wait_with(lock, &mut blocking, Deadline::NEVER),
                        Ok(true)
                    );
                    assert_eq!(lock.count(), 2);
                    assert!(lock.is_owned());
                }
                lock.release().unwrap();
                lock.release().unwrap();
            })
        };
        let (lock, changed, count) = &*shared;
        lock.acquire();
        count.store(1, Ordering::Relaxed);
        changed.notify_one();
        lock.release().unwrap();
        waiter.join().unwrap();
        assert!(!lock.is_locked());
    });
}

#[test]
fn a_ticket_given_up_before_its_wait_passes_its_notification_on() {
    check(3, || {
        let bare = Bare::new();
        let leaver = {
            let bare = Arc::clone(&bare);
            thread::spawn(move || bare.changed.enroll(|_| ()))
        };
        let patient = {
            let bare = Arc::clone(&bare);
            thread::spawn(move || {
                bare.lock.acquire();
                while !bare.opened.load(Ordering::Relaxed) {
                    bare.changed.enroll(|ticket| {
                        bare.lock.release();
                        let mut blocking = Scripted::new(&[]);
                        let outcome = ticket.wait_with(&mut blocking, Deadline::NEVER);
                        assert_eq!(outcome, Ok(true));
                        bare.lock.acquire();
                    });
                }
                bare.lock.release();
            })
        };
        bare.open();
        leaver.join().unwrap();
        patient.join().unwrap();
        bare.assert_at_rest();
    });
}

#[test]
fn an_interrupted_ticket_passes_its_notification_on_once() {
    check(6, || {
        let bare = Bare::new();
        let interrupted = {
            let bare = Arc::clone(&bare);
            thread::spawn(move || {
                let mut blocking = Scripted::new(&[Step::Interrupt]);
                bare.changed.enroll(|ticket| ticket.wait_with(&mut blocking, Deadline::NEVER))
            })
        };
        let chosen = bare.changed.notify(1);
        let outcome = interrupted.join().unwrap();
        assert!(outcome == Err(Interrupted) || (outcome == Ok(true) && chosen == 1));
        assert_eq!(bare.changed.waiting(), 0);
    });
}
