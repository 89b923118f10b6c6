//! Finding rings, and finding that all are asleep, while threads wake and locks change hands.
//!
//! A walk reads one record at a time, so what it has read may never have been true at once. It
//! is therefore walked twice, and a wait counts only if both walks found the same one (its
//! `order` is unique), unnotified, with the same provider. Between the walks there is then a
//! moment at which all of these waits went on: each had begun before it and had not ended after
//! it. A thread that waits releases nothing, so a lock that it held when it fell asleep is still
//! held by it at that moment.
//!
//! (But for a lock that another thread may release, and a task that another may end: that is what
//! `surely` tells of.)
//!
//! Of those who close a ring at the same time, the one whose sleep began last reports it: when it
//! looks, all other sleeps are there to be seen (see `Record::enter`).

use super::record::{self, Record};
use super::{Deadlock, Finding, Wait};

/// More threads than this in one ring are not looked for.
const LONGEST: usize = 1_000;

/// The ring that the wait of `me` closes, if there is one and no later wait is part of it.
pub(super) fn closed_by(me: &Record) -> Option<Deadlock> {
    let own = me.asleep()?;
    record::provider(&own)?; // Most waits end here.
    let (waits, surely) = walk(own)?;
    let again = walk(me.asleep()?)?;
    let same = again.1 == surely && is_same(&waits, &again.0);
    let last = waits.iter().all(|wait| wait.order <= own.order);
    (same && last).then_some(Deadlock { finding: Finding::Cycle, waits, surely })
}

/// Takes the right to tell of a ring; one of its threads gets it, once. (One that has run a
/// signal handler has begun to sleep last, then, and sees the ring again.)
pub(super) fn claim(ring: &Deadlock) -> bool {
    // What tells the ring from others, wherever it is begun: which waits it is made of.
    let spread = |wait: &Wait| wait.id.wrapping_mul(0x9E37_79B1);
    let mark = ring.waits.iter().map(spread).fold(0, usize::wrapping_add) | 1;
    let first = ring.waits.iter().min_by_key(|wait| wait.thread);
    first.and_then(|wait| record::of(wait.thread)).is_some_and(|record| record.claim(mark))
}

/// From one wait to the next, until the first comes again; and whether each has one provider.
fn walk(first: Wait) -> Option<(Vec<Wait>, bool)> {
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
        wait = record::of(thread)?.asleep()?;
        waits.push(wait);
    }
}

fn is_same(one: &[Wait], other: &[Wait]) -> bool {
    let pairs = || one.iter().zip(other);
    one.len() == other.len()
        && pairs().all(|(one, other)| {
            (one.order, one.thread, one.provider) == (other.order, other.thread, other.provider)
        })
}

/// All waits without a timeout, if as many threads are there, and so none can do anything; not
/// if some of them are a ring, which its last member tells.
///
/// The threads are counted between two walks, when those that wait are sure to be among them.
pub(super) fn all_asleep(count: impl FnOnce() -> Option<usize>) -> Option<Deadlock> {
    let waits = untimed();
    let same = waits.len() == count()? && is_same(&waits, &untimed());
    let is_ring =
        |wait: &Wait| walk(*wait).is_some_and(|(waits, surely)| surely || waits.len() > 1);
    (same && !waits.iter().any(is_ring)).then_some(Deadlock {
        finding: Finding::Asleep,
        waits,
        surely: true,
    })
}

fn untimed() -> Vec<Wait> {
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
