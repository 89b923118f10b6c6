//! Finding a pool that has no worker left: each of them waits for what only they could do.
//!
//! What is queued in a pool is due from any of its workers, so such a wait has many ways out, and
//! no ring says that all of them are closed. The threads that are stuck are found the other way
//! round: all that wait without a timeout for somebody known are, at first; then those come off for
//! which somebody can act, until none does. (The same reduction finds deadlocks among processes
//! that wait for one of several resources: R. C. Holt, "Some deadlock properties of computer
//! systems", 1972.)
//!
//! It is done twice, as walks are, see `ring.rs`: between the two there is a moment at which all of
//! these waits went on. A thread that waits takes nothing out of a queue, and a pool that has as
//! many workers as it may have gets no other. What remains is that any thread may cancel a call
//! that is queued, or raise the limit: that is why it is never certain as long as threads run.

use std::collections::{HashMap, HashSet};

use super::record::{self, Record};
use super::{Deadlock, Finding, Kind, Provider, Wait, ring};

/// What can end a wait; anything, if it is for a lock that may be meant as a signal.
fn ends(wait: &Wait) -> Provider {
    match wait.provider {
        Provider::Thread { surely: false, .. } if wait.kind == Kind::Lock => Provider::Anyone,
        provider => provider,
    }
}

/// Whether a worker's wait is one that can starve its pool.
pub(super) fn is_for_others(wait: &Wait) -> bool {
    matches!(wait.kind, Kind::Future | Kind::Futures)
}

/// What is starved, if the wait of `me` is part of it, and leads back to itself.
pub(super) fn closed_by(me: &Record) -> Option<Deadlock> {
    // Most often a worker is busy, and that is all there is to say.
    let Provider::Pool { pool } = me.asleep()?.provider else { return None };
    let asleep = |thread: &usize| ring::now(*thread).is_some_and(|wait| !wait.timed);
    record::workers(pool)?.iter().all(asleep).then_some(())?;
    let look = || stuck_with(&me.asleep()?, ring::untimed);
    let (found, again) = (look()?, look()?);
    // A ring among them is told by itself.
    if found.iter().any(ring::is_in_one) {
        return None;
    }
    // (Any thread may cancel a call that is queued.)
    let starved = Deadlock { finding: Finding::Starved, waits: found, surely: false };
    ring::is_same(&starved.waits, &again).then_some(starved)
}

/// All that is starved, each once: as seen from the first of its threads that can see it.
pub(super) fn all() -> Vec<Deadlock> {
    let mut found: Vec<Deadlock> = Vec::new();
    record::each(|record| {
        let starved = closed_by(record);
        let known =
            |one: &Deadlock| found.iter().any(|other| ring::is_same(&one.waits, &other.waits));
        if let Some(one) = starved.filter(|one| !known(one)) {
            found.push(one);
        }
    });
    found
}

/// Whether one of these waits is part of something that is starved.
pub(super) fn is_among(waits: &[Wait]) -> bool {
    waits.iter().any(|wait| stuck_with(wait, || waits.to_vec()).is_some())
}

/// The waits that a wait for a pool leads to, if none of them can end and it is one of them; `all`
/// gives those that there are.
fn stuck_with(own: &Wait, all: impl FnOnce() -> Vec<Wait>) -> Option<Vec<Wait>> {
    let Provider::Pool { .. } = own.provider else { return None };
    let mut pools = Pools::default();
    let workers = pools.providers(own)?;
    let mut waits: HashMap<usize, Wait> =
        all().into_iter().map(|wait| (wait.thread, wait)).collect();
    workers.iter().all(|thread| waits.contains_key(thread)).then_some(())?;
    loop {
        let before = waits.len();
        let stuck: HashSet<usize> = waits.keys().copied().collect();
        pools.forget_answers();
        waits.retain(|_, wait| pools.are_stuck(wait, &stuck));
        if waits.len() == before {
            break;
        }
    }
    reach(own, &waits, &mut pools)
}

/// The waits to which `own` leads, by thread, if it is one of them.
fn reach(own: &Wait, waits: &HashMap<usize, Wait>, pools: &mut Pools) -> Option<Vec<Wait>> {
    let mut found = HashMap::new();
    let mut ahead = vec![*own];
    while let Some(wait) = ahead.pop() {
        for thread in pools.providers(&wait)? {
            let next = waits.get(&thread)?;
            if found.insert(thread, *next).is_none() {
                ahead.push(*next);
            }
        }
    }
    found.contains_key(&own.thread).then_some(())?;
    let mut found: Vec<Wait> = found.into_values().collect();
    found.sort_by_key(|wait| wait.thread);
    Some(found)
}

/// The workers of pools, and whether all of them are stuck, each found once.
#[derive(Default)]
struct Pools {
    workers: HashMap<usize, Option<Vec<usize>>>,
    stuck: HashMap<usize, bool>,
}

impl Pools {
    fn workers(&mut self, pool: usize) -> Option<&Vec<usize>> {
        self.workers.entry(pool).or_insert_with(|| record::workers(pool)).as_ref()
    }

    /// The threads of which one could end the wait; `None` if others could.
    fn providers(&mut self, wait: &Wait) -> Option<Vec<usize>> {
        match ends(wait) {
            Provider::Thread { thread, .. } => Some(vec![thread]),
            Provider::Pool { pool } => self.workers(pool).cloned(),
            Provider::Anyone => None,
        }
    }

    fn forget_answers(&mut self) {
        self.stuck.clear();
    }

    fn are_stuck(&mut self, wait: &Wait, stuck: &HashSet<usize>) -> bool {
        match ends(wait) {
            Provider::Anyone => false,
            Provider::Thread { thread, .. } => stuck.contains(&thread),
            Provider::Pool { pool } => match self.stuck.get(&pool) {
                Some(known) => *known,
                None => {
                    let all = self
                        .workers(pool)
                        .is_some_and(|workers| workers.iter().all(|one| stuck.contains(one)));
                    self.stuck.insert(pool, all);
                    all
                }
            },
        }
    }
}
