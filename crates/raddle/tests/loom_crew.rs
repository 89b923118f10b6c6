//! The pool's workers under loom: no task is left behind by a sleep, and none outlives its stack.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::check;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use raddle::Event;
use raddle::pool::Crew;

/// A crew with as many threads at work.
fn at_work(workers: usize) -> (Arc<Crew>, Vec<thread::JoinHandle<()>>) {
    let (crew, seats) = Crew::new(workers);
    let crew = Arc::new(crew);
    let work = |seat| {
        let crew = Arc::clone(&crew);
        thread::spawn(move || crew.work(&seat))
    };
    let threads = seats.into_iter().map(work).collect();
    (crew, threads)
}

fn counting(count: &Arc<AtomicUsize>) -> Box<dyn FnOnce() + Send> {
    let count = Arc::clone(count);
    Box::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    })
}

#[test]
fn every_task_is_run_before_the_crew_ends() {
    for workers in [1, 2] {
        check(if workers == 1 { 3 } else { 2 }, move || {
            let (crew, threads) = at_work(workers);
            let count = Arc::new(AtomicUsize::new(0));
            crew.push(counting(&count), None);
            crew.push(counting(&count), None);
            crew.end();
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!((count.load(Ordering::Relaxed), crew.resting()), (2, 0));
        });
    }
}

/// The first task waits for the second: somebody else has to be woken for that.
#[test]
fn a_woken_worker_wakes_another_while_tasks_are_left() {
    check(2, || {
        let (crew, threads) = at_work(2);
        let second = Arc::new(Event::new());
        let (wait, set) = (Arc::clone(&second), second);
        crew.push(Box::new(move || wait.wait()), None);
        crew.push(Box::new(move || set.set()), None);
        crew.end();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn a_body_is_left_alone_once_its_owner_goes_on() {
    check(3, || {
        let (crew, threads) = at_work(1);
        let inside = AtomicUsize::new(0);
        crew.together(1, None, &|| {
            inside.fetch_add(1, Ordering::Relaxed);
        });
        // Whoever came in has come out, and what it wrote is visible.
        assert!((1..=2).contains(&inside.into_inner()));
        crew.end();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}
