//! What is known of one lock that is checked.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::tally::{self, Counter};
use super::{Site, order};
use crate::wait::Kind;

/// What is known of one lock that is checked. It outlives the lock where a thread still has it in
/// its list of held ones.
pub struct Card {
    id: usize,
    kind: Kind,
    /// Set once.
    name: OnceLock<Arc<str>>,
    made: Site,
    told: Site,
    /// How much it is fought over.
    pub(super) counter: Counter,
    /// How often it was released: what a thread remembers of an earlier time is out of date.
    releases: AtomicUsize,
    /// Another thread than the one that took it has released it, or it was waited for by its
    /// holder: it is used as a signal, and says nothing about orders. Nor does one that is gone.
    lent: AtomicBool,
}

/// What people are told of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number: never used again.
    pub id: usize,
    /// Lock or RLock.
    pub kind: Kind,
    /// The name that the program gave it.
    pub name: Option<Arc<str>>,
    /// Where it was made.
    pub made: Site,
    /// What people are told of where that is: it may say more, or be the same.
    pub told: Site,
}

impl Card {
    /// A card for a lock that was made there.
    #[must_use]
    pub fn new(kind: Kind, name: Option<&str>, made: Site) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            id,
            kind,
            name: name.map_or_else(OnceLock::new, |name| OnceLock::from(Arc::from(name))),
            made,
            told: made,
            counter: Counter::new(),
            releases: AtomicUsize::new(0),
            lent: AtomicBool::new(false),
        }
    }

    /// The same card; people are told that the lock was made there.
    #[must_use]
    pub fn telling(self, told: Site) -> Self {
        Self { told, ..self }
    }

    /// What people are told of the lock.
    #[must_use]
    pub fn seen(&self) -> Seen {
        let name = self.name.get().cloned();
        Seen { id: self.id, kind: self.kind, name, made: self.made, told: self.told }
    }

    /// Says what the program calls the lock; a second time changes nothing.
    pub fn call(&self, name: &str) {
        let _ = self.name.set(Arc::from(name));
    }

    pub(super) fn id(&self) -> usize {
        self.id
    }

    pub(super) fn made(&self) -> Site {
        self.made
    }

    pub(super) fn releases(&self) -> usize {
        self.releases.load(Ordering::Relaxed)
    }

    /// Called by the holder alone, before it releases: so nobody else writes meanwhile. (What
    /// other threads release is lent, and then this says nothing any more.)
    ///
    /// Relaxed: a thread that reads it either holds the lock or only wants to know whether it
    /// still is the holder.
    pub(super) fn released(&self) {
        self.releases.store(self.releases().wrapping_add(1), Ordering::Relaxed);
    }

    pub(super) fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed)
    }

    /// The lock is gone, held or not: nobody holds it any more.
    fn end(&self) {
        self.lent.store(true, Ordering::Relaxed);
        order::gone(self);
    }

    /// It is used as a signal: its orders are forgotten, and no others noted.
    pub(super) fn lend(&self) {
        if !self.lent.swap(true, Ordering::Relaxed) {
            order::forget(self);
        }
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Card").field(&self.seen()).finish()
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(name),
            None => write!(f, "the lock made at {}", self.made),
        }
    }
}

/// Where a lock keeps its card, if it has one. One word, empty when its memory is zero.
pub(crate) struct Slot {
    /// Null, or from `Arc::into_raw`; set once.
    card: AtomicPtr<Card>,
}

impl Slot {
    pub(crate) const fn new() -> Self {
        Self { card: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Puts a card in; whether there was none.
    pub(crate) fn set(&self, card: Card) -> bool {
        let new = Arc::into_raw(Arc::new(card)).cast_mut();
        let set = self.card.compare_exchange(
            ptr::null_mut(),
            new,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if set.is_err() {
            // SAFETY: from `into_raw` above, and nobody else has it.
            drop(unsafe { Arc::from_raw(new) });
        }
        set.is_ok()
    }

    pub(crate) fn get(&self) -> Option<Arc<Card>> {
        self.borrow().map(|card| Arc::clone(&card))
    }

    /// The card, for as long as the slot is there.
    pub(crate) fn borrow(&self) -> Option<Lent<'_>> {
        let card = self.card.load(Ordering::Acquire);
        // SAFETY: from `into_raw`, and the slot has its count until it is dropped; `Lent` gives
        // none up.
        (!card.is_null()).then(|| unsafe {
            Lent { card: ManuallyDrop::new(Arc::from_raw(card)), slot: PhantomData }
        })
    }
}

/// A card that a slot has.
pub(crate) struct Lent<'a> {
    card: ManuallyDrop<Arc<Card>>,
    slot: PhantomData<&'a Slot>,
}

impl Deref for Lent<'_> {
    type Target = Arc<Card>;

    fn deref(&self) -> &Arc<Card> {
        &self.card
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let card = *self.card.get_mut();
        if !card.is_null() {
            // SAFETY: from `into_raw`, and this is the count that the slot has.
            let card = unsafe { Arc::from_raw(card) };
            card.end();
            tally::gone(&card);
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
