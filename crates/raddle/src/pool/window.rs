//! A bounded stream of items through any number of workers, to one consumer.
//!
//! The consumer publishes inputs and takes results; workers claim the next input, run it and
//! announce its result. Nothing is handed to a worker in particular, so there is no chunk size
//! to choose and nobody to steal from: the next input is the next value of one counter. How the
//! threads find each other asleep or awake is argued in this folder's `README.md`.
//!
//! | word        | bits                                   | who changes it                      |
//! |-------------|----------------------------------------|-------------------------------------|
//! | `sleep`     | inputs published, `TICK`s              | the consumer: +1, after filling in  |
//! |             | `ENDED`: no more will come             | the consumer, once                  |
//! |             | `IDLE`, `WAKING`: see `sleep.rs`       | workers, the consumer               |
//! | `claimed`   | inputs claimed, `TICK`s                | workers: +1, unless stopped         |
//! |             | `STOPPED`: nothing is handed out       | anybody, once                       |
//! | `door`      | `HELD`: somebody is the consumer       | that thread, coming and going       |
//! |             | `STOPPED`: as in `claimed`             | anybody, once, right after that     |
//! |             | `CLOSED`: results are not wanted       | anybody, once                       |
//! |             | `KNOCKED`: a worker has left something | a worker that finds it closed and   |
//! |             | to discard to whoever holds it         | held; the consumer, leaving         |
//! | `done[n]`   | `EMPTY`: the n-th result is not there  | the consumer: to `WATCHED`; the     |
//! |             |                                        | announcing worker: to its slot      |
//! |             | `WATCHED`: the consumer sleeps on it   | the same worker, who wakes it; the  |
//! |             |                                        | consumer: back to `EMPTY`           |
//! |             | `FULL` + slot                          | the consumer, taking: to `EMPTY`    |
//!
//! The states of a slot are in `slot.rs`. In order, the n-th result is the n-th input's; as they
//! come, it is the one announced n-th, and the slots are lent from a list of free ones.
//!
//! Rejected: a claim by `fetch_add`, which runs past what is published; a queue of results, which
//! costs the consumer a wake-up per item, or a lock; and letting workers pull the inputs, since
//! generators can be tied to a thread and would run with nobody wanting results.

use std::fmt;
use std::time::Duration;

use super::clocks::{Clocks, Meter, Reading};
use super::consumer::Consumer;
use super::front::Front;
use super::line::Line;
use super::sleep::{self, ENDED, Sleep, TICK};
use super::slot::{Held, Slot};
use crate::blocking::Blocking;
use crate::deadline::Deadline;
use crate::deadlock::Kind;
use crate::fork;
use crate::sync::{AtomicUsize, Ordering, UnsafeCell};
use crate::waiters::{Abandoned, Ended, WaitList, Waiter};

pub(super) const STOPPED: usize = 1;

pub(super) const HELD: usize = 2;
pub(super) const CLOSED: usize = 4;
pub(super) const KNOCKED: usize = 8;

pub(super) const EMPTY: usize = 0;
pub(super) const WATCHED: usize = 1;
pub(super) const FULL: usize = 2;

/// How a window is made.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The most items that are published and not delivered; at least 1 is taken, and at most
    /// [`Window::MOST`].
    pub limit: usize,
    /// How many of them there are at most while items are slow; at least 1 is taken, and at most
    /// `limit`.
    pub reach: usize,
    /// Whether results come in the order of their inputs, or as they are ready.
    pub ordered: bool,
    /// How many workers may be there or on their way at one time; whoever is asked for one may
    /// also decline.
    pub crew: usize,
}

/// What running an item came to.
#[derive(Debug)]
pub enum Outcome<R> {
    /// Its result.
    Go(R),
    /// Its result, after which nothing more is to be handed out.
    Stop(R),
}

/// How long a worker stays that others may need.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    /// How long it rests before it leaves.
    pub rest: Duration,
    /// How long it works, about, before it leaves.
    pub work: Duration,
    /// It left when that time was over, and has come back.
    pub again: bool,
}

/// Why a worker has left.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// There will not be anything more to do.
    Over,
    /// There was nothing to do; the consumer will ask for another worker when there is.
    Idle,
    /// It has worked for as long as it was to stay; it is expected back.
    Expired,
}

/// A bounded stream of items of type `T` through workers that make results of type `R`.
pub struct Window<T, R> {
    pub(super) claimed: Line<AtomicUsize>,
    /// Its ticks are the inputs published.
    pub(super) sleep: Sleep,
    /// The number of results announced, where they come as they are ready.
    announced: Line<AtomicUsize>,
    pub(super) door: Line<AtomicUsize>,
    /// Guarded by `HELD` in `door`.
    pub(super) front: UnsafeCell<Front>,
    /// The consumer, when it waits.
    pub(super) results: WaitList,
    /// Those who wait for the last worker to leave.
    leaving: WaitList,
    /// Workers inside `work`; it falls under the latch of `leaving`.
    inside: AtomicUsize,
    /// How many of the workers that were hired have come in.
    pub(super) entered: AtomicUsize,
    /// As many as `mask` + 1, a power of two, like the two below.
    pub(super) slots: Box<[Slot<T, R>]>,
    /// The slot of each published input; empty where that is its number.
    pub(super) ready: Box<[AtomicUsize]>,
    pub(super) done: Box<[AtomicUsize]>,
    pub(super) mask: usize,
    pub(super) limit: usize,
    clocks: Clocks,
    generation: u32,
}

// SAFETY: inputs and outputs are handed from thread to thread, each lent to one at a time as the
// table of `slot.rs` says, and `front` is its holder's.
unsafe impl<T: Send, R: Send> Send for Window<T, R> {}
// SAFETY: as above; a worker only ever sees the inputs that it claimed.
unsafe impl<T: Send, R: Send> Sync for Window<T, R> {}

/// An item that a worker claimed.
struct Claim {
    slot: usize,
    /// Its number, where results come in order.
    ticket: usize,
    /// Others wait to be claimed, and workers rest that nobody has woken.
    wake: bool,
}

enum Claimed {
    Item(Claim),
    Nothing,
    Over,
}

impl<T, R> Window<T, R> {
    /// The most items that a window can hold.
    pub const MOST: usize = 1 << 16;

    /// An empty window.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        fork::watch();
        let limit = settings.limit.clamp(1, Self::MOST);
        let size = limit.next_power_of_two();
        let words = |count: usize| (0..count).map(|_| AtomicUsize::new(EMPTY)).collect();
        Self {
            claimed: Line(AtomicUsize::new(0)),
            sleep: Sleep::new(),
            announced: Line(AtomicUsize::new(0)),
            door: Line(AtomicUsize::new(0)),
            front: UnsafeCell::new(Front::new(settings, limit)),
            results: WaitList::new(),
            leaving: WaitList::new(),
            inside: AtomicUsize::new(0),
            entered: AtomicUsize::new(0),
            slots: (0..size).map(|_| Slot::new()).collect(),
            ready: if settings.ordered { Box::default() } else { words(size) },
            done: words(size),
            mask: size - 1,
            limit,
            clocks: Clocks::new(),
            generation: fork::generation(),
        }
    }

    pub(super) fn ordered(&self) -> bool {
        self.ready.is_empty()
    }

    /// Works for the stream until it ends or is closed.
    ///
    /// `attend` is called when the worker has rested, before it claims anything; `run` makes an
    /// item's result. A result is announced once the next item was claimed or, if there is none,
    /// after `blocking` has detached: the consumer can then go on at once.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended a rest; no item is lost by it.
    pub fn work<B: Blocking>(
        &self,
        blocking: &mut B,
        attend: impl FnMut(&mut B),
        run: impl FnMut(&mut B, &T) -> Outcome<R>,
    ) -> Result<(), B::Interrupt> {
        self.work_for(None, blocking, attend, run).map(|_| ())
    }

    /// [`work`](Self::work), leaving earlier than at the end if `stay` says so.
    ///
    /// # Errors
    /// As `work`'s.
    pub fn work_for<B: Blocking>(
        &self,
        stay: Option<Stay>,
        blocking: &mut B,
        mut attend: impl FnMut(&mut B),
        mut run: impl FnMut(&mut B, &T) -> Outcome<R>,
    ) -> Result<Left, B::Interrupt> {
        let _inside = Inside::enter(self, stay.is_some_and(|stay| stay.again));
        let end = stay.map_or(Deadline::NEVER, |stay| Deadline::after(stay.work));
        let mut meter = Meter::new(&self.clocks);
        let mut unannounced = None;
        loop {
            match self.claim() {
                Claimed::Item(claim) => {
                    if let Some(earlier) = unannounced.take() {
                        self.announce(&earlier);
                    }
                    if claim.wake {
                        self.sleep.wake_one();
                    }
                    meter.busy();
                    let slot = &self.slots[claim.slot];
                    // SAFETY: claimed by this call, and not finished.
                    let outcome = unsafe { slot.run(|input| run(blocking, input)) };
                    meter.ran();
                    if self.is_orphaned() {
                        return Ok(Left::Over); // The item forked; the stream stayed behind.
                    }
                    let (output, stop) = match outcome {
                        Outcome::Go(output) => (output, false),
                        Outcome::Stop(output) => (output, true),
                    };
                    // SAFETY: as above.
                    unsafe { slot.finish(output) };
                    if stop {
                        self.stop();
                    }
                    if end.has_passed() {
                        meter.rest();
                        blocking.detach();
                        self.announce(&claim);
                        self.tidy(blocking, &mut attend);
                        return Ok(Left::Expired);
                    }
                    unannounced = Some(claim);
                }
                state => {
                    meter.rest();
                    blocking.detach();
                    if let Some(earlier) = unannounced.take() {
                        self.announce(&earlier);
                    }
                    if matches!(state, Claimed::Over) {
                        self.tidy(blocking, &mut attend);
                        return Ok(Left::Over);
                    }
                    let until = stay.map_or(Deadline::NEVER, |stay| Deadline::after(stay.rest));
                    let rested = self.sleep.rest(blocking, until, |word| self.is_dry(word))?;
                    let Some(rested) = rested else {
                        if self.is_dry(self.sleep.load()) {
                            return Ok(Left::Idle);
                        }
                        // Published while this one was in line, and so for it, too; the
                        // consumer may rely on that.
                        self.sleep.stays();
                        attend(blocking);
                        continue;
                    };
                    attend(blocking);
                    rested.over();
                }
            }
        }
    }

    /// Discards, if the stream was closed, what nobody else has: the item of this worker that
    /// was running then, with its result.
    fn tidy<B: Blocking>(&self, blocking: &mut B, attend: &mut impl FnMut(&mut B)) {
        // Changes nothing, and so comes before the closing, whose consumer then sees this worker's
        // items done, or after it.
        let closed = self.door.fetch_or(0, Ordering::AcqRel) & CLOSED != 0;
        if !closed || self.is_orphaned() {
            return;
        }
        // Whoever is the consumer looks again when it gives that up.
        let held = self.door.fetch_or(HELD | KNOCKED, Ordering::AcqRel) & HELD != 0;
        if !held {
            attend(blocking);
            Consumer::new(self).leave_nothing();
        }
    }

    /// Claims the next input.
    #[inline]
    fn claim(&self) -> Claimed {
        let mut claimed = self.claimed.load(Ordering::Acquire);
        loop {
            if claimed & STOPPED != 0 || self.is_orphaned() {
                return Claimed::Over;
            }
            // Whoever moved `claimed` here had seen `published` beyond it, and so does this.
            let published = self.sleep.load();
            let left = sleep::ticks(published).wrapping_sub(claimed);
            if left == 0 {
                return if published & ENDED != 0 { Claimed::Over } else { Claimed::Nothing };
            }
            let ticket = claimed / TICK;
            // Looked up before the claim: after it, the consumer may write here again.
            let slot = match self.ready.get(ticket & self.mask) {
                Some(slot) => slot.load(Ordering::Relaxed),
                None => ticket & self.mask,
            };
            match self.claimed.compare_exchange_weak(
                claimed,
                claimed.wrapping_add(TICK),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => {
                    let wake = left > TICK && sleep::wants_waking(published);
                    return Claimed::Item(Claim { slot, ticket, wake });
                }
                Err(now) => claimed = now,
            }
        }
    }

    /// Tells the consumer that an item is done.
    #[inline]
    fn announce(&self, claim: &Claim) {
        let number = if self.ordered() {
            claim.ticket
        } else {
            self.announced.fetch_add(1, Ordering::AcqRel)
        };
        let cell = &self.done[number & self.mask];
        if cell.swap(FULL + claim.slot, Ordering::AcqRel) == WATCHED {
            self.wake_consumer();
        }
    }

    #[cold]
    fn wake_consumer(&self) {
        self.results.lock().choose_many(usize::MAX, 0, || {});
    }

    /// Whether there is nothing to claim, and more may come.
    fn is_dry(&self, published: usize) -> bool {
        let claimed = self.claimed.load(Ordering::Acquire);
        published & ENDED == 0 && claimed & STOPPED == 0 && sleep::ticks(published) == claimed
    }

    /// Stops handing out items; those that were handed out still come to their end.
    pub fn stop(&self) {
        if self.claimed.fetch_or(STOPPED, Ordering::AcqRel) & STOPPED == 0 {
            self.door.fetch_or(STOPPED, Ordering::AcqRel);
            self.sleep.wake_all();
            self.wake_consumer(); // What it sleeps on may never come.
        }
    }

    /// Stops handing out items and delivering results; wakes all who wait.
    ///
    /// What the window still holds is to be discarded by whoever is, or next becomes, the
    /// consumer; see [`Consumer::leave`].
    pub fn close(&self) {
        // First: whoever sees `CLOSED` discards what can no longer be claimed.
        self.stop();
        if self.door.fetch_or(CLOSED, Ordering::AcqRel) & CLOSED == 0 {
            self.wake_consumer();
        }
    }

    /// Whether [`close`](Self::close) was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.door.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Whether this is the child of a fork, in which the stream has no workers any more.
    #[inline]
    #[must_use]
    pub fn is_orphaned(&self) -> bool {
        self.generation != fork::generation()
    }

    /// Becomes the consumer, unless somebody is.
    #[inline]
    pub fn consumer(&self) -> Option<Consumer<'_, T, R>> {
        let held = self.door.fetch_or(HELD, Ordering::AcqRel) & HELD != 0;
        (!held).then(|| Consumer::new(self))
    }

    /// The number of threads inside [`work`](Self::work).
    #[must_use]
    pub fn workers(&self) -> usize {
        if self.is_orphaned() { 0 } else { self.inside.load(Ordering::Acquire) }
    }

    /// The number of workers that rest; for reports and tests.
    #[must_use]
    pub fn resting(&self) -> usize {
        self.sleep.resting()
    }

    /// The number of threads, 0 or 1, that wait for a result; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.results.count()
    }

    /// Waits until no worker is inside, or until `until`; returns whether that is so.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub fn wait_idle<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        loop {
            let waiter = Waiter::new();
            let locked = self.leaving.lock();
            if self.workers() == 0 {
                return Ok(true);
            }
            if until.has_passed() {
                return Ok(false);
            }
            locked.push_back(&waiter);
            drop(locked);
            match self.leaving.block(&waiter, blocking, until, &Alone) {
                Ended::Chosen | Ended::TimedOut | Ended::Forked => {}
                Ended::Interrupted(interrupt) => return Err(interrupt),
            }
        }
    }

    /// What the workers' clocks say up to now.
    #[must_use]
    pub fn clocks(&self) -> Reading {
        self.clocks.read()
    }

    /// Shows every item that the window holds; never blocks.
    ///
    /// # Safety
    /// Meanwhile nobody publishes, takes or discards items; workers may go on.
    pub unsafe fn for_each_held<E>(
        &self,
        mut look: impl FnMut(Held<'_, T, R>) -> Result<(), E>,
    ) -> Result<(), E> {
        for slot in &self.slots {
            // SAFETY: passed on to the caller.
            unsafe { slot.look(&mut look) }.transpose()?;
        }
        Ok(())
    }
}

impl<T, R> fmt::Debug for Window<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("published", &(self.sleep.load() / TICK))
            .field("claimed", &(self.claimed.load(Ordering::Relaxed) / TICK))
            .field("workers", &self.workers())
            .finish_non_exhaustive()
    }
}

/// Counts a worker while it is inside.
struct Inside<'a, T, R>(&'a Window<T, R>);

impl<'a, T, R> Inside<'a, T, R> {
    fn enter(window: &'a Window<T, R>, again: bool) -> Self {
        window.inside.fetch_add(1, Ordering::AcqRel);
        if !again {
            window.entered.fetch_add(1, Ordering::AcqRel);
        }
        Self(window)
    }
}

impl<T, R> Drop for Inside<'_, T, R> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close(); // Its item will never be done: nobody must wait for it.
        }
        let locked = self.0.leaving.lock();
        if self.0.inside.fetch_sub(1, Ordering::AcqRel) == 1 {
            locked.choose_many(usize::MAX, 0, || {});
        }
    }
}

/// A wait of which there is one at a time, or whose wake-ups go to all.
pub(super) struct Alone;

impl Abandoned for Alone {
    fn kind(&self) -> Kind {
        Kind::Pool
    }
}
