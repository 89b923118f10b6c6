//! The queue, with real threads.
#![cfg(not(raddle_loom))]

mod common;

#[cfg(unix)]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Interrupted, eventually, interrupted, not_early, scope_within};
#[cfg(unix)]
use common::{exit_status, in_child};
use raddle::queue::NoTask;
use raddle::{Deadline, GetError, PutError, Queue};

const A_WHILE: Duration = Duration::from_millis(20);

/// `threads` put, as many get; every item has to arrive once, those of one putter in order.
fn account(queue: &Queue<(usize, usize)>, threads: usize, each: usize) {
    let got = Mutex::new(Vec::new());
    let left = AtomicUsize::new(threads);
    scope_within(|scope| {
        for me in 0..threads {
            let left = &left;
            scope.spawn(move || {
                for number in 0..each {
                    queue.put((me, number)).unwrap();
                }
                if left.fetch_sub(1, Ordering::SeqCst) == 1 {
                    queue.shutdown(false);
                }
            });
            scope.spawn(|| {
                let mut mine = Vec::new();
                while let Ok(item) = queue.get() {
                    mine.push(item);
                }
                for me in 0..threads {
                    let numbers = mine.iter().filter(|item| item.0 == me);
                    assert!(numbers.is_sorted(), "the items of putter {me} are out of order");
                }
                got.lock().unwrap().extend(mine);
            });
        }
    });
    let mut got = got.into_inner().unwrap();
    got.sort_unstable();
    let all = (0..threads).flat_map(|me| (0..each).map(move |number| (me, number)));
    assert!(all.eq(got), "items were lost or doubled");
}

#[test]
fn every_item_arrives_once_and_in_its_putters_order() {
    account(&Queue::bounded(1), 3, 2_000);
    account(&Queue::bounded(7), 4, 5_000);
    account(&Queue::unbounded(), 4, 20_000);
}

#[test]
fn a_put_waits_for_room_and_a_get_for_an_item() {
    let queue = Queue::bounded(2);
    assert_eq!((queue.capacity(), queue.is_empty()), (Some(2), true));
    queue.put(1).unwrap();
    queue.put(2).unwrap();
    assert!(queue.is_full());
    assert_eq!(queue.try_put(3), Err(PutError::Full(3)));
    scope_within(|scope| {
        scope.spawn(|| queue.put(3).unwrap());
        eventually("one waits to put", || queue.gate().waiting_to_put() == 1);
        assert_eq!(queue.get(), Ok(1));
        eventually("it has put", || queue.is_full());
        assert_eq!([queue.get(), queue.get()], [Ok(2), Ok(3)]);
        let getter = scope.spawn(|| queue.get());
        eventually("one waits to get", || queue.gate().waiting_to_get() == 1);
        queue.put(4).unwrap();
        assert_eq!(getter.join().unwrap(), Ok(4));
    });
    assert_eq!(queue.try_get(), Err(GetError::Empty));
}

#[test]
fn a_timed_wait_gives_up_but_never_early() {
    let queue = Queue::bounded(1);
    assert!(!not_early(A_WHILE, |timeout| queue.get_timeout(timeout).is_ok()));
    queue.put(1).unwrap();
    assert!(!not_early(A_WHILE, |timeout| queue.put_timeout(2, timeout).is_ok()));
    assert_eq!(queue.put_timeout(2, Duration::ZERO), Err(PutError::Full(2)));
    assert_eq!(queue.get_timeout(A_WHILE), Ok(1));
    assert_eq!((queue.gate().waiting_to_get(), queue.gate().waiting_to_put()), (0, 0));
}

#[test]
fn a_signal_ends_a_wait_and_takes_nothing() {
    let queue = Queue::bounded(1);
    let got = interrupted(
        || queue.gate().waiting_to_get() == 1,
        |blocking| queue.get_with(blocking, Deadline::NEVER),
    );
    assert_eq!(got, Err(GetError::Interrupted(Interrupted)));
    queue.put(1).unwrap();
    let put = interrupted(
        || queue.gate().waiting_to_put() == 1,
        |blocking| queue.put_with(2, blocking, Deadline::NEVER),
    );
    assert_eq!(put, Err(PutError::Interrupted(2, Interrupted)));
    assert_eq!((queue.try_get(), queue.len()), (Ok(1), 0));
}

#[test]
fn a_shutdown_wakes_everyone_and_gives_the_rest_back() {
    let (full, empty) = (Queue::bounded(1), Queue::<u8>::unbounded());
    full.put(1).unwrap();
    scope_within(|scope| {
        let putters = [2, 3].map(|item| {
            scope.spawn({
                let full = &full;
                move || full.put(item)
            })
        });
        let getters = [(); 2].map(|()| scope.spawn(|| empty.get()));
        eventually("all wait", || {
            full.gate().waiting_to_put() == 2 && empty.gate().waiting_to_get() == 2
        });
        assert_eq!(full.shutdown(false).len(), 0);
        empty.shutdown(false);
        let mut back = putters.map(|putter| putter.join().unwrap().unwrap_err().into_item());
        back.sort_unstable();
        assert_eq!(back, [2, 3]);
        assert_eq!(getters.map(|getter| getter.join().unwrap()), [Err(GetError::ShutDown); 2]);
    });
    assert!(full.is_shutdown());
    assert_eq!(full.try_put(4), Err(PutError::ShutDown(4)));
    assert_eq!(full.shutdown(true).collect::<Vec<_>>(), [1]);
    assert_eq!((full.try_get(), full.unfinished()), (Err(GetError::ShutDown), 0));
}

#[test]
fn join_waits_for_the_tasks_and_no_longer() {
    let queue = Queue::unbounded();
    queue.join();
    assert_eq!(queue.task_done(), Err(NoTask));
    queue.put(1).unwrap();
    queue.put(2).unwrap();
    assert_eq!(queue.join_with(&mut raddle::Native, Deadline::after(A_WHILE)), Ok(false));
    scope_within(|scope| {
        scope.spawn(|| queue.join());
        eventually("one joins", || queue.gate().waiting_to_join() == 1);
        queue.task_done().unwrap();
        assert_eq!(queue.gate().waiting_to_join(), 1);
        queue.task_done().unwrap();
    });
    assert_eq!((queue.unfinished(), queue.len()), (0, 2));
}

#[test]
fn items_that_nobody_gets_are_dropped_with_the_queue() {
    let item = Arc::new(());
    let queue = Queue::unbounded();
    for _ in 0..1_000 {
        queue.put(Arc::clone(&item)).unwrap();
    }
    drop(queue.get());
    assert_eq!(Arc::strong_count(&item), 1_000);
    drop(queue);
    assert_eq!(Arc::strong_count(&item), 1);
}

#[test]
fn each_item_that_comes_is_got_by_one_of_those_who_wait() {
    let queue = Queue::unbounded();
    scope_within(|scope| {
        let getters: Vec<_> = (1..=3)
            .map(|count| {
                let getter = scope.spawn(|| queue.get().unwrap());
                eventually("it waits", || queue.gate().waiting_to_get() == count);
                getter
            })
            .collect();
        for item in 0..3 {
            queue.put(item).unwrap();
        }
        let mut got: Vec<_> =
            getters.into_iter().map(|getter| getter.join().unwrap()).collect();
        got.sort_unstable();
        assert_eq!(got, [0, 1, 2]);
    });
}

#[cfg(unix)]
#[test]
fn a_forked_child_has_the_items_and_none_of_the_waiters() {
    let (full, empty) = (Queue::bounded(2), Queue::<u8>::unbounded());
    full.put(1).unwrap();
    full.put(2).unwrap();
    scope_within(|scope| {
        scope.spawn(|| full.put(3));
        scope.spawn(|| empty.get());
        eventually("both wait", || {
            full.gate().waiting_to_put() == 1 && empty.gate().waiting_to_get() == 1
        });
        let child = in_child(|| {
            let alone = full.gate().waiting_to_put() + empty.gate().waiting_to_get() == 0;
            let items = [full.get(), full.get()] == [Ok(1), Ok(2)];
            empty.put(4).unwrap();
            full.put(5).unwrap();
            alone && items && empty.get() == Ok(4) && full.try_get() == Ok(5)
        });
        assert_eq!(exit_status(child), 0);
        full.shutdown(true);
        empty.shutdown(true);
    });
}

#[cfg(unix)]
#[test]
fn a_queue_in_use_during_the_fork_is_usable_in_the_child() {
    let queue = Queue::unbounded();
    let end = AtomicBool::new(false);
    scope_within(|scope| {
        scope.spawn(|| {
            while !end.load(Ordering::Relaxed) {
                queue.put([7_u64; 4]).unwrap();
                queue.put([7_u64; 4]).unwrap();
                let _ = queue.try_get();
                let _ = queue.try_get();
            }
        });
        for fork in 0..200 {
            let child = in_child(|| {
                // No more than the two that were in there, and none that is half written. No
                // room is made: another thread may have held the allocator's lock.
                let found = std::iter::from_fn(|| queue.try_get().ok()).collect::<Few>();
                found.whole && found.count <= 2
            });
            let status = exit_status(child);
            if status != 0 {
                end.store(true, Ordering::Relaxed);
            }
            assert_eq!(status, 0, "fork number {fork}");
        }
        end.store(true, Ordering::Relaxed);
    });
}

/// What the child of the test above has found.
#[cfg(unix)]
struct Few {
    count: usize,
    whole: bool,
}

#[cfg(unix)]
impl FromIterator<[u64; 4]> for Few {
    fn from_iter<I: IntoIterator<Item = [u64; 4]>>(items: I) -> Self {
        items.into_iter().fold(Self { count: 0, whole: true }, |few, item| Self {
            count: few.count + 1,
            whole: few.whole && item == [7; 4],
        })
    }
}
