//! The accesses that a thread has told of lately, so that it need not tell of them again.
//!
//! An access is the same as before if it is of the same place at the same site, the thread has
//! neither released anything nor taken a lock since, and no other thread has written the place or
//! dropped the object. The last is known by a count, one for many places: whoever writes a place
//! that several threads have accessed moves it on.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

use super::access::Step;

/// Accesses that a thread remembers.
const RECENT: usize = 1024;
/// Counts of changes.
const CHANGES: usize = 4096;

static CHANGED: [AtomicU32; CHANGES] = [const { AtomicU32::new(0) }; CHANGES];

thread_local! {
    static KNOWN: RefCell<Vec<Recent>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Recent {
    object: usize,
    name: usize,
    serial: u64,
    /// Where, and what.
    site: u32,
    changes: u32,
}

/// Where a place is counted.
#[inline]
fn spread((object, name): (usize, usize)) -> usize {
    let mixed = (object >> 4 ^ name.rotate_left(23)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed >> (usize::BITS - 24)
}

/// Another thread has changed the place, or it is no more.
#[inline]
pub(super) fn change(place: (usize, usize)) {
    CHANGED[spread(place) % CHANGES].fetch_add(1, Ordering::Release);
}

/// All places are to be told of anew.
pub(super) fn change_all() {
    for changed in &CHANGED {
        changed.fetch_add(1, Ordering::Release);
    }
}

impl Recent {
    /// The access, as it would be remembered now.
    #[inline]
    pub(super) fn new(step: &Step<'_>, serial: u64) -> Self {
        let spread = spread(step.place());
        let changes = CHANGED[spread % CHANGES].load(Ordering::Acquire);
        let Step { object, name, site, .. } = *step;
        let site = site << 4 | step.kind as u32;
        Self { object, name, serial, site, changes }
    }

    #[inline]
    fn at(&self) -> usize {
        let spread = spread((self.object, self.name));
        (spread ^ (self.site as usize).wrapping_mul(0x9E5)) % RECENT
    }

    /// Whether nothing has changed that count since.
    pub(super) fn is_of(&self, serial: u64) -> bool {
        self.serial == serial
    }

    /// Whether the calling thread has told of just that.
    #[inline]
    pub(super) fn is_known(&self) -> bool {
        KNOWN.try_with(|known| known.borrow().get(self.at()) == Some(self)).unwrap_or(false)
    }

    /// It has, from now on.
    pub(super) fn remember(self) {
        let _ = KNOWN.try_with(|known| {
            let known = &mut *known.borrow_mut();
            if known.is_empty() {
                known.resize(RECENT, Self::default());
            }
            known[self.at()] = self;
        });
    }
}
