//! The checking modes: in which order locks are nested.
//!
//! They are off at first, and then nothing of this runs. A lock that is to be checked has a
//! [`Card`] and, in its state word, a bit that leads it off the fast path (`lock/raw.rs`). Its
//! acquisitions then pass through here: [`held`] knows what each thread holds, and [`order`] in
//! which order locks were taken inside one another, and whether two orders contradict.
//!
//! Rejected: a flag that every acquisition looks at, which all programs would pay for.

mod card;
mod held;
mod inversion;
mod order;
mod site;

use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use card::Slot;
pub use card::{Card, Seen};
pub use inversion::{Inversion, Link};
pub use order::inversions;
pub use site::Site;

use std::sync::Arc;

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
    who: impl FnOnce() -> Option<Arc<str>>,
) -> Option<Inversion> {
    if checks_order() { order::before(card, site, who) } else { None }
}

/// The calling thread has taken a lock.
pub(crate) fn taken(card: &Arc<Card>, site: Site) {
    held::push(card, site);
}

/// A lock is about to be released, by the thread that took it unless `lent`.
pub(crate) fn released(card: &Arc<Card>, lent: bool) {
    card.released();
    if lent {
        card.lend();
    } else {
        held::remove(card);
    }
}
