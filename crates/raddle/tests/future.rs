//! The future's state machine, with real threads.
#![cfg(not(raddle_loom))]

mod common;

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Interrupted, eventually, interrupted, not_early, scope_within};
use raddle::future::{Access, Changed, Completion, Phase, Refused};
use raddle::{Deadline, Native};

const NOTHING: Changed = Changed { observed: false };

fn publish(core: &Completion) {
    let _ = core.claim(Access::Free).unwrap().publish();
}

fn wait_for(core: &Completion, timeout: Duration) -> bool {
    core.wait_with(&mut Native, Deadline::after(timeout)).unwrap()
}

#[test]
fn each_phase_leads_on_as_its_table_says() {
    let core = Completion::new();
    assert_eq!(core.phase(), Phase::Pending);
    assert_eq!(core.begin(Access::Free), Ok(Ok(())));
    assert_eq!(core.phase(), Phase::Running);
    assert_eq!(core.begin(Access::Free), Err(Refused::Phase(Phase::Running)));
    assert_eq!(core.cancel(Access::Free), Err(Refused::Phase(Phase::Running)));
    let claim = core.claim(Access::Free).unwrap();
    assert_eq!(core.phase(), Phase::Running, "a claim is not the end");
    assert_eq!(core.claim(Access::Free).err(), Some(Refused::Phase(Phase::Running)));
    assert_eq!(claim.publish(), NOTHING);
    assert!(core.phase() == Phase::Finished && core.is_settled());
    assert_eq!(core.claim(Access::Free).err(), Some(Refused::Phase(Phase::Finished)));
    assert_eq!(core.cancel(Access::Free), Err(Refused::Phase(Phase::Finished)));

    let core = Completion::new();
    assert_eq!(core.cancel(Access::Free), Ok(NOTHING));
    assert_eq!(core.cancel(Access::Free), Err(Refused::Phase(Phase::Cancelled)));
    assert_eq!(core.claim(Access::Free).err(), Some(Refused::Phase(Phase::Cancelled)));
    assert_eq!(core.begin(Access::Free), Ok(Err(NOTHING)));
    assert_eq!(core.phase(), Phase::Notified);
    assert_eq!(core.begin(Access::Free), Err(Refused::Phase(Phase::Notified)));
    assert!(core.phase().is_done() && !core.is_settled());
}

#[test]
fn a_claim_that_is_dropped_or_lost_to_a_panic_leaves_the_phase_as_it_was() {
    for begun in [false, true] {
        let core = Completion::new();
        if begun {
            core.begin(Access::Free).unwrap().unwrap();
        }
        let before = core.phase();
        drop(core.claim(Access::Free).unwrap());
        assert_eq!(core.phase(), before);
        let body = std::panic::AssertUnwindSafe(|| {
            let _claim = core.claim(Access::Free).unwrap();
            std::panic::resume_unwind(Box::new("lost"));
        });
        let panicked = std::panic::catch_unwind(body);
        assert!(panicked.is_err());
        assert_eq!(core.phase(), before);
        publish(&core);
    }
}

#[test]
fn an_open_one_refuses_whoever_has_no_lock() {
    let core = Completion::new();
    core.open();
    assert!(core.is_open() && core.is_watched());
    assert_eq!(core.begin(Access::Free), Err(Refused::Open));
    assert_eq!(core.cancel(Access::Free), Err(Refused::Open));
    assert_eq!(core.claim(Access::Free).err(), Some(Refused::Open));
    assert!(core.begin(Access::Locked).unwrap().is_ok());
    assert_eq!(core.claim(Access::Locked).unwrap().publish(), NOTHING);
    assert_eq!(core.phase(), Phase::Finished);
    assert!(!core.is_settled(), "with its lock only");
    core.force(Phase::Pending);
    assert!(core.phase() == Phase::Pending && core.is_open());
}

#[test]
fn an_observer_is_added_once_and_refused_when_it_is_over() {
    let (core, calls) = (Completion::new(), AtomicUsize::new(0));
    let add = || {
        core.observe(Phase::is_done, || {
            calls.fetch_add(1, Ordering::Relaxed);
        })
    };
    assert!(add() && add() && core.is_watched());
    assert_eq!(core.claim(Access::Free).unwrap().publish(), Changed { observed: true });
    assert!(!add());
    assert_eq!(core.with_list(|| calls.load(Ordering::Relaxed)), 2);
}

#[test]
fn the_end_wakes_everyone_who_waits() {
    for cancel in [false, true] {
        let core = Completion::new();
        scope_within(|scope| {
            let waiters: Vec<_> = (0..6).map(|_| scope.spawn(|| core.wait())).collect();
            eventually("all wait", || core.waiting() == waiters.len());
            if cancel {
                assert_eq!(core.cancel(Access::Free), Ok(NOTHING));
            } else {
                publish(&core);
            }
        });
        assert_eq!(core.waiting(), 0);
        assert!(wait_for(&core, Duration::ZERO), "it stays over");
    }
}

#[test]
fn opening_sends_who_waits_to_the_lock() {
    let core = Completion::new();
    scope_within(|scope| {
        let waiter = scope.spawn(|| core.wait_with(&mut Native, Deadline::NEVER));
        eventually("it waits", || core.waiting() == 1);
        core.open();
        assert_eq!(waiter.join().unwrap(), Ok(true));
    });
    assert_eq!((core.phase(), core.waiting()), (Phase::Pending, 0));
}

#[test]
fn a_timed_wait_gives_up_but_never_early() {
    let core = Completion::new();
    assert!(!not_early(Duration::from_millis(20), |timeout| wait_for(&core, timeout)));
    assert!(!wait_for(&core, Duration::ZERO));
    assert_eq!(core.waiting(), 0);
    publish(&core);
    assert!(wait_for(&core, Duration::ZERO));
}

#[test]
fn a_signal_ends_a_wait_and_leaves_the_task_alone() {
    let core = Completion::new();
    let outcome = interrupted(
        || core.waiting() == 1,
        |blocking| core.wait_with(blocking, Deadline::NEVER),
    );
    assert_eq!(outcome, Err(Interrupted));
    assert_eq!((core.phase(), core.waiting()), (Phase::Pending, 0));
    publish(&core);
    core.wait();
}

/// A completion with the value that its claim guards.
#[derive(Default)]
struct Cell {
    core: Completion,
    value: UnsafeCell<[usize; 4]>,
}

// SAFETY: written under the one claim, read once finished.
unsafe impl Sync for Cell {}

impl Cell {
    fn get(&self) -> [usize; 4] {
        self.core.wait();
        assert_eq!(self.core.phase(), Phase::Finished);
        // SAFETY: nobody writes to a finished one.
        unsafe { *self.value.get() }
    }
}

#[test]
fn of_many_claims_one_is_granted_and_all_see_its_whole_value() {
    const CELLS: usize = 2_000;
    const THREADS: usize = 4;
    let cells: Vec<Cell> = (0..CELLS).map(|_| Cell::default()).collect();
    let won = AtomicUsize::new(0);
    scope_within(|scope| {
        for thread in 0..THREADS {
            let (cells, won) = (&cells, &won);
            scope.spawn(move || {
                for cell in cells {
                    if let Ok(claim) = cell.core.claim(Access::Free) {
                        // SAFETY: the claim is held.
                        unsafe { *cell.value.get() = [thread + 1; 4] };
                        let _ = claim.publish();
                        won.fetch_add(1, Ordering::Relaxed);
                    }
                    let seen = cell.get();
                    assert!(seen[0] != 0 && seen == [seen[0]; 4]);
                }
            });
        }
    });
    assert_eq!(won.into_inner(), CELLS);
}

#[test]
fn workers_cancellers_observers_and_waiters_agree_on_every_task() {
    const TASKS: usize = 2_000;
    let tasks: Vec<(Completion, AtomicUsize, AtomicUsize)> =
        (0..TASKS).map(|_| Default::default()).collect();
    let (ran, cancelled) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // The list is two counts: how many observers were added, and how many were told.
    let tell = |(core, added, told): &(Completion, AtomicUsize, AtomicUsize)| {
        core.with_list(|| {
            told.fetch_add(added.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        });
    };
    scope_within(|scope| {
        scope.spawn(|| {
            for task in &tasks {
                if task.0.begin(Access::Free).unwrap().is_ok() {
                    ran.fetch_add(1, Ordering::Relaxed);
                    if task.0.claim(Access::Free).unwrap().publish().observed {
                        tell(task);
                    }
                }
            }
        });
        scope.spawn(|| {
            for task in tasks.iter().rev() {
                if let Ok(changed) = task.0.cancel(Access::Free) {
                    cancelled.fetch_add(1, Ordering::Relaxed);
                    if changed.observed {
                        tell(task);
                    }
                }
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                for task in &tasks {
                    let added = task.0.observe(Phase::is_done, || {
                        task.1.fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(added || task.0.phase().is_done());
                    task.0.wait();
                }
            });
        }
    });
    assert_eq!(ran.into_inner() + cancelled.into_inner(), TASKS);
    for (core, added, _) in &tasks {
        assert!(core.phase().is_done() && core.waiting() == 0);
        assert_eq!(added.load(Ordering::Relaxed), 0, "an observer was not told");
    }
}

#[cfg(feature = "deadlock")]
#[test]
fn a_ring_through_a_task_ends_at_the_thread_that_runs_it_but_is_not_sure() {
    use common::telling;
    use raddle::deadlock::{Finding, Kind, Provider};
    use raddle::{RLock, thread_id};

    let (to, told) = std::sync::mpsc::channel();
    let (lock, core) = (RLock::new(), Completion::new());
    lock.acquire();
    std::thread::scope(|scope| {
        // The thread that closes the ring is told: the one that fell asleep last.
        let mut here = telling(&to, true);
        let worker = scope.spawn(|| {
            assert_eq!(core.begin(Access::Free), Ok(Ok(())));
            core.run_here();
            if lock.acquire_with(&mut telling(&to, true), Deadline::NEVER) == Ok(true) {
                lock.release().unwrap();
            }
            publish(&core);
            thread_id()
        });
        let _ = core.wait_with(&mut here, Deadline::NEVER);
        lock.release().unwrap();
        let (worker, found) = (worker.join().unwrap(), told.recv().unwrap());
        assert!(found.finding == Finding::Cycle && !found.surely && found.waits.len() == 2);
        let wait = found.waits.iter().find(|wait| wait.kind == Kind::Future).unwrap();
        assert_eq!(wait.thread, thread_id());
        assert_eq!(wait.provider, Provider::Thread { thread: worker, surely: false });
    });
}
