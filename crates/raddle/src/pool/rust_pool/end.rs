//! Something that is complete once, and the one thread that waits for it: a task's result.
//!
//! A worker that waits does other tasks meanwhile, and sleeps among those of its crew that have
//! nothing to do. How it is found there is argued in `pool/README.md`, section 1.
//!
//! | state      | meaning                            | left by                                    |
//! |------------|------------------------------------|--------------------------------------------|
//! | `OPEN`     | not complete, nobody sleeps        | the waiter: to `AWAITED`, `WATCHED`        |
//! | `AWAITED`  | not complete; a thread that is no  | the waiter, if it gave up and is a worker  |
//! |            | worker waits for `event`           | now: to `WATCHED`                          |
//! | `WATCHED`  | not complete; a worker is going to | the waiter, when it is awake: to `OPEN`    |
//! |            | sleep, or sleeps, in its crew      |                                            |
//! | `COMPLETE` | complete                           | nobody                                     |
//!
//! The thread that completes goes from any of the first three to `COMPLETE`, and wakes as they say.

use std::sync::Arc;

use super::crew::Crew;
use crate::clock::Edge;
use crate::locks::Event;
use crate::os::Deadline;
use crate::os::sync::{AtomicU8, Ordering, UnsafeCell};
use crate::wait::{Blocking, Native, infallible};

const OPEN: u8 = 0;
const AWAITED: u8 = 1;
const WATCHED: u8 = 2;
const COMPLETE: u8 = 3;

/// See the module's text. Shared by the thread that completes it and the one that waits.
#[derive(Debug)]
pub struct TaskEnd {
    state: AtomicU8,
    /// Set if that was `AWAITED`.
    event: Event,
    /// The crew in which the waiter sleeps. Written by it in `OPEN` and `AWAITED`; read by the
    /// thread that completes, if it found `WATCHED`: the waiter then writes it no more.
    crew: UnsafeCell<Option<Arc<Crew>>>,
    /// From the completion to what knows of it.
    order: Edge,
}

// SAFETY: `crew` is written and read by one thread at a time, as its text says.
unsafe impl Sync for TaskEnd {}
// SAFETY: as above; what is in it may go anywhere.
unsafe impl Send for TaskEnd {}

impl TaskEnd {
    /// Not complete.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: AtomicU8::new(OPEN),
            event: Event::new(),
            crew: UnsafeCell::new(None),
            order: Edge::new(),
        }
    }

    /// Whether it is complete; what was written before is then visible.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let complete = self.state.load(Ordering::Acquire) == COMPLETE;
        if complete {
            self.order.acquire();
        }
        complete
    }

    /// Completes it, once, and wakes the one that waits. The caller keeps `self` alive: the waiter
    /// may be gone before this returns.
    pub fn complete(&self) {
        self.order.release();
        match self.state.swap(COMPLETE, Ordering::AcqRel) {
            AWAITED => self.event.set(),
            WATCHED => {
                // SAFETY: written before `WATCHED` was, and not after that.
                let crew = self.crew.with(|crew| unsafe { (*crew).clone() });
                if let Some(crew) = crew {
                    crew.wake(self.token());
                }
            }
            _ => {}
        }
    }

    /// Waits until it is complete, or until `until`, doing nothing else; returns whether it is.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub fn wait_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        if self.leave_open_for(AWAITED) {
            self.event.wait_with(blocking, until)
        } else {
            Ok(true)
        }
    }

    /// Waits until it is complete, doing nothing else.
    pub fn wait(&self) {
        infallible(self.wait_with(&mut Native, Deadline::NEVER));
    }

    /// Moves on to `state`, for the waiter; `false` if it is complete.
    fn leave_open_for(&self, state: u8) -> bool {
        let left = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            (now != COMPLETE).then_some(state)
        });
        if left.is_err() {
            self.order.acquire();
        }
        left.is_ok()
    }

    /// Has a worker of `crew` woken that is about to sleep as [`token`](Self::token); `false` if
    /// it is complete already.
    pub(super) fn watch(&self, crew: &Arc<Crew>) -> bool {
        // SAFETY: the state is neither `WATCHED`, which the waiter takes back when it wakes, nor
        // was it when it became `COMPLETE`, or the waiter would have seen that.
        self.crew.with_mut(|mine| unsafe { (*mine).get_or_insert_with(|| Arc::clone(crew)) });
        self.leave_open_for(WATCHED)
    }

    /// Takes [`watch`](Self::watch) back; returns whether it is complete.
    pub(super) fn unwatch(&self) -> bool {
        !self.leave_open_for(OPEN)
    }

    /// What the sleep of its waiter is known by.
    pub(super) fn token(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }
}

impl Default for TaskEnd {
    fn default() -> Self {
        Self::new()
    }
}
