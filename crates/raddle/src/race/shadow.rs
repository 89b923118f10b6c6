//! What is remembered of each object, by its address.
//!
//! It is dropped with the object: the embedder says when one is no more, see [`forget`].

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::access::{Access, Flags, Kind, Step};
use super::held::{self, Locks};
use super::place::Place;
use super::recent::{self, Recent};
use super::rules::{self, Harm};
use super::thread;
use crate::clock::{self, Vector};
use crate::os::guarded::Guarded;

/// Parts of the table, so that threads seldom meet.
const PARTS: usize = 64;
/// Objects of a part that are remembered; more than that push others out.
const MOST: usize = 160;
/// Places of one object, and items in all, that are remembered.
const MOST_PLACES: usize = 2048;
const MOST_ITEMS: usize = 1 << 14;
/// Places of an object that are looked for one after the other.
const FEW: usize = 8;
/// Items of an object that are remembered though they were only read.
const READ_ONLY: u8 = 64;

/// What was brought by objects that were pushed out: whoever accesses one that is not known comes
/// after that.
static LOST: Guarded<Vector> = Guarded::new();
static HAS_LOST: AtomicBool = AtomicBool::new(false);

static TABLE: [Guarded<Map<Object>>; PARTS] = [const { Guarded::new() }; PARTS];
/// Objects in all parts.
static COUNT: AtomicUsize = AtomicUsize::new(0);
/// Items of objects that have more than a few, in all.
static ITEMS: AtomicUsize = AtomicUsize::new(0);
/// The place that all items of a container are, as far as they are only read.
const ALL_ITEMS: usize = 6;
/// Pairs of sites that were told.
static TOLD: Guarded<HashSet<(u32, u32, Harm)>> = Guarded::new();
/// Which locks are held where a place is accessed, by its family and name.
static GUARDS: Guarded<Map<Map<Vec<Guard>>>> = Guarded::new();
/// Families whose guards are remembered.
const MOST_FAMILIES: usize = 4096;

/// Where a place of a family is accessed, and the locks that were held.
struct Guard {
    site: u32,
    writes: bool,
    locks: Locks,
}

/// What is remembered of an object.
#[derive(Default)]
struct Object {
    /// The slot of the thread that was the first to access it, and one more; 0 before.
    first: u32,
    /// Whether others have.
    is_shared: bool,
    /// Whether an item was written.
    is_written: bool,
    /// Whether it is a family as well.
    is_family: bool,
    /// Items that were only read, and are remembered.
    read_only: u8,
    /// By their names, as long as they are few.
    few: Vec<(usize, Place)>,
    /// The rest.
    many: Option<Box<Map<Place>>>,
    /// What was done before something was put into it.
    put: Option<Box<Vector>>,
}

impl Drop for Object {
    fn drop(&mut self) {
        let items = self.many.as_ref().map_or(0, |many| many.len());
        ITEMS.fetch_sub(items, Ordering::Relaxed);
    }
}

impl Object {
    fn find(&mut self, name: usize) -> Option<&mut Place> {
        if let Some((_, place)) = self.few.iter_mut().find(|(known, _)| *known == name) {
            return Some(place);
        }
        self.many.as_mut()?.get_mut(&name)
    }

    /// The place of that name; None if it is an item, and there are too many.
    fn place(&mut self, name: usize) -> Option<&mut Place> {
        if let Some(at) = self.few.iter().position(|(known, _)| *known == name) {
            return Some(&mut self.few[at].1);
        }
        if self.few.len() < FEW {
            // (Most objects have one or two: room for four would be most of all memory.)
            self.few.reserve_exact(1);
            self.few.push((name, Place::default()));
            return self.few.last_mut().map(|(_, place)| place);
        }
        let many = self.many.get_or_insert_default();
        let count = many.len();
        match many.entry(name) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(vacant) => {
                let is_item = name & 1 != 0;
                if is_item
                    && (count >= MOST_PLACES || ITEMS.load(Ordering::Relaxed) >= MOST_ITEMS)
                {
                    return None;
                }
                ITEMS.fetch_add(1, Ordering::Relaxed);
                Some(vacant.insert(Place::default()))
            }
        }
    }

    /// Whether an item that is only read can be remembered, or is already.
    fn has_room_for(&mut self, name: usize) -> bool {
        if self.find(name).is_some() {
            return true;
        }
        self.read_only = self.read_only.saturating_add(1);
        self.read_only <= READ_ONLY
    }

    /// The thread with that slot accesses it.
    #[inline]
    fn meet(&mut self, slot: u32) {
        if self.first != slot + 1 {
            self.is_shared |= self.first != 0;
            if self.first == 0 {
                self.first = slot + 1;
            }
        }
    }

    /// Adds all that it brings.
    fn add_to(&self, vector: &mut Vector) {
        if let Some(put) = &self.put {
            vector.join(put);
        }
        let many = self.many.iter().flat_map(|many| many.values());
        let places = self.few.iter().map(|(_, place)| place).chain(many);
        places.for_each(|place| place.add_to(vector));
    }

    fn names(&self) -> impl Iterator<Item = usize> {
        let many = self.many.iter().flat_map(|many| many.keys().copied());
        self.few.iter().map(|(name, _)| *name).chain(many)
    }
}

/// A table by addresses, or names.
type Map<V> = HashMap<usize, V, BuildHasherDefault<Mixed>>;

/// The hash of an address: its bits, mixed. (Nobody chooses addresses to have them meet.)
#[derive(Default)]
pub(crate) struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        let mixed = (self.0 ^ number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ mixed >> 32;
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

#[inline]
fn part(object: usize) -> &'static Guarded<Map<Object>> {
    &TABLE[(object >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (usize::BITS - 6)]
}

/// The calling thread is about to do that. Returns what it is not ordered with, once for each pair
/// of sites.
#[inline]
pub fn access(step: &Step<'_>) -> Option<Found> {
    let serial = clock::serial();
    if step.flags.has(Flags::OF_MANY) && Recent::new(&all_items(step), serial).is_known() {
        return None;
    }
    let recent = Recent::new(step, serial);
    if recent.is_known() && thread::knows(step) {
        return None;
    }
    tell(step, recent)
}

/// The step, as one of all items of the container at once, wherever it is.
#[inline]
fn all_items<'a>(step: &Step<'a>) -> Step<'a> {
    Step { name: ALL_ITEMS, site: 0, ..*step }
}

fn tell(step: &Step<'_>, recent: Recent) -> Option<Found> {
    let view = clock::view()?;
    let mut before = Vec::new();
    let mut found = None;
    let (pairs, earlier) = thread::pairs(step.links, step.place());
    let mine = Access::new(step, view.time(), held::locks(), pairs);
    for (pair, other) in &earlier {
        if found.is_none()
            && let Some(harm) = rules::harm_of_pair(&mine, pair, other)
        {
            found = Some(Found { harm, mine: mine.clone(), other: other.clone() });
        }
    }
    let flags = step.flags;
    let (mut is_quiet, mut is_unknown) = (false, false);
    let is_new = part(step.object).with(|objects| {
        let count = objects.len();
        let object = match objects.entry(step.object) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => {
                is_unknown = true;
                vacant.insert(Object::default())
            }
        };
        let slot = view.time().slot;
        object.meet(slot);
        object.is_family |= step.family == step.object;
        let is_shared = object.is_shared;
        if flags.has(Flags::OF_MANY) && !object.has_room_for(step.name) {
            carry(object, step, slot);
            is_quiet = !object.is_written;
            return false;
        }
        if step.kind.writes() {
            if is_shared {
                recent::change(step.place());
            }
            if step.kind != Kind::Write && (is_shared || !object.is_written) {
                object.is_written = true;
                recent::change((step.object, ALL_ITEMS));
            }
        }
        let Some(place) = object.place(step.name) else {
            carry(object, step, slot);
            return false;
        };
        let known = place.known(&mine);
        let mut is_harmless = place.is_harmless(known, &mine);
        if !is_harmless {
            is_harmless = true;
            for other in place.of_others(slot) {
                let Some(harm) = rules::harm(&mine, other) else { continue };
                is_harmless = false;
                if found.is_none() && !view.is_after(other.time()) {
                    found = Some(Found { harm, mine: mine.clone(), other: other.clone() });
                }
            }
        }
        if flags.has(Flags::LINKED) || step.across.is_some() {
            let writes = place.unordered(&view).filter(|other| other.kind.writes());
            before.extend(writes.map(Access::without_pairs));
        }
        carry(object, step, slot);
        let place = object.place(step.name).expect("it was there");
        let is_new = place.remember(mine, known, is_harmless, &view);
        let after = objects.len();
        if after > count {
            COUNT.fetch_add(1, Ordering::Relaxed);
            if after > MOST {
                push_out(objects, step.object);
            }
        }
        is_new
    });
    if is_unknown && HAS_LOST.load(Ordering::Acquire) {
        let lost = LOST.with(|lost| lost.clone());
        clock::acquire(&lost);
    }
    if let Some(across) = step.across {
        thread::remember(across, step, before.clone());
    }
    if flags.has(Flags::LINKED) {
        thread::remember(step.site, step, before);
    }
    if step.kind.writes() {
        thread::outdate(step);
    }
    if is_new && step.family != 0 {
        guard(step);
    }
    if is_quiet && recent.is_of(clock::serial()) {
        Recent::new(&all_items(step), clock::serial()).remember();
        return None;
    }
    // (What it brings may have changed what it is the same as.)
    if recent.is_of(clock::serial()) {
        recent.remember();
    }
    found.filter(|found| mark_told(found.mine.site, found.other.site, found.harm))
}

/// Forgets an object other than that one, since there are too many.
#[cold]
fn push_out(objects: &mut Map<Object>, but: usize) {
    let any = objects.keys().copied().find(|object| *object != but);
    if let Some(any) = any
        && let Some(gone) = objects.remove(&any)
    {
        gone.names().for_each(|name| recent::change((any, name)));
        recent::change((any, ALL_ITEMS));
        LOST.with(|lost| gone.add_to(lost));
        HAS_LOST.store(true, Ordering::Release);
        COUNT.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the access brings to the calling thread, and leaves for others.
fn carry(object: &mut Object, step: &Step<'_>, slot: u32) {
    match step.kind {
        Kind::Read => {
            if let Some(place) = object.place(step.name) {
                place.read(step, slot);
            }
        }
        Kind::Write => {
            if let Some(place) = object.place(step.name) {
                place.write(step, false);
            }
        }
        Kind::ItemRead => {
            if !step.flags.has(Flags::WRITTEN_BACK) {
                held::flow_from_all();
            }
            let is_brought = object.find(step.name).is_some_and(|place| place.read(step, slot));
            if !is_brought && let Some(put) = &object.put {
                clock::acquire(put);
            }
        }
        Kind::ItemWrite => {
            let is_put = !step.flags.has(Flags::REPLACING);
            if let Some(place) = object.place(step.name) {
                place.write(step, is_put);
            }
            if is_put {
                leave(object);
            }
        }
        Kind::Look | Kind::Take | Kind::Walk => {
            held::flow_from_all();
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
        forget_known(object);
    }
}

fn forget_known(object: usize) {
    let gone = part(object).with(|objects| {
        let gone = objects.remove(&object)?;
        gone.names().for_each(|name| recent::change((object, name)));
        recent::change((object, ALL_ITEMS));
        Some(gone)
    });
    if let Some(gone) = gone {
        COUNT.fetch_sub(1, Ordering::Relaxed);
        if gone.is_family {
            forget_family(object);
        }
    }
}

/// The family is no more: another one may get its number.
pub fn forget_family(family: usize) {
    let gone = GUARDS.with(|guards| guards.remove(&family));
    if gone.is_some() {
        forget_guarded();
    }
}

/// Forgets all objects.
pub(super) fn clear() {
    for part in &TABLE {
        let gone = part.with(std::mem::take);
        COUNT.fetch_sub(gone.len(), Ordering::Relaxed);
    }
    recent::change_all();
    let gone = (LOST.with(std::mem::take), GUARDS.with(std::mem::take));
    HAS_LOST.store(false, Ordering::Release);
    forget_guarded();
    drop(gone);
}

fn forget_guarded() {
    for guarded in &GUARDED {
        guarded.store(0, Ordering::Relaxed);
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

/// Sites whose guards were remembered lately, mixed with what they are guards of: the same is not
/// remembered again at once.
static GUARDED: [AtomicUsize; 1024] = [const { AtomicUsize::new(0) }; 1024];

/// Whether that site's guard was remembered lately; from now on it was.
fn is_guarded(step: &Step<'_>, has_locks: bool) -> bool {
    let mut mixed = Mixed::default();
    for part in [step.family, step.name, step.site as usize, usize::from(has_locks)] {
        mixed.write_usize(part);
    }
    let mixed = mixed.finish() as usize;
    GUARDED[mixed % GUARDED.len()].swap(mixed, Ordering::Relaxed) == mixed
}

fn guard(step: &Step<'_>) {
    let (writes, locks) = (step.kind.writes(), held::locks());
    if is_guarded(step, locks.is_some()) {
        return;
    }
    GUARDS.with(|guards| {
        if guards.len() >= MOST_FAMILIES && !guards.contains_key(&step.family) {
            return;
        }
        let known = guards.entry(step.family).or_default().entry(step.name).or_default();
        let fits = |it: &&mut Guard| it.site == step.site && it.writes == writes;
        match known.iter_mut().find(fits) {
            // (Where it is once not held, it does not guard.)
            Some(known) if locks.is_none() => known.locks = None,
            Some(_) => {}
            None => known.push(Guard { site: step.site, writes, locks }),
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
        let known = guards.get(&family).and_then(|names| names.get(&name));
        let known = known.into_iter().flatten();
        let known = known.filter(|guard| guard.writes);
        known
            .map(|it| {
                (it.site, it.locks.as_ref().map_or_else(Vec::new, |locks| locks.to_vec()))
            })
            .collect()
    })
}
