//! What each thread holds, of the locks that are checked.
//!
//! A thread's list is its own. Somebody else may release a lock that is in it: the entry then
//! says another number of releases than the card, and is dropped when it is next seen, as is that
//! of a lock that is gone.

use std::cell::RefCell;
use std::sync::Arc;

use super::{Card, Site};

thread_local! {
    static HELD: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// A lock that the thread has taken.
pub(super) struct Entry {
    pub(super) card: Arc<Card>,
    /// Where it was taken.
    pub(super) site: Site,
    /// How often the lock had been released when it was taken.
    releases: usize,
}

impl Entry {
    fn is_current(&self) -> bool {
        self.card.releases() == self.releases && !self.card.is_lent()
    }
}

/// Adds a lock that the calling thread has just taken.
pub(super) fn push(card: &Arc<Card>, site: Site) {
    if card.is_lent() {
        return;
    }
    let releases = card.releases();
    let entry = Entry { card: Arc::clone(card), site, releases };
    // (A thread that is ending has no list any more.)
    let _ = HELD.try_with(|held| {
        let mut held = held.borrow_mut();
        if held.len() == held.capacity() {
            // (A thread that never waits without a limit looks nowhere else.)
            held.retain(Entry::is_current);
        }
        held.push(entry);
    });
}

/// Removes a lock that the calling thread releases.
pub(super) fn remove(card: &Arc<Card>) {
    let _ = HELD.try_with(|held| {
        let mut held = held.borrow_mut();
        let at = held.iter().rposition(|entry| Arc::ptr_eq(&entry.card, card));
        at.map(|at| held.remove(at))
    });
}

/// Calls `look` with what the calling thread holds.
pub(super) fn with<R>(look: impl FnOnce(&[Entry]) -> R) -> Option<R> {
    HELD.try_with(|held| {
        let mut held = held.borrow_mut();
        held.retain(Entry::is_current);
        (!held.is_empty()).then(|| look(&held))
    })
    .ok()
    .flatten()
}
