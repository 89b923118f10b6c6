//! What begins, forks and ends around threads, under loom.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::check;
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use raddle::Deadline;
use raddle::thread::{Forks, Record, Starters, Stranded, Unsettled};

/// What is half changed within a step, and whole whenever somebody forks.
struct Interpreter {
    forks: Forks,
    inside: UnsafeCell<usize>,
    steps: AtomicUsize,
}

// SAFETY: what is inside is for steps and forks, which exclude each other; loom sees to that.
unsafe impl Sync for Interpreter {}

impl Interpreter {
    fn new() -> Arc<Self> {
        let (inside, steps) = (UnsafeCell::new(0), AtomicUsize::new(0));
        Arc::new(Self { forks: Forks::new(), inside, steps })
    }

    /// A step of one thread at a time: loom fails if a fork looks meanwhile, or before it is seen.
    fn step(&self) {
        let step = self.forks.step(Deadline::NEVER);
        self.inside.with_mut(|inside| {
            // SAFETY: one thread of a model makes steps, and nobody forks meanwhile.
            unsafe { *inside += 1 }
        });
        drop(step);
    }

    /// A fork, which copies what is there.
    fn fork(&self) -> usize {
        self.forks.begin_fork();
        // SAFETY: nobody is in a step.
        let copied = self.inside.with(|inside| unsafe { *inside });
        self.forks.end_fork();
        copied
    }
}

#[test]
fn a_fork_copies_no_step_half_way() {
    check(4, || {
        let interpreter = Interpreter::new();
        let maker = {
            let interpreter = Arc::clone(&interpreter);
            thread::spawn(move || (0..2).for_each(|_| interpreter.step()))
        };
        assert!((0..2).all(|_| interpreter.fork() <= 2));
        maker.join().unwrap();
        assert_eq!(interpreter.fork(), 2);
    });
}

#[test]
fn forks_of_two_threads_go_on_at_once() {
    check(4, || {
        let interpreter = Interpreter::new();
        interpreter.forks.begin_fork();
        let other = {
            let interpreter = Arc::clone(&interpreter);
            thread::spawn(move || interpreter.fork())
        };
        assert_eq!(other.join().unwrap(), 0);
        interpreter.forks.end_fork();
        interpreter.step();
        assert_eq!(interpreter.fork(), 1);
    });
}

#[test]
fn steps_of_two_threads_go_on_at_once() {
    check(4, || {
        let interpreter = Interpreter::new();
        let others = [(); 2].map(|()| {
            let interpreter = Arc::clone(&interpreter);
            thread::spawn(move || {
                let _step = interpreter.forks.step(Deadline::NEVER);
                interpreter.steps.fetch_add(1, Ordering::Relaxed);
            })
        });
        let _step = interpreter.forks.step(Deadline::NEVER);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(interpreter.steps.load(Ordering::Relaxed), 2);
    });
}

/// Between its hook and its fork, a thread waits for one that begins a step.
#[test]
fn a_step_that_has_waited_long_enough_begins_and_the_next_fork_waits_for_it() {
    check(4, || {
        let interpreter = Interpreter::new();
        interpreter.forks.begin_fork();
        let late = {
            let interpreter = Arc::clone(&interpreter);
            thread::spawn(move || {
                let _step = interpreter.forks.step(Deadline::after_nanos(1));
                // SAFETY: the one fork under way does not look.
                interpreter.inside.with_mut(|inside| unsafe { *inside += 1 });
            })
        };
        late.join().unwrap();
        interpreter.forks.end_fork();
        assert_eq!(interpreter.fork(), 1);
    });
}

/// What an interpreter's exit closes, and the threads that it has.
struct Exit {
    starters: Starters,
    unsettled: Unsettled,
    /// Taken apart once all is closed.
    state: UnsafeCell<usize>,
}

// SAFETY: the state is for threads that start, and then for the one that closes; loom sees to that.
unsafe impl Sync for Exit {}

impl Exit {
    fn new() -> Arc<Self> {
        let (starters, unsettled) = (Starters::new(), Unsettled::new());
        Arc::new(Self { starters, unsettled, state: UnsafeCell::new(0) })
    }

    /// Starts a thread, which uses the interpreter's state to begin, unless that is refused.
    fn start(self: &Arc<Self>, exempt: bool) -> Option<thread::JoinHandle<()>> {
        let _starter = self.starters.enter(|| exempt)?;
        self.unsettled.create();
        let exit = Arc::clone(self);
        Some(thread::spawn(move || {
            // SAFETY: it is only read while threads may start.
            exit.state.with(|state| assert_eq!(unsafe { *state }, 0));
            exit.unsettled.settle();
        }))
    }

    /// Closes, and takes the state apart: loom fails if a thread may use it.
    fn close(&self) {
        self.starters.close(|| self.unsettled.now().any_left());
        // SAFETY: all threads that were started have settled, and none is started any more.
        self.state.with_mut(|state| unsafe { *state += 1 });
    }
}

#[test]
fn no_thread_starts_once_that_is_closed_and_those_before_have_settled() {
    check(3, || {
        let exit = Exit::new();
        let starter = {
            let exit = Arc::clone(&exit);
            thread::spawn(move || exit.start(false).map(thread::JoinHandle::join))
        };
        exit.close();
        assert!(exit.start(false).is_none());
        if let Some(started) = starter.join().unwrap() {
            started.unwrap();
        }
        assert_eq!(exit.unsettled.count(), 0);
    });
}

#[test]
fn an_exempt_thread_starts_others_late() {
    check(4, || {
        let exit = Exit::new();
        let refused = {
            let exit = Arc::clone(&exit);
            thread::spawn(move || {
                exit.starters.enter(|| false).map(|starter| starter.is_late())
            })
        };
        exit.starters.close(|| exit.unsettled.now().any_left());
        assert!(exit.starters.enter(|| true).is_some_and(|starter| starter.is_late()));
        exit.start(true).unwrap().join().unwrap();
        assert_ne!(refused.join().unwrap(), Some(true));
        assert_eq!(exit.unsettled.count(), 0);
    });
}

#[test]
fn what_threads_leave_is_taken_once_and_as_they_left_it() {
    check(4, || {
        let stranded = Arc::new(Stranded::new());
        let leavers = [1, 2].map(|value| {
            let stranded = Arc::clone(&stranded);
            thread::spawn(move || {
                // Written without a lock: loom fails if it may not have been when it is read.
                let left = UnsafeCell::new(0);
                // SAFETY: nobody else has it yet.
                left.with_mut(|left| unsafe { *left = value });
                stranded.leave(Box::new(Record::new(left)));
            })
        });
        let take = |stranded: &Stranded<UnsafeCell<usize>>| -> usize {
            // SAFETY: whoever takes it has it alone.
            let read = |cell: &UnsafeCell<usize>| cell.with(|left| unsafe { *left });
            stranded.take().map(|record| read(record.get())).sum()
        };
        let taker = {
            let stranded = Arc::clone(&stranded);
            thread::spawn(move || take(&stranded))
        };
        let first = take(&stranded);
        leavers.into_iter().for_each(|leaver| leaver.join().unwrap());
        assert_eq!(first + taker.join().unwrap() + take(&stranded), 3);
        assert!(!stranded.is_any_left());
    });
}

#[test]
fn what_is_never_taken_goes_with_the_rest() {
    check(4, || {
        let (stranded, left) = (Stranded::new(), Arc::new(()));
        (0..2).for_each(|_| stranded.leave(Box::new(Record::new(Arc::clone(&left)))));
        let mut taken = stranded.take();
        stranded.leave(Box::new(Record::new(Arc::clone(&left))));
        assert!(taken.next().is_some());
        drop((taken, stranded));
        assert_eq!(Arc::strong_count(&left), 1);
    });
}
