//! What can be seen of a raw lock from inside only.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::*;
use crate::blocking::Native;
use crate::deadlock::Deadlock;
use crate::park::{Parker, Wake};

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

    fn on_deadlock(&mut self, _: &Deadlock) -> Result<(), ()> {
        self.told.send(()).map_err(|_| ())
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
        // As `choose` does for a waiter that is out of patience, but slowly.
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
