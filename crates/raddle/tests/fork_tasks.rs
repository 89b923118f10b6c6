//! What a forked child finds in a pool's queue and in a future: the workers and waiters are the
//! parent's, the tasks are there unless a thread was changing the queue at that moment.
#![cfg(all(unix, not(raddle_loom)))]

mod common;

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use common::{eventually, exit_status, exit_status_of, in_child, scope_within};
use raddle::future::{Access, Completion, Phase};
use raddle::pool::{Demand, Pool, Seat, Tasks};
use raddle::{Blocking, Deadline, Event, Native, Parker, Wake};

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
            // Bounded: a child does all that is there, and the worker may be the slower one.
            if tasks.len() < 1000 {
                let _ = tasks.push(1).unwrap();
            }
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

/// A worker whose first sleep ends by a handler that forks, once there is a task for another.
struct Forks<'a> {
    pushed: &'a Event,
    forked: &'a Event,
    child: Option<libc::pid_t>,
}

impl Blocking for Forks<'_> {
    type Interrupt = Infallible;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        if self.child.is_some() {
            return Native.sleep(parker, until);
        }
        self.pushed.wait();
        Wake::Signal
    }

    fn on_signal(&mut self) -> Result<(), Infallible> {
        // SAFETY: the child only goes on with its wait, and leaves by `_exit`.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "fork: {}", std::io::Error::last_os_error());
        self.child = Some(child);
        if child > 0 {
            self.forked.set();
        } else {
            // SAFETY: `alarm` has no preconditions.
            unsafe { libc::alarm(20) }; // Should it hang.
        }
        Ok(())
    }
}

/// A worker that takes its time to wake up.
struct Late<'a>(&'a Event);

impl Blocking for Late<'_> {
    type Interrupt = Infallible;

    fn sleep(&mut self, _: &Parker, _: Deadline) -> Wake {
        self.0.wait();
        Wake::Unparked
    }

    fn on_signal(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_worker_that_forks_in_its_sleep_finds_the_tasks_that_were_there() {
    let _alone = alone();
    let (tasks, pushed) = (Tasks::new(), Event::new());
    let (forked, late) = (Event::new(), Event::new());
    let status = scope_within(|scope| {
        let forker = scope.spawn(|| {
            let (mut seat, mut blocking) =
                (Seat::new(), Forks { pushed: &pushed, forked: &forked, child: None });
            tasks.sleep(&mut seat, &mut blocking, Deadline::NEVER).unwrap();
            let task = tasks.take(&mut seat);
            if blocking.child == Some(0) {
                // SAFETY: ends the process at once.
                unsafe { libc::_exit(i32::from(task != Some(7))) };
            }
            tasks.leave(&mut seat);
            blocking.child.unwrap()
        });
        eventually("one sleeps", || tasks.sleeping() == 1);
        scope.spawn(|| {
            let mut seat = Seat::new();
            tasks.sleep(&mut seat, &mut Late(&late), Deadline::NEVER).unwrap();
            assert_eq!(tasks.take(&mut seat), Some(7));
            tasks.leave(&mut seat);
        });
        eventually("both sleep", || tasks.sleeping() == 2);
        let _ = tasks.push(7).unwrap(); // For the second.
        pushed.set();
        forked.wait();
        late.set();
        eventually("the task is taken", || tasks.is_empty());
        tasks.close();
        exit_status_of(forker.join().unwrap())
    });
    assert_eq!(status, 0, "the child has the task");
}

#[test]
fn a_claim_held_by_a_thread_that_is_gone_is_nobodys_in_the_child() {
    let _alone = alone();
    let (core, held, end) = (Completion::new(), Event::new(), Event::new());
    scope_within(|scope| {
        scope.spawn(|| {
            let claim = core.claim(Access::Free).unwrap();
            held.set();
            end.wait();
            let _ = claim.publish();
        });
        held.wait();
        let opened = in_child(|| {
            core.open();
            let _ = core.claim(Access::Locked).unwrap().publish();
            core.phase() == Phase::Finished && core.is_open()
        });
        let ended = in_child(|| {
            let _ = core.claim(Access::Free).unwrap().publish();
            core.phase() == Phase::Finished
        });
        let statuses = (exit_status(opened), exit_status(ended));
        assert!(core.claim(Access::Free).is_err(), "here it is somebody's");
        end.set();
        assert_eq!(statuses, (0, 0));
    });
    assert_eq!(core.phase(), Phase::Finished);
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

#[test]
fn a_forked_child_maps_alone_and_can_drop_the_pool() {
    // A child must not inherit what the standard library locks while another test panics.
    let _alone = alone();
    let pool = Pool::new(2);
    let child = in_child(|| {
        let alone = pool.map(&[1, 2, 3], |number| number * 2) == [2, 4, 6];
        let refused = catch_unwind(AssertUnwindSafe(|| pool.spawn(|| ()))).is_err();
        // SAFETY: used no more in this process; the drop is what is tested.
        drop(unsafe { std::ptr::read(&raw const pool) });
        alone && refused
    });
    assert_eq!(exit_status(child), 0);
    assert_eq!(pool.map(&[1, 2, 3], |number| number * 2), [2, 4, 6]);
}

#[cfg(feature = "deadlock")]
#[test]
fn a_task_that_a_thread_of_the_parent_runs_is_nobodys_in_the_child() {
    use raddle::deadlock::{self, Kind, Provider};

    let _alone = alone();
    let core = Completion::new();
    let over = Event::new();
    scope_within(|scope| {
        scope.spawn(|| {
            let _ = core.begin(Access::Free);
            core.run_here();
            over.wait();
        });
        eventually("it runs", || core.phase() == Phase::Running && over.waiting() == 1);
        let providers = || {
            let mut providers = Vec::new();
            std::thread::scope(|scope| {
                scope.spawn(|| core.wait());
                eventually("it is waited for", || core.waiting() == 1);
                eventually("the wait is known", || {
                    providers.clear();
                    deadlock::visit(|wait| {
                        providers.extend((wait.kind == Kind::Future).then_some(wait.provider));
                    });
                    providers.len() == 1
                });
                let _ = core.claim(Access::Free).unwrap().publish();
            });
            providers
        };
        let child = in_child(|| providers() == [Provider::Anyone]);
        let (status, here) = (exit_status(child), providers());
        over.set();
        assert_eq!(status, 0);
        assert!(matches!(here[..], [Provider::Thread { surely: false, .. }]));
    });
}
