//! Where a lock keeps its card.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::Card;

/// Where a lock keeps its card, if it has one. One word, empty when its memory is zero.
pub(crate) struct CardCell {
    /// Null, or from `Arc::into_raw`; set once.
    card: AtomicPtr<Card>,
}

impl CardCell {
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

    /// Whether there is a card.
    #[inline]
    pub(crate) fn is_filled(&self) -> bool {
        !self.card.load(Ordering::Relaxed).is_null()
    }

    /// The card, for as long as the cell is there.
    pub(crate) fn borrow(&self) -> Option<Lent<'_>> {
        let card = self.card.load(Ordering::Acquire);
        // SAFETY: from `into_raw`, and the cell has its count until it is dropped; `Lent` gives
        // none up.
        (!card.is_null()).then(|| unsafe {
            Lent { card: ManuallyDrop::new(Arc::from_raw(card)), cell: PhantomData }
        })
    }
}

/// A card that a cell has.
pub(crate) struct Lent<'a> {
    card: ManuallyDrop<Arc<Card>>,
    cell: PhantomData<&'a CardCell>,
}

impl Deref for Lent<'_> {
    type Target = Arc<Card>;

    fn deref(&self) -> &Arc<Card> {
        &self.card
    }
}

impl Drop for CardCell {
    fn drop(&mut self) {
        let card = *self.card.get_mut();
        if !card.is_null() {
            // SAFETY: from `into_raw`, and this is the count that the cell has.
            let card = unsafe { Arc::from_raw(card) };
            card.end();
        }
    }
}

impl fmt::Debug for CardCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
