//! The profile counts how often locks were taken, waited for and held, and where.
#![cfg(all(not(raddle_loom), feature = "deadlock"))]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use raddle::contention::{Site, Tally, profile, tallies, waits};
use raddle::deadlock::Kind;
use raddle::{Event, Lock, RLock};

/// The profile is the process's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    profile(true);
    alone
}

fn of(name: &str) -> Option<Tally> {
    tallies().into_iter().find(|tally| tally.lock.name.as_deref() == Some(name))
}

fn until(what: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !what() {
        assert!(Instant::now() < limit, "not seen within a minute");
        thread::yield_now();
    }
}

fn line(site: Site) -> u32 {
    let Site::Rust(location) = site else { panic!("{site} is not in Rust") };
    assert_eq!(location.file(), file!());
    location.line()
}

#[test]
fn what_nobody_waits_for_is_counted_exactly() {
    let _alone = alone();
    let lock = Lock::checked("free", 0);
    for _ in 0..100 {
        *lock.acquire() += 1;
    }
    let here = line!() - 2;
    let tally = of("free").unwrap();
    assert_eq!((tally.locks, tally.acquisitions, tally.held.count), (1, 100, 100));
    assert_eq!(tally.waited.sum().count, 0);
    assert!(tally.waits.is_empty());
    let [(site, held)] = tally.holds[..] else { panic!("{:?}", tally.holds) };
    assert_eq!((line(site), held), (here, tally.held));
    assert!(held.total > 0 && held.longest <= held.total);
}

#[test]
fn a_wait_is_counted_with_both_places() {
    let _alone = alone();
    let lock = Lock::checked("wanted", ());
    let held = lock.acquire();
    let holder = line!() - 1;
    thread::scope(|scope| {
        scope.spawn(|| drop(lock.acquire()));
        until(|| lock.waiting() == 1);
        drop(held);
    });
    let tally = of("wanted").unwrap();
    assert_eq!((tally.acquisitions, tally.waited.sum().count), (2, 1));
    let [((site, other), waited)] = tally.waits[..] else { panic!("{:?}", tally.waits) };
    assert_eq!((line(site), line(other)), (holder + 3, holder));
    assert_eq!(waited, tally.waited.sum());
    assert!(waited.total > 0);
    assert_eq!(tally.waited.quantile(0.99), waited.longest);
    assert_eq!(tally.holds.len(), 2);
}

#[test]
fn a_wait_that_was_given_up_is_counted_and_an_attempt_is_not() {
    let _alone = alone();
    let lock = Lock::checked("given up", ());
    let held = lock.try_acquire().unwrap();
    assert!(lock.try_acquire().is_none());
    assert!(lock.acquire_timeout(Duration::from_millis(1)).is_none());
    drop(held);
    let tally = of("given up").unwrap();
    assert_eq!((tally.acquisitions, tally.waited.sum().count), (1, 1));
    assert!(tally.waited.sum().total >= 1_000_000);
}

#[test]
fn a_lock_that_its_owner_takes_again_is_taken_once() {
    let _alone = alone();
    let lock = RLock::checked("again");
    lock.acquire();
    lock.acquire();
    lock.release().unwrap();
    assert_eq!(of("again").unwrap().held.count, 0);
    lock.release().unwrap();
    let tally = of("again").unwrap();
    assert_eq!((tally.lock.kind, tally.acquisitions, tally.held.count), (Kind::RLock, 1, 1));
}

#[test]
fn locks_that_are_gone_are_counted_with_their_group() {
    let _alone = alone();
    let kept = Lock::checked("made often", ());
    for _ in 0..1000 {
        drop(kept.acquire());
        drop(Lock::checked("made often", ()).acquire());
    }
    drop(Lock::checked("made often", ())); // Was not used.
    let all: Vec<_> = tallies()
        .into_iter()
        .filter(|t| t.lock.name.as_deref() == Some("made often"))
        .collect();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].locks, all[0].acquisitions, all[0].holds.len()), (1001, 2000, 2));
}

#[test]
fn each_of_many_places_is_counted_exactly() {
    let _alone = alone();
    // (Each is a place of its own: more than are counted without a latch.)
    let places: [fn(&RLock); 12] = [
        |lock| lock.acquire(),
        |lock| lock.acquire(),
        |lock| lock.acquire(),
        |lock| lock.acquire(),
        |lock| lock.acquire(),
        |lock| lock.acquire(),
        |lock| lock.acquire(),
        |lock| lock.acquire(),
        |lock| lock.acquire(),
        |lock| lock.acquire(),
        |lock| lock.acquire(),
        |lock| lock.acquire(),
    ];
    let lock = RLock::checked("taken everywhere");
    for round in 0..12 {
        for take in &places[round..] {
            take(&lock);
            lock.release().unwrap();
        }
    }
    let tally = of("taken everywhere").unwrap();
    let mut counts: Vec<_> = tally.holds.iter().map(|(_, held)| held.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=12).collect::<Vec<_>>());
    assert_eq!((tally.acquisitions, tally.held.count), (78, 78));
    // (Each sum of ticks is rounded to nanoseconds.)
    let total: u64 = tally.holds.iter().map(|(_, held)| held.total).sum();
    assert!(total.abs_diff(tally.held.total) <= 12, "{total} of {}", tally.held.total);
}

#[test]
fn nothing_is_counted_while_it_is_off() {
    let _alone = alone();
    let lock = Lock::checked("off", ());
    profile(false);
    drop(lock.acquire());
    assert!(of("off").is_none());
    let held = lock.acquire();
    profile(true);
    drop(held);
    drop(lock.acquire());
    let tally = of("off").unwrap();
    assert_eq!((tally.acquisitions, tally.held.count), (1, 1));
}

#[test]
fn what_was_held_when_it_was_switched_off_is_not_counted() {
    let _alone = alone();
    let lock = Lock::checked("off meanwhile", ());
    let held = lock.acquire();
    profile(false);
    drop(held);
    let held = lock.acquire();
    profile(true);
    drop(held);
    let tally = of("off meanwhile").unwrap();
    assert_eq!((tally.acquisitions, tally.held.count), (1, 0));
    drop(lock.acquire());
    let tally = of("off meanwhile").unwrap();
    assert_eq!((tally.acquisitions, tally.held.count), (2, 1));
}

#[test]
fn other_waits_are_counted_by_kind() {
    let _alone = alone();
    let waits_for_events = || {
        let all = waits().into_iter().filter(|waited| waited.kind == Kind::Event);
        all.map(|waited| waited.times.sum().count).sum::<u64>()
    };
    let (before, event) = (waits_for_events(), Event::new());
    assert!(!event.wait_timeout(Duration::from_millis(1)));
    thread::scope(|scope| {
        scope.spawn(|| event.wait());
        until(|| event.waiting() == 1);
        event.set();
    });
    event.wait(); // Is set already.
    assert_eq!(waits_for_events(), before + 2);
}
