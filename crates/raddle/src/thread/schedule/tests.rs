#[cfg(not(feature = "explore"))]
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[cfg(not(feature = "explore"))]
use super::dice::Dice;
use super::{
    Choices, Depth, Orders, PartialOrder, Random, Replay, Run, Strategy, Touch, begin, finish,
    is_stuck, point, point_at, reuse, time,
};
use crate::{
    Blocking, Deadline, Event, Lock, Native, Parker, Semaphore, Thread, Wake, spawn, thread,
};

/// One run at a time: the table is the process's.
static ALONE: Mutex<()> = Mutex::new(());

const MANY: usize = 1 << 20; // preemptions that no program here has

/// Runs `body` under each schedule of a strategy, `most` times at most, and `look`s at each run.
fn explore(
    mut strategy: Box<dyn Strategy>,
    most: usize,
    body: impl Fn(),
    mut look: impl FnMut(Run),
) -> usize {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for count in 1..=most {
        assert!(begin(strategy).is_ok());
        body();
        let (run, back) = finish(false);
        strategy = back;
        look(run);
        if !strategy.advance() {
            return count;
        }
    }
    most
}

/// Threads that each come to so many points.
fn walkers(threads: usize, points: usize) -> usize {
    let body = || {
        let walk = move || (0..points).for_each(|_| point());
        let all: Vec<Thread<()>> = (0..threads).map(|_| spawn(walk)).collect();
        drop(all);
    };
    explore(Box::new(Choices::new(MANY)), MANY, body, |run| assert!(!run.stuck && !run.outside))
}

#[cfg(not(feature = "explore"))]
fn factorial(number: usize) -> usize {
    (1..=number).product()
}

// (With the feature, a start is a point, too.)
#[cfg(not(feature = "explore"))]
#[test]
fn all_schedules_are_as_many_as_there_are_orders() {
    for (threads, points) in [(1, 3), (2, 1), (2, 3), (3, 1), (4, 0), (3, 2)] {
        // Points cut a thread into one part more. The parts of a thread keep their order.
        let parts = points + 1;
        let orders = factorial(threads * parts) / factorial(parts).pow(threads as u32);
        assert_eq!(walkers(threads, points), orders, "{threads} threads, {points} points");
    }
}

/// Threads that each touch these objects, one after the other.
fn orders(threads: &'static [&'static [usize]]) -> usize {
    let body = || {
        let walk = |objects: &'static [usize]| {
            move || objects.iter().for_each(|each| point_at(Touch::changes(*each)))
        };
        let all: Vec<Thread<()>> =
            (0..threads.len()).map(|thread| spawn(walk(threads[thread]))).collect();
        drop(all);
    };
    let mut count = 0;
    explore(Box::new(Orders::new()), MANY, body, |run| {
        assert!(!run.stuck && !run.outside);
        count += usize::from(!run.repeats);
    });
    count
}

#[test]
fn orders_of_steps_that_do_not_conflict_are_tried_once() {
    // One object: all orders of the steps, as if nothing were known of them.
    assert_eq!(orders(&[&[1, 1], &[1, 1]]), 6);
    assert_eq!(orders(&[&[1], &[1], &[1]]), 6);
    assert_eq!(orders(&[&[1, 1, 1], &[1, 1, 1]]), 20);
    // Different ones: one order.
    assert_eq!(orders(&[&[1, 1], &[2, 2]]), 1);
    assert_eq!(orders(&[&[1, 2, 3], &[4, 5], &[6]]), 1);
    // Two orders of the one, times two of the other.
    assert_eq!(orders(&[&[1], &[1], &[2], &[2]]), 4);
    // The second step of each touches what the other's first does.
    assert_eq!(orders(&[&[1, 2], &[2, 1]]), 3);
}

#[cfg(not(feature = "explore"))]
/// What can come of threads that write their numbers into these logs, one after the other, and into
/// the even ones under a lock: each end, with how many runs had it, but for those that repeat.
fn ends(
    strategy: Box<dyn Strategy>,
    threads: &[Vec<usize>],
) -> BTreeMap<Vec<Vec<usize>>, usize> {
    type Logs = Vec<(Lock<()>, Mutex<Vec<usize>>)>;
    let logs: Mutex<Arc<Logs>> = Mutex::default();
    let body = || {
        let mine: Arc<Logs> = Arc::new((0..4).map(|_| Default::default()).collect());
        *logs.lock().unwrap() = Arc::clone(&mine);
        let start = |(number, objects): (usize, &Vec<usize>)| {
            let (logs, objects) = (Arc::clone(&mine), objects.clone());
            spawn(move || {
                for object in objects {
                    let (lock, log) = &logs[object];
                    point_at(Touch::changes(object));
                    if object % 2 == 1 {
                        log.lock().unwrap().push(number);
                        continue;
                    }
                    let held = lock.acquire();
                    point_at(Touch::changes(object));
                    log.lock().unwrap().push(number);
                    drop(held);
                }
            })
        };
        let all: Vec<_> = threads.iter().enumerate().map(start).collect();
        all.into_iter().for_each(|thread| thread.join().unwrap());
    };
    let mut ends = BTreeMap::new();
    explore(strategy, MANY, body, |run| {
        assert!(!run.stuck && !run.outside);
        let logs = Arc::clone(&logs.lock().unwrap());
        let end = logs.iter().map(|(_, log)| log.lock().unwrap().clone()).collect();
        *ends.entry(end).or_default() += usize::from(!run.repeats);
    });
    ends
}

// (With the feature, taking a lock is a point, too: there are too many orders to try all.)
#[cfg(not(feature = "explore"))]
#[test]
fn what_is_left_out_ends_as_something_that_was_tried() {
    let mut dice = Dice::new(7);
    for round in 0..12 {
        // Two threads with up to two steps, or three with one.
        let (threads, most) = if round % 3 == 0 { (3, 1) } else { (2, 2) };
        let mut steps = || (0..1 + dice.below(most)).map(|_| dice.below(4)).collect();
        let threads: Vec<Vec<usize>> = (0..threads).map(|_| steps()).collect();
        let (every, orders) = (
            ends(Box::new(Choices::new(MANY)), &threads),
            ends(Box::new(Orders::new()), &threads),
        );
        assert!(every.keys().eq(orders.keys()), "{threads:?}");
        let count = |ends: &BTreeMap<_, usize>| ends.values().sum::<usize>();
        assert!(count(&orders) <= count(&every), "{threads:?}");
    }
}

#[test]
fn steps_that_only_read_do_not_conflict() {
    let (read, change) = (Touch::reads(1), Touch::changes(1));
    assert!(!read.conflicts(read) && read.conflicts(change) && change.conflicts(change));
    assert!(Touch::ANYTHING.conflicts(read) && !Touch::changes(2).conflicts(change));
}

/// Adds one to a number in two steps, from two threads.
fn lose_an_update(total: &Arc<AtomicUsize>) {
    total.store(0, Ordering::Relaxed);
    let add = || {
        let total = Arc::clone(total);
        spawn(move || {
            let seen = total.load(Ordering::Relaxed);
            point();
            total.store(seen + 1, Ordering::Relaxed);
        })
    };
    let both = [add(), add()];
    both.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_lost_update_is_found_by_each_strategy_and_comes_again() {
    let strategies: [Box<dyn Strategy>; 5] = [
        Box::new(Random::new(1)),
        Box::new(Depth::new(1, 2, 8)),
        Box::new(Choices::new(1)),
        Box::new(PartialOrder::new(1)),
        Box::new(Orders::new()),
    ];
    for strategy in strategies {
        let total = Arc::new(AtomicUsize::new(0));
        let mut losing = Vec::new();
        let look = |run: Run| {
            if total.load(Ordering::Relaxed) == 1 {
                losing.push(run.choices);
            }
        };
        explore(strategy, 200, || lose_an_update(&total), look);
        assert!(!losing.is_empty());
        for choices in losing {
            let look = |_| assert_eq!(total.load(Ordering::Relaxed), 1);
            explore(Box::new(Replay::new(choices)), 1, || lose_an_update(&total), look);
        }
    }
}

#[test]
fn a_lock_keeps_the_update() {
    let total = Arc::new(Lock::new(0));
    let body = || {
        *total.acquire() = 0;
        let add = || {
            let total = Arc::clone(&total);
            spawn(move || {
                point();
                let mut held = total.acquire();
                let seen = *held;
                point();
                *held = seen + 1;
            })
        };
        let both = [add(), add()];
        both.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*total.acquire(), 2);
    };
    let count = explore(Box::new(Choices::new(MANY)), MANY, body, |run| assert!(!run.stuck));
    assert!(count > 6, "{count}");
}

#[test]
fn hours_take_no_time() {
    let began = Instant::now();
    let body = || {
        let start = time().unwrap();
        let event = Arc::new(Event::new());
        let sleeper = {
            let event = Arc::clone(&event);
            spawn(move || event.wait_timeout(Duration::from_secs(3600)))
        };
        let late = Deadline::after(Duration::from_secs(7200));
        assert_eq!(Semaphore::new(0).acquire_with(&mut Native, late), Ok(false));
        assert!(!sleeper.join().unwrap());
        // (Each look at the clock takes a moment.)
        let took = time().unwrap() - start - 7_200_000_000_000;
        assert!((0..1_000_000).contains(&took), "{took}");
    };
    explore(Box::new(Random::new(3)), 20, body, |run| assert!(!run.stuck));
    assert!(began.elapsed() < Duration::from_secs(1800));
}

/// Blocks as `Native` does, and ends a wait where all are stuck.
struct Told;

impl Blocking for Told {
    type Interrupt = ();

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        parker.park(until)
    }

    fn on_signal(&mut self) -> Result<(), ()> {
        if is_stuck() { Err(()) } else { Ok(()) }
    }
}

#[test]
fn threads_that_wait_for_each_other_are_stuck() {
    fn take(first: &Semaphore, second: &Semaphore) -> bool {
        let taken = [first, second].map(|each| {
            point();
            each.acquire_with(&mut Told, Deadline::NEVER) == Ok(true)
        });
        taken.iter().zip([first, second]).filter(|(is, _)| **is).for_each(|(_, each)| {
            each.release(1).unwrap();
        });
        taken == [true, true]
    }
    let body = || {
        let both = Arc::new((Semaphore::new(1), Semaphore::new(1)));
        let theirs = Arc::clone(&both);
        let other = spawn(move || take(&theirs.1, &theirs.0));
        let mine = take(&both.0, &both.1);
        drop(other);
        let _ = mine;
    };
    let mut stuck = 0;
    explore(Box::new(Choices::new(2)), MANY, body, |run| stuck += usize::from(run.stuck));
    assert!(stuck > 0);
}

#[test]
fn a_thread_that_outlives_its_run_is_in_no_other_ones_way() {
    let free = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&free);
    let mut left = Vec::new();
    let body = move || {
        let theirs = Arc::clone(&theirs);
        // It waits for what is none of the crate's.
        drop(spawn(move || {
            while !theirs.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            point();
        }));
    };
    explore(Box::new(Random::new(5)), 1, body, |run| left.push((run.left, run.outside)));
    assert_eq!(left, [(1, true)]);
    free.store(true, Ordering::Relaxed);
    assert!(walkers(2, 1) > 1);
}

/// The identifier of each raw thread that has begun; and how many have left.
static BEGUN: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static LEFT: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C-unwind" fn leave() {
    LEFT.fetch_add(1, Ordering::Relaxed);
}

unsafe extern "C-unwind" fn main(_: *mut std::ffi::c_void) {
    thread::settled();
    BEGUN.lock().unwrap().push(thread::thread_id());
    point();
    // SAFETY: `leave` only counts.
    let _ = unsafe { thread::keep(leave) };
}

#[test]
fn raw_threads_are_used_again_until_that_is_switched_off() {
    reuse(true);
    let start = || {
        let handle = Arc::new(thread::Handle::new());
        // SAFETY: `main` says that it is settled, and does not unwind.
        let started = unsafe { thread::run_raw(&handle, false, 0, main, std::ptr::null_mut()) };
        started.unwrap();
        handle
    };
    let join = |handle: &thread::Handle| {
        assert_eq!(handle.join_with(&mut Native, Deadline::NEVER), Ok(thread::Reaped::Ended));
    };
    let one_by_one = || {
        join(&start());
        join(&start());
    };
    assert_eq!(
        explore(Box::new(Random::new(1)), 5, one_by_one, |run| assert!(!run.outside)),
        5
    );
    let ids = std::mem::take(&mut *BEGUN.lock().unwrap());
    assert_eq!(ids, vec![ids[0]; 10], "all of them are one of the system's");
    let both = || {
        let threads = [start(), start()];
        threads.iter().for_each(|each| join(each));
    };
    explore(Box::new(Choices::new(MANY)), MANY, both, |run| {
        assert!(!run.stuck && run.left == 0)
    });
    let mut ids = std::mem::take(&mut *BEGUN.lock().unwrap());
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2);
    assert_eq!(LEFT.load(Ordering::Relaxed), 0);
    reuse(false);
    assert_eq!(LEFT.load(Ordering::Relaxed), 2, "they are gone when it returns");
    explore(Box::new(Random::new(1)), 2, one_by_one, |_| ());
    assert_eq!(LEFT.load(Ordering::Relaxed), 2, "none was kept");
}
