//! Locks, and what stands on them.

use std::convert::Infallible;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use crate::common::{eventually, scope_within};
use crate::{on, orders, orders_nothing, orders_what_waits};
use raddle::race::probe::{Moment, is_after, now};
use raddle::{
    Barrier, Blocking, BoundedSemaphore, Condition, Deadline, Event, Native, Parker, RLock,
    RawLock, Semaphore, Wake,
};

#[test]
fn a_set_event_orders_those_that_see_it() {
    let event = Event::new();
    orders(|| event.set(), || assert!(event.is_set()));
    orders(|| event.set(), || event.wait());
    orders(|| event.set(), || assert!(event.wait_timeout(Duration::ZERO)));
    event.clear();
    orders_what_waits(|| event.set(), || event.wait(), || event.waiting() == 1);
    event.clear();
    orders_nothing(|| event.clear(), || assert!(!event.is_set()));
}

#[test]
fn a_permit_brings_what_was_done_before_its_release() {
    let permits = Semaphore::new(0);
    orders(|| permits.release(1).unwrap(), || assert!(permits.try_acquire()));
    orders(|| permits.release(1).unwrap(), || permits.acquire());
    orders(|| permits.release(1).unwrap(), || permits.hold());
    permits.acquire();
    orders_what_waits(
        || permits.release(1).unwrap(),
        || permits.acquire(),
        || permits.waiting() == 1,
    );
    orders_nothing(|| assert!(!permits.try_acquire()), || assert!(!permits.try_acquire()));

    let bounded = BoundedSemaphore::new(1);
    bounded.acquire();
    orders(|| bounded.release(1).unwrap(), || bounded.acquire());
}

#[test]
fn a_notification_orders_the_wait_that_it_ends() {
    // (A lock that is not checked orders nothing.)
    let (lock, changed) = (RawLock::new(), Condition::new());
    let wait = || {
        lock.acquire();
        assert!(changed.wait_with(&lock, &mut Native, Deadline::NEVER).unwrap());
        lock.release();
    };
    orders_what_waits(|| changed.notify_one(), wait, || changed.waiting() == 1);
    orders_what_waits(|| changed.notify_all(), wait, || changed.waiting() == 1);
    orders_nothing(
        || changed.notify_all(),
        || {
            lock.acquire();
            assert!(!changed.wait_with(&lock, &mut Native, Deadline::PAST).unwrap());
            lock.release();
        },
    );
}

#[test]
fn all_that_pass_a_barrier_come_after_all_that_have_arrived_and_the_action() {
    on();
    const PARTIES: usize = 3;
    let barrier = Barrier::new(PARTIES);
    for _round in 0..4 {
        let arrived = Mutex::new(Vec::new());
        scope_within(|scope| {
            for _ in 0..PARTIES {
                scope.spawn(|| {
                    arrived.lock().unwrap().push(now());
                    let action = |_: &mut Native| {
                        let mut arrived = arrived.lock().unwrap();
                        assert!(arrived.iter().all(|then| is_after(*then)), "the action");
                        arrived.push(now());
                        Ok(())
                    };
                    barrier.wait_with(&mut Native, Deadline::NEVER, action).unwrap();
                    assert!(arrived.lock().unwrap().iter().all(|then| is_after(*then)));
                });
            }
        });
    }
}

/// Says that it is about to sleep, and goes on only when it is told to.
struct Late(mpsc::Sender<()>, mpsc::Receiver<()>);

impl Blocking for Late {
    type Interrupt = Infallible;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        self.0.send(()).unwrap();
        let wake = Native.sleep(parker, until);
        self.1.recv().unwrap();
        wake
    }

    fn on_signal(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_thread_that_passes_a_barrier_late_does_not_come_after_the_next_round() {
    on();
    let barrier = &Barrier::new(2);
    let (asleep, falls_asleep) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel();
    let (tell, told) = mpsc::channel::<Moment>();
    scope_within(|scope| {
        let late = scope.spawn(move || {
            let mut late = Late(asleep, goes_on);
            barrier.wait_with(&mut late, Deadline::NEVER, |_| Ok(())).unwrap();
            !is_after(told.recv().unwrap())
        });
        falls_asleep.recv().unwrap();
        barrier.wait().unwrap();
        let next = scope.spawn(move || {
            tell.send(now()).unwrap();
            barrier.wait().unwrap_err();
        });
        eventually("it has arrived for the next round", || barrier.waiting() == 1);
        go_on.send(()).unwrap();
        assert!(late.join().unwrap());
        barrier.abort();
        next.join().unwrap();
    });
}

#[test]
fn a_lock_that_is_used_as_a_signal_orders() {
    on();
    let lock = RawLock::new();
    let card = raddle::card::Card::new(
        raddle::deadlock::Kind::Lock,
        None,
        raddle::lock_order::Site::Unknown,
    );
    assert!(raddle::card::are_wanted() && lock.check(card.of_signal()));
    lock.acquire();
    orders(|| lock.release(), || lock.acquire());
}

#[test]
fn a_lock_by_itself_orders_nothing() {
    let lock = RLock::checked("accounts");
    let enter = || {
        lock.acquire();
        lock.release().unwrap();
    };
    orders_nothing(enter, enter);
}
