//! How long something took, each time.

use crate::os::ticks;

/// The parts that a doubling is divided into, as a power of two: what is told of a quantile is at
/// most an eighth too long.
const FINE: u32 = 3;
/// Doublings that are told apart: up to 2^47 nanoseconds, more than a day.
const DOUBLINGS: usize = 45;
const SLOTS: usize = DOUBLINGS << FINE;

/// How often, and how long in all and at most, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How often.
    pub count: u64,
    /// How long in all.
    pub total: u64,
    /// How long at most.
    pub longest: u64,
}

impl Sum {
    pub(crate) fn add(&mut self, nanos: u64) {
        self.merge(&Self { count: 1, total: nanos, longest: nanos });
    }

    /// A sum of ticks, in nanoseconds.
    pub(crate) fn in_nanos(self) -> Self {
        let Self { count, total, longest } = self;
        Self { count, total: ticks::nanos(total), longest: ticks::nanos(longest) }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.total = self.total.saturating_add(other.total);
        self.longest = self.longest.max(other.longest);
    }
}

/// A [`Sum`] that knows its quantiles.
#[derive(Clone, Debug, Default)]
pub struct Times {
    sum: Sum,
    /// How often it took how long; empty until it took something.
    slots: Option<Box<[u32; SLOTS]>>,
}

impl Times {
    /// How often, and how long in all and at most.
    #[must_use]
    pub fn sum(&self) -> Sum {
        self.sum
    }

    /// How long it took at most in that part of all times, in nanoseconds: `0.99` for all but the
    /// longest hundredth. At most an eighth too long.
    #[must_use]
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    pub fn quantile(&self, part: f64) -> u64 {
        let rank = (self.sum.count as f64 * part).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (at, count) in self.slots.iter().flat_map(|slots| slots.iter().enumerate()) {
            seen += u64::from(*count);
            if seen >= rank {
                return upper(at).min(self.sum.longest);
            }
        }
        self.sum.longest
    }

    pub(crate) fn add(&mut self, nanos: u64) {
        self.sum.add(nanos);
        let slot = &mut self.slots.get_or_insert_with(empty)[slot(nanos)];
        *slot = slot.saturating_add(1);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        let Some(theirs) = &other.slots else { return };
        let ours = self.slots.get_or_insert_with(empty);
        for (our, their) in ours.iter_mut().zip(theirs.iter()) {
            *our = our.saturating_add(*their);
        }
    }
}

fn empty() -> Box<[u32; SLOTS]> {
    Box::new([0; SLOTS])
}

fn slot(nanos: u64) -> usize {
    let doublings = nanos.checked_ilog2().unwrap_or(0).saturating_sub(FINE);
    let at = ((doublings as usize) << FINE) + (nanos >> doublings) as usize;
    at.min(SLOTS - 1)
}

/// The longest time of a slot.
fn upper(slot: usize) -> u64 {
    let doublings = (slot >> FINE).saturating_sub(1);
    let first = (slot - (doublings << FINE)) as u64;
    ((first + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_ends_at_most_an_eighth_above_what_is_in_it() {
        let mut last = 0;
        for nanos in
            (0..4096).chain((12..46).flat_map(|e| [1 << e, (1 << e) + 1, (3 << e) - 1]))
        {
            let end = upper(slot(nanos));
            assert!(end >= nanos && end - nanos <= nanos / 8, "{nanos} is below {end}");
            last = last.max(slot(nanos));
        }
        assert!(last < SLOTS - 1);
        assert_eq!(slot(u64::MAX), SLOTS - 1);
    }

    #[test]
    fn a_hundredth_may_take_longer_than_the_quantile() {
        let mut times = Times::default();
        assert_eq!(times.quantile(0.99), 0);
        for _ in 0..99 {
            times.add(1000);
        }
        times.add(1_000_000);
        assert!((1000..1126).contains(&times.quantile(0.99)));
        assert_eq!(times.quantile(1.0), 1_000_000);
        let mut twice = times.clone();
        twice.merge(&times);
        assert_eq!(twice.sum(), Sum { count: 200, total: 2_198_000, longest: 1_000_000 });
        assert_eq!(twice.quantile(0.5), times.quantile(0.5));
    }
}
