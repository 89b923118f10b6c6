//! What is remembered of one place: who accessed it, and what it brings to those that read it.

use super::access::{Access, Flags, Step, Value};
use super::held::{self, Locks};
use crate::clock::{self, Stamp, Vector, View};

/// Accesses of one place that are remembered.
const MOST: usize = 16;

/// A variable, an item, or how much is in a container.
#[derive(Default)]
pub(super) struct Place {
    /// Most places have one access, or none but this one.
    first: Option<Access>,
    #[allow(clippy::box_collection, reason = "one word, and most have none")]
    others: Option<Box<Vec<Access>>>,
    /// What reading it brings, if it was written by a thread that others read it after.
    brings: Option<Box<Stamp>>,
    /// Whether what was written last is a reference.
    is_reference: bool,
    /// Moves on when an access comes that may do other harm than those that are here.
    version: u32,
}

impl Place {
    fn accesses(&self) -> impl Iterator<Item = &Access> {
        self.first.iter().chain(self.others.iter().flat_map(|others| others.iter()))
    }

    /// Accesses of other threads that the calling one is not ordered after.
    pub(super) fn unordered(&self, view: &View) -> impl Iterator<Item = &Access> {
        self.accesses().filter(|access| !view.is_after(access.time()))
    }

    /// Accesses of other threads than the one with that slot.
    pub(super) fn of_others(&self, slot: u32) -> impl Iterator<Item = &Access> {
        self.accesses().filter(move |access| access.slot() != slot)
    }

    /// Which access the new one takes the place of: the last one at its site. Where there is no
    /// room for another one, it may be one at another site that does the same harm.
    pub(super) fn known(&self, new: &Access) -> Option<usize> {
        let same = self.accesses().position(|old| old.is_renewed_by(new));
        let is_full = || self.others.as_ref().is_some_and(|others| others.len() >= MOST);
        same.or_else(|| {
            is_full().then(|| self.accesses().position(|old| old.is_alike(new))).flatten()
        })
    }

    fn at(&mut self, at: usize) -> Option<&mut Access> {
        match at {
            0 => self.first.as_mut(),
            _ => self.others.as_mut()?.get_mut(at - 1),
        }
    }

    /// Whether that access did no harm with any other one that is here, and neither does the new
    /// one, which takes its place.
    pub(super) fn is_harmless(&mut self, known: Option<usize>, new: &Access) -> bool {
        let version = self.version;
        let old = known.and_then(|at| self.at(at));
        old.is_some_and(|old| old.harmless_at == version && old.is_as_harmful_as(new))
    }

    /// Remembers an access, which takes the place of a `known` one; returns whether it is of a new
    /// kind. `is_harmless`: it does no harm with any other one, in whatever order.
    pub(super) fn remember(
        &mut self,
        mut new: Access,
        known: Option<usize>,
        is_harmless: bool,
        view: &View,
    ) -> bool {
        let mut version = self.version;
        let old = known.and_then(|at| self.at(at));
        if !old.as_ref().is_some_and(|old| old.is_as_harmful_as(&new)) {
            version = version.checked_add(1).unwrap_or(1);
        }
        new.harmless_at = if is_harmless { version } else { 0 };
        if let Some(old) = old {
            let is_new = old.site != new.site;
            *old = new;
            self.version = version;
            return is_new;
        }
        self.version = version;
        if self.first.is_none() {
            self.first = Some(new);
            return true;
        }
        let others = self.others.get_or_insert_default();
        if others.len() >= MOST {
            let past = others.iter().position(|old| view.is_after(old.time()));
            others.remove(past.unwrap_or(0));
        }
        // (Most have one or two: room for four would be much of all memory.)
        if others.len() < 2 {
            others.reserve_exact(1);
        }
        others.push(new);
        true
    }

    /// Adds what it brings.
    pub(super) fn add_to(&self, vector: &mut Vector) {
        if let Some(brings) = &self.brings {
            brings.add_to(vector);
        }
    }

    /// The locks that other threads held when they wrote it.
    pub(super) fn written_under(&self, slot: u32) -> impl Iterator<Item = &Locks> {
        self.of_others(slot).filter(|it| it.kind.writes()).map(|access| &access.locks)
    }

    /// The calling thread writes it.
    pub(super) fn write(&mut self, step: &Step<'_>, is_carried: bool) {
        self.is_reference = step.value == Value::Reference;
        // (Who sees a flag set looks at what was made ready before.)
        let is_flag = matches!(step.value, Value::Flag(_));
        let brings = (self.is_reference || is_flag || is_carried).then(clock::stamp).flatten();
        self.brings = brings.map(Box::new);
    }

    /// The calling thread reads it: it is ordered after the write, if what it reads brings that.
    pub(super) fn read(&self, step: &Step<'_>, slot: u32) -> bool {
        if step.flags.has(Flags::AS_IS) {
            held::flow_from_all();
        }
        if let Some(brings) = &self.brings {
            let is_guarded = || {
                let mine = held::locks();
                self.written_under(slot).any(|locks| held::meet(locks, &mine))
            };
            if !step.flags.has(Flags::UPDATED) || self.is_reference && is_guarded() {
                clock::follow(brings);
            }
            return true;
        }
        if !step.flags.has(Flags::WRITTEN_BACK.with(Flags::AS_IS)) {
            self.written_under(slot).for_each(held::flow_from);
        }
        false
    }
}
