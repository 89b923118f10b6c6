//! A thread-local cache of nested pairs: pairs that a thread takes over and over need no look
//! at the shared graph.
//!
//! What is here stays true while both locks are in use: their numbers are never used again, and
//! an order that was seen without guards is not forgotten unless one of them is gone or lent,
//! and the caller has looked at that. (A forked child may have lost what all threads share, so
//! it begins anew.)

use std::cell::Cell;

use crate::os::fork;

const ROOM: usize = 64;

type Pair = (usize, usize);

struct KnownPairs {
    pairs: [Cell<Pair>; ROOM],
    /// The fork generation that they are of.
    generation: Cell<u32>,
}

thread_local! {
    static KNOWN: KnownPairs = const {
        KnownPairs { pairs: [const { Cell::new((0, 0)) }; ROOM], generation: Cell::new(0) }
    };
}

impl KnownPairs {
    fn at(&self, (outer, inner): Pair) -> &Cell<Pair> {
        let generation = fork::generation();
        if self.generation.replace(generation) != generation {
            self.pairs.iter().for_each(|pair| pair.set((0, 0)));
        }
        &self.pairs[(outer ^ inner.rotate_left(3)) % ROOM]
    }
}

/// Whether the thread knows that the second is taken inside the first, whatever else is held.
pub(super) fn has(pair: Pair) -> bool {
    KNOWN.with(|known| known.at(pair).get()) == pair
}

pub(super) fn put(pair: Pair) {
    KNOWN.with(|known| known.at(pair).set(pair));
}
