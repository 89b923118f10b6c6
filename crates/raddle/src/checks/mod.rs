//! The checking modes: in which order locks are nested, and how much they are fought over.
//!
//! They are off at first, and then nothing of this runs. A lock that is to be checked has a
//! [`Card`] and, in its state word, a bit that leads it off the fast path (`locks/raw.rs`). Its
//! acquisitions then pass through here: `held` knows what each thread holds, and `order` in
//! which order locks were taken inside one another, and whether two orders contradict; `tally`
//! counts.
//!
//! Rejected: a flag that every acquisition looks at, which all programs would pay for.

mod card;
mod held;
mod hot;
mod known;
mod order;
mod tally;
mod times;

use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use card::Slot;
pub use card::{Card, Seen};
pub use order::inversions;
pub(crate) use tally::{Elsewhere, Wait, missed, wait};
pub use tally::{Tally, Waited, holder, profile, profiles, tallies, waits};
pub use times::{Sum, Times};

use std::sync::Arc;

use crate::wait::Blocking;
pub use crate::wait::{Inversion, Link, Site};

/// Whether orders are looked at.
static ORDER: AtomicBool = AtomicBool::new(false);

/// Switches the checking of lock orders on or off, for locks that have a [`Card`].
pub fn check_order(on: bool) {
    ORDER.store(on, Ordering::Relaxed);
}

/// Whether lock orders are checked.
#[must_use]
pub fn checks_order() -> bool {
    ORDER.load(Ordering::Relaxed)
}

/// The calling thread is about to wait for a lock as long as it takes: remembers that it is taken
/// inside what the thread holds, and returns an order that contradicts this one, once.
pub(crate) fn before(
    card: &Card,
    site: Site,
    blocking: &mut impl Blocking,
) -> Option<Inversion> {
    if checks_order() { order::before(card, site, blocking) } else { None }
}

/// Whether locks that are made now are to have cards.
#[inline]
#[must_use]
pub fn are_on() -> bool {
    checks_order() || profiles()
}

/// The calling thread has taken a lock, after that wait if it had to.
pub(crate) fn taken(card: &Arc<Card>, site: Site, wait: Option<Wait>) {
    if checks_order() {
        held::push(card, site);
    }
    if profiles() {
        tally::taken(card, site, wait);
    }
}

/// A lock is about to be released, by the thread that took it unless `lent`.
pub(crate) fn released(card: &Arc<Card>, lent: bool) {
    if profiles() {
        tally::released(card);
    }
    if lent {
        card.lend();
        return;
    }
    card.released();
    if checks_order() {
        held::remove(card);
    }
}
