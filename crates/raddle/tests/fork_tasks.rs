//! What a forked child finds in a pool's queue and in a future: the workers and waiters are the
//! parent's, the tasks are there unless a thread was changing the queue at that moment.
#![cfg(not(raddle_loom))]

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use common::{eventually, exit_status, in_child, scope_within};
use raddle::future::{Access, Completion, Phase};
use raddle::pool::{Demand, Seat, Tasks};
use raddle::{Deadline, Native};

const FORKS: usize = 200;

fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(tasks: &Tasks<usize>) -> usize {
    let (mut seat, mut sum) = (Seat::new(), 0);
    loop {
        if let Some(task) = tasks.take(&mut seat) {
            sum += task;
            continue;
        }
        if !tasks.spin(&mut seat, &mut Native) {
            tasks.sleep(&mut seat, &mut Native, Deadline::NEVER).unwrap();
        }
        if tasks.is_closed() && tasks.is_empty() {
            tasks.leave(&mut seat);
            return sum;
        }
    }
}

/// Whether a queue works: a worker of its own takes what is pushed.
fn is_usable(tasks: &Tasks<usize>) -> bool {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| work(tasks));
        let pushed = (1..=10).all(|task| tasks.push(task).is_ok());
        tasks.close();
        pushed && worker.join().unwrap() >= 55
    })
}

#[test]
fn the_child_has_the_tasks_and_none_of_the_workers() {
    let _alone = alone();
    let tasks = Tasks::new();
    scope_within(|scope| {
        for _ in 0..2 {
            scope.spawn(|| work(&tasks));
        }
        eventually("both sleep", || tasks.sleeping() == 2);
        let child = in_child(|| {
            let none = (tasks.searching(), tasks.sleeping()) == (0, 0);
            none && tasks.push(100) == Ok(Demand::Unmet) && is_usable(&tasks)
        });
        let status = exit_status(child);
        tasks.close();
        assert_eq!(status, 0);
    });
    let (left, mut seat) = (Tasks::new(), Seat::new());
    let _ = (left.push(1).unwrap(), left.push(2).unwrap());
    let child = in_child(|| left.len() == 2 && left.take(&mut Seat::new()) == Some(1));
    assert_eq!(exit_status(child), 0);
    assert_eq!((left.take(&mut seat), left.len()), (Some(1), 1));
}

#[test]
fn a_queue_in_full_use_during_the_fork_is_usable_in_the_child() {
    let _alone = alone();
    static END: AtomicBool = AtomicBool::new(false);
    let tasks: &'static Tasks<usize> = Box::leak(Box::new(Tasks::new()));
    let worker = std::thread::spawn(|| work(tasks));
    let pusher = std::thread::spawn(|| {
        while !END.load(Ordering::Relaxed) {
            let _ = tasks.push(1).unwrap();
        }
    });
    for fork in 0..FORKS {
        let child = in_child(|| is_usable(tasks));
        assert_eq!(exit_status(child), 0, "fork number {fork}");
    }
    END.store(true, Ordering::Relaxed);
    pusher.join().unwrap();
    tasks.close();
    worker.join().unwrap();
}

#[test]
fn a_future_ends_in_the_child_for_the_childs_threads() {
    let _alone = alone();
    let core = Completion::new();
    scope_within(|scope| {
        for _ in 0..2 {
            scope.spawn(|| core.wait());
        }
        eventually("both wait", || core.waiting() == 2);
        let child = in_child(|| {
            let forgot = core.waiting() == 0;
            std::thread::scope(|scope| {
                let waiter = scope.spawn(|| core.wait());
                eventually("the child's thread waits", || core.waiting() == 1);
                let _ = core.claim(Access::Free).unwrap().publish();
                forgot && waiter.join().is_ok() && core.phase() == Phase::Finished
            })
        });
        let (status, phase) = (exit_status(child), core.phase());
        let _ = core.cancel(Access::Free).unwrap();
        assert_eq!((status, phase), (0, Phase::Pending), "the child has a future of its own");
    });
}
