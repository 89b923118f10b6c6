//! Threads, and timers, scopes and forks.

use std::collections::HashSet;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::common::{eventually, scope_within};
#[cfg(unix)]
use crate::common::{exit_status, in_child};
use crate::{LONG, on};
use raddle::race::probe::{Moment, is_after, now};
use raddle::thread;
use raddle::{Deadline, Event, Native, Timer};

#[test]
fn a_thread_begins_after_its_start_and_its_end_comes_before_its_join() {
    on();
    let before = now();
    let thread = raddle::spawn(move || {
        assert!(is_after(before), "the start");
        now()
    });
    let later = now();
    let finished = raddle::spawn(move || {
        assert!(is_after(later));
        now()
    });
    let end = thread.join().unwrap();
    assert!(is_after(end), "the join");
    eventually("it has ended", || finished.is_finished());
    let end = finished.join_timeout(LONG).unwrap().unwrap();
    assert!(is_after(end));
}

#[test]
fn a_thread_is_not_ordered_after_what_its_starter_does_next() {
    on();
    let (tell, told) = mpsc::channel();
    let thread = raddle::spawn(move || {
        let next: Moment = told.recv().unwrap();
        !is_after(next)
    });
    tell.send(now()).unwrap();
    assert!(thread.join().unwrap());
}

#[test]
fn a_thread_that_was_seen_to_be_finished_is_one_that_this_comes_after() {
    on();
    let (tell, told) = mpsc::channel();
    let thread = raddle::spawn(move || tell.send(now()).unwrap());
    let end = told.recv().unwrap();
    assert!(!is_after(end));
    eventually("it has ended", || thread.is_finished());
    assert!(is_after(end));
}

#[test]
fn what_waits_for_the_beginning_of_a_thread_is_not_ordered_after_its_end() {
    unsafe extern "C-unwind" fn main(tell: *mut c_void) {
        // SAFETY: the box that is handed over below, once.
        let tell = unsafe { Box::from_raw(tell.cast::<mpsc::Sender<Moment>>()) };
        thread::settled();
        let begun = now();
        thread::begun();
        tell.send(begun).unwrap();
        tell.send(now()).unwrap();
    }
    on();
    let (tell, told) = mpsc::channel::<Moment>();
    let (handle, tell) = (Arc::new(thread::Handle::new()), Box::into_raw(Box::new(tell)));
    let before = now();
    // SAFETY: `main` takes the box over, settles, and does not panic.
    unsafe { thread::run_raw(&handle, true, 0, main, tell.cast()) }.unwrap();
    let (begun, end) = (told.recv().unwrap(), told.recv().unwrap());
    eventually("it has ended", || told.recv().is_err());
    assert!(is_after(before) && !is_after(begun));
    handle.wait_begun(&mut Native).unwrap();
    assert!(is_after(begun) && !is_after(end));
    assert_eq!(handle.join_with(&mut Native, Deadline::NEVER), Ok(thread::Reaped::Ended));
    assert!(is_after(end));
}

#[test]
fn what_waits_for_the_beginning_until_the_end_is_not_ordered_after_it() {
    unsafe extern "C-unwind" fn main(tell: *mut c_void) {
        // SAFETY: the box that is handed over below, once.
        let tell = unsafe { Box::from_raw(tell.cast::<mpsc::Sender<Moment>>()) };
        thread::settled();
        thread::begun();
        tell.send(now()).unwrap();
    }
    on();
    for _ in 0..50 {
        let (tell, told) = mpsc::channel::<Moment>();
        let (handle, tell) = (Arc::new(thread::Handle::new()), Box::into_raw(Box::new(tell)));
        // SAFETY: as above.
        unsafe { thread::run_raw(&handle, true, 0, main, tell.cast()) }.unwrap();
        handle.wait_begun(&mut Native).unwrap(); // It spins on until the thread has ended.
        let end = told.recv().unwrap();
        assert!(!is_after(end));
        assert_eq!(handle.join_with(&mut Native, Deadline::NEVER), Ok(thread::Reaped::Ended));
        assert!(is_after(end));
    }
}

#[test]
fn what_waits_for_all_lasting_threads_comes_after_their_ends() {
    unsafe extern "C-unwind" fn main(tell: *mut c_void) {
        // SAFETY: the box that is handed over below, once.
        let tell = unsafe { Box::from_raw(tell.cast::<mpsc::Sender<Moment>>()) };
        thread::settled();
        tell.send(now()).unwrap();
        if EARLY.load(Ordering::SeqCst) {
            thread::finish_early();
        }
    }
    static EARLY: AtomicBool = AtomicBool::new(false);
    on();
    for early in [false, true] {
        EARLY.store(early, Ordering::SeqCst);
        let (tell, told) = mpsc::channel::<Moment>();
        let (handle, tell) = (Arc::new(thread::Handle::new()), Box::into_raw(Box::new(tell)));
        // SAFETY: as above.
        unsafe { thread::run_raw(&handle, true, 0, main, tell.cast()) }.unwrap();
        let end = told.recv().unwrap();
        assert!(!is_after(end));
        assert_eq!(thread::wait_for_lasting(&mut Native, Deadline::NEVER), Ok(true));
        assert!(is_after(end));
        eventually("it is done", || handle.is_done());
    }
}

#[test]
fn a_timer_is_a_thread() {
    on();
    let before = now();
    let timer = Timer::start(Duration::ZERO, move || {
        assert!(is_after(before));
        now()
    });
    let end = timer.join().unwrap().unwrap();
    assert!(is_after(end));
}

#[test]
fn a_scope_orders_its_threads() {
    on();
    let before = now();
    let (tell, told) = mpsc::channel();
    raddle::scope(|scope| {
        let tell = &tell;
        let joined = scope.spawn(move || {
            assert!(is_after(before), "the start");
            now()
        });
        let end = joined.join().unwrap();
        assert!(is_after(end), "the join");
        scope.spawn(move || {
            scope.spawn(move || tell.send(now()).unwrap());
        });
    });
    assert!(is_after(told.recv().unwrap()), "the end of the scope");
}

/// (Its slot is used again, or the tables of the threads would grow for ever.)
#[test]
fn threads_that_come_after_each_other_share_a_place_in_the_clocks() {
    on();
    let slots: HashSet<_> = {
        let slot = |moment: Moment| moment.slot().unwrap();
        (0..100).map(|_| slot(raddle::spawn(now).join().unwrap())).collect()
    };
    assert_eq!(slots.len(), 1);
}

#[cfg(unix)]
#[test]
fn a_forked_child_goes_on_with_the_clock_of_the_thread_that_forked() {
    on();
    let event = Event::new();
    let then = scope_within(|scope| {
        scope
            .spawn(|| {
                let then = now();
                event.set();
                then
            })
            .join()
            .unwrap()
    });
    let mine = now();
    let child = in_child(|| {
        let known = is_after(mine) && !is_after(then);
        let end = raddle::spawn(move || {
            assert!(is_after(mine));
            now()
        });
        let end = end.join().unwrap();
        known && event.is_set() && is_after(then) && is_after(end)
    });
    assert_eq!(exit_status(child), 0);
}
