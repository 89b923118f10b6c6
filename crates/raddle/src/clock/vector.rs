//! How far a thread is ordered after each other one.

/// Times of threads, by their slots. What is not in it is 0: nothing of that thread is known.
///
/// A task of a pool knows of few threads, and there may be many slots: only those that it knows of
/// take room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vector {
    /// In the order of the slots, each once.
    times: Vec<(u32, u64)>,
}

/// Times that are looked for one after the other.
const FEW: usize = 8;

impl Vector {
    pub(crate) const fn new() -> Self {
        Self { times: Vec::new() }
    }

    #[inline]
    pub(crate) fn at(&self, slot: u32) -> u64 {
        let known = if self.times.len() <= FEW {
            self.times.iter().find(|known| known.0 == slot)
        } else {
            self.place(slot).ok().map(|at| &self.times[at])
        };
        known.map_or(0, |known| known.1)
    }

    /// Where the time of a slot is, or would be.
    fn place(&self, slot: u32) -> Result<usize, usize> {
        self.times.binary_search_by_key(&slot, |known| known.0)
    }

    /// The slots of the threads that it knows of, with the times.
    pub(super) fn known(&self) -> &[(u32, u64)] {
        &self.times
    }

    /// Learns of a time of one thread.
    pub(crate) fn raise(&mut self, slot: u32, time: u64) {
        match self.place(slot) {
            Ok(at) => self.times[at].1 = self.times[at].1.max(time),
            Err(at) => {
                if self.times.len() < FEW {
                    self.times.reserve_exact(1);
                }
                self.times.insert(at, (slot, time));
            }
        }
    }

    /// Learns all that another one knows.
    pub(crate) fn join(&mut self, other: &Self) {
        if self.times.is_empty() {
            self.times.clone_from(&other.times);
        } else if other.times.len() <= FEW {
            other.times.iter().for_each(|(slot, time)| self.raise(*slot, *time));
        } else {
            self.merge(&other.times);
        }
    }

    fn merge(&mut self, other: &[(u32, u64)]) {
        let mine = std::mem::take(&mut self.times);
        let mut others = other.iter().copied().peekable();
        self.times.reserve(mine.len().max(other.len()));
        for (slot, time) in mine {
            while let Some(before) = others.next_if(|other| other.0 < slot) {
                self.times.push(before);
            }
            let same = others.next_if(|other| other.0 == slot);
            self.times.push((slot, same.map_or(time, |other| other.1.max(time))));
        }
        self.times.extend(others);
    }

    /// Whether it knows all that the other one knows.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        if other.times.len() <= FEW {
            return other.times.iter().all(|(slot, time)| self.at(*slot) >= *time);
        }
        let mut mine = self.times.iter();
        other.times.iter().all(|(slot, time)| {
            mine.find(|known| known.0 >= *slot)
                .is_some_and(|known| known.0 == *slot && known.1 >= *time)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[u64]) -> Vector {
        let known = (0..).zip(times.iter().copied()).filter(|known| known.1 != 0);
        Vector { times: known.collect() }
    }

    #[test]
    fn what_is_joined_is_known_and_nothing_is_forgotten() {
        let mut vector = of(&[3, 0, 5]);
        vector.join(&of(&[1, 2, 9, 4]));
        assert_eq!(vector, of(&[3, 2, 9, 4]));
        vector.raise(5, 1);
        vector.raise(0, 1);
        assert_eq!(vector, of(&[3, 2, 9, 4, 0, 1]));
    }

    #[test]
    fn a_vector_covers_what_it_knows_however_long_the_two_are() {
        assert!(of(&[1]).covers(&of(&[1, 0, 0])));
        assert!(!of(&[1]).covers(&of(&[1, 0, 1])));
        assert!(of(&[1, 2]).covers(&of(&[])));
    }

    /// All that two vectors know, slot by slot, in the plain way.
    fn plain(one: &[u64], other: &[u64]) -> Vec<u64> {
        let at = |times: &[u64], slot| times.get(slot).copied().unwrap_or(0);
        (0..one.len().max(other.len())).map(|at_| at(one, at_).max(at(other, at_))).collect()
    }

    #[test]
    fn long_vectors_are_as_short_ones() {
        // (Pseudo-random times, with gaps, of lengths on both sides of the limit.)
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 33
        };
        for _ in 0..500 {
            let lengths = [next() % 40, next() % 40];
            let [one, other] = lengths.map(|length| -> Vec<u64> {
                (0..length).map(|_| if next() % 2 == 0 { 0 } else { next() % 5 }).collect()
            });
            let mut joined = of(&one);
            joined.join(&of(&other));
            assert_eq!(joined, of(&plain(&one, &other)), "{one:?} {other:?}");
            for (slot, time) in (0..40).zip(plain(&one, &other).into_iter().chain([0; 40])) {
                assert_eq!(joined.at(slot), time);
            }
            assert!(joined.covers(&of(&one)) && joined.covers(&of(&other)));
            assert_eq!(of(&one).covers(&of(&other)), of(&one) == joined, "{one:?} {other:?}");
        }
    }
}
