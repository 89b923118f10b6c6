//! The record of one checked lock, which lock orders, the contention profile and the check for
//! races share.
//!
//! They are off at first, and then nothing of this runs. A lock that is to be checked has a
//! [`Card`] and, in its state word, a bit that leads it off the fast path (`locks/raw.rs`). Its
//! acquisitions then pass through here: `listen.rs` calls the features that are on, which are
//! lock orders, the contention profile and the check for races, and what happens all the time
//! is counted in the card.
//!
//! ```
//! use raddle::RawLock;
//! use raddle::card::Card;
//! use raddle::deadlock::Kind;
//! use raddle::lock_order::Site;
//!
//! let lock = RawLock::new();
//! assert!(lock.check(Card::new(Kind::Lock, Some("accounts"), Site::Unknown)));
//! assert_eq!(lock.card().unwrap().info().name.as_deref(), Some("accounts"));
//! ```
//!
//! Rejected: a flag that every acquisition reads, which would cost all programs.

mod cell;
mod counter;
mod hot;
mod listen;
mod times;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

pub(crate) use cell::CardCell;
use counter::Counter;
pub(crate) use counter::Counts;
pub use counter::holder;
pub(crate) use hot::begin as begin_counting;
pub use listen::are_wanted;
pub(crate) use listen::{
    Asked, CONTENTION, Contention, LOCK_ORDER, LockOrder, before, entered, left, missed,
    released, taken, wait,
};
#[cfg(feature = "race")]
pub(crate) use listen::{RACE, Race};
pub use times::{Sum, Times};

#[cfg(feature = "race")]
use crate::clock::Edge;
pub use crate::wait::LockInfo;
use crate::wait::{Kind, Site};

/// What is known of one lock that is checked. It outlives the lock where a thread still has it
/// in its list of held ones.
pub struct Card {
    id: usize,
    kind: Kind,
    /// Set once.
    name: OnceLock<Arc<str>>,
    made: Site,
    told: Site,
    /// How much it is fought over.
    counter: Counter,
    /// How often it was released: what a thread remembers of an earlier time is out of date.
    releases: AtomicUsize,
    /// Another thread than the one that took it has released it, or it was waited for by its
    /// holder: it is used as a signal, and says nothing about orders. Nor does one that is
    /// gone.
    lent: AtomicBool,
    /// What those have done that held it.
    #[cfg(feature = "race")]
    order: Edge,
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
            #[cfg(feature = "race")]
            order: Edge::new(),
        }
    }

    /// The same card; reports show that the lock was made there.
    #[must_use]
    pub fn telling(self, told: Site) -> Self {
        Self { told, ..self }
    }

    /// The same card, for a lock that is used as a signal: it says nothing about orders of locks.
    #[must_use]
    pub fn of_signal(self) -> Self {
        Self { lent: AtomicBool::new(true), ..self }
    }

    /// What reports show of the lock.
    #[must_use]
    pub fn info(&self) -> LockInfo {
        let name = self.name.get().cloned();
        LockInfo { id: self.id, kind: self.kind, name, made: self.made, told: self.told }
    }

    /// Says what the program calls the lock; a second time changes nothing.
    pub fn call(&self, name: &str) {
        let _ = self.name.set(Arc::from(name));
    }

    /// What those have done that held it.
    #[cfg(feature = "race")]
    pub(crate) fn order(&self) -> &Edge {
        &self.order
    }

    pub(crate) fn id(&self) -> usize {
        self.id
    }

    pub(crate) fn made(&self) -> Site {
        self.made
    }

    pub(crate) fn releases(&self) -> usize {
        self.releases.load(Ordering::Relaxed)
    }

    /// Called by the holder alone, before it releases: so nobody else writes meanwhile. (What
    /// other threads release is lent, and then this says nothing any more.)
    ///
    /// Relaxed: a thread that reads it either holds the lock or only wants to know whether it
    /// still is the holder.
    fn released(&self) {
        self.releases.store(self.releases().wrapping_add(1), Ordering::Relaxed);
    }

    /// What was counted of the lock, if anything was.
    pub(crate) fn counts(&self) -> Option<Counts> {
        self.counter.counts()
    }

    pub(crate) fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed)
    }

    /// The lock is gone, held or not: nobody holds it any more.
    fn end(&self) {
        self.lent.store(true, Ordering::Relaxed);
        listen::ended(self);
    }

    /// It is used as a signal: its orders are forgotten, and no others noted.
    pub(crate) fn lend(&self) {
        if !self.lent.swap(true, Ordering::Relaxed) {
            listen::lent(self);
        }
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Card").field(&self.info()).finish()
    }
}
