//! A pool's queue of tasks, with real threads.
#![cfg(not(raddle_loom))]

mod common;

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Interrupted, eventually, interrupted, not_early, scope_within};
use raddle::pool::{Closed, Demand, LastEnd, Seat, Tasks, Worker};
use raddle::{Deadline, Native};

/// A worker that owes nobody the end of a task.
struct Runner<F>(F, Native);

impl<T, F: FnMut(T)> Worker<T> for Runner<F> {
    type Blocking = Native;
    type Output = Infallible;

    fn run(&mut self, task: T) -> Result<ControlFlow<Infallible>, Infallible> {
        (self.0)(task);
        Ok(ControlFlow::Continue(()))
    }

    fn last_end(&self) -> LastEnd {
        LastEnd::Told
    }

    fn tell(&mut self) {
        unreachable!("it has been told");
    }

    fn detach_and_tell(&mut self) {}

    fn blocking(&mut self) -> &mut Native {
        &mut self.1
    }

    fn attach(&mut self) -> bool {
        false
    }

    fn call_back(&mut self) {
        unreachable!("nothing is to be called");
    }
}

/// Works until the queue is closed and empty, as a worker does.
fn work<T>(tasks: &Tasks<T>, run: impl FnMut(T)) {
    assert!(matches!(tasks.work(&mut Runner(run, Native), true), Ok(None)));
}

fn all_asleep<T>(tasks: &Tasks<T>, workers: usize) {
    eventually("all workers sleep", || tasks.sleeping() == workers);
}

#[test]
fn tasks_come_out_in_the_order_in_which_they_went_in() {
    let (tasks, mut seat) = (Tasks::new(), Seat::new());
    for number in 0..100 {
        assert_eq!(tasks.push(number), Ok(Demand::Unmet));
    }
    assert_eq!(tasks.len(), 100);
    for number in 0..100 {
        assert_eq!(tasks.take(&mut seat), Some(number));
    }
    assert!(tasks.take(&mut seat).is_none() && tasks.is_empty());
}

#[test]
fn a_push_says_whether_the_workers_suffice() {
    let tasks = Tasks::new();
    let (go, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    scope_within(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                work(&tasks, |task: usize| {
                    eventually("the test goes on", || go.load(Ordering::SeqCst) >= task);
                    done.fetch_add(1, Ordering::SeqCst);
                })
            });
        }
        all_asleep(&tasks, 2);
        assert_eq!(tasks.searching(), 2);
        assert_eq!(tasks.push(1), Ok(Demand::Met));
        eventually("one is at it", || tasks.is_empty());
        assert_eq!(tasks.push(1), Ok(Demand::Met));
        eventually("so is the other", || tasks.is_empty());
        assert_eq!(tasks.push(1), Ok(Demand::Unmet), "both are busy");
        go.store(1, Ordering::SeqCst);
        eventually("all are done", || done.load(Ordering::SeqCst) == 3);
        tasks.close();
    });
    assert_eq!((tasks.searching(), tasks.sleeping()), (0, 0));
}

#[test]
fn the_worker_that_fell_asleep_last_is_woken_first() {
    let (tasks, order) = (Tasks::new(), AtomicUsize::new(0));
    scope_within(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|number| {
                let worker = scope.spawn(|| {
                    let mut seat = Seat::new();
                    tasks.sleep(&mut seat, &mut Native, Deadline::NEVER).unwrap();
                    let task = tasks.take(&mut seat);
                    order.fetch_add(1, Ordering::SeqCst);
                    tasks.leave(&mut seat);
                    task
                });
                all_asleep(&tasks, number + 1);
                worker
            })
            .collect();
        for number in 0..3 {
            assert_eq!(tasks.push(number), Ok(Demand::Met));
            eventually("it is taken", || order.load(Ordering::SeqCst) == number + 1);
        }
        let taken: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
        assert_eq!(taken, [Some(2), Some(1), Some(0)]);
    });
}

#[test]
fn closing_refuses_tasks_wakes_all_and_hands_out_what_is_left() {
    let (tasks, done) = (Tasks::new(), AtomicUsize::new(0));
    scope_within(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                work(&tasks, |()| {
                    done.fetch_add(1, Ordering::Relaxed);
                })
            });
        }
        all_asleep(&tasks, 4);
        for _ in 0..10 {
            let _ = tasks.push(()).unwrap();
        }
        tasks.close();
    });
    assert_eq!(done.into_inner(), 10);
    assert_eq!(tasks.push(()), Err(Closed(())));
    let _ = tasks.push_always(());
    assert_eq!(tasks.take(&mut Seat::new()), Some(()));
    assert_eq!(tasks.sleep(&mut Seat::new(), &mut Native, Deadline::NEVER), Ok(true));
}

#[test]
fn a_worker_that_does_not_wait_ends_as_soon_as_there_is_no_task() {
    let (tasks, mut done) = (Tasks::new(), 0);
    for number in 1..=3 {
        let _ = tasks.push(number).unwrap();
    }
    assert!(matches!(
        tasks.work(&mut Runner(|number| done += number, Native), false),
        Ok(None)
    ));
    assert_eq!((done, tasks.searching(), tasks.is_closed()), (6, 0, false));
}

#[test]
fn draining_takes_all_but_the_first() {
    let (tasks, mut seat) = (Tasks::new(), Seat::new());
    for number in 0..5 {
        let _ = tasks.push(number).unwrap();
    }
    assert_eq!(tasks.drain(2), [2, 3, 4]);
    assert_eq!(tasks.drain(9), []);
    assert_eq!(tasks.drain(0), [0, 1]);
    assert!(tasks.take(&mut seat).is_none());
    assert_eq!(tasks.sleep(&mut seat, &mut Native, Deadline::PAST), Ok(false));
    tasks.leave(&mut seat);
    assert_eq!(tasks.searching(), 0);
}

#[test]
fn a_timed_sleep_gives_up_but_never_early() {
    let (tasks, mut seat) = (Tasks::<()>::new(), Seat::new());
    assert!(!not_early(Duration::from_millis(20), |timeout| {
        tasks.sleep(&mut seat, &mut Native, Deadline::after(timeout)).unwrap()
    }));
    assert_eq!(tasks.searching(), 1, "it still has its seat");
    tasks.leave(&mut seat);
    assert_eq!((tasks.searching(), tasks.sleeping()), (0, 0));
}

#[test]
fn a_signal_ends_a_sleep_and_takes_no_task() {
    let (tasks, seat) = (Tasks::new(), std::sync::Mutex::new(Seat::new()));
    let outcome = interrupted(
        || tasks.sleeping() == 1,
        |blocking| tasks.sleep(&mut seat.lock().unwrap(), blocking, Deadline::NEVER),
    );
    assert_eq!(outcome, Err(Interrupted));
    tasks.leave(&mut seat.lock().unwrap());
    assert_eq!(tasks.push(1), Ok(Demand::Unmet), "nobody is there");
    assert_eq!(tasks.take(&mut Seat::new()), Some(1));
}

#[test]
fn workers_that_found_nothing_sleep() {
    let tasks = Tasks::<()>::new();
    scope_within(|scope| {
        for _ in 0..4 {
            scope.spawn(|| work(&tasks, |()| {}));
        }
        all_asleep(&tasks, 4);
        for _ in 0..20 {
            let _ = tasks.push(()).unwrap();
            all_asleep(&tasks, 4);
        }
        assert_eq!(tasks.searching(), 4);
        tasks.close();
    });
}

#[test]
fn every_task_of_many_producers_is_done_exactly_once() {
    const PRODUCERS: usize = 4;
    const WORKERS: usize = 4;
    const TASKS: usize = 20_000;
    let tasks = Tasks::new();
    let done: Vec<AtomicUsize> = (0..PRODUCERS * TASKS).map(|_| AtomicUsize::new(0)).collect();
    scope_within(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                work(&tasks, |task: usize| {
                    done[task].fetch_add(1, Ordering::Relaxed);
                })
            });
        }
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|producer| {
                let tasks = &tasks;
                scope.spawn(move || {
                    for number in 0..TASKS {
                        let _ = tasks.push(producer * TASKS + number).unwrap();
                        if number % 500 == 0 {
                            eventually("the workers keep up", || tasks.is_empty());
                        }
                    }
                })
            })
            .collect();
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        tasks.close();
    });
    assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    assert_eq!((tasks.len(), tasks.searching(), tasks.sleeping()), (0, 0, 0));
}

#[test]
fn tasks_that_wait_for_each_other_all_get_a_worker() {
    const WORKERS: usize = 4;
    let tasks = Tasks::<Arc<raddle::Barrier>>::new();
    let met = AtomicUsize::new(0);
    scope_within(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                work(&tasks, |barrier| {
                    barrier.wait().unwrap();
                    met.fetch_add(1, Ordering::SeqCst);
                })
            });
        }
        for round in 1..=300 {
            let barrier = Arc::new(raddle::Barrier::new(WORKERS));
            for _ in 0..WORKERS {
                let _ = tasks.push(Arc::clone(&barrier)).unwrap();
            }
            eventually("all meet", || met.load(Ordering::SeqCst) == round * WORKERS);
        }
        tasks.close();
    });
}

#[test]
fn workers_that_come_and_go_leave_no_task_behind() {
    const TASKS: usize = 20_000;
    let (tasks, done) = (Tasks::new(), AtomicUsize::new(0));
    scope_within(|scope| {
        scope.spawn(|| {
            for number in 0..TASKS {
                let _ = tasks.push(number).unwrap();
            }
            eventually("all are done", || done.load(Ordering::SeqCst) == TASKS);
            tasks.close();
        });
        for hasty in [true, true, false] {
            let (tasks, done) = (&tasks, &done);
            scope.spawn(move || {
                while !tasks.is_closed() {
                    let mut seat = Seat::new();
                    let soon = Duration::from_micros(if hasty { 5 } else { 5_000 });
                    let until = Deadline::after(soon);
                    tasks.spin(&mut seat, &mut Native);
                    tasks.sleep(&mut seat, &mut Native, until).unwrap();
                    // A hasty one leaves although it may have been sent for.
                    if !hasty || tasks.len() > 3 {
                        while tasks.take(&mut seat).is_some() {
                            done.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                    tasks.leave(&mut seat);
                }
            });
        }
    });
    assert_eq!(done.into_inner(), TASKS);
    assert_eq!((tasks.len(), tasks.searching(), tasks.sleeping()), (0, 0, 0));
}
