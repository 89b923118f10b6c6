//! How far a thread is ordered after each other one.

/// Times of threads, by their slots. What is not in it is 0: nothing of that thread is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vector {
    times: Vec<u64>,
}

impl Vector {
    pub(crate) const fn new() -> Self {
        Self { times: Vec::new() }
    }

    #[inline]
    pub(crate) fn at(&self, slot: u32) -> u64 {
        self.times.get(slot as usize).copied().unwrap_or(0)
    }

    /// Learns of a time of one thread.
    pub(crate) fn raise(&mut self, slot: u32, time: u64) {
        let at = slot as usize;
        if self.times.len() <= at {
            self.times.resize(at + 1, 0);
        }
        self.times[at] = self.times[at].max(time);
    }

    /// Learns all that another one knows.
    pub(crate) fn join(&mut self, other: &Self) {
        if self.times.len() < other.times.len() {
            self.times.resize(other.times.len(), 0);
        }
        for (mine, theirs) in self.times.iter_mut().zip(&other.times) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// Whether it knows all that the other one knows.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        other.times.iter().enumerate().all(|(slot, time)| self.at(slot as u32) >= *time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[u64]) -> Vector {
        Vector { times: times.to_vec() }
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
}
