//! What is counted of one lock, behind a latch of its card, so that unrelated locks share
//! nothing. What happens all the time is counted without the latch, in `hot.rs`.

use std::sync::Arc;

use super::Card;
use super::hot::{HOT_SITES, Hot};
use super::listen::enlist;
use super::times::{Sum, Times};
use crate::os::{deadline, guarded::Guarded};
use crate::wait::Site;

/// Sites of one lock that are told apart; the others count as unknown.
const SITES: usize = 256;

/// What is counted of one lock, or of a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) acquisitions: u64,
    pub(crate) waited: Times,
    /// In ticks, as is `holds`.
    pub(crate) held: Sum,
    pub(crate) waits: BySite<(Site, Site)>,
    pub(crate) holds: BySite<Site>,
}

impl Counts {
    /// Adds what was counted at that place.
    fn add(&mut self, site: Site, seen: Option<(u64, Sum)>) {
        let Some((acquisitions, held)) = seen else { return };
        self.acquisitions += acquisitions;
        if held.count != 0 {
            self.held.merge(&held);
            self.holds.of(site).merge(&held);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.acquisitions += other.acquisitions;
        self.waited.merge(&other.waited);
        self.held.merge(&other.held);
        self.waits.merge(&other.waits);
        self.holds.merge(&other.holds);
    }
}

/// Sums by place: there are few, and the last one is likely to be the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct BySite<K> {
    pub(crate) sums: Vec<(K, Sum)>,
    last: usize,
}

impl<K: Copy + Default + PartialEq> BySite<K> {
    fn of(&mut self, place: K) -> &mut Sum {
        if self.sums.get(self.last).is_none_or(|(known, _)| *known != place) {
            self.last = self.find(place);
        }
        &mut self.sums[self.last].1
    }

    fn find(&mut self, mut place: K) -> usize {
        if self.sums.len() >= SITES && !self.sums.iter().any(|(known, _)| *known == place) {
            place = K::default();
        }
        let known = self.sums.iter().position(|(known, _)| *known == place);
        known.unwrap_or_else(|| {
            self.sums.push((place, Sum::default()));
            self.sums.len() - 1
        })
    }

    fn merge(&mut self, other: &Self) {
        for (place, sum) in &other.sums {
            self.of(*place).merge(sum);
        }
    }
}

/// The part of a card that counts.
pub(super) struct Counter {
    /// At the places where it is taken.
    hot: Hot,
    rest: Guarded<Counting>,
}

#[derive(Default)]
struct Counting {
    /// The card is among those that are live.
    known: bool,
    /// The places that have numbers in `hot`.
    sites: [Site; HOT_SITES],
    counts: Counts,
}

impl Counter {
    pub(super) const fn new() -> Self {
        Self { hot: Hot::new(), rest: Guarded::new() }
    }

    /// Everything that was counted, if anything was.
    pub(super) fn counts(&self) -> Option<Counts> {
        self.rest.with_own(|counting| {
            counting.known.then(|| {
                let mut counts = counting.counts.clone();
                for (at, site) in counting.sites.iter().enumerate() {
                    counts.add(*site, self.hot.read(at));
                }
                counts
            })
        })
    }
}

fn since(start: i64, now: i64) -> u64 {
    u64::try_from(now - start).unwrap_or(0)
}

/// A wait for a lock, which goes on.
pub(crate) struct Waiting {
    since: i64,
    /// Where.
    site: Site,
    /// Where the lock was taken by the thread that holds it.
    holder: Site,
}

impl Waiting {
    /// The calling thread begins to wait for the lock, at `site`.
    pub(super) fn new(card: &Card, site: impl FnOnce() -> Site) -> Self {
        let holder = holder(card);
        let site = site();
        Self { since: deadline::now(), site, holder }
    }
}

/// Where the thread that holds the lock took it, as far as was counted.
#[must_use]
pub fn holder(card: &Card) -> Site {
    let Counter { hot, rest } = &card.counter;
    let holder = rest.with_own(|now| hot.is_held().then(|| now.sites[hot.last()]));
    holder.unwrap_or_default()
}

/// The calling thread has taken the lock.
#[inline]
pub(super) fn taken(card: &Arc<Card>, site: Site, wait: Option<Waiting>) {
    if wait.is_some() || !card.counter.hot.take(site) {
        taken_slow(card, site, wait);
    }
}

/// [`taken`] after a wait, or at another place than the last time.
#[cold]
fn taken_slow(card: &Arc<Card>, site: Site, wait: Option<Waiting>) {
    let Counter { hot, rest } = &card.counter;
    let known = rest.with_own(|counting| {
        if let Some(wait) = wait {
            counting.waited(&wait, hot, deadline::now());
        }
        if !hot.take(site) {
            let at = Hot::slot(site);
            counting.counts.add(counting.sites[at], hot.read(at));
            counting.sites[at] = site;
            hot.admit(site);
            hot.take(site);
        }
        std::mem::replace(&mut counting.known, true)
    });
    if !known {
        enlist(card);
    }
}

/// The calling thread has given up waiting for the lock.
pub(super) fn missed(card: &Arc<Card>, wait: &Waiting) {
    let now = deadline::now();
    let Counter { hot, rest } = &card.counter;
    let known = rest.with_own(|counting| {
        counting.waited(wait, hot, now);
        std::mem::replace(&mut counting.known, true)
    });
    if !known {
        enlist(card);
    }
}

/// The lock is about to be released.
#[inline]
pub(super) fn released(card: &Card) {
    card.counter.hot.release();
}

impl Counting {
    fn waited(&mut self, wait: &Waiting, hot: &Hot, now: i64) {
        let waited = since(wait.since, now);
        // (A thread that was handed the lock, and had not woken up yet, was not known as its
        // holder.)
        let holder = match wait.holder {
            Site::Unknown => self.sites[hot.last()],
            holder => holder,
        };
        self.counts.waited.add(waited);
        self.counts.waits.of((wait.site, holder)).add(waited);
    }
}
