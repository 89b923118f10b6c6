//! In which order locks are taken inside one another, and whether two orders contradict.
//!
//! Each lock is a node. An edge leads from a lock that was held to one that was then taken, and
//! has the two places and the locks that were held besides (its guards). A ring of edges is a
//! possible deadlock, unless two of its edges had a guard in common: that lock would keep their
//! threads apart. (The "Goodlock" algorithm: Havelund, 2000; guards: Agarwal, Wang and Stoller,
//! 2005.)
//!
//! A lock that is gone leaves what was seen of it to the place where it was made: a node that
//! stands for all locks made there, and that a search takes for any of them. While locks live
//! they are told apart, so that two of one make may well be taken in either order where no
//! thread can meet both.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::held::{self, HeldLock};
use super::known;
use crate::card::{Asked, Card};
use crate::os::guarded::Guarded;
use crate::wait::{Inversion, Link, LockInfo, Site};

/// Edges that one search looks at: more than that is given up.
const STEPS: usize = 10_000;
/// Locks of the longest ring that is found.
const LONGEST: usize = 16;
/// Locks held by one thread with which it still makes orders: there are as many edges as
/// pairs of them, and each has the others as guards.
const HANDFUL: usize = 32;
/// Inversions that are kept.
const KEPT: usize = 100;

/// A lock, or all that are gone of those that were made at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Id {
    Lock(usize),
    Made(SiteNumber),
}

/// The number of a site.
type SiteNumber = usize;

#[derive(Debug)]
struct Node {
    info: LockInfo,
    /// To locks that were taken while this one was held.
    out: HashMap<Id, Edge>,
    /// The nodes from which edges lead here.
    from: HashSet<Id>,
}

#[derive(Clone, Debug)]
struct Edge {
    held: Site,
    next: Site,
    /// The first lock was, each time, held so that no other thread could hold it.
    alone: bool,
    /// The name of the thread that did so first.
    thread: Option<Arc<str>>,
    /// What was held besides each time.
    guards: Vec<Guard>,
    /// One of its locks is gone.
    gone: bool,
}

/// A lock that was held besides the two of an edge.
#[derive(Clone, Copy, Debug)]
struct Guard {
    lock: usize,
    made: Site,
    /// It was, each time, held so that no other thread could hold it.
    alone: bool,
}

impl Guard {
    fn of(entry: &HeldLock) -> Self {
        Self { lock: entry.card.id(), made: entry.card.made(), alone: entry.alone }
    }

    /// Whether both are one lock. An edge of locks that are gone stands for all of their makes, and
    /// so does its guard: objects that each have the three.
    fn is(self, other: Self, gone: bool) -> bool {
        self.lock == other.lock
            || (gone && self.made == other.made && self.made != Site::Unknown)
    }

    /// Whether it keeps the threads at two edges apart: both hold it, and not both beside others.
    fn parts(self, other: Self, gone: bool) -> bool {
        (self.alone || other.alone) && self.is(other, gone)
    }
}

#[derive(Debug, Default)]
struct Graph {
    nodes: HashMap<Id, Node>,
    numbers: HashMap<Site, SiteNumber>,
    /// What was told, by the places or numbers of its locks.
    told: HashSet<Vec<Id>>,
    found: Vec<Inversion>,
}

static SHARED: Guarded<Graph> = Guarded::new();

/// The inversions found so far, the oldest first; the first 100 are kept.
#[must_use]
pub fn inversions() -> Vec<Inversion> {
    SHARED.with(|graph| graph.found.clone())
}

/// Notes that `card` is about to be taken at `site`, by the thread that blocks; returns an
/// order that contradicts this one.
pub(super) fn before(card: &Card, site: Site, blocking: &mut dyn Asked) -> Option<Inversion> {
    let mut unknown = held::with(|held| unknown(held, card, site)).flatten()?;
    // (Outside: what asks for a name may run anything.)
    let (thread, inner) = (blocking.thread_name(), card.info());
    let next = blocking.led(site);
    for (_, edge) in &mut unknown {
        (edge.held, edge.next) = (blocking.led(edge.held), next);
    }
    SHARED.with(|graph| {
        let mut found = None;
        for (outer, mut edge) in unknown.drain(..) {
            if card.is_lent() || outer.is_lent() {
                continue; // Since; the thread that made it so takes its node out before or after this.
            }
            let outer = outer.info();
            edge.thread.clone_from(&thread);
            graph.add(&outer, &inner, edge);
            if found.is_none() {
                found = graph.contradiction(&outer, &inner);
            }
        }
        found
    })
}

/// The locks that are held, and are not known to be held when `card` is taken.
fn unknown(held: &[HeldLock], card: &Card, site: Site) -> Option<Vec<(Arc<Card>, Edge)>> {
    if held.iter().any(|entry| entry.card.id() == card.id()) {
        card.lend(); // It waits for itself, or for another thread that is to release it.
    }
    if card.is_lent() || held.len() > HANDFUL {
        return None;
    }
    let inner = card.id();
    if held.iter().all(|outer| outer.alone && known::has((outer.card.id(), inner))) {
        return None;
    }
    let unknown: Vec<_> = SHARED.with(|graph| {
        let besides = |outer: &Card| {
            let outer = outer.id();
            held.iter().map(Guard::of).filter(move |guard| guard.lock != outer)
        };
        let unknown =
            held.iter().filter(|outer| !graph.knows(outer, inner, || besides(&outer.card)));
        unknown
            .map(|outer| {
                let guards = besides(&outer.card).collect();
                let HeldLock { site: held, alone, .. } = *outer;
                let (next, thread, gone) = (site, None, false);
                let edge = Edge { held, next, alone, thread, guards, gone };
                (Arc::clone(&outer.card), edge)
            })
            .collect()
    });
    (!unknown.is_empty()).then_some(unknown)
}

/// The lock is no more.
pub(super) fn gone(card: &Card) {
    SHARED.with(|graph| graph.merge(&card.info()));
}

/// Forgets a lock's orders.
pub(super) fn forget(card: &Card) {
    SHARED.with(|graph| drop(graph.remove(Id::Lock(card.id()))));
}

impl Graph {
    /// Whether it is known that `inner` is taken inside `outer`, with these guards or fewer.
    fn knows<I: Iterator<Item = Guard>>(
        &self,
        outer: &HeldLock,
        inner: usize,
        guards: impl Fn() -> I,
    ) -> bool {
        let id = outer.card.id();
        let edge = self.nodes.get(&Id::Lock(id)).and_then(|n| n.out.get(&Id::Lock(inner)));
        let has = |guard: &Guard| {
            let as_much = |held: &Guard| held.alone || !guard.alone;
            guards().any(|held| held.lock == guard.lock && as_much(&held))
        };
        edge.filter(|edge| outer.alone || !edge.alone).is_some_and(|edge| {
            if edge.guards.is_empty() {
                known::put((id, inner));
            }
            edge.guards.iter().all(has)
        })
    }

    fn add(&mut self, outer: &LockInfo, inner: &LockInfo, edge: Edge) {
        self.link((Id::Lock(outer.id), outer), (Id::Lock(inner.id), inner), edge);
    }

    /// Adds an edge; of one that is known the guards that it always had remain.
    fn link(&mut self, outer: (Id, &LockInfo), inner: (Id, &LockInfo), mut edge: Edge) {
        self.node(inner).from.insert(outer.0);
        let out = &mut self.node(outer).out;
        if let Some(known) = out.get(&inner.0) {
            let gone = edge.gone;
            edge.alone &= known.alone;
            edge.guards.retain_mut(|guard| {
                let same = known.guards.iter().filter(|other| guard.is(**other, gone));
                let alone = same.map(|other| other.alone).reduce(|one, other| one && other);
                guard.alone &= alone.unwrap_or(true);
                alone.is_some()
            });
        }
        out.insert(inner.0, edge);
    }

    fn node(&mut self, (id, info): (Id, &LockInfo)) -> &mut Node {
        self.nodes.entry(id).or_insert_with(|| Node {
            info: info.clone(),
            out: HashMap::new(),
            from: HashSet::new(),
        })
    }

    /// Takes a node out, and the edges that lead to it; returns those.
    fn remove(&mut self, id: Id) -> Option<(Node, Vec<(Id, Edge)>)> {
        let node = self.nodes.remove(&id)?;
        for inner in node.out.keys() {
            if let Some(inner) = self.nodes.get_mut(inner) {
                inner.from.remove(&id);
            }
        }
        let mut edges = Vec::new();
        for outer in &node.from {
            let edge = self.nodes.get_mut(outer).and_then(|outer| outer.out.remove(&id));
            edges.extend(edge.map(|edge| (*outer, edge)));
        }
        Some((node, edges))
    }

    /// What was seen of a lock is from now on true of the place where it was made.
    fn merge(&mut self, info: &LockInfo) {
        let Some((node, into)) = self.remove(Id::Lock(info.id)) else { return };
        let Some(made) = self.made(info) else { return };
        if let Some(node) = self.nodes.get_mut(&made)
            && node.info.told != info.told
        {
            node.info.told = info.made; // That is what they have in common.
        }
        for (inner, mut edge) in node.out {
            edge.gone = true;
            if let Some(other) = self.other(inner, made) {
                self.link((made, info), (inner, &other), edge);
            }
        }
        for (outer, mut edge) in into {
            edge.gone = true;
            if let Some(other) = self.other(outer, made) {
                self.link((outer, &other), (made, info), edge);
            }
        }
    }

    /// What is known of a node, unless it is `made` or was made at the same place: locks of one
    /// make have no order.
    fn other(&mut self, id: Id, made: Id) -> Option<LockInfo> {
        let info = self.nodes.get(&id)?.info.clone();
        (id != made && self.made(&info) != Some(made)).then_some(info)
    }

    /// The node that stands for all locks made where this one was.
    fn made(&mut self, info: &LockInfo) -> Option<Id> {
        if info.made == Site::Unknown {
            return None;
        }
        let next = self.numbers.len();
        Some(Id::Made(*self.numbers.entry(info.made).or_insert(next)))
    }

    /// A way from `inner` back to `outer`, told once; the edge between them is the newest.
    fn contradiction(&mut self, outer: &LockInfo, inner: &LockInfo) -> Option<Inversion> {
        let (first, made) = (Id::Lock(inner.id), self.made(inner));
        let (last, goal) = (Id::Lock(outer.id), self.made(outer));
        // Of locks of one make, those that are gone tell nothing.
        let apart = made != goal;
        let newest = self.nodes.get(&last)?.out.get(&first)?.clone();
        let mut steps = STEPS;
        let mut info = HashSet::from([first]);
        let mut way = vec![(last, newest)];
        let starts = [Some(first), made.filter(|_| apart)];
        let end = |id: Id| id == last || (apart && Some(id) == goal);
        let found = starts
            .into_iter()
            .flatten()
            .any(|start| self.search(start, &end, &mut way, &mut info, &mut steps));
        if !found {
            return None;
        }
        let links: Vec<Link> = way
            .iter()
            .map(|(id, edge)| Link {
                lock: self.nodes[id].info.clone(),
                held: edge.held,
                next: edge.next,
                thread: edge.thread.clone(),
            })
            .collect();
        let mut key: Vec<Id> =
            links.iter().map(|l| self.made(&l.lock).unwrap_or(Id::Lock(l.lock.id))).collect();
        key.sort_unstable();
        if !self.told.insert(key) {
            return None;
        }
        let inversion = Inversion { links };
        if self.found.len() < KEPT {
            self.found.push(inversion.clone());
        }
        Some(inversion)
    }

    /// Goes on from `at` until `end`, leaving the edges in `way`, none of which meets another.
    fn search(
        &self,
        at: Id,
        end: &impl Fn(Id) -> bool,
        way: &mut Vec<(Id, Edge)>,
        info: &mut HashSet<Id>,
        steps: &mut usize,
    ) -> bool {
        let Some(node) = self.nodes.get(&at) else { return false };
        if way.len() == LONGEST {
            return false;
        }
        for (next, edge) in &node.out {
            if *steps == 0 {
                return false;
            }
            *steps -= 1;
            if way.iter().any(|(outer, other)| meet((*outer, other), (at, edge))) {
                continue;
            }
            way.push((at, edge.clone()));
            if end(*next) {
                return true;
            }
            if info.insert(*next) && self.search(*next, end, way, info, steps) {
                return true;
            }
            way.pop();
        }
        false
    }
}

/// Whether two edges were seen with a lock in hand that both had: then no two threads can be at
/// both at once.
fn meet(one: (Id, &Edge), other: (Id, &Edge)) -> bool {
    let has = |edge: &Edge, (id, outer): (Id, &Edge)| {
        let parts = |guard: &Guard| guard.alone || outer.alone;
        edge.guards.iter().any(|guard| Id::Lock(guard.lock) == id && parts(guard))
    };
    let gone = one.1.gone || other.1.gone;
    let both = |guard: &Guard| other.1.guards.iter().any(|each| guard.parts(*each, gone));
    has(one.1, other) || has(other.1, one) || one.1.guards.iter().any(both)
}
