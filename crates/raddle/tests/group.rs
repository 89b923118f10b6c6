//! Groups: all threads have ended when they return, whatever has happened, and nothing is lost.
#![cfg(not(raddle_loom))]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::eventually;
use raddle::{
    CancelToken, Cancelled, Deadline, Event, Failure, Group, GroupError, Latch, Lock, Queue,
    Semaphore, group, group_within,
};

const NEVER: Deadline = Deadline::NEVER;

type Done<T> = Result<T, GroupError<String>>;

fn error<T>(text: &str) -> Result<T, Failure<String>> {
    Err(Failure::Error(text.to_owned()))
}

/// Waits for what never comes.
fn stuck<T>(group: &Group<'_, '_, String>) -> Result<T, Failure<String>> {
    Event::new().wait_with(&mut group.token().blocking(), NEVER)?;
    unreachable!("nobody sets it")
}

fn of(errors: &[&str], cancelled: Option<Cancelled>) -> Done<()> {
    Err(GroupError { errors: errors.iter().map(|e| (*e).to_owned()).collect(), cancelled })
}

#[test]
fn results_come_back_and_threads_may_borrow() {
    let total = AtomicUsize::new(0);
    let numbers = [1, 2, 3];
    let doubled: Done<Vec<usize>> = group(NEVER, |group| {
        let tasks = numbers.each_ref().map(|number| {
            group.start(|_| {
                total.fetch_add(*number, Ordering::Relaxed);
                Ok(2 * *number)
            })
        });
        tasks.into_iter().map(|task| Ok(task.join()?)).collect()
    });
    assert_eq!((doubled, total.into_inner()), (Ok(vec![2, 4, 6]), 6));
}

#[test]
fn all_threads_have_ended_when_it_returns_also_those_that_threads_have_started() {
    let ended = AtomicUsize::new(0);
    fn tree<'s>(
        group: &Group<'s, '_, String>,
        depth: usize,
        ended: &'s AtomicUsize,
    ) -> Result<(), Failure<String>> {
        for _ in 0..if depth == 0 { 0 } else { 2 } {
            group.start(move |group| tree(group, depth - 1, ended));
        }
        ended.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    let ended_well: Done<()> = group(NEVER, |group| tree(group, 4, &ended));
    assert_eq!((ended_well, ended.into_inner()), (Ok(()), 31));
}

#[test]
fn the_first_error_ends_the_waits_of_the_others_and_of_the_body() {
    let ended = group(NEVER, |group| {
        let waits = group.start(stuck::<()>);
        group.start(|_| error::<()>("no route"));
        waits.join()?;
        unreachable!("it is cancelled")
    });
    assert_eq!(ended, of(&["no route"], None));
}

#[test]
fn each_error_is_told_once() {
    let both = Latch::new(2);
    let fails = |text: &'static str| {
        let both = &both;
        move |_: &Group<'_, '_, String>| {
            both.count_down(1);
            both.wait();
            error::<()>(text)
        }
    };
    let ended: Done<()> = group(NEVER, |group| {
        group.start(fails("one"));
        group.start(fails("two"));
        Ok(())
    });
    let mut errors = ended.unwrap_err().errors;
    errors.sort();
    assert_eq!(errors, ["one", "two"]);
}

#[test]
fn an_error_of_the_body_ends_the_threads() {
    let ended: Done<()> = group(NEVER, |group| {
        group.start(stuck::<()>);
        error("the body's")
    });
    assert_eq!(ended, of(&["the body's"], None));
}

#[test]
fn a_deadline_ends_every_wait_and_is_told() {
    let ended: Done<()> = group(Deadline::after(Duration::from_millis(1)), |group| {
        group.start(stuck::<()>);
        stuck(group)
    });
    assert_eq!(ended, of(&[], Some(Cancelled::Deadline)));
    assert_eq!(ended.unwrap_err().to_string(), "the group was ended: the deadline has passed");
}

#[test]
fn a_deadline_that_ended_nothing_is_none() {
    let ended: Done<u8> = group(Deadline::PAST, |_| Ok(7));
    assert_eq!(ended, Ok(7));
}

#[test]
fn a_task_that_is_cancelled_alone_leaves_the_others_alone() {
    let ended: Done<u8> = group(NEVER, |group| {
        let (one, other) = (group.start(stuck::<()>), group.start(|_| Ok(7)));
        one.cancel();
        assert_eq!(one.join(), Err(Cancelled::Requested));
        Ok(other.join()?)
    });
    assert_eq!(ended, Ok(7));
}

#[test]
fn what_it_cancels_itself_is_no_error() {
    let ended: Done<u8> = group(NEVER, |group| {
        group.start(stuck::<()>);
        group.cancel();
        Ok(7)
    });
    assert_eq!(ended, Ok(7));
}

#[test]
fn the_first_answer_ends_the_others() {
    let answers = Queue::unbounded();
    let first: Done<u8> = group(NEVER, |group| {
        let answers = &answers;
        group.start(stuck::<()>);
        group
            .start(move |_| answers.put(7).map_err(|_| Failure::Error("shut down".to_owned())));
        let first = answers.get_with(&mut group.token().blocking(), NEVER);
        group.cancel();
        match first {
            Ok(first) => Ok(first),
            Err(_) => error("cancelled"),
        }
    });
    assert_eq!(first, Ok(7));
}

#[test]
fn a_panic_comes_out_when_all_have_ended() {
    let ended = AtomicUsize::new(0);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _: Done<()> = group(NEVER, |group| {
            group.start(|group| {
                let why = stuck::<()>(group);
                ended.fetch_add(1, Ordering::Relaxed);
                why
            });
            let panics = group.start(|_| -> Result<(), _> { panic!("a task's") });
            assert_eq!(panics.join(), Err(Cancelled::Requested));
            Ok(())
        });
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"a task's"));
    assert_eq!(ended.into_inner(), 1);
}

#[test]
fn a_panic_of_the_body_ends_the_threads() {
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _: Done<()> = group(NEVER, |group| {
            group.start(stuck::<()>);
            panic!("the body's")
        });
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"the body's"));
}

#[test]
fn a_group_inside_ends_with_the_token_that_it_is_within() {
    let inside = Event::new();
    let token = CancelToken::new(NEVER);
    let ended: Done<()> = raddle::scope(|scope| {
        let outer = scope.spawn(|| {
            group_within(&token, NEVER, |outer| {
                let task = outer.start(|outer| {
                    let ended = group_within(outer.token(), NEVER, |inner| {
                        inner.start(stuck::<()>);
                        inside.set();
                        stuck::<()>(inner)
                    });
                    assert_eq!(ended, of(&[], Some(Cancelled::Requested)));
                    Ok(())
                });
                task.join()?;
                Ok(outer.token().check()?)
            })
        });
        inside.wait();
        token.cancel();
        outer.join().unwrap()
    });
    assert_eq!(ended, of(&[], Some(Cancelled::Requested)));
}

#[test]
fn a_call_that_is_cut_from_outside_leaves_no_group_well() {
    let (token, begun) = (CancelToken::new(NEVER), Event::new());
    let ended: Done<&str> = raddle::scope(|scope| {
        scope.spawn(|| {
            begun.wait();
            token.cancel();
        });
        group_within(&token, NEVER, |group| {
            group.start(|group| {
                begun.set();
                stuck::<()>(group)
            });
            Ok("all saved")
        })
    });
    assert_eq!(ended.map(drop), of(&[], Some(Cancelled::Requested)));
}

/// Panics when it is dropped.
struct Fuse(&'static str);

impl Drop for Fuse {
    fn drop(&mut self) {
        std::panic::panic_any(self.0);
    }
}

#[test]
fn a_result_that_panics_when_nobody_wants_it_ends_the_group() {
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _: Done<()> = group(NEVER, |group| {
            group.start(stuck::<()>);
            drop(group.start(|_| Ok(Fuse("dropped"))));
            stuck(group)
        });
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"dropped"));
}

#[test]
fn a_second_panic_that_panics_when_it_is_dropped_keeps_nobody_waiting() {
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _: Done<()> = group(NEVER, |group| {
            let first = group.start(|_| -> Result<(), _> { std::panic::panic_any("first") });
            assert_eq!(first.wait_with(&mut raddle::Native, NEVER), Ok(true));
            let later = group.start(|_| -> Result<(), _> { std::panic::panic_any(Fuse("it")) });
            assert_eq!(later.wait_with(&mut raddle::Native, NEVER), Ok(true));
            Ok(())
        });
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"first"));
}

#[test]
fn code_that_computes_asks() {
    let asked = AtomicUsize::new(0);
    let ended: Done<()> = group(NEVER, |group| {
        group.start(|group| -> Result<(), _> {
            loop {
                group.token().check()?;
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
        eventually("it computes", || asked.load(Ordering::Relaxed) > 0);
        group.cancel();
        Ok(())
    });
    assert_eq!(ended, Ok(()));
}

/// Numbers that look random, from the first on always the same (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What the threads of a random tree use, and what they have failed with.
struct World {
    permits: Semaphore,
    lock: Lock<usize>,
    queue: Queue<u64>,
    put: AtomicUsize,
    got: AtomicUsize,
    failed: Lock<Vec<String>>,
    /// What the groups have returned.
    told: Lock<Vec<String>>,
    running: AtomicUsize,
}

struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn work<'s>(
    group: &Group<'s, '_, String>,
    world: &'s World,
    mut numbers: Numbers,
    depth: usize,
) -> Result<(), Failure<String>> {
    world.running.fetch_add(1, Ordering::Relaxed);
    let _running = Running(&world.running);
    let fail = |text: String| {
        world.failed.acquire().push(text.clone());
        Err(Failure::Error(text))
    };
    for turn in 0..4 {
        let seed = numbers.below(u64::MAX - 1) + 1;
        match numbers.below(10) {
            0 | 1 => {
                let blocking = &mut group.token().blocking();
                if world.permits.acquire_with(blocking, NEVER)? {
                    *world.lock.acquire() += 1;
                    world.permits.release(1).unwrap();
                }
            }
            2 => {
                if world.queue.put_with(seed, &mut group.token().blocking(), NEVER).is_ok() {
                    world.put.fetch_add(1, Ordering::Relaxed);
                }
            }
            3 => {
                if world.queue.get_with(&mut group.token().blocking(), NEVER).is_ok() {
                    world.got.fetch_add(1, Ordering::Relaxed);
                }
            }
            4 | 5 if depth > 0 => {
                group.start(move |group| work(group, world, Numbers(seed), depth - 1));
            }
            6 | 7 if depth > 0 => {
                let until = match numbers.below(3) {
                    0 => Deadline::after(Duration::from_micros(numbers.below(500))),
                    _ => NEVER,
                };
                let inside = group_within(group.token(), until, |inside| {
                    let task = inside.start(move |g| work(g, world, Numbers(seed), depth - 1));
                    Ok(task.join()?)
                });
                if let Err(GroupError { errors, .. }) = inside {
                    world.told.acquire().extend(errors);
                }
            }
            8 => group.cancel(),
            9 if numbers.below(3) == 0 => return fail(format!("{seed}-{turn}-{depth}")),
            _ => group.token().check()?,
        }
    }
    Ok(())
}

#[test]
fn random_trees_leave_no_thread_no_permit_no_item_and_no_error_behind() {
    let trees = std::env::var("RADDLE_TREES").map_or(500, |trees| trees.parse().unwrap());
    for seed in 1..=trees {
        let world = World {
            permits: Semaphore::new(1),
            lock: Lock::new(0),
            queue: Queue::bounded(2),
            put: AtomicUsize::new(0),
            got: AtomicUsize::new(0),
            failed: Lock::new(Vec::new()),
            told: Lock::new(Vec::new()),
            running: AtomicUsize::new(0),
        };
        let until = Deadline::after(Duration::from_millis(2));
        let ended = group(until, |group| {
            for number in 0..3 {
                let numbers = Numbers(seed * 3 + number);
                group.start(|group| work(group, &world, numbers, 2));
            }
            Ok(())
        });
        world.told.acquire().extend(ended.err().map_or_else(Vec::new, |ended| ended.errors));
        let (mut failed, mut told) = (world.failed.acquire(), world.told.acquire());
        failed.sort();
        told.sort();
        assert_eq!(*failed, *told, "tree {seed}: errors");
        assert_eq!(world.running.load(Ordering::Relaxed), 0, "tree {seed}: a thread runs");
        assert!(world.permits.try_acquire(), "tree {seed}: the permit is lost");
        assert!(world.lock.try_acquire().is_some(), "tree {seed}: the lock is held");
        let left = world.put.load(Ordering::Relaxed) - world.got.load(Ordering::Relaxed);
        assert_eq!(world.queue.len(), left, "tree {seed}: items");
    }
}
