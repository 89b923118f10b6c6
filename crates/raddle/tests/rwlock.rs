//! The lock that many hold to read, or one to write; and the latch that is counted down.
#![cfg(not(raddle_loom))]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{eventually, scope_within};
use raddle::{
    CancelToken, Cancelled, Deadline, Latch, Misuse, Once, OnceError, RawRwLock, RwLock,
    RwLockError,
};

const NEVER: Deadline = Deadline::NEVER;

#[test]
fn many_read_and_one_writes() {
    let lock = RwLock::new(0_u64);
    let (reading, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    scope_within(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let value = lock.read().unwrap();
                    most.fetch_max(
                        reading.fetch_add(1, Ordering::SeqCst) + 1,
                        Ordering::SeqCst,
                    );
                    assert_eq!(*value % 2, 0, "no half of a change is seen");
                    reading.fetch_sub(1, Ordering::SeqCst);
                }
            });
            scope.spawn(|| {
                for _ in 0..500 {
                    let mut value = lock.write().unwrap();
                    assert_eq!(reading.load(Ordering::SeqCst), 0);
                    *value += 1;
                    std::hint::black_box(&mut *value);
                    *value += 1;
                }
            });
        }
    });
    assert!(most.load(Ordering::SeqCst) >= 1);
    assert_eq!(lock.into_inner(), 4_000);
}

#[test]
fn a_writer_that_waits_keeps_new_readers_behind_it() {
    let lock = RawRwLock::new();
    assert_eq!(lock.try_read(), Ok(true));
    scope_within(|scope| {
        let writer = scope.spawn(|| {
            lock.write_with(&mut raddle::Native, NEVER).unwrap();
            lock.end_write().unwrap();
        });
        eventually("the writer is in line", || lock.waiting() == 1);
        let reader = scope.spawn(|| {
            assert_eq!(lock.try_read(), Ok(false));
            lock.read_with(&mut raddle::Native, NEVER).unwrap();
            lock.end_read().unwrap();
        });
        eventually("the reader is behind it", || lock.waiting() == 2);
        assert_eq!(lock.try_read(), Ok(true), "a thread that reads already does not wait");
        lock.end_read().unwrap();
        lock.end_read().unwrap();
        writer.join().unwrap();
        reader.join().unwrap();
    });
    assert_eq!((lock.readers(), lock.writer(), lock.waiting()), (0, None, 0));
}

#[test]
fn what_would_wait_for_itself_is_refused() {
    let lock = RwLock::new(());
    let reading = lock.read().unwrap();
    assert_eq!(lock.write().err(), Some(Misuse::Upgrade));
    drop(reading);
    let writing = lock.write().unwrap();
    assert_eq!(lock.write().err(), Some(Misuse::Writes));
    assert_eq!(lock.read().err(), Some(Misuse::Writes));
    drop(writing);
    let raw = RawRwLock::new();
    assert_eq!(raw.end_read(), Err(Misuse::NotHeld));
    assert_eq!(raw.end_write(), Err(Misuse::NotHeld));
    assert_eq!(raw.try_read(), Ok(true));
    scope_within(|scope| {
        scope.spawn(|| assert_eq!(raw.end_read(), Err(Misuse::NotHeld), "another one reads"));
    });
    raw.end_read().unwrap();
}

#[test]
fn readers_behind_a_writer_that_gives_up_may_read() {
    let lock = RawRwLock::new();
    let token = CancelToken::new(NEVER);
    assert_eq!(lock.try_read(), Ok(true));
    scope_within(|scope| {
        let writer = scope.spawn(|| lock.write_with(&mut token.blocking(), NEVER));
        eventually("the writer is in line", || lock.waiting() == 1);
        let reader = scope.spawn(|| {
            lock.read_with(&mut raddle::Native, NEVER).unwrap();
            lock.end_read().unwrap();
        });
        eventually("the reader is behind it", || lock.waiting() == 2);
        token.cancel();
        let ended = writer.join().unwrap();
        assert_eq!(ended, Err(RwLockError::Interrupted(Cancelled::Requested)));
        reader.join().unwrap(); // Though the first one still reads.
    });
    lock.end_read().unwrap();
    assert_eq!(lock.try_write(), Ok(true));
}

#[test]
fn timeouts_are_kept_and_leave_nothing() {
    let lock = RwLock::new(1);
    let soon = Duration::from_millis(2);
    let reading = lock.read().unwrap();
    scope_within(|scope| {
        scope.spawn(|| {
            assert!(lock.write_timeout(soon).unwrap().is_none());
            assert!(lock.read_timeout(soon).unwrap().is_some(), "nobody waits to write");
        });
    });
    drop(reading);
    let writing = lock.write().unwrap();
    scope_within(|scope| {
        scope.spawn(|| assert!(lock.read_timeout(soon).unwrap().is_none()));
    });
    drop(writing);
    assert!(lock.write_timeout(soon).unwrap().is_some());
}

#[test]
fn a_latch_opens_for_good_for_all() {
    let latch = Latch::new(3);
    scope_within(|scope| {
        let waiters = [(); 4].map(|()| scope.spawn(|| latch.wait()));
        eventually("all wait", || latch.waiting() == 4);
        assert_eq!(latch.count_down(2), 1);
        assert!(!latch.is_open() && !latch.wait_timeout(Duration::ZERO));
        assert_eq!(latch.count_down(5), 0, "not below zero");
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
    assert_eq!(latch.count_down(1), 0);
    assert!(latch.is_open() && latch.wait_timeout(Duration::ZERO));
    latch.wait();
    assert!(Latch::new(0).is_open());
}

#[test]
fn a_wait_for_a_latch_times_out_and_is_cancelled() {
    let latch = Latch::new(1);
    assert!(!latch.wait_timeout(Duration::from_millis(2)));
    let token = CancelToken::new(Deadline::after(Duration::from_millis(2)));
    assert_eq!(latch.wait_with(&mut token.blocking(), NEVER), Err(Cancelled::Deadline));
    assert_eq!(latch.waiting(), 0);
}

#[test]
fn one_makes_the_value_and_the_others_wait() {
    let (once, made) = (Once::new(), AtomicUsize::new(0));
    scope_within(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let value = once.get_or_init(|| {
                    std::thread::sleep(Duration::from_millis(5));
                    made.fetch_add(1, Ordering::SeqCst)
                });
                assert_eq!(*value, 0);
            });
        }
    });
    assert_eq!((made.into_inner(), once.get()), (1, Some(&0)));
}

#[test]
fn a_value_that_failed_is_made_by_the_next_and_none_makes_itself() {
    let once = Once::new();
    let failed = once.get_or_try_with(&mut raddle::Native, NEVER, |_| Err::<u8, _>("no"));
    assert_eq!(failed, Err(OnceError::Failed("no")));
    let itself = once.get_or_try_with(&mut raddle::Native, NEVER, |blocking| {
        once.get_or_try_with(blocking, NEVER, |_| Ok::<_, ()>(1)).copied()
    });
    assert_eq!(itself, Err(OnceError::Failed(OnceError::Itself)));
    assert_eq!(once.get_or_init(|| 3), &3);
    let (slow, begun, go) = (Once::new(), Latch::new(1), Latch::new(1));
    let (slow, begun, go) = (&slow, &begun, &go);
    scope_within(|scope| {
        scope.spawn(move || {
            slow.get_or_init(|| {
                begun.count_down(1);
                go.wait();
                5
            });
        });
        begun.wait();
        let soon = Deadline::after(Duration::from_millis(2));
        let late = slow.get_or_try_with(&mut raddle::Native, soon, |_| Ok::<_, ()>(6));
        assert_eq!(late, Err(OnceError::TimedOut));
        go.count_down(1);
    });
}
