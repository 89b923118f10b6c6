//! Raw threads, their handles, and waiting for the lasting ones.
//!
//! The counts are the process's, so these tests run one at a time.
#![cfg(not(raddle_loom))]

mod common;

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{Interrupted, eventually, interrupted, not_early, scope_within};
use raddle::thread::{Handle, Reaped, StartError, current, run_raw, running, wait_for_lasting};
use raddle::{Deadline, Event, Native, thread_id};

const A_WHILE: Duration = Duration::from_millis(20);
/// More than the kernel or the C library will give a stack.
const ABSURD: usize = usize::MAX / 4;

fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    eventually("the earlier tests' threads are gone", || running() == 0);
    alone
}

type Body = Box<dyn FnOnce() + Send>;

unsafe extern "C-unwind" fn main(argument: *mut c_void) {
    // SAFETY: the argument is the box that `start` leaked, and comes here once.
    let body = unsafe { Box::from_raw(argument.cast::<Body>()) };
    body();
}

fn start_with(
    handle: &Arc<Handle>,
    lasting: bool,
    stack_size: usize,
    body: impl FnOnce() + Send + 'static,
) -> Result<(), StartError> {
    let argument = Box::into_raw(Box::new(Box::new(body) as Body));
    // SAFETY: `main` takes the argument over, once, and the bodies here do not panic.
    let outcome = unsafe { run_raw(handle, lasting, stack_size, main, argument.cast()) };
    if outcome.is_err() {
        // SAFETY: nobody has taken it over.
        drop(unsafe { Box::from_raw(argument) });
    }
    outcome
}

fn start(lasting: bool, body: impl FnOnce() + Send + 'static) -> Arc<Handle> {
    let handle = Arc::new(Handle::new());
    start_with(&handle, lasting, 0, body).unwrap();
    handle
}

/// Starts a thread that lasts until the event is set.
fn start_held(lasting: bool) -> (Arc<Handle>, Arc<Event>) {
    let end = Arc::new(Event::new());
    let awaited = Arc::clone(&end);
    (start(lasting, move || awaited.wait()), end)
}

fn join(handle: &Handle, until: Deadline) -> Reaped {
    handle.join_with(&mut Native, until).unwrap()
}

#[test]
fn a_handle_tells_the_life_of_its_thread() {
    let _alone = alone();
    let handle = Arc::new(Handle::new());
    assert!(!handle.is_used() && !handle.is_started() && !handle.is_done());
    assert_eq!(handle.ident(), 0);
    let (seen, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(Event::new()));
    let (sees, awaited) = (Arc::clone(&seen), Arc::clone(&end));
    start_with(&handle, false, 0, move || {
        sees.store(current(Handle::ident).unwrap(), Ordering::SeqCst);
        assert_eq!(current(Handle::ident), Some(thread_id()));
        awaited.wait();
    })
    .unwrap();
    assert!(handle.is_used() && handle.is_started() && !handle.is_done());
    eventually("the thread runs", || seen.load(Ordering::SeqCst) != 0);
    assert_eq!(handle.ident(), seen.load(Ordering::SeqCst));
    assert_ne!(handle.ident(), thread_id());
    end.set();
    assert_eq!(join(&handle, Deadline::NEVER), Reaped::Ended);
    assert!(handle.is_done() && handle.is_started());
    assert_eq!(join(&handle, Deadline::NEVER), Reaped::Ended, "joining again is harmless");
}

#[test]
fn a_handle_starts_one_thread_only() {
    let _alone = alone();
    let (handle, end) = start_held(false);
    let again = start_with(&handle, false, 0, || unreachable!("it must not be started"));
    assert_eq!(again, Err(StartError::AlreadyStarted));
    end.set();
    assert_eq!(join(&handle, Deadline::NEVER), Reaped::Ended);
    let again = start_with(&handle, false, 0, || unreachable!("nor later"));
    assert_eq!(again, Err(StartError::AlreadyStarted));
}

#[test]
fn a_refused_start_leaves_nothing_half_registered() {
    let _alone = alone();
    let handle = Arc::new(Handle::new());
    let refused = start_with(&handle, true, ABSURD, || unreachable!("it cannot start"));
    assert!(matches!(refused, Err(StartError::Refused(errno)) if errno != 0), "{refused:?}");
    assert!(handle.is_used() && !handle.is_started() && handle.is_done());
    assert_eq!(running(), 0);
    assert_eq!(join(&handle, Deadline::NEVER), Reaped::Ended);
    assert_eq!(wait_for_lasting(&mut Native, Deadline::PAST), Ok(true));
    assert_eq!(Arc::strong_count(&handle), 1);
}

#[test]
fn a_timed_join_gives_up_but_never_early() {
    let _alone = alone();
    let (handle, end) = start_held(false);
    let joined =
        not_early(A_WHILE, |timeout| join(&handle, Deadline::after(timeout)) == Reaped::Ended);
    assert!(!joined);
    assert_eq!(join(&handle, Deadline::PAST), Reaped::TimedOut);
    assert_eq!(handle.waiting(), 0);
    end.set();
    assert_eq!(join(&handle, Deadline::NEVER), Reaped::Ended);
}

#[test]
fn several_threads_may_join_one() {
    let _alone = alone();
    let (handle, end) = start_held(false);
    scope_within(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(join(&handle, Deadline::NEVER), Reaped::Ended));
        }
        eventually("all wait for it", || handle.waiting() == 4);
        end.set();
    });
}

#[test]
fn a_signal_ends_a_join() {
    let _alone = alone();
    let (handle, end) = start_held(false);
    let outcome = interrupted(
        || handle.waiting() == 1,
        |blocking| handle.join_with(blocking, Deadline::NEVER),
    );
    assert_eq!(outcome, Err(Interrupted));
    end.set();
    assert_eq!(join(&handle, Deadline::NEVER), Reaped::Ended);
}

#[test]
fn a_thread_whose_handle_was_dropped_runs_to_its_end() {
    let _alone = alone();
    let (handle, end) = start_held(false);
    assert_eq!(running(), 1);
    drop(handle);
    end.set();
    eventually("it ends by itself", || running() == 0);
}

#[test]
fn an_adopted_thread_is_done_when_its_embedder_says_so() {
    let _alone = alone();
    let handle = Handle::adopt(thread_id());
    assert!(handle.is_started() && !handle.is_done());
    assert_eq!(handle.ident(), thread_id());
    scope_within(|scope| {
        let joiner = scope.spawn(|| join(&handle, Deadline::NEVER));
        eventually("the joiner waits", || handle.waiting() == 1);
        handle.set_done();
        assert_eq!(joiner.join().unwrap(), Reaped::Ended);
    });
    assert!(handle.is_done());
    assert_eq!(running(), 0, "it is not this crate's thread");
}

#[test]
fn lasting_threads_are_waited_for_and_others_are_not() {
    let _alone = alone();
    let (first, first_end) = start_held(true);
    let (second, second_end) = start_held(true);
    let (daemon, daemon_end) = start_held(false);
    assert_eq!(running(), 3);
    let waited = not_early(A_WHILE, |timeout| {
        wait_for_lasting(&mut Native, Deadline::after(timeout)).unwrap()
    });
    assert!(!waited);
    scope_within(|scope| {
        let waiter = scope.spawn(|| wait_for_lasting(&mut Native, Deadline::NEVER).unwrap());
        first_end.set();
        let _ = join(&first, Deadline::NEVER);
        assert_eq!(wait_for_lasting(&mut Native, Deadline::PAST), Ok(false));
        assert!(!waiter.is_finished());
        second_end.set();
        assert!(waiter.join().unwrap());
    });
    assert!(!daemon.is_done());
    daemon_end.set();
    let _ = (join(&second, Deadline::NEVER), join(&daemon, Deadline::NEVER));
}

#[test]
fn a_lasting_thread_does_not_wait_for_itself() {
    let _alone = alone();
    let outcome = Arc::new(raddle::Lock::new(None));
    let told = Arc::clone(&outcome);
    let thread = start(true, move || {
        *told.acquire() = Some(wait_for_lasting(&mut Native, Deadline::NEVER).unwrap());
    });
    assert_eq!(join(&thread, Deadline::NEVER), Reaped::Ended);
    assert_eq!(*outcome.acquire(), Some(true));
}

#[test]
fn many_threads_come_and_go_and_none_is_lost() {
    let _alone = alone();
    let counter = Arc::new(AtomicUsize::new(0));
    for round in 0..20 {
        let handles: Vec<_> = (0..25)
            .map(|number| {
                let counter = Arc::clone(&counter);
                start(number % 2 == 0, move || {
                    counter.fetch_add(1, Ordering::SeqCst);
                })
            })
            .collect();
        // Half are joined, and half are left to themselves.
        for handle in handles.iter().skip(round % 2).step_by(2) {
            assert_eq!(join(handle, Deadline::NEVER), Reaped::Ended);
        }
    }
    eventually("all have run", || counter.load(Ordering::SeqCst) == 500);
    eventually("all are gone", || running() == 0);
    assert_eq!(wait_for_lasting(&mut Native, Deadline::PAST), Ok(true));
}
