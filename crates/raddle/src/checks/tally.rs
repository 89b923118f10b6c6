//! How much locks are fought over: how often each was taken, and how long it was waited for and
//! held, and where; and how long threads waited for everything else.
//!
//! Each lock that has a card counts for itself, behind a latch of the card's, so that locks that
//! have nothing to do with each other do not meet here. What a lock has counted when it is gone
//! is added to that of its group: those of its name or, without one, those that were made where
//! it was. So a program that makes locks all the time needs no more and more memory.
//!
//! A forked child starts from nothing.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::hot::{self, Hot, PLACES};
use super::times::{Sum, Times};
use super::{Card, Seen, Site};
use crate::os::{deadline, guarded::Guarded, ticks};
use crate::wait::Kind;

/// Sites of one lock that are told apart; the others count as unknown.
const SITES: usize = 256;
/// Groups that are told apart by their names; locks of others by where they were made.
const NAMES: usize = 10_000;

/// Whether it is counted.
static PROFILE: AtomicBool = AtomicBool::new(false);
static SHARED: Guarded<Shared> = Guarded::new();

/// Switches the profile on or off: what happens to locks that have a [`Card`], and what threads
/// wait for otherwise.
pub fn profile(on: bool) {
    if on && !profiles() {
        ticks::prepare();
        hot::begin();
    }
    PROFILE.store(on, Ordering::Relaxed);
}

/// Whether the profile is on.
#[inline]
#[must_use]
pub fn profiles() -> bool {
    PROFILE.load(Ordering::Relaxed)
}

/// What was counted of a group of locks: those of one name or, without a name, of one place
/// where they were made.
#[derive(Clone, Debug)]
pub struct Tally {
    /// One of them.
    pub lock: Seen,
    /// How many there were.
    pub locks: usize,
    /// How often they were taken. (An `RLock` that its holder takes again is taken once.)
    pub acquisitions: u64,
    /// The waits for them, those that were given up included.
    pub waited: Times,
    /// How long they were held, not counting those that still are.
    pub held: Sum,
    /// The waits by where the lock was to be taken, and where it had been by who held it then.
    pub waits: Vec<((Site, Site), Sum)>,
    /// How long they were held, by where they were taken.
    pub holds: Vec<(Site, Sum)>,
}

/// What was counted of the waits for anything but locks at one place.
#[derive(Clone, Debug)]
pub struct Waited {
    /// What was waited for.
    pub kind: Kind,
    /// Where.
    pub site: Site,
    /// How long.
    pub times: Times,
}

/// What is counted of one lock, or of a group.
#[derive(Clone, Debug, Default)]
struct Counts {
    acquisitions: u64,
    waited: Times,
    /// In ticks, as is `holds`.
    held: Sum,
    waits: Places<(Site, Site)>,
    holds: Places<Site>,
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

    fn merge(&mut self, other: &Self) {
        self.acquisitions += other.acquisitions;
        self.waited.merge(&other.waited);
        self.held.merge(&other.held);
        self.waits.merge(&other.waits);
        self.holds.merge(&other.holds);
    }
}

/// Sums by place: there are few, and the last one is likely to be the next.
#[derive(Clone, Debug, Default)]
struct Places<K> {
    sums: Vec<(K, Sum)>,
    last: usize,
}

impl<K: Copy + Default + PartialEq> Places<K> {
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
    sites: [Site; PLACES],
    counts: Counts,
}

impl Counter {
    pub(super) const fn new() -> Self {
        Self { hot: Hot::new(), rest: Guarded::new() }
    }

    /// Everything that was counted, if anything was.
    fn counts(&self) -> Option<Counts> {
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

#[derive(Default)]
struct Shared {
    /// Locks that were counted and are not gone.
    live: HashMap<usize, Arc<Card>>,
    /// Those that are gone, by group.
    gone: HashMap<Group, (Seen, usize, Counts)>,
    waits: HashMap<(Kind, Site), Times>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Group {
    Named(Kind, Arc<str>),
    Made(Kind, Site),
}

impl Shared {
    fn group(&self, seen: &Seen) -> Group {
        if let Some(name) = &seen.name {
            let named = Group::Named(seen.kind, Arc::clone(name));
            if self.gone.len() < NAMES || self.gone.contains_key(&named) {
                return named;
            }
        }
        Group::Made(seen.kind, seen.told)
    }

    fn add(&mut self, seen: &Seen, counts: &Counts) {
        let group = self.group(seen);
        let (_, locks, sum) =
            self.gone.entry(group).or_insert_with(|| (seen.clone(), 0, Counts::default()));
        *locks += 1;
        sum.merge(counts);
    }
}

fn since(start: i64, now: i64) -> u64 {
    u64::try_from(now - start).unwrap_or(0)
}

/// A wait for a lock, which goes on.
pub(crate) struct Wait {
    since: i64,
    /// Where.
    site: Site,
    /// Where the lock was taken by who holds it.
    holder: Site,
}

/// The calling thread begins to wait for the lock, at `site`.
pub(crate) fn wait(card: &Card, site: impl FnOnce() -> Site) -> Option<Wait> {
    profiles().then(|| {
        let holder = holder(card);
        let site = site();
        Wait { since: deadline::now(), site, holder }
    })
}

/// Where who holds the lock took it, as far as was counted.
#[must_use]
pub fn holder(card: &Card) -> Site {
    let Counter { hot, rest } = &card.counter;
    let holder = rest.with_own(|now| hot.is_held().then(|| now.sites[hot.last()]));
    holder.unwrap_or_default()
}

/// The calling thread has taken the lock.
#[inline]
pub(super) fn taken(card: &Arc<Card>, site: Site, wait: Option<Wait>) {
    if wait.is_some() || !card.counter.hot.take(site) {
        taken_slow(card, site, wait);
    }
}

/// [`taken`] after a wait, or at another place than the last time.
#[cold]
fn taken_slow(card: &Arc<Card>, site: Site, wait: Option<Wait>) {
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
pub(crate) fn missed(card: &Arc<Card>, wait: &Wait) {
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
    fn waited(&mut self, wait: &Wait, hot: &Hot, now: i64) {
        let waited = since(wait.since, now);
        // (Who was handed the lock, and had not woken up yet, was not known as its holder.)
        let holder = match wait.holder {
            Site::Unknown => self.sites[hot.last()],
            holder => holder,
        };
        self.counts.waited.add(waited);
        self.counts.waits.of((wait.site, holder)).add(waited);
    }
}

fn enlist(card: &Arc<Card>) {
    let card = Arc::clone(card);
    SHARED.with_own(|shared| shared.live.insert(card.id(), card));
}

/// The lock is no more.
pub(super) fn gone(card: &Card) {
    if let Some(counts) = card.counter.counts() {
        // (In one step: who adds all up meets the lock once.)
        let card = SHARED.with_own(|shared| {
            shared.add(&card.seen(), &counts);
            shared.live.remove(&card.id())
        });
        drop(card);
    }
}

/// What was counted of the locks so far, by group.
#[must_use]
pub fn tallies() -> Vec<Tally> {
    let (live, gone) = SHARED.with_own(|shared| {
        let live: Vec<_> = shared.live.values().cloned().collect();
        (live, shared.gone.clone())
    });
    let mut all = Shared { gone, ..Shared::default() };
    for card in live {
        if let Some(counts) = card.counter.counts() {
            all.add(&card.seen(), &counts);
        }
    }
    let tally = |(lock, locks, counts): (Seen, usize, Counts)| Tally {
        lock,
        locks,
        acquisitions: counts.acquisitions,
        waited: counts.waited,
        held: counts.held.in_nanos(),
        waits: counts.waits.sums,
        holds: counts.holds.sums.into_iter().map(|(at, sum)| (at, sum.in_nanos())).collect(),
    };
    all.gone.into_values().map(tally).collect()
}

/// The waits for anything but locks so far, by kind and place. (Workers that have nothing to do
/// are left out: they wait for nobody.)
#[must_use]
pub fn waits() -> Vec<Waited> {
    let waits = SHARED.with_own(|shared| shared.waits.clone());
    waits.into_iter().map(|((kind, site), times)| Waited { kind, site, times }).collect()
}

/// A wait for anything but a lock, until it is dropped.
pub(crate) struct Elsewhere {
    kind: Kind,
    site: Site,
    since: i64,
}

impl Elsewhere {
    #[cold]
    pub(crate) fn new(kind: Kind, site: impl FnOnce() -> Site) -> Option<Self> {
        if matches!(kind, Kind::Lock | Kind::RLock) {
            return None; // Its card counts.
        }
        let site = site();
        let idle = kind == Kind::Work && site == Site::Unknown;
        (!idle).then(|| Self { kind, site, since: deadline::now() })
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let waited = since(self.since, deadline::now());
        SHARED.with_own(|shared| {
            shared.waits.entry((self.kind, self.site)).or_default().add(waited);
        });
    }
}
