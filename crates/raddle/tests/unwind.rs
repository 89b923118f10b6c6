//! Panics in what a wait calls: nothing of the dead stack may stay behind.
//!
//! A binary of its own, because a link to a dead stack can bring any later test down.
#![cfg(not(raddle_loom))]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{eventually, scope_within};
use raddle::{
    Barrier, Blocking, Condition, Deadline, Event, Native, Parker, RLock, RawLock, Releasable,
    Semaphore, Wake,
};

/// Panics instead of sleeping.
struct Panicking;

impl Blocking for Panicking {
    type Interrupt = std::convert::Infallible;

    fn sleep(&mut self, _: &Parker, _: Deadline) -> Wake {
        panic!("instead of a sleep")
    }

    fn on_signal(&mut self) -> Result<(), Self::Interrupt> {
        Ok(())
    }
}

/// A lock that cannot be released.
struct Stuck;

impl Releasable for Stuck {
    type Saved = ();

    fn release_saving(&self) {
        panic!("instead of a release")
    }

    fn is_free(&self) -> bool {
        true
    }

    fn restore<B: Blocking>(&self, _: &mut B, (): &()) -> Result<(), B::Interrupt> {
        Ok(())
    }
}

#[track_caller]
fn assert_panics<T>(body: impl FnOnce() -> T) {
    assert!(catch_unwind(AssertUnwindSafe(body)).is_err());
}

#[test]
fn a_lock_forgets_a_waiter_whose_sleep_panicked() {
    let lock = RawLock::new();
    lock.acquire();
    assert_panics(|| lock.acquire_with(&mut Panicking, Deadline::NEVER));
    assert_eq!(lock.waiting(), 0);
    lock.release();
    assert!(lock.try_acquire());
}

#[test]
fn a_semaphore_forgets_a_waiter_whose_sleep_panicked() {
    let semaphore = Semaphore::new(0);
    assert_panics(|| semaphore.acquire_with(&mut Panicking, Deadline::NEVER));
    assert_eq!(semaphore.waiting(), 0);
    semaphore.release(1).unwrap();
    assert!(semaphore.try_acquire());
}

#[test]
fn an_event_forgets_a_waiter_whose_sleep_panicked() {
    let event = Event::new();
    assert_panics(|| event.wait_with(&mut Panicking, Deadline::NEVER));
    assert_eq!(event.waiting(), 0);
    event.set();
}

#[test]
fn a_condition_forgets_a_waiter_whose_sleep_panicked() {
    let (lock, changed) = (RawLock::new(), Condition::new());
    lock.acquire();
    assert_panics(|| changed.wait_with(&lock, &mut Panicking, Deadline::NEVER));
    assert_eq!((changed.waiting(), changed.notify(1)), (0, 0));
}

#[test]
fn a_condition_forgets_a_waiter_whose_lock_was_not_released() {
    let changed = Condition::new();
    assert_panics(|| changed.wait_with(&Stuck, &mut Native, Deadline::NEVER));
    assert_eq!((changed.waiting(), changed.notify(1)), (0, 0));
}

#[test]
fn a_condition_forgets_a_waiter_that_did_not_own_the_lock() {
    let (lock, changed) = (RLock::new(), Condition::new());
    assert_panics(|| changed.wait_with(&lock, &mut Native, Deadline::NEVER));
    assert_eq!((changed.waiting(), changed.notify(1)), (0, 0));
}

#[test]
fn a_barrier_forgets_a_party_whose_sleep_panicked() {
    let barrier = Barrier::new(2);
    assert_panics(|| barrier.wait_with(&mut Panicking, Deadline::NEVER, |_| Ok(())));
    if barrier.is_broken() {
        barrier.reset();
    }
    assert_eq!(barrier.waiting(), 0);
    scope_within(|scope| {
        let other = scope.spawn(|| barrier.wait());
        eventually("the other waits", || barrier.waiting() == 1);
        barrier.wait().unwrap();
        other.join().unwrap().unwrap();
    });
}

/// Panics when it is asked where the program is, which is asked while locks are profiled.
struct Nowhere;

impl Blocking for Nowhere {
    type Interrupt = std::convert::Infallible;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        Native.sleep(parker, until)
    }

    fn on_signal(&mut self) -> Result<(), Self::Interrupt> {
        Ok(())
    }

    fn site(&mut self) -> raddle::contention::Site {
        panic!("instead of a place")
    }
}

#[test]
fn an_event_forgets_a_waiter_whose_place_panicked() {
    raddle::contention::profile(true);
    let event = Event::new();
    assert_panics(|| event.wait_with(&mut Nowhere, Deadline::NEVER));
    assert_eq!(event.waiting(), 0);
    raddle::contention::profile(false);
    event.set();
}
