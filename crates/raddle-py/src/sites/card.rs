//! The cards of locks that are checked or counted.

use pyo3::prelude::*;
use raddle::card::{self, Card};
use raddle::deadlock::Kind;

use super::here::{here, is_importing, making};

/// Whether locks that are made now are to have cards.
#[inline]
pub(crate) fn are_on() -> bool {
    card::are_wanted()
}

/// Makes the card of a lock that is being made. (The import system makes one for each module;
/// these get none.)
#[cold]
#[inline(never)]
pub(crate) fn give(py: Python<'_>, kind: Kind, give: impl FnOnce(Card) -> bool) {
    if !is_importing(py) {
        give(Card::new(kind, None, here(py)).telling(making(py)));
    }
}
