//! Each thread's record: the wait in which it sleeps, for other threads to read.
//!
//! Records are made when a thread first sleeps, given to another when it ends, and never freed:
//! a thread that walks from one to the next needs no lock for that. What is in a record is
//! guarded by its latch, which the thread takes before it goes on: what a reader finds under
//! the latch (the parker, the primitive, the object) is alive until it lets go.

#[cfg(not(raddle_loom))]
use std::ptr;

use crate::os::sync::{AtomicUsize, Ordering, UnsafeCell};
use crate::os::{Deadline, Latch, Parker, thread_id};
use crate::wait::{Awaited, Provider, Subject, Wait};

/// One thread's record.
pub(super) struct Record {
    latch: Latch,
    /// The identifier of the thread whose it is; 0 if it is free.
    thread: AtomicUsize,
    /// Guarded by the latch.
    in_wait: UnsafeCell<Option<InWait>>,
    /// The mark of the ring that was told last, of those for which it stands, and whether that
    /// was dismissed. Guarded by the latch.
    told: UnsafeCell<(usize, bool)>,
    /// The pool that the thread works for, or 0, and how many workers that may have. Written by
    /// the thread: the limit first.
    pool: AtomicUsize,
    limit: AtomicUsize,
    /// Written before the record is known to others.
    next: *const Record,
}

// SAFETY: the pointers inside are followed under the latch only, and what they name is alive
// for as long as they are there; `next` names a record, and those live for ever.
unsafe impl Send for Record {}
// SAFETY: as above.
unsafe impl Sync for Record {}

/// One sleep of one thread.
#[derive(Clone, Copy)]
pub(super) struct Sleeping {
    pub(super) subject: Subject,
    pub(super) primitive: *const dyn Awaited,
    pub(super) parker: *const Parker,
    pub(super) until: Deadline,
    pub(super) since: i64,
    /// Which wait of the process it is, however often it sleeps.
    pub(super) id: usize,
}

/// A thread in a wait, asleep or with a signal handler or a report to run.
#[derive(Clone, Copy)]
pub(super) struct InWait {
    sleep: Sleeping,
    /// A later sleep of any thread has a greater one; 0 if the thread is awake.
    order: usize,
}

impl Record {
    fn new(thread: usize, next: *const Record) -> Self {
        Self {
            latch: Latch::new(),
            thread: AtomicUsize::new(thread),
            in_wait: UnsafeCell::new(None),
            told: UnsafeCell::new((0, false)),
            pool: AtomicUsize::new(0),
            limit: AtomicUsize::new(0),
            next,
        }
    }

    /// The thread, whose record this is, goes to sleep, or is awake within its wait; returns
    /// what the record said before, which is what an outer wait has left.
    ///
    /// The order is drawn under the latch: a thread that draws a later one, and then looks
    /// here, finds the latch held or the sleep in place.
    ///
    /// # Safety
    /// What `sleep` names stays where it is until [`leave`](Self::leave).
    pub(super) unsafe fn enter(&self, sleep: Sleeping, asleep: bool) -> Option<InWait> {
        let _held = self.latch.lock();
        let order = if asleep { next() } else { 0 };
        // SAFETY: the latch is held.
        self.in_wait.with_mut(|place| unsafe { (*place).replace(InWait { sleep, order }) })
    }

    /// Back to what was before [`enter`](Self::enter).
    pub(super) fn leave(&self, outer: Option<InWait>) {
        let _held = self.latch.lock();
        // SAFETY: the latch is held.
        self.in_wait.with_mut(|place| unsafe { *place = outer });
    }

    /// Calls `look` with the thread's wait, if it is in one and nobody has woken it. The thread
    /// does not go on before `look` returns.
    pub(super) fn with<R>(&self, look: impl FnOnce(&Wait) -> R) -> Option<R> {
        let _held = self.latch.lock();
        // SAFETY: the latch is held.
        let InWait { sleep, order } = self.in_wait.with(|place| unsafe { *place })?;
        // SAFETY: the thread has not left, and cannot before the latch is free.
        let (primitive, parker) = unsafe { (&*sleep.primitive, &*sleep.parker) };
        if parker.is_notified() {
            return None;
        }
        let subject = sleep.subject;
        let thread = self.thread.load(Ordering::Relaxed);
        let provider = subject.provider.unwrap_or_else(|| primitive.provider());
        Some(look(&Wait {
            thread,
            kind: subject.kind.unwrap_or_else(|| primitive.kind()),
            object: subject.object,
            provider,
            timed: !sleep.until.is_never(),
            since: sleep.since,
            id: sleep.id,
            order,
        }))
    }

    /// Takes the right to tell of the ring with this mark; one caller gets it.
    pub(super) fn claim(&self, mark: usize) -> bool {
        let _held = self.latch.lock();
        // SAFETY: the latch is held.
        self.told
            .with_mut(|told| unsafe { std::mem::replace(&mut *told, (mark, false)).0 != mark })
    }

    /// The ring with this mark, whose right to tell was taken, was dismissed.
    pub(super) fn dismiss(&self, mark: usize) {
        let _held = self.latch.lock();
        // SAFETY: the latch is held.
        self.told.with_mut(|told| unsafe { *told = (mark, true) });
    }

    /// Whether the ring with this mark was dismissed.
    pub(super) fn is_dismissed(&self, mark: usize) -> bool {
        let _held = self.latch.lock();
        // SAFETY: the latch is held.
        self.told.with(|told| unsafe { *told == (mark, true) })
    }

    /// The thread, whose record this is, works for a pool from now on, or for none (0); returns
    /// what was so before.
    pub(super) fn serve(&self, pool: usize, limit: usize) -> (usize, usize) {
        let before = (self.pool.load(Ordering::Relaxed), self.limit.load(Ordering::Relaxed));
        self.limit.store(limit, Ordering::Relaxed);
        self.pool.store(pool, Ordering::Release);
        before
    }

    /// The pool that the thread works for.
    pub(super) fn pool(&self) -> Option<usize> {
        Some(self.pool.load(Ordering::Acquire)).filter(|pool| *pool != 0)
    }

    /// The thread's wait, if it is asleep in it.
    pub(super) fn asleep(&self) -> Option<Wait> {
        self.with(|wait| *wait).filter(|wait| wait.order != 0)
    }
}

/// The next number; none comes twice.
#[cfg(not(raddle_loom))]
pub(super) fn next() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::AcqRel)
}

#[cfg(raddle_loom)]
pub(super) fn next() -> usize {
    loom::lazy_static! {
        static ref NEXT: AtomicUsize = AtomicUsize::new(1);
    }
    NEXT.fetch_add(1, Ordering::AcqRel)
}

/// The thread that a wait waits for, if that is one.
pub(super) fn provider(wait: &Wait) -> Option<(usize, bool)> {
    match wait.provider {
        Provider::Thread { thread, surely } => Some((thread, surely)),
        Provider::Pool { .. } | Provider::Anyone => None,
    }
}

#[cfg(not(raddle_loom))]
mod list {
    use std::sync::atomic::AtomicPtr;

    use super::*;
    use crate::os::fork;

    /// The newest record; the others follow by `next`.
    static NEWEST: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut());

    pub(super) fn newest() -> *const Record {
        NEWEST.load(Ordering::Acquire)
    }

    pub(super) fn replace_newest(old: *const Record, new: *const Record) -> bool {
        NEWEST
            .compare_exchange(
                old.cast_mut(),
                new.cast_mut(),
                Ordering::AcqRel,
                Ordering::Relaxed,
            )
            .is_ok()
    }

    static IN_CHILD: fork::InChild = after_fork;

    struct Mine(std::cell::Cell<*const Record>);

    impl Drop for Mine {
        fn drop(&mut self) {
            release(self.0.get());
        }
    }

    std::thread_local! {
        static MINE: Mine = const { Mine(std::cell::Cell::new(ptr::null())) };
    }

    /// The calling thread's record; `None` while the thread is being taken apart.
    pub(in super::super) fn mine() -> Option<&'static Record> {
        MINE.try_with(|mine| {
            if mine.0.get().is_null() {
                fork::tell(&IN_CHILD);
                mine.0.set(claim());
            }
            // SAFETY: records live for ever.
            unsafe { &*mine.0.get() }
        })
        .ok()
    }

    /// Forgets the threads that this process does not have.
    ///
    /// (The thread that forked may meet `MINE` here for the first time, and then has its
    /// destructor registered, which allocates: the C library's allocator is usable in a child.)
    fn after_fork(_generation: u32) {
        let mine = MINE.try_with(|mine| mine.0.get()).unwrap_or(ptr::null());
        each(|record| {
            record.leave(None);
            if !ptr::eq(record, mine) {
                record.serve(0, 0);
                record.thread.store(0, Ordering::Release);
            }
        });
    }
}

#[cfg(raddle_loom)]
mod list {
    use super::*;

    loom::lazy_static! {
        static ref NEWEST: AtomicUsize = AtomicUsize::new(0);
    }

    pub(super) fn newest() -> *const Record {
        NEWEST.load(Ordering::Acquire) as *const Record
    }

    pub(super) fn replace_newest(old: *const Record, new: *const Record) -> bool {
        let (old, new) = (old as usize, new as usize);
        NEWEST.compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    loom::thread_local! {
        // SAFETY: `claim` returns a record, and none is ever freed.
        static MINE: &'static Record = unsafe { &*claim() };
    }

    pub(in super::super) fn mine() -> Option<&'static Record> {
        MINE.try_with(|mine| *mine).ok()
    }
}

pub(super) use list::mine;

/// A record that a thread has left, or a new one.
fn claim() -> *const Record {
    let me = thread_id();
    let left = find(|record| {
        record.thread.load(Ordering::Relaxed) == 0
            && record
                .thread
                .compare_exchange(0, me, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
    });
    if let Some(record) = left {
        return record;
    }
    let mut next = list::newest();
    let new = Box::leak(Box::new(Record::new(me, next)));
    while !list::replace_newest(next, new) {
        next = list::newest();
        new.next = next;
    }
    new
}

/// Leaves a record to another thread.
#[cfg_attr(raddle_loom, allow(dead_code))]
fn release(record: *const Record) {
    if !record.is_null() {
        // SAFETY: records live for ever.
        unsafe { (*record).thread.store(0, Ordering::Release) };
    }
}

/// The first record that fits.
fn find(fits: impl Fn(&Record) -> bool) -> Option<&'static Record> {
    let mut record = list::newest();
    while !record.is_null() {
        // SAFETY: records live for ever, and their `next` does not change once they are known.
        let known = unsafe { &*record };
        if fits(known) {
            return Some(known);
        }
        record = known.next;
    }
    None
}

/// The record of a thread, if it has ever slept.
pub(super) fn of(thread: usize) -> Option<&'static Record> {
    find(|record| record.thread.load(Ordering::Acquire) == thread)
}

/// A pool may have any number of workers from now on.
pub(super) fn unlimit(pool: usize) {
    each(|record| {
        if record.pool() == Some(pool) {
            record.limit.store(usize::MAX, Ordering::Relaxed);
        }
    });
}

/// The threads that work for a pool, if they are as many as it may have.
pub(super) fn workers(pool: usize) -> Option<Vec<usize>> {
    let (mut threads, mut limit) = (Vec::new(), 1);
    each(|record| {
        let thread = record.thread.load(Ordering::Acquire);
        if thread != 0 && record.pool() == Some(pool) {
            threads.push(thread);
            limit = limit.max(record.limit.load(Ordering::Relaxed));
        }
    });
    (threads.len() >= limit).then_some(threads)
}

/// Calls `visit` with each record.
pub(super) fn each(mut visit: impl FnMut(&'static Record)) {
    let mut record = list::newest();
    while !record.is_null() {
        // SAFETY: as in `find`.
        let known = unsafe { &*record };
        visit(known);
        record = known.next;
    }
}
