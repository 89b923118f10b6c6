//! What a thread remembers of its own accesses.

use std::cell::RefCell;
use std::sync::Arc;

use super::access::{Flags, Flow, Link, Pair, Pairs, Step};
use super::held;
use crate::clock::{self, View};

/// Reads that a thread remembers, to see which writes belong to them.
const READS: usize = 256;

thread_local! {
    static READ: RefCell<Vec<Option<LastRead>>> = const { RefCell::new(Vec::new()) };
}

/// The last read at one site.
pub(super) struct LastRead {
    site: u32,
    place: (usize, usize),
    /// When, by the thread's own count.
    pub(super) serial: u64,
    /// What it was ordered after, but for what it brought.
    view: View,
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
pub(super) fn remember(site: u32, step: &Step<'_>, view: View) {
    let serial = clock::serial();
    let new = LastRead { site, place: (step.object, step.name), serial, view };
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

/// What the reads were ordered after that a write belongs to.
pub(super) type Views = Vec<View>;

/// The reads that the write belongs to, of those that were of the same place: the last one of
/// each kind; and for each what it was ordered after.
pub(super) fn pairs(links: &[Link], place: (usize, usize)) -> (Pairs, Views) {
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
        let mut views = Vec::new();
        let pairs = last.map(|last| {
            let (Link { flow, .. }, read) = last?;
            views.push(read.view.clone());
            Some(Pair { flow, locks: held::since(read.serial) })
        });
        (pairs, views)
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
