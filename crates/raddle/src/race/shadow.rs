//! What is remembered of each object, by its address.
//!
//! It is dropped with the object: the embedder says when one is no more, see [`forget`].

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::access::{Access, Kind, Step};
use super::held::{self, Locks};
use super::place::Place;
use super::rules::{self, Harm};
use super::thread;
use crate::clock::{self, Vector};
use crate::os::guarded::Guarded;

/// Parts of the table, so that threads seldom meet.
const PARTS: usize = 64;
/// Objects of a part that are remembered; more than that push others out.
const MOST: usize = 1 << 14;

static TABLE: [Guarded<HashMap<usize, Object>>; PARTS] = [const { Guarded::new() }; PARTS];
/// Objects in all parts.
static COUNT: AtomicUsize = AtomicUsize::new(0);
/// Pairs of sites that were told.
static TOLD: Guarded<HashSet<(u32, u32, Harm)>> = Guarded::new();
/// Which locks are held where a place of a family is accessed.
static GUARDS: Guarded<HashMap<(usize, usize), Vec<Guard>>> = Guarded::new();

/// Where a place of a family is accessed, and the locks that were held.
struct Guard {
    site: u32,
    writes: bool,
    locks: Locks,
}

#[derive(Default)]
struct Object {
    places: Vec<Place>,
    /// What was done before something was put into it.
    put: Option<Box<Vector>>,
}

impl Object {
    fn place(&mut self, name: usize) -> &mut Place {
        let at = self.places.iter().position(|place| place.name == name);
        let at = at.unwrap_or_else(|| {
            self.places.push(Place::new(name));
            self.places.len() - 1
        });
        &mut self.places[at]
    }
}

/// Two accesses that are not ordered.
#[derive(Clone, Debug)]
pub struct Found {
    /// What they can do.
    pub harm: Harm,
    /// That of the calling thread.
    pub mine: Access,
    /// That of another one.
    pub other: Access,
}

fn part(object: usize) -> &'static Guarded<HashMap<usize, Object>> {
    &TABLE[(object >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (usize::BITS - 6)]
}

/// The calling thread is about to do that. Returns what it is not ordered with, once for each pair
/// of sites.
pub fn access(step: &Step<'_>) -> Option<Found> {
    let time = clock::time()?;
    let mut before = Vec::new();
    let mut found = None;
    let (pairs, earlier) = thread::pairs(step.links, (step.object, step.name));
    let mine = Access {
        time,
        site: step.site,
        kind: step.kind,
        locks: held::locks(),
        pairs,
        value: step.value,
        is_used: step.is_used,
        is_updated: step.is_updated,
        decides: step.decides,
        is_replacing: step.is_replacing,
        is_initial: step.is_initial,
        is_constant: step.is_constant,
        is_atomic: step.is_atomic,
    };
    for other in &earlier {
        if found.is_none()
            && let Some(harm) = rules::harm_of_pair(&mine, other)
        {
            found = Some(Found { harm, mine: mine.clone(), other: other.clone() });
        }
    }
    let is_new = part(step.object).with(|objects| {
        if objects.len() >= MOST && !objects.contains_key(&step.object) {
            let any = objects.keys().next().copied();
            any.and_then(|any| objects.remove(&any));
        }
        let before_it = objects.len();
        let object = objects.entry(step.object).or_default();
        let place = object.place(step.name);
        for other in place.unordered() {
            if found.is_none()
                && let Some(harm) = rules::harm(&mine, other)
            {
                found = Some(Found { harm, mine: mine.clone(), other: other.clone() });
            }
            if (step.is_linked || step.across.is_some()) && other.kind.writes() {
                before.push(other.clone());
            }
        }
        carry(object, step, time.slot);
        let is_new = object.place(step.name).remember(mine.clone());
        if objects.len() > before_it {
            COUNT.fetch_add(1, Ordering::Relaxed);
        }
        is_new
    });
    if let Some(across) = step.across {
        thread::remember(across, step, before.clone());
    }
    if step.is_linked {
        thread::remember(step.site, step, before);
    }
    if is_new && step.family != 0 {
        guard(step, &mine);
    }
    found.filter(|found| mark_told(found.mine.site, found.other.site, found.harm))
}

/// What the access brings to the calling thread, and leaves for others.
fn carry(object: &mut Object, step: &Step<'_>, slot: u32) {
    match step.kind {
        Kind::Read => {
            let place = object.place(step.name);
            place.read(step, slot);
        }
        Kind::Write => object.place(step.name).write(step, false),
        Kind::ItemRead => {
            if !object.place(step.name).read(step, slot)
                && let Some(put) = &object.put
            {
                clock::acquire(put);
            }
        }
        Kind::ItemWrite => {
            object.place(step.name).write(step, !step.is_replacing);
            if !step.is_replacing {
                leave(object);
            }
        }
        Kind::Look | Kind::Take | Kind::Walk => {
            if let Some(put) = &object.put {
                clock::acquire(put);
            }
        }
        Kind::Put => leave(object),
    }
}

/// What the calling thread has done is known to those that look into the container.
fn leave(object: &mut Object) {
    if let Some(stamp) = clock::stamp() {
        stamp.add_to(object.put.get_or_insert_default());
    }
}

/// The object is no more.
#[inline]
pub fn forget(object: usize) {
    if COUNT.load(Ordering::Relaxed) != 0 {
        let gone = part(object).with(|objects| objects.remove(&object));
        if gone.is_some() {
            COUNT.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Objects that something is remembered of.
#[must_use]
pub fn objects() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// Whether those two sites were not told yet; from now on they were.
pub fn mark_told(one: u32, other: u32, harm: Harm) -> bool {
    TOLD.with(|told| told.insert((one.min(other), one.max(other), harm)))
}

fn guard(step: &Step<'_>, mine: &Access) {
    let writes = step.kind.writes();
    GUARDS.with(|guards| {
        let known = guards.entry((step.family, step.name)).or_default();
        let fits = |it: &&mut Guard| it.site == step.site && it.writes == writes;
        match known.iter_mut().find(fits) {
            // (Where it is once not held, it does not guard.)
            Some(known) if mine.locks.is_none() => known.locks = None,
            Some(_) => {}
            None => known.push(Guard { site: step.site, writes, locks: mine.locks.clone() }),
        }
    });
}

/// Where places of that name and family are written: `(site, the cards of the locks held)`.
#[must_use]
pub fn guards(
    family: usize,
    name: usize,
) -> Vec<(u32, Vec<std::sync::Arc<crate::card::Card>>)> {
    GUARDS.with(|guards| {
        let known = guards.get(&(family, name)).into_iter().flatten();
        let known = known.filter(|guard| guard.writes);
        known.map(|it| (it.site, it.locks.as_deref().unwrap_or_default().to_vec())).collect()
    })
}
