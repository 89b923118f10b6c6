//! Threads for Rust programs.
#![cfg(not(raddle_loom))]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{PATIENCE, eventually, not_early};
use raddle::{Event, Thread, spawn, thread::Builder};

fn join<T>(thread: Thread<T>) -> raddle::thread::Joined<T> {
    thread.join_timeout(PATIENCE).unwrap_or_else(|_| panic!("the thread hangs"))
}

#[test]
fn join_returns_what_the_thread_returned() {
    let threads: Vec<_> = (0..10).map(|number| spawn(move || number * number)).collect();
    let squares: Vec<_> = threads.into_iter().map(|thread| join(thread).unwrap()).collect();
    assert_eq!(squares, [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
}

#[test]
fn a_panic_reaches_join() {
    let thread = spawn(|| std::panic::panic_any("the reason"));
    let reason = join(thread).unwrap_err();
    assert_eq!(reason.downcast_ref(), Some(&"the reason"));
}

#[test]
fn a_timed_join_gives_the_thread_back_but_never_early() {
    let end = Arc::new(Event::new());
    let awaited = Arc::clone(&end);
    let mut thread = Some(spawn(move || awaited.wait()));
    let timeout = Duration::from_millis(20);
    let joined = not_early(timeout, |timeout| {
        thread.take().unwrap().join_timeout(timeout).map_err(|late| thread = Some(late)).is_ok()
    });
    assert!(!joined);
    let thread = thread.unwrap();
    assert!(!thread.is_finished());
    end.set();
    eventually("it ends", || thread.is_finished());
    join(thread).unwrap();
}

#[test]
fn a_name_is_seen_by_the_thread_the_handle_and_the_system() {
    let (sent, received) = std::sync::mpsc::channel();
    let thread = Builder::new()
        .name("greeter")
        .stack_size(256 * 1024)
        .spawn(move || {
            sent.send(std::thread::current().name().map(String::from)).unwrap();
            // Its own entry: the folder of all threads may skip one while others end.
            std::fs::read_to_string("/proc/thread-self/comm")
        })
        .unwrap();
    assert_eq!(thread.name(), Some("greeter"));
    assert_eq!(received.recv().unwrap().as_deref(), Some("greeter"));
    let name = join(thread).unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(name.unwrap().trim(), "greeter");
    }
}

#[test]
fn a_dropped_thread_runs_on() {
    let ran = Arc::new(Event::new());
    let setter = Arc::clone(&ran);
    drop(spawn(move || setter.set()));
    assert!(ran.wait_timeout(PATIENCE));
}

#[test]
fn a_thread_that_cannot_start_is_an_error_and_runs_nothing() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let refused = Builder::new()
        .stack_size(usize::MAX / 4)
        .spawn(move || counter.fetch_add(1, Ordering::SeqCst));
    assert!(refused.is_err());
    assert_eq!((Arc::strong_count(&runs), runs.load(Ordering::SeqCst)), (1, 0));
}

#[test]
fn hundreds_of_threads_all_end() {
    let counter = Arc::new(raddle::Lock::new(0));
    let threads: Vec<_> = (0..500)
        .map(|_| {
            let counter = Arc::clone(&counter);
            Builder::new().stack_size(128 * 1024).spawn(move || *counter.acquire() += 1)
        })
        .collect();
    for thread in threads {
        join(thread.unwrap()).unwrap();
    }
    assert_eq!(*counter.acquire(), 500);
}
