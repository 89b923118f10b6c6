//! The hot counters of a lock: of acquisitions at places where it was taken before.
//!
//! The latch of a lock's counts would add two atomic operations to each acquisition and
//! release, as many as the lock itself takes. So what happens all the time is counted here,
//! without it. Only the thread that holds the lock writes these numbers, and the lock orders
//! one holder's writes before the next one's reads. A thread that wants to know adds them to
//! the rest; one that takes the lock at a place without numbers makes room first, under the
//! latch.
//!
//! (A lock that another thread releases when its taker has only just taken it, or that two
//! release at once, may be counted wrongly.)

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use super::times::Sum;
use crate::os::{fork, ticks};
use crate::wait::Site;

/// Sites that have numbers here. (Most locks are taken at fewer.)
pub(super) const HOT_SITES: usize = 8;

/// How often the profile was switched on.
static SWITCHES: AtomicUsize = AtomicUsize::new(0);

/// The profile is about to be switched on.
pub(crate) fn begin() {
    SWITCHES.fetch_add(1, Ordering::Relaxed);
}

pub(super) struct Hot {
    /// The fork generation that these numbers are of: a forked child starts from nothing.
    generation: AtomicU32,
    /// Where among the places the lock was taken last, and how often the profile had been
    /// switched on then. Whether a lock that was taken before that was released meanwhile is
    /// unknown.
    last: AtomicUsize,
    /// When the lock was taken, in ticks; 0 if nobody holds it.
    since: AtomicU64,
    sites: [SiteCounts; HOT_SITES],
}

struct SiteCounts {
    /// Its number; 0 if there is none. Changes under the latch.
    number: AtomicUsize,
    /// How often the lock was taken there.
    acquisitions: AtomicU64,
    /// How often, how long in all and at most it was held, in ticks.
    held: [AtomicU64; 3],
}

/// A number for a place, and where it is.
fn number(site: Site) -> (usize, usize) {
    let number = match site {
        Site::Unknown => 2,
        // (Its address is even, and not as small.)
        Site::Rust(location) => std::ptr::from_ref(location).addr(),
        Site::Foreign(number) => number.get() * 2 + 1,
    };
    (number, (number >> 1 ^ number >> 4) % HOT_SITES)
}

fn add(number: &AtomicU64, more: u64) {
    number.store(number.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
}

impl SiteCounts {
    const fn new() -> Self {
        Self {
            number: AtomicUsize::new(0),
            acquisitions: AtomicU64::new(0),
            held: [const { AtomicU64::new(0) }; 3],
        }
    }

    fn clear(&self, number: usize) {
        for count in self.held.iter().chain([&self.acquisitions]) {
            count.store(0, Ordering::Relaxed);
        }
        self.number.store(number, Ordering::Relaxed);
    }
}

impl Hot {
    pub(super) const fn new() -> Self {
        Self {
            generation: AtomicU32::new(0),
            last: AtomicUsize::new(0),
            since: AtomicU64::new(0),
            sites: [const { SiteCounts::new() }; HOT_SITES],
        }
    }

    fn is_current(&self) -> bool {
        self.generation.load(Ordering::Relaxed) == fork::generation()
    }

    /// The calling thread has taken the lock there; `false` if that place has no numbers yet.
    #[inline]
    pub(super) fn take(&self, site: Site) -> bool {
        let (number, at) = number(site);
        let counts = &self.sites[at];
        let known = counts.number.load(Ordering::Relaxed) == number && self.is_current();
        if known {
            let switches = SWITCHES.load(Ordering::Relaxed);
            self.last.store(switches * HOT_SITES + at, Ordering::Relaxed);
            add(&counts.acquisitions, 1);
            self.since.store(ticks::now().max(1), Ordering::Relaxed);
        }
        known
    }

    /// Under the latch, by the thread that has taken the lock: gives the place numbers, instead
    /// of another whose numbers were [read](Self::read) before.
    pub(super) fn admit(&self, site: Site) {
        if !self.is_current() {
            self.sites.iter().for_each(|counts| counts.clear(0));
            self.since.store(0, Ordering::Relaxed);
            self.generation.store(fork::generation(), Ordering::Relaxed);
        }
        let (number, at) = number(site);
        self.sites[at].clear(number);
    }

    /// Where among the places this one is, if it has numbers, or would be.
    pub(super) fn slot(site: Site) -> usize {
        number(site).1
    }

    /// The lock is about to be released.
    #[inline]
    pub(super) fn release(&self) {
        let since = self.since.load(Ordering::Relaxed);
        if since == 0 || !self.is_since_switched() || !self.is_current() {
            return;
        }
        let held = ticks::now().saturating_sub(since);
        self.since.store(0, Ordering::Relaxed);
        let [count, total, longest] = &self.sites[self.last()].held;
        add(count, 1);
        add(total, held);
        if held > longest.load(Ordering::Relaxed) {
            longest.store(held, Ordering::Relaxed);
        }
    }

    /// Where among the places the lock was taken last.
    pub(super) fn last(&self) -> usize {
        self.last.load(Ordering::Relaxed) % HOT_SITES
    }

    /// Whether the lock was taken last since the profile was switched on.
    fn is_since_switched(&self) -> bool {
        self.last.load(Ordering::Relaxed) / HOT_SITES == SWITCHES.load(Ordering::Relaxed)
    }

    /// Whether somebody holds the lock, as far as was counted.
    pub(super) fn is_held(&self) -> bool {
        self.is_since_switched() && self.is_current() && self.since.load(Ordering::Relaxed) != 0
    }

    /// How often the lock was taken at a place, and how long it was held, in ticks.
    pub(super) fn read(&self, at: usize) -> Option<(u64, Sum)> {
        let counts = &self.sites[at];
        let known = counts.number.load(Ordering::Relaxed) != 0 && self.is_current();
        known.then(|| {
            let [count, total, longest] =
                counts.held.each_ref().map(|number| number.load(Ordering::Relaxed));
            (counts.acquisitions.load(Ordering::Relaxed), Sum { count, total, longest })
        })
    }
}
