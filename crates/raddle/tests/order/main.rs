//! What the primitives order, by the clocks of the threads.
//!
//! Each test has one thread note a moment and release something, and another one acquire it: that
//! one is ordered after the moment then, and was not before. The test itself stands on the standard
//! library's threads and channels, which order nothing here.
#![cfg(all(feature = "race", not(raddle_loom)))]

#[path = "../common/mod.rs"]
mod common;
mod futures;
mod locks;
mod pools;
mod queues;
mod threads;

use std::sync::mpsc;
use std::time::Duration;

use common::{eventually, scope_within};
use raddle::race::probe::{Moment, is_after, now};

const LONG: Duration = Duration::from_secs(50);

fn on() {
    raddle::race::check(true, false);
}

/// One thread releases, then another one acquires.
#[track_caller]
fn orders<R, A>(release: impl FnOnce() -> R + Send, acquire: impl FnOnce() -> A + Send) {
    assert!(is_ordered(release, acquire), "it is ordered");
}

#[track_caller]
fn orders_nothing<R, A>(
    release: impl FnOnce() -> R + Send,
    acquire: impl FnOnce() -> A + Send,
) {
    assert!(!is_ordered(release, acquire), "it is not ordered");
}

fn is_ordered<R, A>(
    release: impl FnOnce() -> R + Send,
    acquire: impl FnOnce() -> A + Send,
) -> bool {
    on();
    let (tell, told) = mpsc::channel();
    scope_within(|scope| {
        let releasing = scope.spawn(move || {
            let then = now();
            drop(release());
            let later = now();
            tell.send((then, later)).unwrap();
        });
        let acquiring = scope.spawn(move || {
            let (then, later): (Moment, Moment) = told.recv().unwrap();
            assert!(!is_after(then), "not before it acquires");
            drop(acquire());
            assert!(!is_after(later), "nor after what comes after the release");
            is_after(then)
        });
        releasing.join().unwrap();
        acquiring.join().unwrap()
    })
}

/// One thread acquires, and waits for that; another one releases when it is seen to wait.
#[track_caller]
fn orders_what_waits<R, A>(
    release: impl FnOnce() -> R + Send,
    acquire: impl FnOnce() -> A + Send,
    waits: impl Fn() -> bool + Send,
) {
    on();
    let (tell, told) = mpsc::channel();
    scope_within(|scope| {
        scope.spawn(move || {
            drop(acquire());
            assert!(is_after(told.recv().unwrap()), "it is ordered");
        });
        scope.spawn(move || {
            eventually("it waits", waits);
            tell.send(now()).unwrap();
            drop(release());
        });
    });
}
