//! What is remembered of one place: who accessed it, and what it brings to those that read it.

use super::access::{Access, Step, Value};
use super::held::{self, Locks};
use crate::clock::{self, Stamp};

/// Accesses of one place that are remembered.
const MOST: usize = 16;

/// A variable, an item, or how much is in a container.
#[derive(Default)]
pub(super) struct Place {
    pub(super) name: usize,
    accesses: Vec<Access>,
    /// What reading it brings, if it was written by a thread that others read it after.
    brings: Option<Stamp>,
    /// Whether what was written last is a reference.
    is_reference: bool,
}

impl Place {
    pub(super) fn new(name: usize) -> Self {
        Self { name, ..Self::default() }
    }

    /// Accesses of other threads that the calling one is not ordered after.
    pub(super) fn unordered(&self) -> impl Iterator<Item = &Access> {
        let is_mine = |access: &&Access| !clock::is_after(access.time);
        self.accesses.iter().filter(is_mine)
    }

    /// Remembers an access; returns whether it is of a new kind.
    pub(super) fn remember(&mut self, new: Access) -> bool {
        if let Some(old) = self.accesses.iter_mut().find(|old| old.is_renewed_by(&new)) {
            *old = new;
            return false;
        }
        if self.accesses.len() >= MOST {
            let past = self.accesses.iter().position(|old| clock::is_after(old.time));
            self.accesses.remove(past.unwrap_or(0));
        }
        self.accesses.push(new);
        true
    }

    /// The locks that other threads held when they wrote it.
    pub(super) fn written_under(&self, slot: u32) -> impl Iterator<Item = &Locks> {
        let others =
            self.accesses.iter().filter(move |it| it.kind.writes() && it.time.slot != slot);
        others.map(|access| &access.locks)
    }

    /// The calling thread writes it.
    pub(super) fn write(&mut self, step: &Step<'_>, is_carried: bool) {
        self.is_reference = step.value == Value::Reference;
        self.brings = (self.is_reference || is_carried).then(clock::stamp).flatten();
    }

    /// The calling thread reads it: it is ordered after the write, if what it reads brings that.
    pub(super) fn read(&self, step: &Step<'_>, slot: u32) -> bool {
        if let Some(brings) = &self.brings {
            let is_guarded = || {
                let mine = held::locks();
                self.written_under(slot).any(|locks| held::meet(locks, &mine))
            };
            if !step.is_updated || self.is_reference && is_guarded() {
                clock::follow(brings);
            }
            return true;
        }
        if !step.is_written_back {
            self.written_under(slot).for_each(held::flow_from);
        }
        false
    }
}
