//! The pool's workers under loom: no task is left behind by a sleep, and none outlives its stack.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::check;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use raddle::Event;
use raddle::pool::{Crew, Member, TaskEnd};

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

/// A thread that waits for `completion` on a seat of a crew, doing tasks meanwhile.
fn waiting(
    crew: &Arc<Crew>,
    seat: Member,
    completion: &Arc<TaskEnd>,
) -> thread::JoinHandle<()> {
    let (crew, completion) = (Arc::clone(crew), Arc::clone(completion));
    thread::spawn(move || crew.wait_for(&seat, &completion))
}

#[test]
fn a_worker_that_waits_does_what_comes_before_its_completion() {
    check(3, || {
        let (crew, mut seats) = Crew::new(1);
        let (crew, completion) = (Arc::new(crew), Arc::new(TaskEnd::new()));
        let waiter = waiting(&crew, seats.pop().unwrap(), &completion);
        let completes = Arc::clone(&completion);
        // Nobody else could do it.
        crew.push(Box::new(move || completes.complete()), None);
        waiter.join().unwrap();
        assert!(completion.is_complete() && crew.resting() == 0);
    });
}

#[test]
fn a_worker_that_waits_is_woken_by_its_completion() {
    check(3, || {
        let (crew, mut seats) = Crew::new(1);
        let (crew, completion) = (Arc::new(crew), Arc::new(TaskEnd::new()));
        let waiter = waiting(&crew, seats.pop().unwrap(), &completion);
        completion.complete();
        waiter.join().unwrap();
        assert_eq!(crew.resting(), 0);
    });
}

#[test]
fn a_thread_of_no_crew_is_woken_by_the_completion_it_waits_for() {
    check(3, || {
        let completion = Arc::new(TaskEnd::new());
        let completes = Arc::clone(&completion);
        let other = thread::spawn(move || completes.complete());
        completion.wait();
        other.join().unwrap();
    });
}

/// The waiter may be the one that is woken for the first task, which the worker does. Nobody is
/// woken for the second then, though the worker sleeps, and the waiter leaves without a look.
#[test]
fn a_worker_whose_completion_comes_passes_on_what_it_was_woken_for() {
    check(2, || {
        let (crew, mut seats) = Crew::new(2);
        let (crew, completion) = (Arc::new(crew), Arc::new(TaskEnd::new()));
        let waiter = waiting(&crew, seats.pop().unwrap(), &completion);
        let worker = {
            let (crew, seat) = (Arc::clone(&crew), seats.pop().unwrap());
            thread::spawn(move || crew.work(&seat))
        };
        let done = Arc::new(Event::new());
        let set = Arc::clone(&done);
        crew.push(Box::new(|| {}), None);
        crew.push(Box::new(move || set.set()), None);
        completion.complete();
        waiter.join().unwrap();
        done.wait(); // before the end, which would wake the other one
        crew.end();
        worker.join().unwrap();
    });
}
