//! The parker under loom: a mutex and a condition variable stand for the kernel.

use loom::sync::{Arc, Condvar, Mutex};

use super::Wake;
use crate::os::Deadline;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Empty,
    Nudged,
    Notified,
}

/// One model thread's place to sleep, for one wait.
#[derive(Debug)]
pub struct Parker {
    // Shared, because the waker still touches the pair when the owner may have returned.
    kernel: Arc<(Mutex<State>, Condvar)>,
}

/// Nothing is left to deliver in the model: `notify` has woken the sleeper.
#[must_use]
#[derive(Debug)]
pub(crate) struct Wakeup(());

impl Wakeup {
    pub(crate) fn deliver(self) {}
}

impl Parker {
    /// A parker that nobody has notified.
    #[must_use]
    pub fn new() -> Self {
        Self { kernel: Arc::new((Mutex::new(State::Empty), Condvar::new())) }
    }

    /// Whether the parker has been notified.
    #[must_use]
    pub fn is_notified(&self) -> bool {
        *self.kernel.0.lock().unwrap() == State::Notified
    }

    pub(crate) fn notify(&self) -> Option<Wakeup> {
        let kernel = Arc::clone(&self.kernel);
        *kernel.0.lock().unwrap() = State::Notified;
        kernel.1.notify_one();
        Some(Wakeup(()))
    }

    pub(crate) fn nudge(&self) -> Option<Wakeup> {
        let kernel = Arc::clone(&self.kernel);
        let mut state = kernel.0.lock().unwrap();
        if *state == State::Notified {
            return None;
        }
        *state = State::Nudged;
        drop(state);
        kernel.1.notify_one();
        Some(Wakeup(()))
    }

    /// Sleeps until notified; a deadline in the past ends the sleep at once.
    pub fn park(&self, until: Deadline) -> Wake {
        let mut state = self.kernel.0.lock().unwrap();
        loop {
            match *state {
                State::Notified => return Wake::Unparked,
                State::Nudged => {
                    *state = State::Empty;
                    return Wake::Signal;
                }
                State::Empty if until == Deadline::PAST => return Wake::TimedOut,
                State::Empty => state = self.kernel.1.wait(state).unwrap(),
            }
        }
    }
}

impl Default for Parker {
    fn default() -> Self {
        Self::new()
    }
}
