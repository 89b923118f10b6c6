//! The lock under loom: `RUSTFLAGS="--cfg raddle_loom" cargo test --release --test 'loom_*'`.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Interrupted, Scripted, Step, check};
use loom::thread;
use raddle::{Deadline, Lock, RawLock};

/// A deadline that is not past when the wait begins, but is whenever the wait looks: time passes
/// with each look at the model's clock.
fn soon() -> Deadline {
    Deadline::after_nanos(1)
}

/// Takes and gives back the lock, unless the script ends the wait; returns what became of it.
fn visit(lock: &RawLock, steps: &[Step], until: Deadline) -> Result<bool, Interrupted> {
    let outcome = lock.acquire_with(&mut Scripted::new(steps), until);
    if outcome == Ok(true) {
        lock.release();
    }
    outcome
}

/// Nobody holds the lock or waits for it.
fn assert_at_rest(lock: &RawLock) {
    assert_eq!(lock.waiting(), 0);
    assert!(lock.try_acquire(), "at rest, the lock is free");
    lock.release();
    assert!(!lock.try_release(), "and was held once only");
}

#[test]
fn two_threads_exclude_each_other_however_often_they_come_back() {
    check(6, || {
        let lock = Arc::new(Lock::new(0));
        let other = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || (0..2).for_each(|_| *lock.acquire() += 1))
        };
        (0..2).for_each(|_| *lock.acquire() += 1);
        other.join().unwrap();
        assert_eq!(*lock.acquire(), 4);
        assert_eq!(lock.waiting(), 0);
    });
}

#[test]
fn three_threads_exclude_each_other_and_all_get_their_turn() {
    check(4, || {
        let lock = Arc::new(Lock::new(0));
        let others = [(); 2].map(|()| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || *lock.acquire() += 1)
        });
        *lock.acquire() += 1;
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(*lock.acquire(), 3);
    });
}

#[test]
fn an_attempt_beside_waiters_never_breaks_in() {
    check(6, || {
        let lock = Arc::new(Lock::new(0));
        let other = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || *lock.acquire() += 1)
        };
        let attempts = (0..2).filter(|_| lock.try_acquire().map(|mut n| *n += 1).is_some());
        let succeeded = attempts.count();
        other.join().unwrap();
        assert_eq!(*lock.acquire(), 1 + succeeded);
    });
}

/// The lock is held while two waiters come; the first one's wait goes as `steps` say. Whatever
/// it does with its turn, the second must get its own.
fn the_second_waiter_is_not_stranded(steps: &'static [Step], until: fn() -> Deadline) {
    check(4, move || {
        let lock = Arc::new(RawLock::new());
        lock.acquire();
        let first = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || visit(&lock, steps, until()))
        };
        let second = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || visit(&lock, &[], Deadline::NEVER))
        };
        lock.release();
        let _ = first.join().unwrap();
        assert_eq!(second.join().unwrap(), Ok(true));
        assert_at_rest(&lock);
    });
}

#[test]
fn an_interrupted_waiter_passes_its_turn_on() {
    the_second_waiter_is_not_stranded(&[Step::Interrupt], || Deadline::NEVER);
}

#[test]
fn a_waiter_that_times_out_leaves_its_turn_to_others() {
    the_second_waiter_is_not_stranded(&[Step::TimeOut], soon);
}

#[test]
fn a_waiter_woken_after_its_deadline_uses_its_turn_or_passes_it_on() {
    the_second_waiter_is_not_stranded(&[Step::Park], soon);
}

#[test]
fn a_handled_signal_does_not_cost_the_waiter_its_turn() {
    the_second_waiter_is_not_stranded(&[Step::Handle], || Deadline::NEVER);
}

#[test]
fn a_waiter_that_was_chosen_when_its_time_ran_out_has_the_lock_or_a_holder_ahead() {
    check(6, || {
        let lock = Arc::new(RawLock::new());
        lock.acquire();
        let waiter = {
            let lock = Arc::clone(&lock);
            // No barger exists here: once chosen, nothing but the lock itself can come.
            thread::spawn(move || lock.acquire_with(&mut Scripted::new(&[Step::Park]), soon()))
        };
        lock.release();
        assert_eq!(waiter.join().unwrap(), Ok(true));
    });
}

#[test]
fn two_interrupted_waiters_leave_a_usable_lock() {
    check(4, || {
        let lock = Arc::new(RawLock::new());
        lock.acquire();
        let waiters = [(); 2].map(|()| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || visit(&lock, &[Step::Interrupt], Deadline::NEVER))
        });
        lock.release();
        for waiter in waiters {
            waiter.join().unwrap().ok();
        }
        assert_at_rest(&lock);
    });
}

#[test]
fn one_acquisition_allows_one_release_whoever_comes_first() {
    check(4, || {
        let lock = Arc::new(RawLock::new());
        lock.acquire();
        // Its coming and going is what sends a release the slow way.
        let passer_by = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                let outcome =
                    lock.acquire_with(&mut Scripted::new(&[Step::TimeOut]), soon()).unwrap();
                usize::from(outcome)
            })
        };
        let releaser = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || usize::from(lock.try_release()))
        };
        let released = usize::from(lock.try_release()) + releaser.join().unwrap();
        let acquired = 1 + passer_by.join().unwrap();
        let held = usize::from(lock.is_locked());
        assert_eq!(released + held, acquired);
    });
}

#[test]
fn an_overtaken_waiter_gets_the_lock_handed_over_in_the_end() {
    static HANDED_OVER: AtomicBool = AtomicBool::new(false);
    // The waiter has to come, and to see that it was overtaken, before the holder goes on.
    check(6, || {
        let lock = Arc::new(RawLock::new());
        lock.acquire();
        let mut blocking = Impatient(Scripted::new(&[]));
        let woken = blocking.0.woken();
        let waiter = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                let outcome = lock.acquire_with(&mut blocking, Deadline::NEVER);
                lock.release();
                outcome
            })
        };
        lock.release();
        lock.acquire();
        let before = woken.load(Ordering::SeqCst);
        lock.release();
        if before == 1 && woken.load(Ordering::SeqCst) == 1 && lock.is_locked() {
            // The waiter is still asleep, so only the hand-over can have left it locked.
            HANDED_OVER.store(true, Ordering::SeqCst);
        }
        assert_eq!(waiter.join().unwrap(), Ok(true));
        assert_at_rest(&lock);
    });
    assert!(HANDED_OVER.load(Ordering::SeqCst), "no interleaving took the path under test");
}

#[test]
fn a_lock_is_reserved_for_a_waiter_that_is_late_on_its_way() {
    static RESERVED: AtomicBool = AtomicBool::new(false);
    check(4, || {
        let lock = Arc::new(RawLock::new());
        lock.acquire();
        let blocking = Scripted::new(&[Step::Park]);
        let woken = blocking.woken();
        let waiter = {
            let lock = Arc::clone(&lock);
            let mut blocking = blocking;
            thread::spawn(move || {
                let outcome = lock.acquire_with(&mut blocking, Deadline::NEVER);
                lock.release();
                outcome
            })
        };
        let is_away = || woken.load(Ordering::SeqCst) == 0;
        let in_line = lock.waiting() == 1;
        lock.release();
        if in_line && lock.try_acquire() && is_away() {
            raddle::advance_clock(2_000_000);
            lock.release();
            let taken = lock.try_acquire();
            if is_away() {
                assert!(!taken && lock.is_locked(), "nobody but the waiter can have it");
                RESERVED.store(true, Ordering::SeqCst);
            }
            if taken {
                lock.release();
            }
        } else if lock.owner() == Some(raddle::thread_id()) {
            lock.release();
        }
        assert_eq!(waiter.join().unwrap(), Ok(true));
        assert_at_rest(&lock);
    });
    assert!(RESERVED.load(Ordering::SeqCst), "no interleaving took the path under test");
}

/// Whatever an interrupted waiter finds, free, reserved for it or held, the other gets its turn.
#[test]
fn an_interrupted_waiter_gives_a_reserved_lock_back() {
    check(4, || {
        let lock = Arc::new(RawLock::new());
        lock.acquire();
        let waiters = [&[Step::Interrupt][..], &[]].map(|steps| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || visit(&lock, steps, Deadline::NEVER))
        });
        raddle::advance_clock(2_000_000);
        lock.release();
        let [first, second] = waiters.map(|waiter| waiter.join().unwrap());
        assert!(first == Ok(true) || first == Err(Interrupted));
        assert_eq!(second, Ok(true));
        assert_at_rest(&lock);
    });
}

/// Lets the lock's patience pass before its second sleep, so that it is not overtaken again.
struct Impatient(Scripted);

impl raddle::Blocking for Impatient {
    type Interrupt = Interrupted;

    fn sleep(&mut self, parker: &raddle::Parker, until: Deadline) -> raddle::Wake {
        if self.0.slept().load(Ordering::SeqCst) == 1 {
            raddle::advance_clock(1_000_001);
        }
        self.0.sleep(parker, until)
    }

    fn on_signal(&mut self) -> Result<(), Interrupted> {
        self.0.on_signal()
    }
}
