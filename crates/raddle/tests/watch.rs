//! How waits look for deadlocks: when, how often, and what they tell.
// (The portable parker sleeps in slices, which these tests would count.)
#![cfg(all(feature = "deadlock", not(raddle_loom), not(raddle_portable)))]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{PATIENCE, eventually, scope_within};
use raddle::deadlock::{self, Deadlock, Finding};
use raddle::{Blocking, Deadline, Event, Parker, RawLock, Wake};

/// Keeps watch, counts its sleeps, and ends a wait of which it is told something.
struct Watching<F> {
    threads: F,
    sleeps: Arc<AtomicUsize>,
    signals: Arc<AtomicUsize>,
    told: Option<Finding>,
}

impl<F: Fn() -> Option<usize>> Watching<F> {
    fn new(threads: F) -> Self {
        let count = || Arc::new(AtomicUsize::new(0));
        Self { threads, sleeps: count(), signals: count(), told: None }
    }
}

impl<F: Fn() -> Option<usize>> Blocking for Watching<F> {
    type Interrupt = ();

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        self.sleeps.fetch_add(1, Ordering::SeqCst);
        parker.park(until)
    }

    fn on_signal(&mut self) -> Result<(), ()> {
        self.signals.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn keeps_watch(&self) -> bool {
        true
    }

    fn threads(&self) -> Option<usize> {
        (self.threads)()
    }

    fn on_deadlock(&mut self, found: &Deadlock) -> Result<(), ()> {
        self.told = Some(found.finding);
        Err(())
    }
}

/// One test at a time: detection is switched for the whole process.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn a_wait_that_looked_sleeps_on_when_detection_is_switched_off() {
    let _alone = ALONE.lock();
    let event = Event::new();
    let mut watching = Watching::new(|| None);
    let (sleeps, signals) = (Arc::clone(&watching.sleeps), Arc::clone(&watching.signals));
    scope_within(|scope| {
        let waiter = scope.spawn(|| event.wait_with(&mut watching, Deadline::NEVER));
        eventually("it sleeps", || sleeps.load(Ordering::SeqCst) == 1);
        deadlock::detect(false);
        eventually("its round is over", || signals.load(Ordering::SeqCst) >= 1);
        // Its look is over: what follows is one sleep, and no more.
        thread::sleep(Duration::from_millis(50));
        event.set();
        assert_eq!(waiter.join().unwrap(), Ok(true));
    });
    deadlock::detect(true);
    assert!(sleeps.load(Ordering::SeqCst) <= 3, "{sleeps:?} sleeps");
}

#[test]
fn a_ring_that_may_come_undone_does_not_keep_its_watcher_awake() {
    let _alone = ALONE.lock();
    let (one, two, go) = (RawLock::new(), RawLock::new(), Event::new());
    let mut watching = Watching::new(|| None);
    let sleeps = Arc::clone(&watching.sleeps);
    scope_within(|scope| {
        scope.spawn(|| {
            two.acquire();
            go.wait();
            // Told after a second, unless the watcher is first.
            if one.acquire_with(&mut Watching::new(|| None), Deadline::NEVER) == Ok(true) {
                one.release();
            }
            two.release();
        });
        eventually("two is taken", || two.is_locked());
        one.acquire();
        scope.spawn(|| {
            eventually("the watcher sleeps", || sleeps.load(Ordering::SeqCst) == 1);
            // The ring is to be there when the watcher has slept for a while.
            thread::sleep(Duration::from_millis(300));
            go.set();
        });
        if two.acquire_with(&mut watching, Deadline::NEVER) == Ok(true) {
            two.release();
        }
        one.release();
    });
    assert!(sleeps.load(Ordering::SeqCst) <= 5, "{sleeps:?} sleeps");
}

#[test]
fn a_thread_that_comes_while_threads_are_counted_is_not_taken_for_one_that_runs() {
    let _alone = ALONE.lock();
    let (never, done) = (Event::new(), Event::new());
    scope_within(|scope| {
        let (never, done) = (&never, &done);
        // Two threads are counted, the watcher and one that runs; then another falls asleep.
        let mut watching = Watching::new(move || {
            if !done.is_set() {
                scope.spawn(|| never.wait());
                let asleep = || {
                    let mut count = 0;
                    deadlock::visit(|wait| count += usize::from(!wait.timed));
                    count
                };
                eventually("another sleeps", || asleep() >= 2);
                done.set();
            }
            Some(2)
        });
        scope.spawn(|| {
            let counted = done.wait_timeout(PATIENCE);
            thread::sleep(Duration::from_millis(100)); // Which the watcher needs to look.
            never.set();
            assert!(counted);
        });
        let outcome = never.wait_with(&mut watching, Deadline::NEVER);
        never.set();
        assert_eq!((outcome, watching.told), (Ok(true), None));
    });
}
