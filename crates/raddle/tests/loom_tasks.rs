//! A pool's queue under loom: no task is lost, and no wake-up.
#![cfg(raddle_loom)]

mod common;

use std::ops::ControlFlow;
use std::sync::Arc;

use common::{Interrupted, Scripted, Step, check};
use loom::sync::Notify;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use raddle::Deadline;
use raddle::pool::{Closed, Demand, LastEnd, Seat, Tasks, Worker};

/// A deadline that is not past when the wait begins, but is whenever the wait looks.
fn soon() -> Deadline {
    Deadline::after_nanos(1)
}

/// A worker that ends its work with the first task, which is not run; it may owe the end of one
/// before.
struct Taker<'a> {
    blocking: Scripted,
    last: LastEnd,
    /// Called when that end is told; and what is to be called then.
    told: &'a dyn Fn(),
    call: &'a dyn Fn(),
    observed: bool,
}

impl Taker<'_> {
    fn new(steps: &[Step]) -> Self {
        let (told, call) = (&|| {}, &|| {});
        Self {
            blocking: Scripted::new(steps),
            last: LastEnd::Told,
            told,
            call,
            observed: false,
        }
    }
}

impl Worker<u32> for Taker<'_> {
    type Blocking = Scripted;
    type Output = u32;

    fn run(&mut self, task: u32) -> Result<ControlFlow<u32>, Interrupted> {
        assert_eq!(self.last, LastEnd::Told, "told before the next one is taken");
        Ok(ControlFlow::Break(task))
    }

    fn last_end(&self) -> LastEnd {
        self.last
    }

    fn tell(&mut self) {
        self.last = LastEnd::Told;
        (self.told)();
        (self.call)();
    }

    fn detach_and_tell(&mut self) {
        if std::mem::replace(&mut self.last, LastEnd::Told) != LastEnd::Told {
            (self.told)();
        }
    }

    fn blocking(&mut self) -> &mut Scripted {
        &mut self.blocking
    }

    fn attach(&mut self) -> bool {
        std::mem::take(&mut self.observed)
    }

    fn call_back(&mut self) {
        (self.call)();
    }
}

/// Takes one task as a worker does: looks, spins, sleeps. `None` once closed and empty.
fn next(tasks: &Tasks<u32>, steps: &[Step]) -> Result<Option<u32>, Interrupted> {
    tasks.work(&mut Taker::new(steps), true)
}

/// A worker that does one task, without ever spinning if it is to `sleep` at once.
fn one(tasks: &Tasks<u32>, sleep: bool) -> u32 {
    if !sleep {
        return next(tasks, &[]).unwrap().unwrap();
    }
    let mut seat = tasks.seat();
    loop {
        let mut blocking = Scripted::new(&[]);
        tasks.sleep(&mut seat, &mut blocking, Deadline::NEVER).unwrap();
        if let Some(task) = tasks.take(&mut seat) {
            return task;
        }
    }
}

fn spawn<T: 'static>(
    tasks: &Arc<Tasks<u32>>,
    body: impl FnOnce(&Tasks<u32>) -> T + 'static,
) -> thread::JoinHandle<T> {
    let tasks = Arc::clone(tasks);
    thread::spawn(move || body(&tasks))
}

fn at_rest(tasks: &Tasks<u32>) {
    assert_eq!((tasks.len(), tasks.searching(), tasks.sleeping()), (0, 0, 0));
}

#[test]
fn a_task_pushed_while_the_worker_falls_asleep_is_found() {
    for sleep in [true, false] {
        check(6, move || {
            let tasks = Arc::new(Tasks::new());
            let worker = spawn(&tasks, move |tasks| one(tasks, sleep));
            let _ = tasks.push(1).unwrap();
            assert_eq!(worker.join().unwrap(), 1);
            at_rest(&tasks);
        });
    }
}

/// Two tasks are pushed one after the other for two workers, each of which does one and does not
/// come back: were the second task left to the first worker, it would never be done.
fn two_pushes_serve_two_workers(sleep: [bool; 2], preemptions: usize) {
    check(preemptions, move || {
        let tasks = Arc::new(Tasks::new());
        let workers = sleep.map(|sleep| spawn(&tasks, move |tasks| one(tasks, sleep)));
        let _ = tasks.push(1).unwrap();
        let _ = tasks.push(2).unwrap();
        let done: u32 = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
        assert_eq!(done, 3);
        at_rest(&tasks);
    });
}

#[test]
fn two_pushes_serve_two_workers_that_sleep() {
    two_pushes_serve_two_workers([true, true], 4);
}

#[test]
fn two_pushes_serve_two_workers_that_spin_first() {
    two_pushes_serve_two_workers([false, false], 3);
}

#[test]
fn two_pushes_serve_a_worker_that_sleeps_and_one_that_spins_first() {
    two_pushes_serve_two_workers([true, false], 3);
}

#[test]
fn pushes_of_two_threads_serve_two_workers() {
    check(2, || {
        let tasks = Arc::new(Tasks::new());
        let workers = [true; 2].map(|sleep| spawn(&tasks, move |tasks| one(tasks, sleep)));
        let pusher = spawn(&tasks, |tasks| tasks.push(1).map(drop));
        let _ = tasks.push(2).unwrap();
        pusher.join().unwrap().unwrap();
        let done: u32 = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
        assert_eq!(done, 3);
        at_rest(&tasks);
    });
}

/// Two workers and two tasks again, but whoever does the first task waits for the second's end:
/// the prototype without the second rule of the README hung here.
#[test]
fn a_worker_that_takes_a_task_sends_another_for_the_next() {
    check(2, || {
        let tasks = Arc::new(Tasks::new());
        let second_done = Arc::new(Notify::new());
        let workers = [(); 2].map(|()| {
            let second_done = Arc::clone(&second_done);
            spawn(&tasks, move |tasks| {
                let task = next(tasks, &[]).unwrap().unwrap();
                if task == 1 {
                    second_done.wait()
                } else {
                    second_done.notify()
                }
                task
            })
        });
        let _ = tasks.push(1).unwrap();
        let _ = tasks.push(2).unwrap();
        let done: u32 = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
        assert_eq!(done, 3);
        at_rest(&tasks);
    });
}

#[test]
fn a_scout_that_leaves_sends_another_for_what_came_meanwhile() {
    check(3, || {
        let tasks = Arc::new(Tasks::new());
        let leaver = spawn(&tasks, |tasks| {
            let mut seat = Seat::new();
            // Scouts and gives up, whatever the spin has seen.
            tasks.spin(&mut seat, &mut Scripted::new(&[]));
            tasks.leave(&mut seat);
        });
        let worker = spawn(&tasks, |tasks| one(tasks, true));
        let _ = tasks.push(1).unwrap();
        leaver.join().unwrap();
        assert_eq!(worker.join().unwrap(), 1);
        at_rest(&tasks);
    });
}

#[test]
fn an_interrupted_worker_passes_its_wake_up_on() {
    check(3, || {
        let tasks = Arc::new(Tasks::new());
        let interrupted = spawn(&tasks, |tasks| {
            if let Ok(Some(task)) = next(tasks, &[Step::Interrupt]) {
                let _ = tasks.push_always(task);
            }
        });
        let patient = spawn(&tasks, |tasks| one(tasks, true));
        let _ = tasks.push(1).unwrap();
        assert_eq!(patient.join().unwrap(), 1);
        interrupted.join().unwrap();
        at_rest(&tasks);
    });
}

#[test]
fn a_sleeper_that_times_out_leaves_the_task_to_another() {
    check(3, || {
        let tasks = Arc::new(Tasks::new());
        let hasty = spawn(&tasks, |tasks| {
            let mut seat = Seat::new();
            let found =
                tasks.sleep(&mut seat, &mut Scripted::new(&[Step::TimeOut]), soon()).unwrap();
            // It was sent for, or it was not; it goes either way.
            tasks.leave(&mut seat);
            found
        });
        let patient = spawn(&tasks, |tasks| one(tasks, true));
        let _ = tasks.push(1).unwrap();
        assert_eq!(patient.join().unwrap(), 1);
        let _ = hasty.join().unwrap();
        at_rest(&tasks);
    });
}

#[test]
fn a_handled_signal_costs_no_task() {
    check(6, || {
        let tasks = Arc::new(Tasks::new());
        let worker = spawn(&tasks, |tasks| next(tasks, &[Step::Handle]));
        let _ = tasks.push(1).unwrap();
        assert_eq!(worker.join().unwrap(), Ok(Some(1)));
        at_rest(&tasks);
    });
}

#[test]
fn a_push_asks_for_another_worker_unless_one_will_look() {
    check(3, || {
        let tasks = Arc::new(Tasks::new());
        let worker = spawn(&tasks, |tasks| next(tasks, &[]).unwrap());
        // The one worker that looks, if it does already, is for the first task.
        let _ = tasks.push(1).unwrap();
        assert_eq!(tasks.push(2), Ok(Demand::Unmet));
        let left = spawn(&tasks, |tasks| one(tasks, false));
        assert_eq!(worker.join().unwrap().unwrap() + left.join().unwrap(), 3);
        at_rest(&tasks);
    });
}

#[test]
fn whoever_hears_of_a_workers_end_of_task_finds_it_looking() {
    check(6, || {
        let tasks = Arc::new(Tasks::new());
        let done = Arc::new(AtomicUsize::new(0));
        let worker = {
            let done = Arc::clone(&done);
            spawn(&tasks, move |tasks| {
                let told = || done.store(1, Ordering::Release);
                let last = LastEnd::Owed;
                tasks.work(&mut Taker { last, told: &told, ..Taker::new(&[]) }, true).unwrap()
            })
        };
        while done.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
        assert_eq!(tasks.push(1), Ok(Demand::Met));
        assert_eq!(worker.join().unwrap(), Some(1));
        at_rest(&tasks);
    });
}

#[test]
fn the_end_of_a_task_is_told_once_and_before_the_next_one_is_taken() {
    for last in [LastEnd::Owed, LastEnd::Observed] {
        check(3, move || {
            let tasks = Arc::new(Tasks::new());
            let worker = spawn(&tasks, move |tasks| {
                let count = AtomicUsize::new(0);
                let told = || {
                    count.fetch_add(1, Ordering::Relaxed);
                };
                let mut taker = Taker { last, told: &told, ..Taker::new(&[]) };
                let task = tasks.work(&mut taker, true).unwrap();
                (task, count.load(Ordering::Relaxed))
            });
            let _ = tasks.push(1).unwrap();
            assert_eq!(worker.join().unwrap(), (Some(1), 1));
            at_rest(&tasks);
        });
    }
}

/// What is called pushes a task and waits for it: it hangs if the worker that calls it counts as
/// one that will look.
#[test]
fn a_worker_is_not_counted_while_it_calls_back() {
    for (last, observed) in [(LastEnd::Owed, true), (LastEnd::Observed, false)] {
        check(3, move || {
            let tasks = Arc::new(Tasks::new());
            let call = || {
                assert_eq!(tasks.push(1), Ok(Demand::Unmet));
                assert_eq!(spawn(&tasks, |tasks| one(tasks, false)).join().unwrap(), 1);
                tasks.close();
            };
            let mut taker = Taker { last, observed, call: &call, ..Taker::new(&[]) };
            assert_eq!(tasks.work(&mut taker, true), Ok(None));
            at_rest(&tasks);
        });
    }
}

#[test]
fn closing_ends_all_workers_and_loses_no_task() {
    check(2, || {
        let tasks = Arc::new(Tasks::new());
        let done = Arc::new(AtomicUsize::new(0));
        let workers = [(); 2].map(|()| {
            let done = Arc::clone(&done);
            spawn(&tasks, move |tasks| {
                while let Some(task) = next(tasks, &[]).unwrap() {
                    done.fetch_add(task as usize, Ordering::Relaxed);
                }
            })
        });
        let _ = tasks.push(1).unwrap();
        tasks.close();
        assert_eq!(tasks.push(2), Err(Closed(2)));
        for worker in workers {
            worker.join().unwrap();
        }
        assert_eq!(done.load(Ordering::Relaxed), 1);
        at_rest(&tasks);
    });
}

#[test]
fn a_push_while_it_is_closed_is_refused_or_done() {
    check(3, || {
        let tasks = Arc::new(Tasks::new());
        let worker = spawn(&tasks, |tasks| {
            let mut done = 0;
            while let Some(task) = next(tasks, &[]).unwrap() {
                done += task;
            }
            done
        });
        let closer = spawn(&tasks, Tasks::close);
        let pushed = tasks.push(1).is_ok();
        closer.join().unwrap();
        assert_eq!(worker.join().unwrap(), u32::from(pushed));
        at_rest(&tasks);
    });
}

#[test]
fn a_task_is_drained_or_done_never_both_or_neither() {
    check(3, || {
        let tasks = Arc::new(Tasks::new());
        let _ = tasks.push(1).unwrap();
        let _ = tasks.push(2).unwrap();
        let worker = spawn(&tasks, |tasks| {
            let mut seat = Seat::new();
            let task = tasks.take(&mut seat);
            tasks.leave(&mut seat);
            task.unwrap_or(0)
        });
        let drained: u32 = tasks.drain(0).into_iter().sum();
        assert_eq!(drained + worker.join().unwrap(), 3);
        at_rest(&tasks);
    });
}

#[test]
fn draining_leaves_the_workers_asleep_and_wakeable() {
    check(2, || {
        let tasks = Arc::new(Tasks::new());
        let worker = spawn(&tasks, |tasks| one(tasks, false));
        let _ = tasks.push(1).unwrap();
        if tasks.drain(0).len() == 1 {
            let _ = tasks.push(2).unwrap();
            assert_eq!(worker.join().unwrap(), 2);
        } else {
            assert_eq!(worker.join().unwrap(), 1);
        }
        at_rest(&tasks);
    });
}
