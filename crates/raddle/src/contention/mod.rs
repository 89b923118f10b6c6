//! The contention profile: how often each lock was taken, how long it was waited for and held,
//! and where; and how long threads waited for everything else.
//!
//! Each lock that has a card counts for itself (`card/counter.rs`). What a lock has counted
//! when it is gone is added to that of its group: those of its name or, without one, those that
//! were made where it was. So memory does not grow in a program that makes locks all the time.
//!
//! A forked child starts from nothing.
//!
//! ```
//! use raddle::{Lock, contention};
//!
//! contention::profile(true);
//! let accounts = Lock::checked("accounts", 0);
//! for _ in 0..3 {
//!     *accounts.acquire() += 1;
//! }
//! let tallies = contention::tallies();
//! assert_eq!((tallies[0].locks, tallies[0].acquisitions), (1, 3));
//! ```

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::card::{self, CONTENTION, Contention, Counts};
pub use crate::card::{Card, LockInfo, Sum, Times, holder};
use crate::os::{guarded::Guarded, ticks};
pub use crate::wait::Site;
use crate::wait::{Kind, MEASURE, Measure};

/// Groups that are told apart by their names; locks of others by where they were made.
const NAMES: usize = 10_000;

static SHARED: Guarded<Shared> = Guarded::new();

/// Switches the profile on or off: what happens to locks that have a [`Card`], and what threads
/// wait for otherwise.
pub fn profile(on: bool) {
    if on && !profiles() {
        ticks::prepare();
        card::begin_counting();
    }
    static LOCKS: Contention = Contention { enlist, gone };
    static WAITS: Measure = Measure { waited };
    CONTENTION.set(&LOCKS, on);
    MEASURE.set(&WAITS, on);
}

/// Whether the profile is on.
#[inline]
#[must_use]
pub fn profiles() -> bool {
    CONTENTION.is_on()
}

/// What was counted of a group of locks: those of one name or, without a name, of one place
/// where they were made.
#[derive(Clone, Debug)]
pub struct Tally {
    /// One of them.
    pub lock: LockInfo,
    /// How many there were.
    pub locks: usize,
    /// How often they were taken. (An `RLock` that its holder takes again is taken once.)
    pub acquisitions: u64,
    /// The waits for them, those that were given up included.
    pub waited: Times,
    /// How long they were held, not counting those that still are.
    pub held: Sum,
    /// The waits by where the lock was to be taken, and where its holder of then had taken it.
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

#[derive(Default)]
struct Shared {
    /// Locks that were counted and are not gone.
    live: HashMap<usize, Arc<Card>>,
    /// Those that are gone, by group.
    gone: HashMap<Group, (LockInfo, usize, Counts)>,
    waits: HashMap<(Kind, Site), Times>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Group {
    Named(Kind, Arc<str>),
    Made(Kind, Site),
}

impl Shared {
    fn group(&self, info: &LockInfo) -> Group {
        if let Some(name) = &info.name {
            let named = Group::Named(info.kind, Arc::clone(name));
            if self.gone.len() < NAMES || self.gone.contains_key(&named) {
                return named;
            }
        }
        Group::Made(info.kind, info.told)
    }

    fn add(&mut self, info: &LockInfo, counts: &Counts) {
        let group = self.group(info);
        let (_, locks, sum) =
            self.gone.entry(group).or_insert_with(|| (info.clone(), 0, Counts::default()));
        *locks += 1;
        sum.merge(counts);
    }
}

fn enlist(card: &Arc<Card>) {
    let card = Arc::clone(card);
    SHARED.with_own(|shared| shared.live.insert(card.id(), card));
}

/// The lock is no more.
fn gone(card: &Card) {
    if let Some(counts) = card.counts() {
        // (In one step: a thread that adds all up meets the lock once.)
        let card = SHARED.with_own(|shared| {
            shared.add(&card.info(), &counts);
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
        if let Some(counts) = card.counts() {
            all.add(&card.info(), &counts);
        }
    }
    let tally = |(lock, locks, counts): (LockInfo, usize, Counts)| Tally {
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

/// A wait for anything but a lock is over.
fn waited(kind: Kind, site: Site, nanos: u64) {
    SHARED.with_own(|shared| shared.waits.entry((kind, site)).or_default().add(nanos));
}
