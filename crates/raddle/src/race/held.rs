//! The locks that a thread holds.

use std::cell::RefCell;
use std::mem;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::card::{Card, RACE, Race};
use crate::clock::{self, Vector};
use crate::wait::Site;

/// The locks held at an access; None if there are none.
pub(super) type Locks = Option<Arc<Box<[Arc<Card>]>>>;

thread_local! {
    static HELD: RefCell<Held> = const { RefCell::new(Held { entries: Vec::new(), locks: None }) };
}

struct Held {
    entries: Vec<HeldLock>,
    /// All of them, as long as nothing changes.
    locks: Locks,
}

/// A lock that the calling thread holds.
struct HeldLock {
    card: Arc<Card>,
    /// When it was taken, by the thread's own count.
    since: u64,
    /// What those had done that held it before; None once the thread is ordered after that.
    before: Option<Arc<Vector>>,
}

/// Has the locks tell of what threads do with them.
pub(super) fn listen(on: bool) {
    static LISTENER: Race = Race { taken, released };
    RACE.set(&LISTENER, on);
}

/// Whether what a thread does at a site is told to this room; see [`watch`].
static WATCHED: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// `is_watched` says whether what a thread does with a lock that it takes at a site is told.
pub(super) fn watch(is_watched: fn(Site) -> bool) {
    WATCHED.store(is_watched as *mut (), Ordering::Release);
}

fn is_watched(site: Site) -> bool {
    let known = WATCHED.load(Ordering::Acquire);
    // SAFETY: null, or from a function of that type.
    known.is_null() || unsafe { mem::transmute::<*mut (), fn(Site) -> bool>(known) }(site)
}

fn taken(card: &Arc<Card>, site: Site) {
    let before = card.order().known();
    clock::changed();
    if card.is_lent() {
        // It is a signal: those that wait for it wait for what its releaser has done, and what
        // they have looked at before may be another by now.
        clock::looks_again();
        if let Some(before) = before {
            clock::acquire(&before);
        }
        return;
    }
    // (What is read under a lock of a library's is not seen. And who was notified comes after all
    // that the notifier did before it released the lock.)
    let is_blind = clock::has_waited() || !is_watched(site);
    let before = before.filter(|before| {
        if is_blind {
            clock::acquire(before);
        }
        !is_blind
    });
    let since = clock::serial();
    let _ = HELD.try_with(|held| {
        let mut held = held.borrow_mut();
        held.locks = None;
        held.entries.push(HeldLock { card: Arc::clone(card), since, before });
    });
}

fn released(card: &Arc<Card>, lent: bool) {
    let gone = HELD.try_with(|held| {
        let mut held = held.borrow_mut();
        let at = held.entries.iter().rposition(|entry| Arc::ptr_eq(&entry.card, card))?;
        let entry = held.entries.remove(at);
        Some((entry, held.locks.take()))
    });
    // (First: what it knows of others' is not to be copied only since it is still held.)
    drop(gone);
    if (lent || card.is_lent())
        && let Some(before) = card.order().known()
    {
        // It is a signal, and was one before anybody could tell.
        clock::acquire(&before);
    }
    card.order().release();
}

/// The locks that the calling thread holds.
#[inline]
pub(super) fn locks() -> Locks {
    with_locks(Clone::clone)
}

/// Calls `look` with the locks that the calling thread holds. It may take and release none.
#[inline]
pub(super) fn with_locks<R>(mut look: impl FnMut(&Locks) -> R) -> R {
    let found = HELD.try_with(|held| {
        let held = &mut *held.borrow_mut();
        if held.locks.is_none() && !held.entries.is_empty() {
            held.gather();
        }
        look(&held.locks)
    });
    found.unwrap_or_else(|_| look(&None))
}

impl Held {
    #[cold]
    fn gather(&mut self) {
        self.entries.retain(|entry| !entry.card.is_lent());
        let cards: Box<[_]> = self.entries.iter().map(|it| Arc::clone(&it.card)).collect();
        self.locks = (!cards.is_empty()).then(|| Arc::new(cards));
    }
}

/// Those that it has held since then, by its own count.
pub(super) fn since(serial: u64) -> Locks {
    let all = locks()?;
    HELD.try_with(|held| {
        let held = held.borrow();
        let kept = held.entries.iter();
        let kept = kept.filter(|entry| entry.since <= serial && !entry.card.is_lent());
        if kept.clone().count() == all.len() {
            return Some(all);
        }
        let kept: Vec<_> = kept.map(|entry| Arc::clone(&entry.card)).collect();
        (!kept.is_empty()).then(|| Arc::new(kept.into()))
    })
    .ok()
    .flatten()
}

/// The calling thread has read what was written under those locks: it is ordered after what those
/// did that held one of them before.
pub(super) fn flow_from(written: &Locks) {
    let Some(written) = written else { return };
    flow(|card| written.iter().any(|each| Arc::ptr_eq(each, card)));
}

/// It has read what nobody here has seen written: whoever held one of its locks may have.
pub(super) fn flow_from_all() {
    flow(|_| true);
}

fn flow(is_meant: impl Fn(&Arc<Card>) -> bool) {
    let _ = HELD.try_with(|held| {
        for entry in &mut held.borrow_mut().entries {
            if entry.before.is_some() && is_meant(&entry.card) {
                clock::acquire(&entry.before.take().expect("it is there"));
            }
        }
    });
}

/// Whether the calling thread holds a lock.
pub(super) fn any() -> bool {
    let is_own = |entry: &HeldLock| !entry.card.is_lent();
    HELD.try_with(|held| held.borrow().entries.iter().any(is_own)).unwrap_or(false)
}

/// Whether one lock is among both.
pub(super) fn meet(one: &Locks, other: &Locks) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    one.iter().any(|each| other.iter().any(|lock| Arc::ptr_eq(each, lock)))
}

/// Whether they are the same.
pub(super) fn same(one: &Locks, other: &Locks) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            Arc::ptr_eq(one, other)
                || one.len() == other.len()
                    && one.iter().zip(other.iter()).all(|(one, other)| Arc::ptr_eq(one, other))
        }
        _ => false,
    }
}
