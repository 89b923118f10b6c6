//! The waits before a gate, in its three lines: what each does that has been chosen for nothing.

use super::{Gate, Store};
use crate::wait::{Awaited, Blocking, Kind};
use crate::waiters::{Abandoned, Passed};

/// Whether a wait has been overtaken; one per operation, made by `default()`.
#[derive(Debug, Default)]
pub struct Turn {
    pub(super) overtaken: bool,
}

impl Turn {
    /// What a wait has come to: whether to look again.
    pub(super) fn comes<B: Blocking>(&mut self, passed: Passed, blocking: &mut B) -> bool {
        match passed {
            Passed::AtOnce => return true,
            Passed::TimedOut => return false,
            Passed::Chosen(_) => self.overtaken = true,
            Passed::Forked => {}
        }
        // The store belongs to threads that are attached, see there.
        blocking.attach();
        true
    }
}

/// A wait of a getter.
pub(super) struct Getting<'a, S>(pub(super) &'a Gate<S>);

impl<S: Store> Awaited for Getting<'_, S> {
    fn kind(&self) -> Kind {
        Kind::QueueGet
    }
}

impl<S: Store> Abandoned for Getting<'_, S> {
    fn pass_on(&self, _: u8) {
        self.0.nudge();
    }
}

/// A wait of a putter.
pub(super) struct Putting<'a, S>(pub(super) &'a Gate<S>);

impl<S: Store> Awaited for Putting<'_, S> {
    fn kind(&self) -> Kind {
        Kind::QueuePut
    }
}

impl<S: Store> Abandoned for Putting<'_, S> {
    fn pass_on(&self, _: u8) {
        self.0.nudge();
    }
}

/// Everyone is woken when the tasks are done, so there is nobody to pass a wake-up on to.
pub(super) struct Joining;

impl Awaited for Joining {
    fn kind(&self) -> Kind {
        Kind::QueueJoin
    }
}

impl Abandoned for Joining {}
