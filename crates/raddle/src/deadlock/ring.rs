//! Finding rings, and finding that all are asleep, while threads wake and owners change.
//!
//! A walk reads one record at a time, so what it has read may never have been true at once. It
//! is therefore walked twice, and a wait counts only if both walks found the same one (its
//! `order` is unique), unnotified, with the same provider. Between the walks there is then a
//! moment at which all of these waits went on: each had begun before it and had not ended after
//! it. A thread that waits releases nothing, so a lock that it held when it fell asleep is
//! still held by it at that moment.
//!
//! (But for a lock that another thread may release, and a task that another may end: that is
//! what `surely` tells of.)
//!
//! Of the threads that close a ring at the same time, the one whose sleep began last reports
//! it: when it looks, all other sleeps are there to be seen (see `Record::enter`).

use super::record::{self, Record};
use super::{Deadlock, Finding, Wait, starved};

/// More threads than this in one ring are not looked for.
const LONGEST: usize = 1_000;

/// The ring that the wait of `me` closes, if there is one and no later wait is part of it.
pub(super) fn closed_by(me: &Record) -> Option<Deadlock> {
    let own = me.asleep()?;
    record::provider(&own)?; // Most waits end here.
    let (waits, surely) = walk(own, now)?;
    let again = walk(me.asleep()?, now)?;
    let same = again.1 == surely && is_same(&waits, &again.0);
    let last = waits.iter().all(|wait| wait.order <= own.order);
    (same && last).then_some(Deadlock { finding: Finding::Cycle, waits, surely })
}

/// Takes the right to tell of what was found; one of its threads gets it, once. (One that has
/// run a signal handler has begun to sleep last, then, and sees a ring again.)
pub(super) fn claim(found: &Deadlock) -> bool {
    first(&found.waits).is_some_and(|record| record.claim(mark(&found.waits)))
}

/// What was found, and claimed, was dismissed.
pub(super) fn dismiss(found: &Deadlock) {
    if let Some(record) = first(&found.waits) {
        record.dismiss(mark(&found.waits));
    }
}

/// What tells these waits from others, in whatever order they are.
pub(super) fn mark(waits: &[Wait]) -> usize {
    let spread = |wait: &Wait| wait.id.wrapping_mul(0x9E37_79B1);
    waits.iter().map(spread).fold(0, usize::wrapping_add) | 1
}

/// The record that stands for these waits.
fn first(waits: &[Wait]) -> Option<&'static Record> {
    record::of(waits.iter().min_by_key(|wait| wait.thread)?.thread)
}

/// Whether a wait is part of a ring.
pub(super) fn is_in_one(wait: &Wait) -> bool {
    walk(*wait, now).is_some()
}

/// The wait in which a thread sleeps now.
pub(super) fn now(thread: usize) -> Option<Wait> {
    record::of(thread)?.asleep()
}

/// From one wait to the next, until the first comes again; and whether each has one provider.
///
/// `asleep` says in which wait a thread sleeps.
fn walk(first: Wait, asleep: impl Fn(usize) -> Option<Wait>) -> Option<(Vec<Wait>, bool)> {
    let mut waits = vec![first];
    let mut wait = first;
    let mut all_surely = true;
    loop {
        let (thread, surely) = record::provider(&wait).filter(|_| !wait.timed)?;
        all_surely &= surely;
        if thread == first.thread {
            return Some((waits, all_surely));
        }
        if waits.len() == LONGEST || waits.iter().any(|wait| wait.thread == thread) {
            return None; // A ring, but `first` is not part of it.
        }
        wait = asleep(thread)?;
        waits.push(wait);
    }
}

pub(super) fn is_same(one: &[Wait], other: &[Wait]) -> bool {
    let pairs = || one.iter().zip(other);
    one.len() == other.len()
        && pairs().all(|(one, other)| {
            (one.order, one.thread, one.provider) == (other.order, other.thread, other.provider)
        })
}

/// All waits without a timeout, if as many threads are there, and so none can do anything; not
/// if some of them are a ring, or starve a pool, which one of those tells. `me` asks.
///
/// The threads are counted between two walks, when those that wait are sure to be among them.
pub(super) fn all_asleep(
    me: &Record,
    count: impl FnOnce() -> Option<usize>,
) -> Option<Deadlock> {
    let waits = untimed();
    let same = waits.len() == count()? && is_same(&waits, &untimed());
    let own = me.asleep()?.thread;
    // (As they were: one that tells has woken for that.)
    let told = |wait: &Wait| is_told_as_a_ring(wait, &waits, own);
    (same && !waits.iter().any(told) && !starved::is_among(&waits)).then_some(Deadlock {
        finding: Finding::Asleep,
        waits,
        surely: true,
    })
}

/// Whether a wait is part of a ring that its last member has told or will tell. A thread that
/// waits for itself may have said that this is as it should be.
fn is_told_as_a_ring(wait: &Wait, all: &[Wait], asks: usize) -> bool {
    let asleep = |thread| all.iter().find(|wait| wait.thread == thread).copied();
    let Some((waits, surely)) = walk(*wait, asleep) else { return false };
    if surely || waits.len() > 1 {
        return true;
    }
    let dismissed = |record: &Record| record.is_dismissed(mark(&waits));
    wait.thread != asks && !record::of(wait.thread).is_some_and(dismissed)
}

pub(super) fn untimed() -> Vec<Wait> {
    let mut waits = Vec::new();
    record::each(|record| waits.extend(record.asleep().filter(|wait| !wait.timed)));
    waits
}

/// All rings, each once.
pub(super) fn all() -> Vec<Deadlock> {
    let mut found = Vec::new();
    record::each(|record| found.extend(closed_by(record)));
    found
}
