//! Which locks the calling thread has found to be taken inside which: what it nests over and over
//! needs no look at what all threads share.
//!
//! What is here stays true while both locks are in use: their numbers are never used again, and an
//! order that was seen without guards is not forgotten unless one of them is gone or lent, and
//! the caller has looked at that.

use std::cell::Cell;

const ROOM: usize = 64;

type Pair = (usize, usize);

thread_local! {
    static KNOWN: [Cell<Pair>; ROOM] = const { [const { Cell::new((0, 0)) }; ROOM] };
}

fn at((outer, inner): Pair) -> usize {
    (outer ^ inner.rotate_left(3)) % ROOM
}

/// Whether the thread knows that the second is taken inside the first, whatever else is held.
pub(super) fn has(pair: Pair) -> bool {
    KNOWN.with(|known| known[at(pair)].get()) == pair
}

pub(super) fn put(pair: Pair) {
    KNOWN.with(|known| known[at(pair)].set(pair));
}
