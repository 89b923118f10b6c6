//! What is remembered of one object: its places.

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::map::Map;
use super::place::Place;
use crate::clock::Vector;

/// Places of one object, and items in all, that are remembered.
const MOST_PLACES: usize = 2048;
const MOST_ITEMS: usize = 1 << 14;
/// Places of an object that are looked for one after the other.
const FEW: usize = 8;
/// Items of an object that are remembered though they were only read.
const READ_ONLY: u8 = 64;

/// Items of objects that have more than a few, in all.
static ITEMS: AtomicUsize = AtomicUsize::new(0);

/// What is remembered of an object.
#[derive(Default)]
pub(super) struct Object {
    /// The slot of the thread that was the first to access it, and one more; 0 before.
    first: u32,
    /// Whether others have.
    pub(super) is_shared: bool,
    /// Whether an item was written.
    pub(super) is_written: bool,
    /// Whether it is a family as well.
    pub(super) is_family: bool,
    pub(super) places: Places,
    /// What was done before something was put into it.
    pub(super) put: Option<Box<Vector>>,
}

impl Object {
    /// The thread with that slot accesses it.
    #[inline]
    pub(super) fn meet(&mut self, slot: u32) {
        if self.first != slot + 1 {
            self.is_shared |= self.first != 0;
            if self.first == 0 {
                self.first = slot + 1;
            }
        }
    }

    /// Adds all that it brings.
    pub(super) fn add_to(&self, vector: &mut Vector) {
        if let Some(put) = &self.put {
            vector.join(put);
        }
        self.places.all().for_each(|(_, place)| place.add_to(vector));
    }

    /// The names of its places.
    pub(super) fn names(&self) -> impl Iterator<Item = usize> {
        self.places.all().map(|(name, _)| name)
    }
}

/// The variables, or items, of an object.
#[derive(Default)]
pub(super) struct Places {
    /// By their names, as long as they are few.
    few: Vec<(usize, Place)>,
    /// The rest.
    many: Option<Box<Map<Place>>>,
    /// Items that were only read, and are remembered.
    read_only: u8,
}

impl Drop for Places {
    fn drop(&mut self) {
        let items = self.many.as_ref().map_or(0, |many| many.len());
        ITEMS.fetch_sub(items, Ordering::Relaxed);
    }
}

impl Places {
    /// The place of that name.
    pub(super) fn find(&mut self, name: usize) -> Option<&mut Place> {
        if let Some((_, place)) = self.few.iter_mut().find(|(known, _)| *known == name) {
            return Some(place);
        }
        self.many.as_mut()?.get_mut(&name)
    }

    /// The place of that name; None if it is an item, and there are too many.
    pub(super) fn get_or_make(&mut self, name: usize) -> Option<&mut Place> {
        if let Some(at) = self.few.iter().position(|(known, _)| *known == name) {
            return Some(&mut self.few[at].1);
        }
        if self.few.len() < FEW {
            // (Most objects have one or two: room for four would be most of all memory.)
            self.few.reserve_exact(1);
            self.few.push((name, Place::default()));
            return self.few.last_mut().map(|(_, place)| place);
        }
        let many = self.many.get_or_insert_default();
        let count = many.len();
        match many.entry(name) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(vacant) => {
                let is_item = name & 1 != 0;
                if is_item
                    && (count >= MOST_PLACES || ITEMS.load(Ordering::Relaxed) >= MOST_ITEMS)
                {
                    return None;
                }
                ITEMS.fetch_add(1, Ordering::Relaxed);
                Some(vacant.insert(Place::default()))
            }
        }
    }

    /// Whether an item that is only read can be remembered, or is already.
    pub(super) fn have_room_for(&mut self, name: usize) -> bool {
        if self.find(name).is_some() {
            return true;
        }
        self.read_only = self.read_only.saturating_add(1);
        self.read_only <= READ_ONLY
    }

    fn all(&self) -> impl Iterator<Item = (usize, &Place)> {
        let many = self.many.iter().flat_map(|many| many.iter());
        let many = many.map(|(name, place)| (*name, place));
        self.few.iter().map(|(name, place)| (*name, place)).chain(many)
    }
}
