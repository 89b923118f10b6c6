//! A wait whose sleeps go as the test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use raddle::{Blocking, Deadline, Parker, Wake};

/// What the next sleep of a [`Scripted`] wait does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sleeps until notified, whatever the deadline: as if the wake-up beat the clock.
    Park,
    /// Times out at once, even if a notification is on its way; parks if there is no deadline.
    TimeOut,
    /// Is ended by a signal, whose handler lets the wait go on.
    Handle,
    /// Is ended by a signal, whose handler ends the wait.
    Interrupt,
}

/// The interrupt with which [`Step::Interrupt`] ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Blocks as its script says, one step a sleep, and then as a plain thread.
#[derive(Debug)]
pub struct Scripted {
    steps: Vec<Step>,
    /// Where the script stands; shared, and not one of the model's own atomics, so that other
    /// threads can look without adding interleavings.
    slept: Arc<AtomicUsize>,
    woken: Arc<AtomicUsize>,
    ends: bool,
}

impl Scripted {
    /// A wait that goes through `steps`.
    pub fn new(steps: &[Step]) -> Self {
        let count = || Arc::new(AtomicUsize::new(0));
        Self { steps: steps.to_vec(), slept: count(), woken: count(), ends: false }
    }

    /// The number of sleeps begun, for other threads to watch.
    pub fn slept(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.slept)
    }

    /// The number of sleeps ended, for other threads to watch.
    pub fn woken(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.woken)
    }
}

impl Blocking for Scripted {
    type Interrupt = Interrupted;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        let number = self.slept.fetch_add(1, Ordering::SeqCst);
        let wake = match self.steps.get(number) {
            Some(Step::Park) => parker.park(Deadline::NEVER),
            Some(Step::TimeOut) if !until.is_never() => Wake::TimedOut,
            Some(step @ (Step::Handle | Step::Interrupt)) => {
                self.ends = *step == Step::Interrupt;
                Wake::Signal
            }
            Some(Step::TimeOut) | None => parker.park(until),
        };
        self.woken.fetch_add(1, Ordering::SeqCst);
        wake
    }

    fn on_signal(&mut self) -> Result<(), Interrupted> {
        if self.ends { Err(Interrupted) } else { Ok(()) }
    }
}
