//! What each thread holds, of the locks that are checked.
//!
//! A thread's list is its own. Somebody else may release a lock that is in it: the entry then
//! says another number of releases than the card, and is dropped when it is next seen, as is that
//! of a lock that is gone.
//!
//! A thread takes the same few locks over and over. So it keeps the cards of some that it has
//! released: to count one reference more, and then one less, is dearer than all else here.

use std::cell::RefCell;
use std::sync::Arc;

use crate::card::Card;
use crate::wait::Site;

thread_local! {
    static HELD: RefCell<HeldLocks> = const {
        RefCell::new(HeldLocks { entries: Vec::new(), kept: [const { None }; KEPT] })
    };
}

/// Cards that a thread keeps.
const KEPT: usize = 4;

struct HeldLocks {
    entries: Vec<HeldLock>,
    /// By the number of the lock.
    kept: [Option<Arc<Card>>; KEPT],
}

impl HeldLocks {
    /// The card, counted once more.
    fn count(&mut self, card: &Arc<Card>) -> Arc<Card> {
        let kept = &mut self.kept[card.id() % KEPT];
        match kept.take_if(|kept| Arc::ptr_eq(kept, card)) {
            Some(kept) => kept,
            None => Arc::clone(card),
        }
    }

    /// Keeps the card of the entry there, which goes.
    fn remove(&mut self, at: usize) {
        // (The last one is what `with` blocks remove.)
        let last = at + 1 == self.entries.len();
        let entry = if last { self.entries.pop() } else { Some(self.entries.remove(at)) };
        if let Some(HeldLock { card, .. }) = entry {
            let at = card.id() % KEPT;
            self.kept[at] = Some(card);
        }
    }
}

/// A lock that the thread has taken.
pub(super) struct HeldLock {
    pub(super) card: Arc<Card>,
    /// Where it was taken.
    pub(super) site: Site,
    /// No other thread may hold it as well.
    pub(super) alone: bool,
    /// How often the lock had been released when it was taken.
    releases: usize,
}

impl HeldLock {
    fn is_current(&self) -> bool {
        self.card.releases() == self.releases && !self.card.is_lent()
    }
}

/// Adds a lock that the calling thread has just taken.
pub(super) fn push(card: &Arc<Card>, site: Site, alone: bool) {
    if card.is_lent() {
        return;
    }
    let releases = card.releases();
    // (A thread that is ending has no list any more.)
    let _ = HELD.try_with(|held| {
        let mut held = held.borrow_mut();
        if held.entries.len() == held.entries.capacity() {
            // (A thread that never waits without a limit looks nowhere else.)
            held.entries.retain(HeldLock::is_current);
        }
        let card = held.count(card);
        held.entries.push(HeldLock { card, site, alone, releases });
    });
}

/// Removes a lock that the calling thread releases.
pub(super) fn remove(card: &Arc<Card>) {
    let _ = HELD.try_with(|held| {
        let mut held = held.borrow_mut();
        let at = held.entries.iter().rposition(|entry| Arc::ptr_eq(&entry.card, card));
        if let Some(at) = at {
            held.remove(at);
        }
    });
}

/// Calls `look` with what the calling thread holds.
pub(super) fn with<R>(look: impl FnOnce(&[HeldLock]) -> R) -> Option<R> {
    HELD.try_with(|held| {
        let entries = &mut held.borrow_mut().entries;
        entries.retain(HeldLock::is_current);
        (!entries.is_empty()).then(|| look(entries))
    })
    .ok()
    .flatten()
}
