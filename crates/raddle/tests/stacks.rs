//! What raw threads run on: used again, given back, guarded, and not those of threads that a fork
//! has left behind.
#![cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#![cfg(not(raddle_loom))]

mod common;

use std::cell::RefCell;
use std::ffi::c_void;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::{eventually, exit_status, in_child};
use raddle::thread::{Handle, run_raw, running, wait_for_lingering};
use raddle::{Deadline, Event, Native};

const MIB: usize = 1 << 20;
/// More than are kept.
const MANY: usize = 40;

type Body = Box<dyn FnOnce() + Send>;

unsafe extern "C-unwind" fn main(argument: *mut c_void) {
    raddle::thread::settled();
    // SAFETY: the argument is the box that `start` leaked, and comes here once.
    let body = unsafe { Box::from_raw(argument.cast::<Body>()) };
    body();
}

fn start(body: impl FnOnce() + Send + 'static) -> Arc<Handle> {
    let handle = Arc::new(Handle::new());
    let argument = Box::into_raw(Box::new(Box::new(body) as Body));
    // SAFETY: `main` takes the argument over, once, and the bodies here do not panic.
    unsafe { run_raw(&handle, false, 0, main, argument.cast()) }.unwrap();
    handle
}

fn join(handle: &Handle) {
    let _ = handle.join_with(&mut Native, Deadline::NEVER).unwrap();
}

fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place on the calling thread's stack.
#[inline(never)]
fn here() -> usize {
    let place = 0u8;
    black_box(&raw const place).addr()
}

/// The place on the stack of a new thread, which is joined.
fn place() -> usize {
    let place = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&place);
    join(&start(move || told.store(here(), Ordering::SeqCst)));
    wait_for_lingering();
    place.load(Ordering::SeqCst)
}

/// Starts a thread that waits for an event, and returns the place on its stack.
fn start_held(end: &Arc<Event>) -> (Arc<Handle>, usize) {
    let (place, begun) = (Arc::new(AtomicUsize::new(0)), Arc::new(Event::new()));
    let (told, begins, end) = (Arc::clone(&place), Arc::clone(&begun), Arc::clone(end));
    let handle = start(move || {
        told.store(here(), Ordering::SeqCst);
        begins.set();
        end.wait();
    });
    begun.wait();
    (handle, place.load(Ordering::SeqCst))
}

/// The process's memory in bytes: what is mapped, and what of it is there.
fn memory() -> (usize, usize) {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let mut pages = text.split(' ').map(|each| each.parse::<usize>().unwrap());
    // SAFETY: a number of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    (pages.next().unwrap() * page, pages.next().unwrap() * page)
}

/// Uses so much of the stack.
#[inline(never)]
fn use_up(bytes: usize) -> u8 {
    let room = black_box([1u8; 4096]);
    if bytes <= room.len() { room[0] } else { room[17] | use_up(bytes - room.len()) }
}

#[test]
fn a_stack_is_used_again() {
    let _alone = alone();
    let first = place();
    assert!((0..20).all(|_| place().abs_diff(first) < MIB));
}

/// Starts [`MANY`] threads, each there until all are, and joins them; returns the places.
fn crowd() -> Vec<usize> {
    let end = Arc::new(Event::new());
    let held: Vec<_> = (0..MANY).map(|_| start_held(&end)).collect();
    end.set();
    held.iter().for_each(|(handle, _)| join(handle));
    held.into_iter().map(|(_, place)| place).collect()
}

/// Checks that what is mapped after a run does not grow with more of them.
fn check_what_is_left(run: impl Fn()) {
    let left = || {
        run();
        wait_for_lingering();
        memory().0
    };
    let first = left();
    assert!((0..5).all(|_| left() <= first + 8 * MIB));
}

#[test]
fn threads_that_are_there_at_a_time_have_one_each() {
    let _alone = alone();
    let mut places = crowd();
    places.sort_unstable();
    assert!(places.windows(2).all(|two| two[1] - two[0] >= MIB));
}

#[test]
fn a_crowd_leaves_no_more_than_some_behind() {
    let _alone = alone();
    check_what_is_left(|| drop(crowd()));
}

#[test]
fn threads_that_nobody_joins_give_theirs_back() {
    let _alone = alone();
    check_what_is_left(|| {
        for _ in 0..MANY {
            drop(start(|| ()));
            eventually("it has ended", || running() == 0);
        }
    });
}

#[test]
fn a_free_stack_keeps_few_of_its_pages() {
    let _alone = alone();
    place();
    let (_, before) = memory();
    let end = Arc::new(Event::new());
    let deep = |end: &Arc<Event>| {
        let (begun, end) = (Arc::new(Event::new()), Arc::clone(end));
        let begins = Arc::clone(&begun);
        let handle = start(move || {
            black_box(use_up(MIB));
            begins.set();
            end.wait();
        });
        begun.wait();
        handle
    };
    let held: Vec<_> = (0..10).map(|_| deep(&end)).collect();
    let (_, within) = memory();
    assert!(within >= before + 10 * MIB);
    end.set();
    held.iter().for_each(|handle| join(handle));
    wait_for_lingering();
    assert!(memory().1 <= before + 4 * MIB);
}

#[test]
fn a_stack_that_is_too_small_ends_the_process() {
    let _alone = alone();
    place(); // One that was used before has its guard still.
    let child = in_child(|| {
        // SAFETY: plain calls; no file of the crash is wanted.
        unsafe {
            libc::signal(libc::SIGSEGV, libc::SIG_DFL);
            let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        }
        join(&start(|| {
            black_box(use_up(usize::MAX));
        }));
        true
    });
    assert_eq!(exit_status(child), -libc::SIGSEGV);
}

#[test]
fn a_thread_that_has_ended_keeps_few_of_its_pages() {
    let _alone = alone();
    place();
    let (_, before) = memory();
    let deep: Vec<_> = (0..10)
        .map(|_| {
            start(|| {
                black_box(use_up(MIB));
            })
        })
        .collect();
    eventually("they have ended, unjoined", || {
        deep.iter().all(|each| each.is_done()) && memory().1 <= before + 4 * MIB
    });
    deep.iter().for_each(|each| join(each));
}

#[test]
fn a_forked_child_has_those_of_threads_that_are_not_there() {
    let _alone = alone();
    let end = Arc::new(Event::new());
    let held: Vec<_> = (0..4).map(|_| start_held(&end)).collect();
    let child = in_child(|| {
        let own = crowd();
        held.iter().all(|(_, left)| own.iter().any(|place| place.abs_diff(*left) < MIB))
    });
    assert_eq!(exit_status(child), 0);
    end.set();
    held.iter().for_each(|(handle, _)| join(handle));
}

#[test]
fn a_thread_that_forks_keeps_its_own_in_the_child() {
    let _alone = alone();
    let status = Arc::new(AtomicUsize::new(usize::MAX));
    let told = Arc::clone(&status);
    join(&start(move || {
        let child = in_child(|| {
            let own = here();
            crowd().iter().all(|place| place.abs_diff(own) > MIB)
        });
        told.store(exit_status(child) as usize, Ordering::SeqCst);
    }));
    assert_eq!(status.load(Ordering::SeqCst), 0);
}

/// Runs something after its thread's last line, as a library in C may.
struct Late(Option<Body>);

impl Drop for Late {
    fn drop(&mut self) {
        self.0.take().unwrap()();
    }
}

/// Starts a thread that is done, and then does that.
fn start_late(body: impl FnOnce() + Send + 'static) -> Arc<Handle> {
    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    start(move || LATE.set(Some(Late(Some(Box::new(body))))))
}

#[test]
fn what_runs_after_the_end_still_has_its_stack() {
    let _alone = alone();
    let (go, over) = (Arc::new(Event::new()), Arc::new(Event::new()));
    let is_own = Arc::new(AtomicUsize::new(0));
    let (awaited, says, told) = (Arc::clone(&go), Arc::clone(&over), Arc::clone(&is_own));
    let handle = start_late(move || {
        awaited.wait();
        let own = here();
        wait_for_lingering(); // As before a fork: it cannot join itself.
        let other = place();
        told.store(usize::from(other.abs_diff(own) > MIB), Ordering::SeqCst);
        says.set();
    });
    join(&handle); // It is done, and lingers.
    go.set();
    over.wait();
    assert_eq!(is_own.load(Ordering::SeqCst), 1);
}

#[test]
fn what_runs_after_the_end_is_not_waited_for_for_ever() {
    let _alone = alone();
    for joined in [true, false] {
        let (begun, go) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let (begins, awaited) = (Arc::clone(&begun), Arc::clone(&go));
        let handle = start_late(move || {
            begins.set();
            awaited.wait(); // For what the thread that forks holds.
        });
        begun.wait();
        if joined {
            join(&handle);
        }
        drop(handle);
        wait_for_lingering();
        go.set();
    }
}
