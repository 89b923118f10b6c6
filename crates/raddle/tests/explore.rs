//! Mistakes in programs on the crate, found by exploring: `cargo test --features explore`.
#![cfg(all(feature = "explore", not(raddle_loom)))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, thread};

use raddle::thread::schedule::{Explorer, Orders};
use raddle::{
    BoundedSemaphore, Condition, Deadline, Event, Lock, Queue, RLock, RwLock, Semaphore,
    explore, group, replay, scope, spawn,
};

/// Whether exploring finds a schedule under which `body` panics.
fn fails(body: impl Fn()) -> bool {
    catch_unwind(AssertUnwindSafe(|| Explorer::new().runs(1_000).explore(body))).is_err()
}

fn lose_an_update() {
    let total = Lock::new(0);
    let add = || {
        let seen = *total.acquire();
        *total.acquire() = seen + 1;
    };
    scope(|threads| {
        threads.spawn(add);
        threads.spawn(add);
    });
    assert_eq!(*total.acquire(), 2);
}

#[test]
fn each_primitive_is_a_point() {
    assert!(fails(lose_an_update));
    // Each of these lets the other thread in, between a look and what relies on it.
    let between = |wait: &(dyn Fn() + Sync)| {
        let total = AtomicUsize::new(0);
        let add = || {
            let seen = total.load(Ordering::Relaxed);
            wait();
            total.store(seen + 1, Ordering::Relaxed);
        };
        scope(|threads| {
            let one = threads.spawn(add);
            add();
            one.join().unwrap();
        });
        assert_eq!(total.load(Ordering::Relaxed), 2);
    };
    let (permits, bounded) = (Semaphore::new(9), BoundedSemaphore::new(9));
    let (event, lock, values, queue) =
        (Event::new(), RLock::new(), RwLock::new(0), Queue::unbounded());
    let condition = Condition::new();
    assert!(!fails(|| between(&|| ())));
    assert!(fails(|| between(&|| drop(permits.hold()))));
    assert!(fails(|| between(&|| drop(bounded.hold()))));
    assert!(fails(|| between(&|| event.set())));
    assert!(fails(|| between(&|| drop(values.read()))));
    assert!(fails(|| between(&|| drop(values.write()))));
    assert!(fails(|| between(&|| _ = queue.try_get())));
    assert!(fails(|| between(&|| _ = queue.put(1))));
    assert!(fails(|| between(&|| condition.notify_all())));
    assert!(fails(|| between(&|| {
        lock.acquire();
        lock.release().unwrap();
    })));
}

#[test]
fn threads_of_groups_and_scopes_take_turns() {
    assert!(fails(|| {
        let total = Lock::new(0);
        let _ = group::<_, (), _>(Deadline::NEVER, |tasks| {
            for _ in 0..2 {
                tasks.start(|_| {
                    let seen = *total.acquire();
                    *total.acquire() = seen + 1;
                    Ok(())
                });
            }
            Ok(())
        });
        assert_eq!(*total.acquire(), 2);
    }));
}

#[test]
fn a_right_program_passes_and_all_its_orders_are_tried() {
    let right = || {
        let (total, done) = (Arc::new(Lock::new(0)), Arc::new(Event::new()));
        let (their_total, theirs) = (Arc::clone(&total), Arc::clone(&done));
        let thread = spawn(move || {
            *their_total.acquire() += 1;
            theirs.set();
        });
        done.wait();
        assert_eq!(*total.acquire(), 1);
        thread.join().unwrap();
    };
    assert!(explore(right).runs > 1);
    let all = Explorer::new().strategy(Orders::new()).runs(100_000).explore(right);
    assert!(all.complete && all.runs > 1);
}

/// Runs a test of this file in a process of its own; returns what it has said.
fn run(name: &str, word: Option<&str>) -> (bool, String) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env_remove("RADDLE_REPLAY").envs(word.map(|word| ("RADDLE_REPLAY", word)));
    let done = command.output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
}

fn word(said: &str) -> &str {
    said.rsplit("RADDLE_REPLAY=").next().unwrap().split_whitespace().next().unwrap()
}

#[test]
#[ignore = "it fails, for the tests below"]
fn loses() {
    explore(lose_an_update);
}

#[test]
#[ignore = "it ends the process, for the tests below"]
fn hangs() {
    explore(|| {
        let both = [Lock::new(0), Lock::new(0)];
        scope(|threads| {
            threads.spawn(|| (both[0].acquire(), both[1].acquire(), ()).2);
            threads.spawn(|| (both[1].acquire(), both[0].acquire(), ()).2);
        });
    });
}

#[test]
fn a_failure_is_shown_and_comes_again() {
    let (passed, said) = run("loses", None);
    assert!(!passed);
    assert!(said.contains("with 1 preemption"), "{said}");
    assert!(said.contains("Lock.acquire explore.rs:"), "{said}");
    // It is told once, however many runs it took.
    assert_eq!(said.matches("panicked").count(), 1, "{said}");
    let (passed, again) = run("loses", Some(word(&said)));
    assert!(!passed);
    assert_eq!(word(&again), word(&said));
}

#[test]
fn threads_that_wait_for_each_other_end_the_process_with_a_word() {
    let (passed, said) = run("hangs", None);
    assert!(!passed);
    assert!(said.contains("all threads wait for each other"), "{said}");
    let (passed, again) = run("hangs", Some(word(&said)));
    assert!(!passed);
    assert_eq!(word(&again), word(&said));
}

#[test]
fn what_is_no_word_is_refused() {
    for wrong in ["", "r2", "r1-0.0", "r1-1", "r1--1.1", "r1-+1.1", "r1-99999999999999999999.1"]
    {
        let refused = catch_unwind(|| replay(wrong, || ())).unwrap_err();
        assert!(
            refused.downcast_ref::<String>().unwrap().contains("is no schedule"),
            "{wrong}"
        );
    }
    replay("r1", || ());
}

#[test]
fn a_thread_that_takes_turns_explores_nothing() {
    let inner = || drop(catch_unwind(|| explore(|| ())).unwrap_err());
    explore(|| {
        inner();
        spawn(inner).join().unwrap();
    });
    thread::spawn(|| explore(|| ())).join().unwrap();
}
