//! What a thread remembers of its own accesses.

use std::cell::RefCell;
use std::sync::Arc;

use super::access::{Flags, Flow, Link, Pair, Pairs, Step};
use super::held;
use crate::clock;

/// Reads that a thread remembers, to see which writes belong to them.
const READS: usize = 256;

thread_local! {
    static READ: RefCell<Vec<Option<LastRead>>> = const { RefCell::new(Vec::new()) };
}

/// Which thread writes, by its slot, and at which site.
pub(super) type Writer = (u32, u32);

/// The last read at one site.
pub(super) struct LastRead {
    site: u32,
    place: (usize, usize),
    /// When, by the thread's own count.
    pub(super) serial: u64,
    /// Writes of others that came before it, and that it was not ordered after but for a lock.
    before: Vec<Writer>,
}

/// Whether the last read at the site is that one, if writes belong to it.
#[inline]
pub(super) fn knows(step: &Step<'_>) -> bool {
    if step.across.is_some() {
        return false;
    }
    if !step.flags.has(Flags::LINKED) {
        return true;
    }
    READ.try_with(|reads| {
        let reads = reads.borrow();
        let read = reads.get(step.site as usize % READS).and_then(Option::as_ref);
        read.is_some_and(|read| {
            read.site == step.site
                && read.place == step.place()
                && read.serial == clock::serial()
        })
    })
    .unwrap_or(false)
}

/// Remembers a read that writes belong to, as one at that site.
pub(super) fn remember(site: u32, step: &Step<'_>, before: Vec<Writer>) {
    let serial = clock::serial();
    let new = LastRead { site, place: (step.object, step.name), serial, before };
    let old = READ.try_with(|reads| {
        let reads = &mut *reads.borrow_mut();
        if reads.is_empty() {
            reads.resize_with(READS, || None);
        }
        reads[site as usize % READS].replace(new)
    });
    drop(old);
}

/// The write is done: what was read of the place before is known to be out of date.
pub(super) fn outdate(step: &Step<'_>) {
    if step.links.is_empty() {
        return;
    }
    let _ = READ.try_with(|reads| {
        let reads = &mut *reads.borrow_mut();
        for link in step.links {
            if let Some(slot) = reads.get_mut(link.site as usize % READS) {
                let is_it =
                    |read: &mut LastRead| read.site == link.site && read.place == step.place();
                drop(slot.take_if(is_it));
            }
        }
    });
}

/// The reads that the write belongs to, of those that were of the same place: the last one of
/// each kind.
pub(super) fn pairs(links: &[Link], place: (usize, usize)) -> Pairs {
    let pair = |link: &Link, read: &LastRead| Pair {
        flow: link.flow,
        locks: held::since(read.serial),
    };
    last_reads(links, place, pair)
}

/// The writes of others that came before these reads.
pub(super) fn before(links: &[Link], place: (usize, usize)) -> [Option<Vec<Writer>>; 2] {
    last_reads(links, place, |_, read| read.before.clone())
}

fn last_reads<R>(
    links: &[Link],
    place: (usize, usize),
    take: impl Fn(&Link, &LastRead) -> R,
) -> [Option<R>; 2] {
    if links.is_empty() {
        return Default::default();
    }
    let found = READ.try_with(|reads| {
        let reads = reads.borrow();
        let of = |link: &Link| {
            let read = reads.get(link.site as usize % READS)?.as_ref()?;
            let is_it = read.site == link.site && read.place == place;
            (is_it && read.serial >= clock::waited_at()).then_some((*link, read))
        };
        let mut last = [None::<(Link, &LastRead)>; 2];
        for (link, read) in links.iter().filter_map(of) {
            let kind = &mut last[usize::from(link.flow == Flow::Update)];
            let is_later =
                |it: (Link, &LastRead)| (it.1.serial, it.0.site) < (read.serial, link.site);
            if kind.is_none_or(is_later) {
                *kind = Some((link, read));
            }
        }
        last.map(|last| last.map(|(link, read)| take(&link, read)))
    });
    found.unwrap_or_default()
}

/// The calling thread is called so.
pub fn name_thread(name: Arc<str>) {
    if let Some(time) = clock::time() {
        clock::name(time, name);
    }
}

/// What the calling thread has called may have handed it what another one has written: it is
/// ordered after what those did that held its locks before. Returns whether it holds any.
pub fn flows() -> bool {
    held::flow_from_all();
    held::any()
}
