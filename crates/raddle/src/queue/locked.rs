//! A [`Gate`] that is locked: what is done with its latch held.

use std::sync::atomic::{Ordering, fence};

use super::{Deny, Gate, Store};
use crate::waiters::{Choice, Locked};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    ShutDown,
    Retired,
}

/// Guarded by the getters' latch.
#[derive(Debug)]
pub(super) struct GateState {
    /// The most items; `usize::MAX` stands for no limit.
    pub(super) limit: usize,
    /// Items that were put and not yet reported done.
    pub(super) unfinished: usize,
    pub(super) status: Status,
    /// Whether anybody may be in the putters' line: set under both latches, dropped when the
    /// line is found empty.
    pub(super) putters: bool,
    /// The same for the joiners' line.
    pub(super) joiners: bool,
}

/// The gate, locked.
pub(super) struct LockedGate<'a, S> {
    pub(super) gate: &'a Gate<S>,
    pub(super) getters: Locked<'a>,
}

impl<'a, S: Store> LockedGate<'a, S> {
    #[inline]
    pub(super) fn state<R>(&self, use_it: impl FnOnce(&mut GateState) -> R) -> R {
        // SAFETY: the latch is held, and `use_it` is not re-entrant.
        self.gate.state.with_mut(|state| use_it(unsafe { &mut *state }))
    }

    #[inline]
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        self.gate.changing.store(true, Ordering::Relaxed);
        fence(Ordering::Release);
        // SAFETY: the latch is held; `change` calls nothing foreign, as the gate demands.
        let result = self.gate.store.with_mut(|store| change(unsafe { &mut *store }));
        self.gate.changing.store(false, Ordering::Release);
        result
    }

    #[inline]
    pub(super) fn count(&self) -> usize {
        // SAFETY: the latch is held.
        self.gate.store.with(|store| unsafe { (*store).count() })
    }

    /// The number of items that may still be put.
    #[inline]
    pub(super) fn room(&self) -> usize {
        let count = self.count();
        self.state(|state| state.limit.saturating_sub(count))
    }

    #[inline]
    pub(super) fn may_put(&self) -> Result<(), Deny> {
        match self.state(|state| state.status) {
            Status::Open if self.room() == 0 => Err(Deny::Later),
            Status::Open => Ok(()),
            Status::ShutDown => Err(Deny::ShutDown),
            Status::Retired => Err(Deny::Retired),
        }
    }

    #[inline]
    pub(super) fn may_get(&self) -> Result<(), Deny> {
        if self.count() > 0 {
            return Ok(());
        }
        match self.state(|state| state.status) {
            Status::Open => Err(Deny::Later),
            Status::ShutDown => Err(Deny::ShutDown),
            Status::Retired => Err(Deny::Retired),
        }
    }

    /// Chooses the putter that has waited longest.
    pub(super) fn choose_putter(&self) -> Option<Choice> {
        if !self.state(|state| state.putters) {
            return None;
        }
        let putters = self.gate.putters.lock();
        let choice = putters.choose(0);
        if putters.is_empty() {
            self.state(|state| state.putters = false);
        }
        choice
    }

    pub(super) fn wake_putters(&self, limit: usize) {
        if self.state(|state| state.putters) {
            let none_left = || self.state(|state| state.putters = false);
            self.gate.putters.lock().choose_many(limit, 0, none_left);
        }
    }

    pub(super) fn wake_joiners(&self) {
        if self.state(|state| std::mem::take(&mut state.joiners)) {
            self.gate.joiners.lock().choose_many(usize::MAX, 0, || {});
        }
    }

    pub(super) fn wake_everyone(self) {
        self.wake_putters(usize::MAX);
        self.wake_joiners();
        self.getters.choose_many(usize::MAX, 0, || {});
    }

    /// Unlocks, then wakes.
    #[inline]
    pub(super) fn unlock_and(self, choice: Option<Choice>) {
        drop(self);
        if let Some(choice) = choice {
            choice.wake();
        }
    }
}
