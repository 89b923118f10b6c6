//! The numbers of threads in vector clocks.
//!
//! A thread that begins takes the slot of one that has ended, and its clock goes on from there, if
//! it is ordered after the end of that one: what the older one did is then ordered before what it
//! does, as if it had been one thread. So vectors stay as short as the number of threads that
//! live at once. Past [`MOST`] slots, one is taken whose thread ended long ago, ordered or not: a
//! race between the two threads goes unseen.

use std::collections::VecDeque;
use std::sync::Arc;

use super::thread::Time;
use super::vector::Vector;
use crate::os::guarded::Guarded;

/// Slots that are not used again too early.
const MOST: usize = 1024;
/// Threads of a slot whose names are remembered.
const NAMES: usize = 8;

static SLOTS: Guarded<Slots> = Guarded::new();

#[derive(Default)]
struct Slots {
    slots: Vec<Slot>,
    /// Those whose threads have ended, the first to end first.
    free: VecDeque<u32>,
}

#[derive(Default)]
struct Slot {
    /// The last time of the thread that has ended.
    last: u64,
    /// Whether it has ended, and nobody has the slot.
    is_free: bool,
    /// Which thread had it from which time on, and its name; the newest last.
    names: VecDeque<(u64, Option<Arc<str>>)>,
}

/// Takes a slot for the calling thread, which has `seen` that: the slot, and the thread's first
/// time.
pub(super) fn take(seen: &Vector) -> (u32, u64) {
    SLOTS.with(|all| {
        let Slots { slots, free } = all;
        // (It may take only a slot that it knows of: that is looked up in the shorter list.)
        let may_have = |slot: u32, time| {
            slots.get(slot as usize).is_some_and(|it| it.is_free && time >= it.last)
        };
        let known = seen.known();
        let at = if known.len() < free.len() {
            let slot = known.iter().find(|(slot, time)| may_have(*slot, *time));
            slot.and_then(|(slot, _)| free.iter().position(|other| other == slot))
        } else {
            free.iter().position(|slot| may_have(*slot, seen.at(*slot)))
        };
        let at = at.or_else(|| (slots.len() >= MOST && !free.is_empty()).then_some(0));
        let slot = at.and_then(|at| free.remove(at)).unwrap_or_else(|| {
            slots.push(Slot::default());
            (slots.len() - 1) as u32
        });
        let Slot { last, is_free, names } = &mut slots[slot as usize];
        *is_free = false;
        let first = *last + 1;
        names.push_back((first, None));
        if names.len() > NAMES {
            names.pop_front();
        }
        (slot, first)
    })
}

/// The thread with that clock ends.
pub(super) fn give_back(time: Time) {
    SLOTS.with(|Slots { slots, free }| {
        // (In a forked child there may be none: all that was half changed is gone.)
        if let Some(slot) = slots.get_mut(time.slot as usize) {
            slot.last = time.at;
            slot.is_free = true;
            free.push_back(time.slot);
        }
    });
}

/// The thread that has that time is called so.
pub(crate) fn name(time: Time, name: Arc<str>) {
    SLOTS.with(|Slots { slots, .. }| {
        let names = slots.get_mut(time.slot as usize).and_then(|slot| slot.names.back_mut());
        if let Some((_, known)) = names {
            *known = Some(name);
        }
    });
}

/// The name of the thread that had that time.
pub(crate) fn name_at(time: Time) -> Option<Arc<str>> {
    SLOTS.with(|Slots { slots, .. }| {
        let names = &slots.get(time.slot as usize)?.names;
        names.iter().rev().find(|(first, _)| *first <= time.at)?.1.clone()
    })
}
