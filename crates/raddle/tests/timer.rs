//! Something done later.
#![cfg(not(raddle_loom))]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{PATIENCE, eventually};
use raddle::{Event, Timer};

#[test]
fn the_action_runs_after_the_delay_and_its_result_is_joined() {
    let delay = Duration::from_millis(20);
    let start = Instant::now();
    let timer = Timer::start(delay, move || start.elapsed());
    let ran_after = timer.join().unwrap().expect("nobody cancelled it");
    assert!(ran_after >= delay, "it ran {:?} early", delay - ran_after);
}

#[test]
fn a_cancelled_timer_ends_at_once_and_runs_nothing() {
    let timer = Timer::start(Duration::from_secs(3600), || unreachable!("it was cancelled"));
    timer.cancel();
    timer.cancel();
    let watched = raddle::spawn(move || timer.join().unwrap());
    let outcome = watched.join_timeout(PATIENCE).expect("cancelling ends the wait").unwrap();
    assert_eq!(outcome, None);
}

#[test]
fn cancelling_too_late_changes_nothing() {
    let (begun, go_on) = (Arc::new(Event::new()), Arc::new(Event::new()));
    let (in_begun, in_go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
    let timer = Timer::start(Duration::ZERO, move || {
        in_begun.set();
        in_go_on.wait();
        7
    });
    eventually("the action begins", || begun.is_set());
    timer.cancel();
    go_on.set();
    assert_eq!(timer.join().unwrap(), Some(7));
}

#[test]
fn a_panic_in_the_action_reaches_join() {
    let timer = Timer::start(Duration::ZERO, || std::panic::panic_any(7_u8));
    assert_eq!(timer.join().unwrap_err().downcast_ref(), Some(&7_u8));
}
