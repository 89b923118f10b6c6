//! Events of locks with cards, passed to the features that are on.

use std::sync::Arc;

use super::Card;
use super::counter::{self, Waiting};
use crate::os::Switch;
use crate::wait::{Blocking, Inversion, Site};

/// Whether lock orders are checked, and what that room does about each lock.
pub(crate) static LOCK_ORDER: Switch<LockOrder> = Switch::new();

/// Whether locks are profiled, and what that room does.
pub(crate) static CONTENTION: Switch<Contention> = Switch::new();

/// Whether races are looked for, and what that room does about each lock.
#[cfg(feature = "race")]
pub(crate) static RACE: Switch<Race> = Switch::new();

/// What is done where races are looked for.
#[cfg(feature = "race")]
pub(crate) struct Race {
    /// The calling thread has taken the lock, there.
    pub(crate) taken: fn(&Arc<Card>, Site),
    /// It is about to release the lock, which another thread has taken if `lent`.
    pub(crate) released: fn(&Arc<Card>, lent: bool),
}

/// Whether races are looked for.
#[inline]
fn races() -> bool {
    #[cfg(feature = "race")]
    return RACE.is_on();
    #[cfg(not(feature = "race"))]
    false
}

/// What is done where lock orders are checked.
pub(crate) struct LockOrder {
    /// The calling thread is about to wait for a lock as long as it takes.
    pub(crate) before: fn(&Card, Site, &mut dyn Asked) -> Option<Inversion>,
    /// It has taken the lock, `alone` unless others may hold it as well.
    pub(crate) taken: fn(&Arc<Card>, Site, alone: bool),
    /// It is about to release the lock.
    pub(crate) released: fn(&Arc<Card>),
    /// The lock is used as a signal.
    pub(crate) lent: fn(&Card),
    /// The lock is no more.
    pub(crate) gone: fn(&Card),
}

/// What is done where locks are profiled, besides the counting in their cards.
pub(crate) struct Contention {
    /// Something was counted for the first time.
    pub(crate) enlist: fn(&Arc<Card>),
    /// The lock is no more.
    pub(crate) gone: fn(&Card),
}

/// What a thread that takes a lock is asked; see [`Blocking`].
pub(crate) trait Asked {
    fn led(&mut self, site: Site) -> Site;
    fn thread_name(&mut self) -> Option<Arc<str>>;
}

struct Asking<'a, B>(&'a mut B);

impl<B: Blocking> Asked for Asking<'_, B> {
    fn led(&mut self, site: Site) -> Site {
        self.0.led(site)
    }

    fn thread_name(&mut self) -> Option<Arc<str>> {
        self.0.thread_name()
    }
}

/// Whether locks that are made now are to have cards.
#[inline]
#[must_use]
pub fn are_wanted() -> bool {
    LOCK_ORDER.is_on() || CONTENTION.is_on() || races()
}

/// The calling thread is about to wait for a lock as long as it takes: remembers that it is
/// taken inside what the thread holds, and returns an order that contradicts this one, once.
pub(crate) fn before(
    card: &Card,
    site: Site,
    blocking: &mut impl Blocking,
) -> Option<Inversion> {
    (LOCK_ORDER.if_on()?.before)(card, site, &mut Asking(blocking))
}

/// The calling thread begins to wait for the lock, at `site`.
pub(crate) fn wait(card: &Card, site: impl FnOnce() -> Site) -> Option<Waiting> {
    CONTENTION.is_on().then(|| Waiting::new(card, site))
}

/// The calling thread has given up waiting for the lock.
pub(crate) fn missed(card: &Arc<Card>, wait: &Waiting) {
    counter::missed(card, wait);
}

/// The calling thread has taken a lock, after that wait if it had to.
pub(crate) fn taken(card: &Arc<Card>, site: Site, wait: Option<Waiting>) {
    if let Some(order) = LOCK_ORDER.if_on() {
        (order.taken)(card, site, true);
    }
    if CONTENTION.is_on() {
        counter::taken(card, site, wait);
    }
    #[cfg(feature = "race")]
    if let Some(race) = RACE.if_on() {
        (race.taken)(card, site);
    }
}

/// A lock is about to be released, by the thread that took it unless `lent`.
pub(crate) fn released(card: &Arc<Card>, lent: bool) {
    if CONTENTION.is_on() {
        counter::released(card);
    }
    #[cfg(feature = "race")]
    if let Some(race) = RACE.if_on() {
        (race.released)(card, lent);
    }
    if lent {
        card.lend();
        return;
    }
    card.released();
    if let Some(order) = LOCK_ORDER.if_on() {
        (order.released)(card);
    }
}

/// [`taken`], of a lock that may have several holders, or one that is `alone`: of these, only orders
/// are checked.
pub(crate) fn entered(card: &Arc<Card>, site: Site, alone: bool) {
    if let Some(order) = LOCK_ORDER.if_on() {
        (order.taken)(card, site, alone);
    }
}

/// What [`entered`] told of is about to be given back, perhaps while nothing is checked any more.
pub(crate) fn left(card: &Arc<Card>) {
    if let Some(order) = LOCK_ORDER.functions() {
        (order.released)(card);
    }
}

/// Something was counted of the lock for the first time.
pub(super) fn enlist(card: &Arc<Card>) {
    if let Some(contention) = CONTENTION.functions() {
        (contention.enlist)(card);
    }
}

/// The lock is used as a signal, for the first time.
pub(super) fn lent(card: &Card) {
    if let Some(order) = LOCK_ORDER.functions() {
        (order.lent)(card);
    }
}

/// The lock is no more.
pub(super) fn ended(card: &Card) {
    if let Some(order) = LOCK_ORDER.functions() {
        (order.gone)(card);
    }
    if let Some(contention) = CONTENTION.functions() {
        (contention.gone)(card);
    }
}
