//! What a forked child finds: objects as its one thread needs them, not as the parent's others
//! left them. The children report by their exit status.
//!
//! One test at a time: a child should not inherit another test's half-written output.
#![cfg(all(unix, not(raddle_loom)))]

mod common;

use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{eventually, exit_status, in_child, scope_within};
use raddle::thread::{Handle, Reaped, run_raw, running, wait_for_lasting};
use raddle::{
    Barrier, Blocking, Condition, Deadline, Event, Lock, Native, Parker, RLock, RawLock,
    Semaphore, Wake, thread_id,
};

/// Longer than anything here takes, and shorter than a child's alarm.
const PATIENCE: Duration = Duration::from_secs(10);
const A_WHILE: Duration = Duration::from_millis(20);

fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_lock_held_by_the_forking_thread_is_held_in_the_child_and_has_no_waiters() {
    let _alone = alone();
    let lock = Lock::new(1);
    scope_within(|scope| {
        let guard = lock.acquire();
        for _ in 0..2 {
            scope.spawn(|| drop(lock.acquire()));
        }
        eventually("the others queue", || lock.waiting() == 2);
        let mut guard = Some(guard);
        let child = in_child(|| {
            let held = lock.is_locked() && lock.waiting() == 0;
            drop(guard.take());
            let again = (0..3).all(|_| lock.acquire_timeout(A_WHILE).is_some());
            held && again && !lock.is_locked()
        });
        drop(guard);
        assert_eq!(exit_status(child), 0);
    });
}

#[test]
fn a_lock_held_by_a_thread_that_is_gone_can_be_made_free() {
    let _alone = alone();
    let (lock, held, end) = (RawLock::new(), Event::new(), Event::new());
    scope_within(|scope| {
        scope.spawn(|| {
            lock.acquire();
            held.set();
            end.wait();
            lock.release();
        });
        scope.spawn(|| {
            held.wait();
            lock.acquire();
            lock.release();
        });
        eventually("one holds it, one queues", || lock.is_locked() && lock.waiting() == 1);
        let child = in_child(|| {
            let until = Deadline::after(A_WHILE);
            let stuck = !lock.acquire_with(&mut Native, until).unwrap();
            // SAFETY: the child has one thread.
            unsafe { lock.reset_after_fork() };
            stuck && !lock.is_locked() && lock.waiting() == 0 && lock.try_acquire()
        });
        end.set();
        assert_eq!(exit_status(child), 0);
    });
}

#[test]
fn a_re_entrant_lock_stays_with_the_forking_thread() {
    let _alone = alone();
    let lock = RLock::new();
    lock.acquire();
    lock.acquire();
    let child = in_child(|| {
        let mine = lock.is_owned() && lock.count() == 2 && lock.try_acquire();
        (0..3).for_each(|_| lock.release().unwrap());
        mine && !lock.is_locked() && lock.release().is_err()
    });
    assert_eq!(exit_status(child), 0);
    assert_eq!(lock.count(), 2);
}

#[test]
fn a_semaphore_serves_the_child_and_not_the_waiters_left_behind() {
    let _alone = alone();
    let semaphore = Semaphore::new(0);
    scope_within(|scope| {
        for _ in 0..2 {
            scope.spawn(|| semaphore.acquire());
        }
        eventually("both wait", || semaphore.waiting() == 2);
        let child = in_child(|| {
            semaphore.release(1).unwrap();
            let kept = semaphore.permits() == 1 && semaphore.waiting() == 0;
            kept && semaphore.acquire_timeout(PATIENCE) && !semaphore.acquire_timeout(A_WHILE)
        });
        semaphore.release(2).unwrap();
        assert_eq!(exit_status(child), 0);
    });
}

#[test]
fn an_event_works_between_the_threads_of_the_child() {
    let _alone = alone();
    let event = Event::new();
    scope_within(|scope| {
        scope.spawn(|| event.wait());
        eventually("it waits", || event.waiting() == 1);
        let child = in_child(|| {
            let forgot = event.waiting() == 0 && !event.wait_timeout(A_WHILE);
            std::thread::scope(|scope| {
                let waiter = scope.spawn(|| event.wait_timeout(PATIENCE));
                eventually("the child's thread waits", || event.waiting() == 1);
                event.set();
                forgot && waiter.join().unwrap() && event.is_set()
            })
        });
        let (status, set_here) = (exit_status(child), event.is_set());
        event.set();
        assert_eq!((status, set_here), (0, false), "the child has an event of its own");
    });
}

#[test]
fn a_condition_notifies_the_threads_of_the_child_only() {
    let _alone = alone();
    let (lock, changed) = (Lock::new(false), Condition::new());
    scope_within(|scope| {
        for _ in 0..2 {
            scope.spawn(|| changed.wait_while(&mut lock.acquire(), |opened| !*opened));
        }
        eventually("both wait", || changed.waiting() == 2 && lock.try_acquire().is_some());
        let child = in_child(|| {
            let forgot = changed.waiting() == 0 && changed.notify(9) == 0;
            std::thread::scope(|scope| {
                let waiter = scope.spawn(|| {
                    let mut guard = lock.acquire();
                    changed.wait_while_timeout(&mut guard, PATIENCE, |opened| !*opened)
                });
                eventually("the child's thread waits", || changed.waiting() == 1);
                *lock.acquire() = true;
                changed.notify(9) == 1 && waiter.join().unwrap() && forgot
            })
        });
        *lock.acquire() = true;
        changed.notify_all();
        assert_eq!(exit_status(child), 0);
    });
}

#[test]
fn a_barrier_does_not_count_parties_left_behind() {
    let _alone = alone();
    let barrier = Barrier::new(2);
    scope_within(|scope| {
        let waiter = scope.spawn(|| barrier.wait());
        eventually("it waits", || barrier.waiting() == 1);
        let child = in_child(|| {
            let forgot = barrier.waiting() == 0;
            std::thread::scope(|scope| {
                let other = scope.spawn(|| barrier.wait_timeout(PATIENCE));
                let mine = barrier.wait_timeout(PATIENCE);
                forgot && mine.is_ok() && other.join().unwrap().is_ok()
            })
        });
        let status = exit_status(child);
        barrier.wait().unwrap();
        waiter.join().unwrap().unwrap();
        assert_eq!(status, 0);
    });
}

#[test]
fn a_barrier_whose_action_ran_elsewhere_is_usable_or_broken_but_does_not_hang() {
    let _alone = alone();
    let barrier = Barrier::new(1);
    let (acting, end) = (Event::new(), Event::new());
    scope_within(|scope| {
        scope.spawn(|| {
            barrier.wait_with(&mut Native, Deadline::NEVER, |_| {
                acting.set();
                end.wait();
                Ok(())
            })
        });
        acting.wait();
        let child = in_child(|| {
            let passes = std::thread::scope(|scope| {
                let waiter = scope.spawn(|| barrier.wait());
                eventually("the wait ends", || waiter.is_finished());
                waiter.join().unwrap().is_ok()
            });
            passes || barrier.is_broken()
        });
        let status = exit_status(child);
        end.set();
        assert_eq!(status, 0);
    });
}

/// Forks instead of sleeping for the first time, as a signal's handler may, and in the child
/// sets the event before it goes back to sleep, as a second signal's handler may.
struct ForkingHandler<'a> {
    event: &'a Event,
    forked: Option<libc::pid_t>,
}

impl Blocking for ForkingHandler<'_> {
    type Interrupt = std::convert::Infallible;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        match self.forked {
            None => return Wake::Signal,
            Some(0) => self.event.set(),
            Some(_) => {}
        }
        parker.park(until)
    }

    fn on_signal(&mut self) -> Result<(), Self::Interrupt> {
        // SAFETY: the child leaves by `_exit` as soon as its wait is over.
        self.forked.get_or_insert_with(|| unsafe { libc::fork() });
        Ok(())
    }
}

#[test]
fn a_wait_in_which_a_handler_forked_goes_on_in_the_child_and_can_be_woken() {
    let _alone = alone();
    let event = Event::new();
    scope_within(|scope| {
        let waiter = scope.spawn(|| {
            let mut blocking = ForkingHandler { event: &event, forked: None };
            let until = Deadline::after(Duration::from_secs(5));
            let woken = event.wait_with(&mut blocking, until).unwrap();
            if blocking.forked == Some(0) {
                // SAFETY: ends the child at once.
                unsafe { libc::_exit(i32::from(!woken)) };
            }
            (woken, blocking.forked.unwrap())
        });
        eventually("it waits", || event.waiting() == 1);
        let mut status = 0;
        eventually("the child ends", || {
            // SAFETY: `status` is a valid place for the answer; there is no other child.
            unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) > 0 }
        });
        event.set();
        assert!(waiter.join().unwrap().0);
        assert_eq!(status, 0, "in the child, the event was set but the wait timed out");
    });
}

#[test]
fn leaving_a_ticket_in_the_child_unlinks_nobody_else() {
    let _alone = alone();
    let changed: &'static Condition = Box::leak(Box::new(Condition::new()));
    let lock: &'static RawLock = Box::leak(Box::new(RawLock::new()));
    let child = in_child(|| {
        // This child is the parent of the fork under test, and has one thread.
        let forked = changed.enroll(|_| {
            // SAFETY: both processes leave by `_exit`.
            let forked = unsafe { libc::fork() };
            if forked == 0 {
                std::thread::spawn(|| {
                    lock.acquire();
                    changed.wait_with(lock, &mut Native, Deadline::NEVER)
                });
                eventually("the grandchild's thread waits", || changed.waiting() == 1);
            }
            forked
        });
        if forked == 0 {
            return changed.waiting() == 1 && changed.notify(1) == 1;
        }
        let mut status = 0;
        // SAFETY: `status` is a valid place for the answer.
        let waited = unsafe { libc::waitpid(forked, &mut status, 0) };
        waited == forked && status == 0
    });
    assert_eq!(exit_status(child), 0);
}

unsafe extern "C-unwind" fn wait_for_event(event: *mut c_void) {
    // SAFETY: the tests pass an event that outlives the thread.
    unsafe { &*event.cast::<Event>() }.wait();
}

#[test]
fn a_thread_left_behind_is_done_in_the_child_and_not_waited_for() {
    let _alone = alone();
    let end: &'static Event = Box::leak(Box::new(Event::new()));
    let handle = Arc::new(Handle::new());
    let argument = std::ptr::from_ref(end).cast_mut().cast();
    // SAFETY: the event is never freed, and the body does not panic.
    unsafe { run_raw(&handle, true, 0, wait_for_event, argument) }.unwrap();
    let child = in_child(|| {
        let joined = handle.join_with(&mut Native, Deadline::NEVER);
        handle.is_done()
            && joined == Ok(Reaped::Ended)
            && running() == 0
            && wait_for_lasting(&mut Native, Deadline::NEVER) == Ok(true)
    });
    assert_eq!(exit_status(child), 0);
    assert!(!handle.is_done() && running() == 1);
    end.set();
    assert_eq!(handle.join_with(&mut Native, Deadline::NEVER), Ok(Reaped::Ended));
}

#[test]
fn an_adopted_handle_of_the_forking_thread_is_not_done_in_the_child() {
    let _alone = alone();
    let handle = Handle::adopt(thread_id());
    let child = in_child(|| handle.is_started() && !handle.is_done());
    assert_eq!(exit_status(child), 0);
}

#[test]
fn an_adopted_handle_of_a_thread_that_forks_again_and_again_is_never_done() {
    let _alone = alone();
    let handle = Handle::adopt(thread_id());
    let child = in_child(|| {
        let grandchild = in_child(|| !handle.is_done());
        !handle.is_done() && exit_status(grandchild) == 0
    });
    assert_eq!(exit_status(child), 0);
}

/// What a thread of the child is told.
struct Again {
    /// The handle of the parent's thread.
    handle: Arc<Handle>,
    /// What became of the grandchild, if the thread has the parent's thread's identifier.
    outcome: Lock<Option<i32>>,
}

unsafe extern "C-unwind" fn fork_if_namesake(again: *mut c_void) {
    // SAFETY: the test passes a record that is never freed.
    let again = unsafe { &*again.cast::<Again>() };
    if thread_id() == again.handle.ident() {
        let grandchild = in_child(|| again.handle.is_done());
        *again.outcome.acquire() = Some(exit_status(grandchild));
    }
}

#[test]
fn a_thread_left_behind_stays_done_when_another_with_its_identifier_forks() {
    let _alone = alone();
    let end: &'static Event = Box::leak(Box::new(Event::new()));
    let handle = Arc::new(Handle::new());
    let argument = std::ptr::from_ref(end).cast_mut().cast();
    // SAFETY: the event is never freed, and the body does not panic.
    unsafe { run_raw(&handle, true, 0, wait_for_event, argument) }.unwrap();
    let child = in_child(|| {
        // The stacks of the parent's threads are there for the child's: so are identifiers.
        let (handle, outcome) = (Arc::clone(&handle), Lock::new(None));
        let again: &'static Again = Box::leak(Box::new(Again { handle, outcome }));
        let argument: *mut c_void = std::ptr::from_ref(again).cast_mut().cast();
        for _ in 0..100 {
            let namesake = Arc::new(Handle::new());
            // SAFETY: as above; `exit_status` panics only if the grandchild hangs.
            unsafe { run_raw(&namesake, true, 0, fork_if_namesake, argument) }.unwrap();
            let _ = namesake.join_with(&mut Native, Deadline::NEVER);
        }
        let outcome = *again.outcome.acquire();
        outcome == Some(0) || (outcome.is_none() && !cfg!(target_env = "gnu"))
    });
    end.set();
    assert_eq!(exit_status(child), 0);
    assert_eq!(handle.join_with(&mut Native, Deadline::NEVER), Ok(Reaped::Ended));
}

/// Whether the handle has the calling thread's number, which a fork changes.
fn knows_its_number(handle: &Handle) -> bool {
    // SAFETY: `getpid` has no preconditions; a child's first thread has the process's number.
    cfg!(not(target_os = "linux")) || handle.native_id() == unsafe { libc::getpid() } as u32
}

#[test]
fn a_raw_thread_that_forks_goes_on_as_the_childs_only_one() {
    let _alone = alone();
    static STATUS: Event = Event::new();
    unsafe extern "C-unwind" fn fork_inside(outcome: *mut c_void) {
        let child = in_child(|| {
            let alive = raddle::thread::current(|handle| {
                !handle.is_done() && handle.ident() == thread_id() && knows_its_number(handle)
            });
            alive == Some(true)
                && running() == 1
                && wait_for_lasting(&mut Native, Deadline::NEVER) == Ok(true)
        });
        // SAFETY: the test passes a lock that outlives the thread.
        *unsafe { &*outcome.cast::<Lock<Option<i32>>>() }.acquire() = Some(exit_status(child));
        STATUS.set();
    }
    eventually("no other raw thread is left", || running() == 0);
    let outcome: &'static Lock<Option<i32>> = Box::leak(Box::new(Lock::new(None)));
    let handle = Arc::new(Handle::new());
    let argument = std::ptr::from_ref(outcome).cast_mut().cast();
    // SAFETY: the lock is never freed; `exit_status` panics only if the child hangs, and then
    // the process is to end.
    unsafe { run_raw(&handle, true, 0, fork_inside, argument) }.unwrap();
    assert!(STATUS.wait_timeout(PATIENCE));
    assert_eq!(*outcome.acquire(), Some(0));
}
