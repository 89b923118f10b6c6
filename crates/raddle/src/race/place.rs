//! What is remembered of one place: who accessed it, and what it brings to those that read it.

use super::access::{Access, Flags, Pairs, Step, Value};
use super::held::{self, Locks};
use super::thread::Writer;
use crate::clock::{self, Stamp, Time, Vector};

/// Accesses of one place that are remembered.
const MOST: usize = 16;

/// Accesses that stay though later ones are ordered after them.
const TURNS: usize = 4;

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
    /// How many pairs of accesses were told of it, and in which epoch.
    told: (u8, u8),
    /// Moves on when an access comes that may do other harm than those that are here.
    version: u32,
}

impl Place {
    fn accesses(&self) -> impl Iterator<Item = &Access> {
        self.first.iter().chain(self.others.iter().flat_map(|others| others.iter()))
    }

    /// Accesses of other threads than the one with that slot.
    pub(super) fn of_others(&self, slot: u32) -> impl Iterator<Item = &Access> {
        self.accesses().filter(move |access| access.slot() != slot)
    }

    /// The threads whose writes the calling one is not ordered after, and where they wrote.
    pub(super) fn unordered_writers(&self) -> Vec<Writer> {
        let writes = self.accesses().filter(|access| access.kind.writes());
        writes.filter(|it| !clock::is_after(it.time())).map(Access::writer).collect()
    }

    /// How many pairs of accesses were told of it in that epoch.
    pub(super) fn told_in(&self, epoch: u8) -> u8 {
        if self.told.1 == epoch { self.told.0 } else { 0 }
    }

    pub(super) fn has_told(&mut self, pairs: u8, epoch: u8) {
        self.told = (pairs, epoch);
    }

    /// Whether the access is as one that is remembered, which did no harm with any other one that
    /// is here; that one is of now, then.
    #[inline]
    pub(super) fn renew(
        &mut self,
        step: &Step<'_>,
        time: Time,
        locks: &Locks,
        pairs: &Pairs,
    ) -> bool {
        let others = self.others.iter_mut().flat_map(|others| others.iter_mut());
        let mut all = self.first.iter_mut().chain(others);
        let Some(old) = all.find(|old| old.is_at(step, time.slot)) else { return false };
        let is_same = old.harmless_at == self.version && old.is_same(step, locks, pairs);
        if is_same {
            old.renew(time);
        }
        is_same
    }

    /// Which access the new one takes the place of: the thread's last one at its site, or one there
    /// of another thread that it is ordered after (who is not ordered after that one is not ordered
    /// after the new one). Where there is no room for another one, it may be one of the thread's at
    /// another site that does the same harm.
    fn known(&mut self, new: &Access) -> Option<&mut Access> {
        let same = self.accesses().position(|old| old.is_renewed_by(new)).or_else(|| {
            let is_past = |old: &Access| {
                old.is_repeated_by(new)
                    && old.is_as_harmful_as(new)
                    && clock::is_after(old.time())
            };
            // (A few threads that take turns are not to push one another out each time.)
            let are_many = self.others.as_ref().is_some_and(|others| others.len() >= TURNS);
            are_many.then(|| self.accesses().position(is_past)).flatten()
        });
        let is_full = || self.others.as_ref().is_some_and(|others| others.len() >= MOST);
        let known = same.or_else(|| {
            is_full().then(|| self.accesses().position(|old| old.is_alike(new))).flatten()
        });
        match known? {
            0 => self.first.as_mut(),
            at => self.others.as_mut()?.get_mut(at - 1),
        }
    }

    /// Remembers an access; returns whether it is of a new kind, or at a new site. `is_harmless`:
    /// it does no harm with any other one that is here, in whatever order.
    pub(super) fn remember(&mut self, mut new: Access, is_harmless: bool) -> bool {
        let next = self.version.checked_add(1).unwrap_or(1);
        let version = self.version;
        if let Some(old) = self.known(&new) {
            let is_new = old.site != new.site;
            // (Accesses of the older thread were not held against it.)
            let is_same = old.slot() == new.slot() && old.is_as_harmful_as(&new);
            let version = if is_same { version } else { next };
            new.harmless_at = if is_harmless { version } else { 0 };
            *old = new;
            self.version = version;
            return is_new;
        }
        self.version = next;
        new.harmless_at = if is_harmless { next } else { 0 };
        if self.first.is_none() {
            self.first = Some(new);
            return true;
        }
        let others = self.others.get_or_insert_default();
        if others.len() >= MOST {
            let past = others.iter().position(|old| clock::is_after(old.time()));
            others.remove(past.unwrap_or(0));
        }
        // (Most have one or two: room for four would be much of all memory.)
        if others.len() < 2 {
            others.reserve_exact(1);
        }
        others.push(new);
        true
    }

    /// The calling thread is ordered after what it brings.
    pub(super) fn follow(&self) {
        if let Some(brings) = &self.brings {
            clock::follow(brings);
        }
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
