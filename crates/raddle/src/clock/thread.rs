//! The calling thread's clock.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::slots;
use super::vector::Vector;

/// Whether anybody wants to know; off at first.
static ON: AtomicBool = AtomicBool::new(false);
/// Whether there was ever a second thread.
static SHARED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Counts what may change which accesses of the calling thread are alike: releases, and
    /// locks.
    static SERIAL: Cell<u64> = const { Cell::new(1) };
    /// The serial at which it last waited for a condition.
    static WAITED: Cell<u64> = const { Cell::new(0) };
    /// Whether it has taken no lock since.
    static WAITS: Cell<bool> = const { Cell::new(false) };
    static MINE: RefCell<Option<Mine>> = const { RefCell::new(None) };
    /// Whether it has [ended](end).
    static ENDED: Cell<bool> = const { Cell::new(false) };
}

/// A time of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) slot: u32,
    pub(crate) at: u64,
}

/// All that a thread knew at a time of its own: what acquires it is ordered after all of that.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    time: Time,
    seen: Arc<Vector>,
}

impl Stamp {
    /// The time of the thread that has made it, which is like no other one.
    pub(crate) fn time(&self) -> Time {
        self.time
    }

    /// Adds all of it to what is known there.
    pub(crate) fn add_to(&self, vector: &mut Vector) {
        vector.join(&self.seen);
        vector.raise(self.time.slot, self.time.at);
    }
}

struct Mine {
    time: Time,
    /// How far it is ordered after others.
    seen: Arc<Vector>,
    /// What the same thread did as other ones: before a task of a pool, which is ordered after
    /// what the task was handed over with, and not after the tasks before it.
    past: Option<Arc<Vector>>,
}

impl Mine {
    /// The clock of a thread that is ordered after `stamp`.
    fn after(stamp: Option<&Stamp>) -> Self {
        let mut seen = Vector::new();
        if let Some(stamp) = stamp {
            stamp.add_to(&mut seen);
        }
        let (slot, at) = slots::take(&seen);
        if slot != 0 {
            SHARED.store(true, Ordering::Relaxed);
        }
        Self { time: Time { slot, at }, seen: Arc::new(seen), past: None }
    }

    /// All that it did so far, and that the same thread did as other ones.
    fn whole(&self) -> Vector {
        let mut whole = Vector::clone(&self.seen);
        whole.raise(self.time.slot, self.time.at);
        if let Some(past) = &self.past {
            whole.join(past);
        }
        whole
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        slots::give_back(self.time);
    }
}

#[inline]
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Whether there was ever a second thread: before that, all is ordered before it.
#[inline]
pub(crate) fn is_shared() -> bool {
    SHARED.load(Ordering::Relaxed)
}

/// Switches all clocks on or off.
pub(crate) fn switch(on: bool) {
    ON.store(on, Ordering::Release);
}

/// Calls `run` with the calling thread's clock; None if the thread is ending.
#[inline]
fn with<R>(run: impl FnOnce(&mut Mine) -> R) -> Option<R> {
    MINE.try_with(|mine| {
        let mut mine = mine.try_borrow_mut().ok()?;
        if mine.is_none() && ENDED.get() {
            return None;
        }
        Some(run(mine.get_or_insert_with(|| Mine::after(None))))
    })
    .ok()
    .flatten()
}

/// The calling thread begins, ordered after `stamp`, which its starter has made.
pub(crate) fn begin(stamp: &Stamp) {
    changed();
    let _ = MINE.try_with(|mine| {
        let new = Mine::after(Some(stamp));
        // (What it was before is dropped outside of the borrow.)
        let old = mine.try_borrow_mut().ok().and_then(|mut mine| mine.replace(new));
        drop(old);
    });
}

/// The calling thread ends; its last act was to release all that it did, so that those who have
/// acquired that are ordered after it, and may take its slot. It has no clock from now on.
pub(crate) fn end() {
    if !is_on() {
        return;
    }
    ENDED.set(true);
    let _ = MINE.try_with(|mine| {
        let mut old = mine.try_borrow_mut().ok().and_then(|mut mine| mine.take());
        if let Some(old) = &mut old {
            old.time.at -= 1; // Its clock has moved on since, for nothing.
        }
        drop(old);
    });
}

/// A thread that runs the tasks of a pool, one after the other. Each task has a clock of its own:
/// which thread runs it, and after which other one, is chance.
pub(crate) struct Tasks {
    /// The thread's own clock, meanwhile.
    own: Option<Mine>,
    base: Stamp,
}

impl Tasks {
    /// The calling thread begins to run tasks; None if nobody wants to know.
    #[inline]
    pub(crate) fn begin() -> Option<Self> {
        is_on().then(Self::new).flatten()
    }

    #[cold]
    fn new() -> Option<Self> {
        let base = stamp()?;
        let own = replace(|_| Some(Mine::after(Some(&base))));
        Some(Self { own, base })
    }

    /// It runs a task that was handed over with `sent`.
    pub(crate) fn run(&mut self, sent: Option<&Stamp>) {
        replace(|before| {
            let mut new = Mine::after(Some(&self.base));
            new.past = before.map(|before| Arc::new(before.whole()));
            if let Some(sent) = sent {
                sent.add_to(Arc::make_mut(&mut new.seen));
            }
            Some(new)
        });
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        let mut own = self.own.take();
        replace(|last| {
            if let (Some(own), Some(last)) = (&mut own, last) {
                let mut past = last.whole();
                if let Some(before) = &own.past {
                    past.join(before);
                }
                own.past = Some(Arc::new(past));
            }
            own.take()
        });
    }
}

/// Puts another clock in the place of the calling thread's; returns the one before, which is
/// dropped, or kept, outside of the borrow.
fn replace(new: impl FnOnce(Option<&Mine>) -> Option<Mine>) -> Option<Mine> {
    changed();
    MINE.try_with(|mine| {
        let mut mine = mine.try_borrow_mut().ok()?;
        let new = new(mine.as_ref());
        std::mem::replace(&mut *mine, new)
    })
    .ok()
    .flatten()
}

/// What the calling thread does from now on is ordered after all that it did, whichever task that
/// was in: it uses what belongs to the thread.
#[inline]
pub(crate) fn is_same_thread() {
    if is_on() {
        follow_own_past();
    }
}

#[cold]
fn follow_own_past() {
    with(|mine| {
        if let Some(past) = mine.past.take() {
            Arc::make_mut(&mut mine.seen).join(&past);
        }
    });
}

/// The time of the calling thread's own clock.
#[inline]
pub(crate) fn time() -> Option<Time> {
    with(|mine| mine.time)
}

/// What changes with each release of the calling thread, and each lock that it takes.
#[inline]
pub(crate) fn serial() -> u64 {
    SERIAL.get()
}

/// The calling thread is about to wait for a condition: what it has looked at it will look at again.
#[inline]
pub(crate) fn waits() {
    if is_on() {
        looks_again();
        WAITS.set(true);
    }
}

/// What the calling thread has looked at so far may be another by now.
pub(crate) fn looks_again() {
    changed();
    WAITED.set(serial());
}

/// Whether it has waited for a condition since this was last asked.
pub(crate) fn has_waited() -> bool {
    WAITS.replace(false)
}

/// The serial at which the calling thread last waited for a condition.
pub(crate) fn waited_at() -> u64 {
    WAITED.get()
}

/// The calling thread has taken or released a lock.
#[inline]
pub(crate) fn changed() {
    SERIAL.set(SERIAL.get() + 1);
}

/// Whether what happens now in the calling thread is ordered after that time of another one.
#[inline]
pub(crate) fn is_after(time: Time) -> bool {
    with(|mine| mine.time.slot == time.slot || mine.seen.at(time.slot) >= time.at)
        .unwrap_or(true)
}

/// What those are ordered after that acquire it; what the calling thread does next is not.
pub(crate) fn stamp() -> Option<Stamp> {
    SHARED.store(true, Ordering::Relaxed);
    with(|mine| {
        let stamp = Stamp { time: mine.time, seen: Arc::clone(&mine.seen) };
        mine.time.at += 1;
        changed();
        stamp
    })
}

/// What the calling thread does next is not ordered before those that acquire what it has
/// released so far.
pub(crate) fn advance() {
    with(|mine| {
        mine.time.at += 1;
        changed();
    });
}

/// Adds all that the calling thread knows to `vector`, its own time included.
pub(super) fn add_to(vector: &mut Vector) {
    with(|mine| {
        vector.join(&mine.seen);
        vector.raise(mine.time.slot, mine.time.at);
    });
}

/// The calling thread is ordered after what that vector knows from now on.
pub(crate) fn acquire(vector: &Vector) {
    with(|mine| {
        if !mine.seen.covers(vector) {
            Arc::make_mut(&mut mine.seen).join(vector);
        }
    });
}

/// The calling thread is ordered after that stamp from now on.
pub(crate) fn follow(stamp: &Stamp) {
    with(|mine| {
        let known = mine.seen.at(stamp.time.slot) >= stamp.time.at;
        if stamp.time.slot != mine.time.slot && !known {
            stamp.add_to(Arc::make_mut(&mut mine.seen));
        }
    });
}
