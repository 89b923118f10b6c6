//! The word of a lock: whether it is held, by which thread, and which is to have it next.
//!
//! | state                      | meaning                       | what changes it, and how              |
//! |----------------------------|-------------------------------|---------------------------------------|
//! | `0`                        | free, nobody waits            | anyone: [`take`](Word::take)          |
//! | `HELD`                     | held, nobody waits            | holder: [`give`](Word::give); a       |
//! |                            |                               | waiter: [`enlist`](Word::enlist)      |
//! | `HELD\|QUEUED`             | held, somebody is in line     | holder: [`choose`](Word::choose)      |
//! | `COMING [\|QUEUED]`        | free, a chosen waiter is on   | anyone: `take`; the chosen one:       |
//! |                            | its way                       | [`arrive`](Word::arrive)              |
//! | `HELD\|COMING [\|QUEUED]`  | held, a chosen waiter is on   | holder: `give`; the chosen one:       |
//! |                            | its way, and was overtaken    | `enlist`, [`withdraw`](Word::withdraw)|
//! | `RESERVED [\|QUEUED]`      | nobody's but the chosen       | the chosen one: `arrive`, `enlist`,   |
//! |                            | waiter's, on its way          | `withdraw`; anyone: `give`            |
//!
//! `HELD` is `LOCKED` with the holder's identifier beside it and, for a holder that can only be
//! the one to release it, `SCOPED`. `RESERVED` is `LOCKED|COMING` with a bit of its own and
//! nobody's identifier. Each state may have `LENT` as well, for good: another thread than the
//! holder has released the lock, so that its holder says nothing about which thread will; and
//! `CHECKED`, for good, if the lock has a card: no state is `0` or `HELD` then, and so each
//! acquisition and release leaves the fast path.
//!
//! `QUEUED` says whether somebody is in line; it and the coming of `COMING` change only under
//! the latch of the wait list. While a chosen waiter is on its way, nobody else is chosen, and
//! its overtakers are counted, so that only each eighth of them looks at the clock.
//!
//! Identifiers are addresses, of at most 54 bits; nothing is assumed of their low bits.

use crate::os::sync::{AtomicU64, Ordering, maybe_const};
use crate::os::thread_id;

const LOCKED: u64 = 1 << 63;
const SCOPED: u64 = 1 << 62;
const QUEUED: u64 = 1 << 61;
const COMING: u64 = 1 << 60;
const RESERVED: u64 = 1 << 59;
const LENT: u64 = 1 << 58;
const CHECKED: u64 = 1 << 57;
/// How often the waiter that is coming was overtaken, in eights.
const OVERTAKEN: u64 = 7 << 54;
const ONCE: u64 = 1 << 54;
const HOLDER: u64 = ONCE - 1;

/// How a thread holds a lock, or would.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold(u64);

impl Hold {
    /// The calling thread's, for what any thread may release.
    #[inline]
    pub(super) fn mine() -> Self {
        if cfg!(feature = "deadlock") {
            debug_assert!(thread_id() as u64 <= HOLDER, "identifiers have at most 54 bits");
            Self(LOCKED | thread_id() as u64)
        } else {
            Self(LOCKED)
        }
    }

    /// The calling thread's, for what it is sure to release itself.
    #[inline]
    pub(super) fn scoped() -> Self {
        Self(Self::mine().0 | SCOPED)
    }

    /// The thread that holds; `None` where owners are not recorded.
    pub(super) fn thread(self) -> Option<usize> {
        holder(self.0)
    }

    pub(super) fn is_scoped(self) -> bool {
        self.0 & SCOPED != 0
    }
}

/// What releasing came to.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// It is done.
    Free,
    /// Nobody held the lock.
    Unheld,
    /// Not done: somebody has to be chosen with it, see [`Word::choose`].
    Choose,
}

/// What a thread finds when it wants to get in line.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enlisted {
    /// The lock is free by now, and taken.
    Taken,
    /// The lock knows that somebody is in line.
    InLine,
}

/// Which threads wait, as far as the word has to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    /// A waiter was chosen, and will come.
    pub(super) coming: bool,
    /// It has waited for so long that nobody may overtake it any more.
    pub(super) reserved: bool,
    /// Others are still in line.
    pub(super) queued: bool,
}

/// A lock's word; see the module's table.
#[derive(Debug)]
pub(super) struct Word(AtomicU64);

impl Word {
    maybe_const! {
        pub(super) fn new() -> Self {
            Self(AtomicU64::new(0))
        }
    }

    fn load(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Changes the word as `change` says, unless that says `None`; returns what was in it.
    fn update(&self, order: Ordering, change: impl FnMut(u64) -> Option<u64>) -> Option<u64> {
        self.0.fetch_update(order, Ordering::Relaxed, change).ok()
    }

    /// Has each acquisition and release leave the fast path, for good. The lock is not used yet.
    pub(super) fn check(&self) {
        self.0.fetch_or(CHECKED, Ordering::Release);
    }

    /// Takes a lock that is free, unless it is marked for good: the fast path.
    ///
    /// It looks first: while a chosen waiter is on its way, a guess of `0` would fail each time.
    #[inline]
    pub(super) fn take_fast(&self, hold: Hold) -> bool {
        let seen = self.expected(0);
        seen & (LOCKED | LENT | CHECKED) == 0
            && self.change(seen, seen | hold.0, Ordering::Acquire)
    }

    /// What is in the word. (A model takes what a fast path hopes for: the look would be one more
    /// step to interleave, and the slow path is there to be modelled.)
    #[inline]
    fn expected(&self, hoped: u64) -> u64 {
        if cfg!(raddle_loom) { hoped } else { self.load() }
    }

    #[inline]
    fn change(&self, seen: u64, next: u64, order: Ordering) -> bool {
        self.0.compare_exchange(seen, next, order, Ordering::Relaxed).is_ok()
    }

    /// Takes a free lock; a waiter that is on its way is overtaken.
    pub(super) fn take(&self, hold: Hold) -> bool {
        self.update(Ordering::Acquire, |seen| (seen & LOCKED == 0).then_some(seen | hold.0))
            .is_some()
    }

    /// Takes a lock that is free or reserved; for the chosen waiter, which is then there.
    pub(super) fn arrive(&self, hold: Hold) -> bool {
        self.update(Ordering::Acquire, |seen| taken_by_chosen(seen, hold)).is_some()
    }

    /// The chosen waiter does not come, unless it can have the lock at once; whether it has it.
    pub(super) fn withdraw(&self, hold: Hold) -> bool {
        let seen = self.update(Ordering::Acquire, |seen| {
            taken_by_chosen(seen, hold).or(Some(seen & !(COMING | OVERTAKEN)))
        });
        seen.is_some_and(|seen| taken_by_chosen(seen, hold).is_some())
    }

    /// Under the latch: takes the lock if it is free by now, or else marks it as queued for.
    /// `chosen` if the calling thread is the chosen waiter, which was overtaken.
    pub(super) fn enlist(&self, hold: Hold, chosen: bool) -> Enlisted {
        let take = |seen: u64| {
            if chosen {
                taken_by_chosen(seen, hold)
            } else {
                (seen & LOCKED == 0).then_some(seen | hold.0)
            }
        };
        let gone = if chosen { COMING | OVERTAKEN } else { 0 };
        let seen =
            self.update(Ordering::Acquire, |seen| take(seen).or(Some(seen & !gone | QUEUED)));
        match seen.and_then(take) {
            Some(_) => Enlisted::Taken,
            None => Enlisted::InLine,
        }
    }

    /// Releases a lock held as `hold` says, unless it is marked for good or somebody has to be
    /// chosen: the fast path. `false` if it is for [`give`](Self::give) to see.
    #[inline]
    pub(super) fn give_fast(&self, hold: Hold) -> bool {
        let seen = self.expected(hold.0);
        if seen == hold.0 {
            return self.change(seen, 0, Ordering::Release);
        }
        let overtaken = seen & OVERTAKEN;
        seen & !QUEUED == hold.0 | COMING | overtaken
            && overtaken != OVERTAKEN
            && self.change(seen, (seen & !hold.0) + ONCE, Ordering::Release)
    }

    /// Releases the lock for a thread that would hold it as `hold`, unless a waiter has to be
    /// chosen with that. If one was chosen before, was overtaken and `is_late` by now, the lock
    /// is reserved for it.
    pub(super) fn give(&self, hold: Hold, is_late: impl Fn() -> bool) -> Given {
        let mut seen = self.load();
        loop {
            if seen & LOCKED == 0 {
                return Given::Unheld;
            }
            let left = match seen & (COMING | QUEUED) {
                0 => left_by(seen, hold),
                QUEUED => return Given::Choose,
                _ => overtaken(seen, hold, &is_late),
            };
            match self.0.compare_exchange_weak(seen, left, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return Given::Free,
                Err(now) => seen = now,
            }
        }
    }

    /// Whether [`give`](Self::give) would say that somebody has to be chosen. Under the latch it
    /// stays so until [`choose`](Self::choose).
    pub(super) fn must_choose(&self) -> bool {
        self.load() & (LOCKED | QUEUED | COMING) == LOCKED | QUEUED
    }

    /// Under the latch: releases a lock with which somebody [has to be
    /// chosen](Self::must_choose), for a thread that would hold it as `hold`.
    pub(super) fn choose(&self, hold: Hold, next: Next) {
        let flags = [
            (next.coming, COMING),
            (next.coming && next.reserved, RESERVED | LOCKED),
            (next.queued, QUEUED),
        ];
        let next = flags.iter().filter(|(is, _)| *is).fold(0, |all, (_, flag)| all | flag);
        self.update(Ordering::Release, |seen| Some(left_by(seen, hold) | next));
    }

    /// Under the latch: nobody is in line any more.
    pub(super) fn clear_queued(&self) {
        self.0.fetch_and(!QUEUED, Ordering::Relaxed);
    }

    /// Under the latch, in a forked child: a thread that was in line or on its way is not here.
    pub(super) fn forget_waiters(&self) {
        self.update(Ordering::Relaxed, |seen| {
            let gone = if seen & RESERVED == 0 { 0 } else { RESERVED | LOCKED };
            Some(seen & !(gone | QUEUED | COMING | OVERTAKEN))
        });
    }

    /// Makes the lock free, in a forked child.
    pub(super) fn reset(&self) {
        self.0.store(self.load() & CHECKED, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn is_locked(&self) -> bool {
        self.load() & LOCKED != 0
    }

    /// Whether it is nobody's but a chosen waiter's, which is on its way.
    pub(super) fn is_reserved(&self) -> bool {
        self.load() & RESERVED != 0
    }

    /// Whether somebody is in line or on its way.
    pub(super) fn is_waited_for(&self) -> bool {
        self.load() & (QUEUED | COMING) != 0
    }

    /// Whether it is held by a thread that is sure to release it itself.
    pub(super) fn is_scoped(&self) -> bool {
        self.load() & SCOPED != 0
    }

    /// The identifier of the thread that holds the lock.
    pub(super) fn holder(&self) -> Option<usize> {
        holder(self.load())
    }

    /// How the lock is held, if its holder will release it as far as can be told.
    pub(super) fn provider(&self) -> Option<Hold> {
        let seen = self.load();
        (seen & HOLDER != 0 && seen & LENT == 0).then_some(Hold(seen))
    }

    /// Whether a thread other than the one that holds the lock as `hold` has it.
    pub(super) fn is_anothers(&self, hold: Hold) -> bool {
        is_anothers(self.load(), hold)
    }
}

fn holder(seen: u64) -> Option<usize> {
    match seen & HOLDER {
        0 => None,
        thread => Some(thread as usize),
    }
}

/// Whether a thread that would hold the lock as `hold` is not the one that does.
fn is_anothers(seen: u64, hold: Hold) -> bool {
    cfg!(feature = "deadlock") && (seen ^ hold.0) & HOLDER != 0
}

/// What is left, but for the waiters, when a thread that would hold the lock as `hold` releases it.
fn left_by(seen: u64, hold: Hold) -> u64 {
    seen & (LENT | CHECKED) | if is_anothers(seen, hold) { LENT } else { 0 }
}

/// [`left_by`], when a chosen waiter is on its way.
fn overtaken(seen: u64, hold: Hold, is_late: &impl Fn() -> bool) -> u64 {
    let left = left_by(seen, hold) | seen & (COMING | QUEUED);
    let often = if cfg!(raddle_loom) { OVERTAKEN } else { seen & OVERTAKEN };
    match often {
        OVERTAKEN if is_late() => left | RESERVED | LOCKED,
        OVERTAKEN => left,
        _ => left | (often + ONCE),
    }
}

/// What the chosen waiter leaves when it takes the lock; `None` if it cannot.
fn taken_by_chosen(seen: u64, hold: Hold) -> Option<u64> {
    (seen & LOCKED == 0 || seen & RESERVED != 0)
        .then_some(seen & (QUEUED | LENT | CHECKED) | hold.0)
}

#[cfg(all(test, feature = "deadlock", not(raddle_loom)))]
mod tests {
    use super::*;

    /// Identifiers of every alignment, and the largest ones.
    fn identifiers() -> impl Iterator<Item = u64> {
        (1..=4096).chain(HOLDER - 64..=HOLDER)
    }

    fn hold(ident: u64) -> [Hold; 2] {
        [Hold(LOCKED | ident), Hold(LOCKED | SCOPED | ident)]
    }

    #[test]
    fn a_holder_of_any_alignment_is_read_back_in_every_state() {
        for ident in identifiers() {
            for hold in hold(ident) {
                for marks in
                    [0, QUEUED, COMING, COMING | QUEUED, CHECKED, LENT, COMING | OVERTAKEN]
                {
                    let word = Word(AtomicU64::new(marks));
                    assert!(word.take(hold) && !word.take(hold));
                    assert_eq!(word.holder(), Some(ident as usize));
                    assert_eq!(word.is_scoped(), hold.is_scoped());
                    assert!(!word.is_anothers(hold) && !word.is_reserved());
                    assert_eq!(word.is_waited_for(), marks & (QUEUED | COMING) != 0);
                    let chooses = marks & (QUEUED | COMING) == QUEUED;
                    assert_eq!(word.must_choose(), chooses);
                    let given = if chooses { Given::Choose } else { Given::Free };
                    assert_eq!(word.give(hold, || false), given);
                    assert_eq!(word.is_locked(), chooses);
                }
            }
        }
    }

    #[test]
    fn two_holders_that_differ_in_one_bit_are_two() {
        for ident in identifiers() {
            for bit in 0..54 {
                let (one, other) = (hold(ident)[0], hold(ident ^ 1 << bit)[0]);
                let word = Word(AtomicU64::new(0));
                assert!(word.take_fast(one) && word.is_anothers(other));
                assert!(!word.give_fast(other));
            }
        }
    }

    #[test]
    fn what_another_thread_releases_is_lent_for_good() {
        for ident in identifiers().filter(|ident| *ident > 1) {
            let word = Word(AtomicU64::new(0));
            assert!(word.take_fast(hold(ident)[0]));
            assert_eq!(word.give(hold(1)[0], || false), Given::Free);
            assert!(word.take(hold(ident)[0]) && word.provider().is_none());
        }
    }
}
