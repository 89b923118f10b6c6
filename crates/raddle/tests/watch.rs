//! How waits look for deadlocks: when, how often, and what they tell.
// (The portable parker sleeps in slices, which these tests would count.)
#![cfg(all(feature = "deadlock", not(raddle_loom), not(raddle_portable)))]

mod common;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use common::{PATIENCE, eventually, scope_within};
use raddle::deadlock::{self, Deadlock, Finding, Verdict};
use raddle::{Blocking, Deadline, Event, Parker, RawLock, Wake};

/// Keeps watch, notes until when it sleeps, and goes on with its wait whatever it is told.
struct Watching<F> {
    threads: F,
    sleeps: Arc<Sleeps>,
    told: Option<Finding>,
}

/// Until when each sleep of a wait was to be.
#[derive(Debug, Default)]
struct Sleeps(Mutex<Vec<Deadline>>);

impl Sleeps {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn last(&self) -> Option<Deadline> {
        self.0.lock().unwrap().last().copied()
    }

    /// Whether each was to be longer than the one before: none ended at once, over and over.
    fn are_each_longer(&self) -> bool {
        self.0.lock().unwrap().is_sorted_by(|one, next| one < next)
    }
}

impl<F: Fn() -> Option<usize>> Watching<F> {
    fn new(threads: F) -> Self {
        Self { threads, sleeps: Arc::default(), told: None }
    }
}

impl<F: Fn() -> Option<usize>> Blocking for Watching<F> {
    type Interrupt = Infallible;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        self.sleeps.0.lock().unwrap().push(until);
        parker.park(until)
    }

    fn on_signal(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn keeps_watch(&self) -> bool {
        true
    }

    fn threads(&self) -> Option<usize> {
        (self.threads)()
    }

    fn on_deadlock(&mut self, found: &Deadlock) -> Result<Verdict, Infallible> {
        self.told = Some(found.finding);
        Ok(Verdict::Told)
    }
}

/// One test at a time: detection is switched for the whole process.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn a_wait_that_looked_sleeps_on_when_detection_is_switched_off() {
    let _alone = ALONE.lock();
    let event = Event::new();
    let mut watching = Watching::new(|| None);
    let sleeps = Arc::clone(&watching.sleeps);
    scope_within(|scope| {
        let waiter = scope.spawn(|| event.wait_with(&mut watching, Deadline::NEVER));
        eventually("it sleeps until its next look", || sleeps.count() == 1);
        deadlock::detect(false);
        eventually("it sleeps for good", || {
            sleeps.last() == Some(Deadline::NEVER) || !sleeps.are_each_longer()
        });
        event.set();
        assert_eq!(waiter.join().unwrap(), Ok(true));
    });
    deadlock::detect(true);
    assert!(sleeps.are_each_longer(), "{sleeps:?}");
}

#[test]
fn a_ring_that_may_come_undone_does_not_keep_its_watcher_awake() {
    let _alone = ALONE.lock();
    let (one, two) = (RawLock::new(), RawLock::new());
    let mut watching = Watching::new(|| None);
    let sleeps = Arc::clone(&watching.sleeps);
    scope_within(|scope| {
        scope.spawn(|| {
            two.acquire();
            eventually("the watcher sleeps until its first look", || sleeps.count() == 1);
            // That look, or the next, finds the ring.
            assert_eq!(
                one.acquire_with(&mut Watching::new(|| None), Deadline::NEVER),
                Ok(true)
            );
            one.release();
        });
        eventually("two is taken", || two.is_locked());
        one.acquire();
        scope.spawn(|| {
            // After a second in which the ring lasted: one of the two has told of it.
            eventually("the watcher sleeps for good", || {
                sleeps.last() == Some(Deadline::NEVER) || !sleeps.are_each_longer()
            });
            two.release();
        });
        assert_eq!(two.acquire_with(&mut watching, Deadline::NEVER), Ok(true));
        two.release();
        one.release();
    });
    assert!(sleeps.count() >= 3 && sleeps.are_each_longer(), "{sleeps:?}");
}

#[test]
fn a_thread_that_comes_while_threads_are_counted_is_not_taken_for_one_that_runs() {
    let _alone = ALONE.lock();
    let (never, counted) = (Event::new(), Event::new());
    scope_within(|scope| {
        let (never, counted) = (&never, &counted);
        // Two threads are counted, the watcher and one that runs; then another falls asleep.
        let mut watching = Watching::new(move || {
            if counted.is_set() {
                return Some(3);
            }
            scope.spawn(|| never.wait());
            let asleep = || {
                let mut count = 0;
                deadlock::visit(|wait| count += usize::from(!wait.timed));
                count
            };
            eventually("another sleeps", || asleep() >= 2);
            counted.set();
            Some(2)
        });
        let sleeps = Arc::clone(&watching.sleeps);
        scope.spawn(move || {
            let counted = counted.wait_timeout(PATIENCE);
            eventually("the watcher has looked and sleeps again", || sleeps.count() >= 2);
            never.set();
            assert!(counted);
        });
        let outcome = never.wait_with(&mut watching, Deadline::NEVER);
        assert_eq!((outcome, watching.told), (Ok(true), None));
    });
}

#[test]
fn a_ring_that_another_has_told_does_not_keep_its_watcher_awake() {
    let _alone = ALONE.lock();
    let (one, two) = (RawLock::new(), RawLock::new());
    let mut watching = Watching::new(|| None);
    let sleeps = Arc::clone(&watching.sleeps);
    scope_within(|scope| {
        assert!(one.try_enter());
        scope.spawn(|| {
            assert!(two.try_enter());
            eventually("the watcher sleeps until its first look", || sleeps.count() == 1);
            // Closes the ring for sure, and is told of it at once.
            assert_eq!(one.enter_with(&mut Watching::new(|| None), Deadline::NEVER), Ok(true));
            one.exit();
        });
        eventually("two is taken", || two.is_locked());
        scope.spawn(|| {
            eventually("the watcher has looked and sleeps again", || sleeps.count() >= 2);
            eventually("it sleeps on", || {
                sleeps.last() == Some(Deadline::NEVER) || sleeps.count() >= 3
            });
            two.release();
        });
        assert_eq!(two.enter_with(&mut watching, Deadline::NEVER), Ok(true));
        two.exit();
        one.exit();
    });
    assert!(sleeps.are_each_longer(), "{sleeps:?}");
}
