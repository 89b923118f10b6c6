//! What a thread remembers of its own accesses.

use std::cell::RefCell;
use std::sync::Arc;

use super::access::{Access, Link, Step};
use super::held;
use crate::clock;

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
    /// Writes of others that it was not ordered after but for a lock.
    pub(super) before: Vec<Access>,
}

/// Remembers a read that writes belong to.
pub(super) fn remember(step: &Step<'_>, before: Vec<Access>) {
    let serial = clock::serial();
    let new = LastRead { site: step.site, place: (step.object, step.name), serial, before };
    let old = READ.try_with(|reads| {
        let reads = &mut *reads.borrow_mut();
        if reads.is_empty() {
            reads.resize_with(READS, || None);
        }
        reads[step.site as usize % READS].replace(new)
    });
    drop(old);
}

/// The read that the write belongs to, if it was of the same place: its link, and what is known
/// of it.
pub(super) fn pair<R>(
    links: &[Link],
    place: (usize, usize),
    found: impl FnOnce(&Link, &LastRead) -> R,
) -> Option<R> {
    READ.try_with(|reads| {
        let reads = reads.borrow();
        let of = |link: &&Link| {
            let read = reads.get(link.site as usize % READS)?.as_ref()?;
            (read.site == link.site && read.place == place).then_some(read)
        };
        let link = links.iter().filter(|link| of(link).is_some()).max_by_key(|it| it.flow)?;
        Some(found(link, of(&link)?))
    })
    .ok()
    .flatten()
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
