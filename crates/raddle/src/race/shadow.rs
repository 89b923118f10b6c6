//! What is remembered of each object, by its address.
//!
//! It is dropped with the object: the embedder says when one is no more, see [`forget`].

use std::cell::Cell;
use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::hash::Hasher;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use super::access::{Access, Flags, Kind, Step};
use super::held::{self, Locks};
use super::map::{Map, Mixed};
use super::object::Object;
use super::place::Place;
use super::recent::{self, Recent};
use super::rules::{self, Harm};
use super::thread;
use crate::clock::{self, Vector};
use crate::os::guarded::Guarded;
use crate::os::ticks;

/// Parts of the table, so that threads seldom meet.
const PARTS: usize = 64;
/// Objects of a part that are remembered; more than that push others out.
const MOST: usize = 160;
/// What was brought by objects that were pushed out: whoever accesses one that is not known comes
/// after that.
static LOST: Guarded<Vector> = Guarded::new();
static HAS_LOST: AtomicBool = AtomicBool::new(false);

static TABLE: [Guarded<Map<Object>>; PARTS] = [const { Guarded::new() }; PARTS];
/// Objects in all parts.
static COUNT: AtomicUsize = AtomicUsize::new(0);
/// The place that all items of a container are, as far as they are only read.
const ALL_ITEMS: usize = 6;
/// Pairs of sites that were told.
static TOLD: Guarded<HashSet<(u32, u32, Harm)>> = Guarded::new();
/// Moves on when all is told again.
static EPOCH: AtomicU8 = AtomicU8::new(0);
/// Pairs of sites that are told of one place, at most: a function with a hundred lines that add to a
/// value has thousands.
const MOST_TOLD: u8 = 32;

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
    if AT_ONCE.load(Ordering::Relaxed) {
        has_read();
        if step.kind == Kind::Take || !step.kind.writes() {
            about_to_read(step);
        }
    }
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

/// Whether threads run between the telling of an access and the access itself.
static AT_ONCE: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The place that the calling thread has said it reads, and when.
    static READS: Cell<Option<((usize, usize), u64)>> = const { Cell::new(None) };
}

/// Says whether other threads may run between the telling of an access and the access itself: as
/// those of an interpreter without a GIL.
pub fn run_at_once(on: bool) {
    if on {
        ticks::prepare();
    }
    AT_ONCE.store(on, Ordering::Relaxed);
}

/// Nanoseconds in which a thread reads what it has said it is about to read.
const SOON: u64 = 1_000_000;

/// The thread is about to read that. (A value that is only written back orders nothing, and a read
/// that a write belongs to must not be taken for a later one.)
fn about_to_read(step: &Step<'_>) {
    if !step.flags.has(Flags::UPDATED.with(Flags::LINKED)) {
        READS.set(Some((step.place(), ticks::now())));
    }
}

/// What the thread was about to read it has read by now: it may have found there what was put in
/// after it had said so. If much time has gone by, that is not known.
fn has_read() {
    let Some(((object, name), when)) = READS.take() else { return };
    if ticks::nanos(ticks::now().saturating_sub(when)) > SOON {
        return;
    }
    part(object).with(|objects| {
        let Some(object) = objects.get_mut(&object) else { return };
        if let Some(place) = object.places.find(name) {
            place.follow();
        }
        if let Some(put) = &object.put {
            clock::acquire(put);
        }
    });
}

fn tell(step: &Step<'_>, recent: Recent) -> Option<Found> {
    let time = clock::time()?;
    let flags = step.flags;
    let pairs = thread::pairs(step.links, step.place());
    let mut before = Vec::new();
    let mut found = None;
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
        object.meet(time.slot);
        object.is_family |= step.family == step.object;
        let Object { is_shared, is_written, places, put, .. } = object;
        if flags.has(Flags::OF_MANY) && !places.have_room_for(step.name) {
            carry(None, put, step, time.slot);
            is_quiet = !*is_written;
            return false;
        }
        if step.kind.writes() {
            if *is_shared {
                recent::change(step.place());
            }
            if step.kind != Kind::Write && (*is_shared || !*is_written) {
                *is_written = true;
                recent::change((step.object, ALL_ITEMS));
            }
        }
        let Some(place) = places.get_or_make(step.name) else {
            carry(None, put, step, time.slot);
            return false;
        };
        // (Before it brings anything.)
        if flags.has(Flags::LINKED) || step.across.is_some() {
            before = place.unordered_writers();
        }
        if held::with_locks(|locks| place.renew(step, time, locks, &pairs)) {
            carry(Some(place), put, step, time.slot);
            return false;
        }
        let mine = Access::new(step, time, held::locks(), pairs);
        let earlier = thread::before(step.links, step.place());
        let mut is_harmless = true;
        let epoch = EPOCH.load(Ordering::Relaxed);
        let mut told = place.told_in(epoch);
        for other in place.of_others(time.slot) {
            let Some(harm) = rules::harm(&mine, other) else { continue };
            is_harmless = false;
            let was_unordered = || {
                let mut earlier = mine.all_pairs().zip(&earlier);
                earlier.any(|(pair, before)| {
                    let came = before.as_ref().is_some_and(|it| it.contains(&other.writer()));
                    came && pair.is_some_and(|it| rules::can_come_between(&mine, it, other))
                })
            };
            if found.is_none()
                && (!clock::is_after(other.time()) || was_unordered())
                && told < MOST_TOLD
                && mark_told(step.site, other.site, harm)
            {
                told += 1;
                found = Some(Found { harm, mine: mine.clone(), other: other.clone() });
            }
        }
        carry(Some(place), put, step, time.slot);
        place.has_told(told, epoch);
        let is_new = place.remember(mine, is_harmless);
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
    found
}

/// Forgets an object other than that one, since there are too many. (A family's guards are
/// forgotten when it dies, which is told of what is remembered.)
#[cold]
fn push_out(objects: &mut Map<Object>, but: usize) {
    let mut others = objects.iter().filter(|(object, _)| **object != but);
    let any = others.find(|(_, known)| !known.is_family).map(|(object, _)| *object);
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

/// What the access brings to the calling thread, and leaves for others. `place`: None if it is not
/// remembered. `put`: what is known to those that look into the container.
fn carry(place: Option<&mut Place>, put: &mut Option<Box<Vector>>, step: &Step<'_>, slot: u32) {
    match step.kind {
        Kind::Read => {
            if let Some(place) = place {
                place.read(step, slot);
            }
        }
        Kind::Write => {
            if let Some(place) = place {
                place.write(step, false);
            }
        }
        Kind::ItemRead => {
            if !step.flags.has(Flags::WRITTEN_BACK) {
                held::flow_from_all();
            }
            let is_brought = place.is_some_and(|place| place.read(step, slot));
            if !is_brought && let Some(put) = put {
                clock::acquire(put);
            }
        }
        Kind::ItemWrite => {
            let is_put = !step.flags.has(Flags::REPLACING);
            if let Some(place) = place {
                place.write(step, is_put);
            }
            if is_put {
                leave(put);
            }
        }
        Kind::Look | Kind::Take | Kind::Walk => {
            held::flow_from_all();
            if let Some(put) = put {
                clock::acquire(put);
            }
        }
        Kind::Put => leave(put),
    }
}

/// What the calling thread has done is known to those that look into the container.
fn leave(put: &mut Option<Box<Vector>>) {
    if let Some(stamp) = clock::stamp() {
        stamp.add_to(put.get_or_insert_default());
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

/// What was told is told again.
pub fn tell_again() {
    EPOCH.fetch_add(1, Ordering::Relaxed);
    let old = TOLD.with(std::mem::take);
    drop(old);
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
