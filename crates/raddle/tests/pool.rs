//! Pool: results in order, panics that arrive, tasks inside tasks, and the end.
#![cfg(not(raddle_loom))]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{PATIENCE, eventually, not_early};
use raddle::{Barrier, Event, Pool};

fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload.downcast_ref::<&str>().copied().unwrap_or("no text")
}

#[test]
fn map_keeps_the_order_of_its_items() {
    for workers in [1, 2, 5] {
        let pool = Pool::new(workers);
        for count in [0, 1, 2, 7, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let expected: Vec<String> = items.iter().map(usize::to_string).collect();
            assert_eq!(pool.map(&items, usize::to_string), expected);
            assert_eq!(pool.map_iter(items, |item| item.to_string()), expected);
        }
    }
}

#[test]
fn map_runs_on_all_workers_and_the_caller_at_once() {
    let (pool, together) = (Pool::new(3), Barrier::new(4));
    pool.map(&[(); 4], |()| together.wait());
    pool.map_iter([(); 4], |()| together.wait());
}

#[test]
fn a_map_inside_a_map_is_done_however_busy_the_workers_are() {
    let pool = Pool::new(2);
    let items: Vec<usize> = (0..20).collect();
    let sums = pool.map(&items, |&count| {
        let inner: Vec<usize> = (0..count).collect();
        let squares = pool.map(&inner, |number| pool.map(&[*number], |n| n * n)[0]);
        squares.into_iter().sum::<usize>()
    });
    assert_eq!(sums[4], 1 + 4 + 9);
    assert_eq!(sums.len(), 20);
}

#[test]
fn a_panic_in_a_map_reaches_the_caller_and_drops_every_result_once() {
    struct Counted<'a>(&'a AtomicUsize);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let pool = Pool::new(2);
    let alive = AtomicUsize::new(0);
    let items: Vec<usize> = (0..1000).collect();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        pool.map(&items, |&item| {
            assert!(item != 500, "item 500");
            alive.fetch_add(1, Ordering::SeqCst);
            Counted(&alive)
        })
    }));
    assert_eq!(message(outcome.err().expect("a panic").as_ref()), "item 500");
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    assert_eq!(pool.map(&[1, 2], |number| number + 1), [2, 3], "the pool goes on");
}

#[test]
fn a_panic_of_an_iterator_or_over_it_reaches_the_caller() {
    let pool = Pool::new(2);
    let broken = (0..100).inspect(|&item| assert!(item != 50, "the iterator"));
    let outcome = catch_unwind(AssertUnwindSafe(|| pool.map_iter(broken, |item| item)));
    assert_eq!(message(outcome.expect_err("a panic").as_ref()), "the iterator");
    let run = |item| assert!(item != 50, "the function");
    let outcome = catch_unwind(AssertUnwindSafe(|| pool.map_iter(0..100, run)));
    assert_eq!(message(outcome.expect_err("a panic").as_ref()), "the function");
}

#[test]
fn a_spawned_task_returns_its_value_or_its_panic() {
    let pool = Pool::new(2);
    let (value, panic) = (pool.spawn(|| 7), pool.spawn(|| panic!("in the task")));
    assert_eq!(value.join().unwrap(), 7);
    let payload = panic.join().map(|(): ()| "no panic").expect_err("a panic");
    assert_eq!(message(payload.as_ref()), "in the task");
    assert_eq!(pool.spawn(|| 8).join().unwrap(), 8);
}

#[test]
fn joining_a_task_can_time_out_and_be_done_again() {
    let (pool, go) = (Pool::new(1), Arc::new(Event::new()));
    let task = {
        let go = Arc::clone(&go);
        pool.spawn(move || go.wait())
    };
    let mut task = Some(task);
    not_early(Duration::from_millis(5), |timeout| {
        task = task.take().and_then(|task| task.join_timeout(timeout).err());
        task.is_none()
    });
    go.set();
    let task = task.expect("it waits for the event");
    assert!(task.join_timeout(PATIENCE).is_ok_and(|outcome| outcome.is_ok()));
}

#[test]
fn tasks_may_spawn_and_join_tasks_on_one_worker() {
    fn sum(pool: &Arc<Pool>, from: u64, to: u64) -> u64 {
        if to - from < 4 {
            return (from..to).sum();
        }
        let middle = (from + to) / 2;
        let (mine, theirs) = (Arc::clone(pool), Arc::clone(pool));
        let left = pool.spawn(move || sum(&mine, from, middle));
        let right = pool.spawn(move || sum(&theirs, middle, to));
        left.join().unwrap() + right.join().unwrap()
    }
    for workers in [1, 3] {
        let pool = Arc::new(Pool::new(workers));
        let task = Arc::clone(&pool);
        assert_eq!(pool.spawn(move || sum(&task, 0, 1000)).join().unwrap(), 499_500);
    }
}

#[test]
fn what_a_busy_worker_spawned_is_stolen_by_one_that_rests() {
    let pool = Arc::new(Pool::new(2));
    let (inner, stolen) = (Arc::clone(&pool), Arc::new(Event::new()));
    eventually("both workers rest", || pool.resting() == 2);
    let task = pool.spawn(move || {
        let mark = Arc::clone(&stolen);
        let _detached = inner.spawn(move || mark.set());
        stolen.wait_timeout(PATIENCE)
    });
    assert!(task.join().unwrap());
}

#[test]
fn dropping_the_pool_waits_for_every_task() {
    let done = Arc::new(AtomicUsize::new(0));
    let pool = Pool::new(2);
    for _ in 0..1000 {
        let done = Arc::clone(&done);
        let _detached = pool.spawn(move || done.fetch_add(1, Ordering::SeqCst));
    }
    drop(pool);
    assert_eq!(done.load(Ordering::SeqCst), 1000);
}

#[test]
fn a_task_may_drop_the_last_handle_of_its_pool() {
    let pool = Arc::new(Pool::new(2));
    let (last, go) = (Arc::clone(&pool), Arc::new(Event::new()));
    let task = {
        let go = Arc::clone(&go);
        pool.spawn(move || {
            go.wait();
            drop(last);
        })
    };
    drop(pool);
    go.set();
    assert!(task.join_timeout(PATIENCE).is_ok_and(|outcome| outcome.is_ok()));
}

#[test]
#[should_panic(expected = "a pool needs a worker")]
fn a_pool_without_workers_is_refused() {
    let _ = Pool::new(0);
}

/// A pool of two, whose second worker is busy until told, by a task, and then by the test.
fn with_one_busy(
    pool: &Arc<Pool>,
    wait: impl FnOnce(raddle::Spawned<u32>) -> u32 + Send + 'static,
) -> (raddle::Spawned<u32>, std::sync::mpsc::Sender<u32>) {
    let (to_busy, at_busy) = std::sync::mpsc::channel();
    let (begins, begun) = std::sync::mpsc::channel();
    let inner = Arc::clone(pool);
    let waits = pool.spawn(move || {
        let stolen = inner.spawn(move || {
            begins.send(()).unwrap();
            at_busy.recv().unwrap()
        });
        begun.recv().unwrap();
        wait(stolen)
    });
    (waits, to_busy)
}

#[test]
fn a_worker_that_joins_runs_what_comes_later() {
    let pool = Arc::new(Pool::new(2));
    let (joins, to_busy) = with_one_busy(&pool, |stolen| stolen.join().unwrap());
    eventually("the joiner sleeps", || pool.resting() == 1);
    let later = pool.spawn(|| 7).join_timeout(PATIENCE);
    assert_eq!(later.expect("nobody runs it").unwrap(), 7);
    eventually("the joiner sleeps again", || pool.resting() == 1);
    to_busy.send(8).unwrap();
    assert_eq!(joins.join().unwrap(), 8);
}

#[test]
fn a_worker_whose_map_others_have_not_left_runs_what_comes_later() {
    let pool = Arc::new(Pool::new(2));
    let (inner, both) = (Arc::clone(&pool), Arc::new(Barrier::new(2)));
    let (go, went) = (Arc::new(Event::new()), Arc::new(Event::new()));
    let maps = {
        let (go, went) = (Arc::clone(&go), Arc::clone(&went));
        pool.spawn(move || {
            let owner = raddle::thread_id();
            inner.map(&[(); 2], |()| {
                both.wait().unwrap();
                if raddle::thread_id() != owner {
                    went.set();
                    go.wait();
                }
            });
        })
    };
    went.wait();
    eventually("the owner waits", || pool.resting() == 1);
    let later = pool.spawn(|| 7).join_timeout(PATIENCE);
    assert_eq!(later.expect("nobody runs it").unwrap(), 7);
    go.set();
    maps.join().unwrap();
}

#[test]
fn a_task_that_drops_its_pool_runs_what_the_others_wait_for() {
    let pool = Arc::new(Pool::new(2));
    let (inner, last) = (Arc::clone(&pool), Arc::clone(&pool));
    let (done, go) = (Arc::new(Event::new()), Arc::new(Event::new()));
    let drops = {
        let (done, go) = (Arc::clone(&done), Arc::clone(&go));
        pool.spawn(move || {
            let (begun, waited) = (Arc::new(Event::new()), Arc::new(Event::new()));
            let (begins, waits) = (Arc::clone(&begun), Arc::clone(&waited));
            let _other = inner.spawn(move || {
                begins.set();
                waits.wait();
                done.set();
            });
            begun.wait();
            // For this worker alone: the other one waits for it.
            let _mine = inner.spawn(move || waited.set());
            go.wait();
            drop(inner);
            drop(last);
        })
    };
    drop(pool);
    go.set();
    assert!(drops.join_timeout(PATIENCE).is_ok_and(|outcome| outcome.is_ok()));
    assert!(done.is_set());
}

#[test]
fn joins_on_all_workers_at_once_all_end() {
    let pool = Arc::new(Pool::new(3));
    for _ in 0..200 {
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let inner = Arc::clone(&pool);
                pool.spawn(move || {
                    let one = inner.spawn(move || number);
                    let two = inner.spawn(std::thread::yield_now);
                    two.join().unwrap();
                    one.join().unwrap()
                })
            })
            .collect();
        let results: Vec<_> = tasks.into_iter().map(|task| task.join().unwrap()).collect();
        assert_eq!(results, (0..8).collect::<Vec<_>>());
    }
}

/// With the privileges of a user that may have so many threads and no more.
#[cfg(target_os = "linux")]
#[test]
fn a_pool_whose_nth_worker_cannot_start_is_an_error_and_leaves_nothing() {
    let child = common::in_child(|| {
        let limit = |threads| libc::rlimit { rlim_cur: threads, rlim_max: 64 };
        // SAFETY: plain system calls, in a child process of this test's own.
        let privileged = unsafe { libc::setuid(61_234) } == 0;
        // A user with other processes has none to spare at once.
        let threads = if privileged { 3 } else { 0 };
        // SAFETY: as above; the limit is a valid one.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &limit(threads)) }, 0);
        assert!(Pool::try_new(8).is_err());
        let count = || std::fs::read_dir("/proc/self/task").unwrap().count();
        eventually("those that were started have ended", || count() == 1);
        // SAFETY: as above.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &limit(64)) }, 0);
        if privileged {
            assert_eq!(Pool::try_new(2).unwrap().spawn(|| 7).join().unwrap(), 7);
        }
        true
    });
    assert_eq!(common::exit_status(child), 0);
}
