//! The lock of readers and writers, and the latch, under loom.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::{Scripted, Step, check};
use loom::cell::UnsafeCell;
use loom::thread;
use raddle::{CancelToken, Deadline, Latch, RawRwLock};

const NEVER: Deadline = Deadline::NEVER;

struct Shared {
    lock: RawRwLock,
    value: UnsafeCell<usize>,
}

// The lock is what is tested: loom finds it out if two have the value.
unsafe impl Sync for Shared {}

fn shared() -> Arc<Shared> {
    Arc::new(Shared { lock: RawRwLock::new(), value: UnsafeCell::new(0) })
}

fn write(shared: &Shared, steps: &[Step]) -> bool {
    let taken =
        shared.lock.write_with(&mut Scripted::new(steps), Deadline::after_nanos(1 << 40));
    let taken = taken.unwrap_or(false);
    if taken {
        shared.value.with_mut(|value| unsafe { *value += 1 });
        shared.lock.end_write().unwrap();
    }
    taken
}

fn read(shared: &Shared, steps: &[Step]) -> Option<usize> {
    let taken =
        shared.lock.read_with(&mut Scripted::new(steps), Deadline::after_nanos(1 << 40));
    taken.unwrap_or(false).then(|| {
        let seen = shared.value.with(|value| unsafe { *value });
        shared.lock.end_read().unwrap();
        seen
    })
}

fn is_free(shared: &Shared) -> bool {
    let free = shared.lock.try_write() == Ok(true);
    if free {
        shared.lock.end_write().unwrap();
    }
    free && shared.lock.waiting() == 0 && shared.lock.readers() == 0
}

#[test]
fn a_writer_is_alone_and_nobody_is_left_in_line() {
    check(3, || {
        let shared = shared();
        let writers = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || assert!(write(&shared, &[])))
        });
        assert!(read(&shared, &[]).is_some());
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(read(&shared, &[]), Some(2));
        assert!(is_free(&shared));
    });
}

#[test]
fn two_readers_and_a_writer_all_get_it() {
    check(3, || {
        let shared = shared();
        let readers = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || read(&shared, &[]).unwrap())
        });
        assert!(write(&shared, &[]));
        for reader in readers {
            assert!(reader.join().unwrap() <= 1);
        }
        assert!(is_free(&shared));
    });
}

#[test]
fn one_that_is_interrupted_or_times_out_gives_back_what_it_was_given() {
    for step in [Step::Interrupt, Step::TimeOut] {
        check(2, move || {
            let shared = shared();
            let hasty = {
                let shared = Arc::clone(&shared);
                thread::spawn(move || write(&shared, &[step]))
            };
            let reader = {
                let shared = Arc::clone(&shared);
                thread::spawn(move || read(&shared, &[]))
            };
            assert!(write(&shared, &[]));
            hasty.join().unwrap();
            assert!(reader.join().unwrap().is_some(), "else it waits for ever");
            assert!(is_free(&shared));
        });
    }
}

#[test]
fn a_cancelled_writer_does_not_keep_readers_waiting() {
    check(2, || {
        let shared = shared();
        assert_eq!(shared.lock.try_read(), Ok(true));
        let token = CancelToken::new(NEVER);
        let writer = {
            let (shared, token) = (Arc::clone(&shared), token.clone());
            thread::spawn(move || {
                if shared.lock.write_with(&mut token.blocking(), NEVER).is_ok() {
                    shared.lock.end_write().unwrap();
                }
            })
        };
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || read(&shared, &[]).unwrap())
        };
        token.cancel();
        assert_eq!(reader.join().unwrap(), 0, "though this thread still reads");
        shared.lock.end_read().unwrap();
        writer.join().unwrap();
        assert!(is_free(&shared));
    });
}

#[test]
fn a_latch_wakes_all_and_shows_what_was_written_before_each_count() {
    check(3, || {
        let shared = Arc::new((Latch::new(2), [UnsafeCell::new(0), UnsafeCell::new(0)]));
        struct Given(Arc<(Latch, [UnsafeCell<usize>; 2])>);
        unsafe impl Send for Given {}
        let counters = [0, 1].map(|at| {
            let given = Given(Arc::clone(&shared));
            thread::spawn(move || {
                let given = given;
                given.0.1[at].with_mut(|value| unsafe { *value = 7 });
                given.0.0.count_down(1);
            })
        });
        shared.0.wait();
        for cell in &shared.1 {
            assert_eq!(cell.with(|value| unsafe { *value }), 7);
        }
        for counter in counters {
            counter.join().unwrap();
        }
        assert_eq!(shared.0.waiting(), 0);
    });
}
