//! What can be seen of a raw lock from inside only.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::*;
use crate::deadlock::{Deadlock, Verdict};
use crate::os::{Parker, Wake};
use crate::wait::Native;

/// Says when it is in line, goes to sleep when it may, and says what it is told.
struct Careful {
    in_line: Sender<()>,
    may_sleep: Receiver<()>,
    told: Sender<()>,
}

impl Blocking for Careful {
    type Interrupt = ();

    fn poll(&mut self) -> Result<(), ()> {
        self.in_line.send(()).unwrap();
        self.may_sleep.recv().map_err(|_| ())
    }

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        parker.park(until)
    }

    fn on_signal(&mut self) -> Result<(), ()> {
        Ok(())
    }

    fn on_deadlock(&mut self, _: &Deadlock) -> Result<Verdict, ()> {
        self.told.send(()).map(|()| Verdict::Told).map_err(|_| ())
    }
}

#[test]
fn who_is_being_given_the_lock_does_not_wait_for_itself() {
    let lock = RawLock::new();
    lock.enter_with(&mut Native, Deadline::NEVER).unwrap();
    let ((in_line, is_in_line), (may, may_sleep)) = (channel(), channel());
    let (told, is_told) = channel();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let mut careful = Careful { in_line, may_sleep, told };
            let taken = lock.enter_with(&mut careful, Deadline::NEVER);
            lock.exit();
            taken
        });
        is_in_line.recv().unwrap();
        // As `choose` does for a waiter that starves, but slowly.
        let locked = lock.waiters.lock();
        let front = locked.take_front().unwrap();
        let next = Next { coming: true, reserved: true, queued: false };
        lock.word.choose(Hold::scoped(), next);
        may.send(()).unwrap();
        let heard = is_told.recv_timeout(Duration::from_millis(100));
        let choice = front.choose(0);
        drop(locked);
        choice.wake();
        assert_eq!(heard, Err(RecvTimeoutError::Timeout));
        assert_eq!(waiter.join().unwrap(), Ok(true));
    });
    assert!(!lock.is_locked());
}

#[cfg(unix)]
#[test]
fn a_lock_that_a_parent_has_reserved_is_free_in_the_child() {
    let lock = RawLock::new();
    lock.enter_with(&mut Native, Deadline::NEVER).unwrap();
    assert_eq!(lock.waiting(), 0, "the list was looked at before the fork");
    let next = Next { coming: true, reserved: true, queued: false };
    lock.word.choose(Hold::scoped(), next);
    assert!(lock.is_locked() && !lock.try_acquire(), "it is the waiter's");
    // SAFETY: the child uses the lock only, and ends without going back.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let free = !lock.is_locked() && lock.try_acquire() && lock.try_release();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(!free)) };
    }
    let mut status = 0;
    // SAFETY: waits for the child; the status is valid for writing.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    assert!(lock.is_locked(), "here it is the waiter's still");
    assert!(lock.seize() && lock.try_release(), "unless nobody comes any more");
}
