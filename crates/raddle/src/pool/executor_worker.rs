//! A worker of [`Tasks`]: what it does between two tasks, and when it tells that one has ended.
//!
//! | the last task's end | what the worker does next                                             |
//! |---------------------|-----------------------------------------------------------------------|
//! | `Told`              | takes a task; if there is none, searches, spins and sleeps            |
//! | `Owed`              | tells it if something is ready; else counts itself among those that   |
//! |                     | search, detaches, tells it, and spins                                 |
//! | `Observed`          | tells it: what is called back may wait for whatever is ready          |
//!
//! The end is told before the next task is taken, since what hears of it may wait for that one.
//! Where there is none, the worker is counted before it tells: see the fifth rule of section 4 of
//! README.md.

use std::ops::{ControlFlow, Deref, DerefMut};

use super::{Seat, Tasks};
use crate::clock;
use crate::os::Deadline;
use crate::wait::Blocking;

/// Whether the end of a worker's last task has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastEnd {
    /// It has; or there was none.
    Told,
    /// It has not, and concerns threads that wait for it alone.
    Owed,
    /// It has not, and something is to be called when it is.
    Observed,
}

/// What a worker runs its tasks with; the order of its steps is that of [`Tasks::work`].
pub trait Worker<T> {
    /// How it waits.
    type Blocking: Blocking;
    /// What ends its work.
    type Output;

    /// Runs a task, whose end is told later; or ends the work.
    ///
    /// # Errors
    /// The work is to end with this interrupt.
    fn run(
        &mut self,
        task: T,
    ) -> Result<ControlFlow<Self::Output>, <Self::Blocking as Blocking>::Interrupt>;

    /// Whether the end of the last task has been told.
    fn last_end(&self) -> LastEnd;

    /// Tells the end of the last task, and calls what is to be called.
    fn tell(&mut self);

    /// Detaches, since there is nothing more to do, and tells the end of the last task if that is
    /// owed. What is to be called is left to [`call_back`](Self::call_back).
    fn detach_and_tell(&mut self);

    /// How it waits from [`detach_and_tell`](Self::detach_and_tell) on.
    fn blocking(&mut self) -> &mut Self::Blocking;

    /// Attaches after [`detach_and_tell`](Self::detach_and_tell), and lets go of the last task;
    /// returns whether something is to be called.
    fn attach(&mut self) -> bool;

    /// Calls it, attached.
    fn call_back(&mut self);

    /// The worker has looked for a task.
    fn has_looked(&mut self) {}
}

/// A worker's seat, given back however the worker ends.
#[must_use]
#[derive(Debug)]
pub struct Seated<'a, T> {
    tasks: &'a Tasks<T>,
    seat: Seat,
}

impl<T> Deref for Seated<'_, T> {
    type Target = Seat;

    fn deref(&self) -> &Seat {
        &self.seat
    }
}

impl<T> DerefMut for Seated<'_, T> {
    fn deref_mut(&mut self) -> &mut Seat {
        &mut self.seat
    }
}

impl<T> Drop for Seated<'_, T> {
    fn drop(&mut self) {
        self.tasks.leave(&mut self.seat);
    }
}

/// What a worker's work or wait can be ended by.
type Interrupt<T, W> = <<W as Worker<T>>::Blocking as Blocking>::Interrupt;

impl<T> Tasks<T> {
    /// A seat for the calling thread, which has something to do.
    pub fn seat(&self) -> Seated<'_, T> {
        Seated { tasks: self, seat: Seat::new() }
    }

    /// Runs tasks by `worker` until that ends the work, and returns what it does so with; or
    /// `None`, when the queue is closed and empty, or as soon as it is empty if not to `wait`.
    ///
    /// # Errors
    /// The interrupt with which a task or a wait ended the work.
    #[inline]
    pub fn work<W: Worker<T>>(
        &self,
        worker: &mut W,
        wait: bool,
    ) -> Result<Option<W::Output>, Interrupt<T, W>> {
        let mut seat = self.seat();
        let mut clocks = clock::Tasks::begin();
        loop {
            let owed = match worker.last_end() {
                LastEnd::Told => false,
                LastEnd::Owed if wait && !self.is_ready() => true,
                LastEnd::Owed | LastEnd::Observed => {
                    worker.tell();
                    false
                }
            };
            let task = if owed { None } else { self.take_sent(&mut seat) };
            worker.has_looked();
            match task {
                Some((task, sent)) => {
                    sent.run(&mut clocks);
                    if let ControlFlow::Break(output) = worker.run(task)? {
                        return Ok(Some(output));
                    }
                }
                None if wait && !self.idle(&mut seat, worker)? => {}
                None => return Ok(None),
            }
        }
    }

    /// Waits for a task, by a worker that has found none; returns whether there will be none.
    fn idle<W: Worker<T>>(
        &self,
        seat: &mut Seat,
        worker: &mut W,
    ) -> Result<bool, Interrupt<T, W>> {
        self.search(seat); // Before it tells: whoever hears of it finds a worker that looks.
        worker.detach_and_tell();
        let found = self.spin(seat, worker.blocking());
        if worker.attach() {
            // What is called may push, and wait: this worker is no help then.
            self.leave(seat);
            worker.call_back();
            return Ok(false);
        }
        if !found {
            self.sleep(seat, worker.blocking(), Deadline::NEVER)?;
            worker.blocking().attach();
        }
        Ok(self.is_closed() && self.is_empty())
    }
}
