//! A bounded stream of items through any number of workers, to one consumer.
//!
//! The consumer publishes inputs and takes results; workers claim the next input, run it and
//! announce its result. Nothing is handed to a worker in particular, so there is no chunk size
//! to choose and nobody to steal from: the next input is the next value of one counter. How the
//! threads find each other asleep or awake is argued in this folder's `README.md`.
//!
//! | word        | bits                                   | who changes it                      |
//! |-------------|----------------------------------------|-------------------------------------|
//! | `published` | inputs published, `TICK`s              | the consumer: +1, after filling in  |
//! |             | `ENDED`: no more will come             | the consumer, once                  |
//! |             | `IDLE`: workers rest in line           | under the latch of `idle`           |
//! |             | `WAKING`: one was woken and has not    | set under that latch, cleared by    |
//! |             | looked for work yet                    | the worker that was woken           |
//! | `claimed`   | inputs claimed, `TICK`s                | workers: +1, unless stopped         |
//! |             | `STOPPED`: nothing is handed out       | anybody, once                       |
//! | `door`      | `HELD`: somebody is the consumer       | that thread, coming and going       |
//! |             | `STOPPED`: as in `claimed`             | anybody, once, right after that     |
//! |             | `CLOSED`: results are not wanted       | anybody, once                       |
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
use super::consumer::{Consumer, Front};
use super::line::Line;
use super::slot::{Held, Slot};
use crate::blocking::Blocking;
use crate::deadline::Deadline;
use crate::fork;
use crate::sync::{AtomicUsize, Ordering, UnsafeCell};
use crate::waiters::{Abandoned, Ended, WaitList, Waiter};

pub(super) const ENDED: usize = 1;
pub(super) const IDLE: usize = 2;
pub(super) const WAKING: usize = 4;
const FLAGS: usize = ENDED | IDLE | WAKING;
pub(super) const STOPPED: usize = 1;
pub(super) const TICK: usize = 8;

pub(super) const HELD: usize = 2;
pub(super) const CLOSED: usize = 4;

pub(super) const EMPTY: usize = 0;
pub(super) const WATCHED: usize = 1;
pub(super) const FULL: usize = 2;

/// The verdict of a worker that was woken for work, and owes the clearing of `WAKING`.
const FOR_WORK: u8 = 1;

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
    pub(super) published: Line<AtomicUsize>,
    /// The number of results announced, where they come as they are ready.
    announced: Line<AtomicUsize>,
    pub(super) door: Line<AtomicUsize>,
    /// Guarded by `HELD` in `door`.
    pub(super) front: UnsafeCell<Front>,
    /// Workers with nothing to do.
    idle: WaitList,
    /// The consumer, when it waits.
    pub(super) results: WaitList,
    /// Those who wait for the last worker to leave.
    leaving: WaitList,
    /// Workers inside `work`; it falls under the latch of `leaving`.
    inside: AtomicUsize,
    /// How many of the workers that were hired have come in.
    pub(super) entered: AtomicUsize,
    /// How many of them have left, since there was nothing to do; grows under `idle`'s latch.
    pub(super) gone: AtomicUsize,
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
            published: Line(AtomicUsize::new(0)),
            announced: Line(AtomicUsize::new(0)),
            door: Line(AtomicUsize::new(0)),
            front: UnsafeCell::new(Front::new(settings, limit)),
            idle: WaitList::new(),
            results: WaitList::new(),
            leaving: WaitList::new(),
            inside: AtomicUsize::new(0),
            entered: AtomicUsize::new(0),
            gone: AtomicUsize::new(0),
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
                        self.wake_worker();
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
                    if self.is_closed() {
                        drop(output);
                        continue;
                    }
                    // SAFETY: as above.
                    unsafe { slot.finish(output) };
                    if stop {
                        self.stop();
                    }
                    if end.has_passed() {
                        meter.rest();
                        blocking.detach();
                        self.announce(&claim);
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
                        return Ok(Left::Over);
                    }
                    let until = stay.map_or(Deadline::NEVER, |stay| Deadline::after(stay.rest));
                    let Some(woken) = self.rest(blocking, until)? else {
                        return Ok(Left::Idle);
                    };
                    attend(blocking);
                    if woken {
                        self.published.fetch_and(!WAKING, Ordering::AcqRel);
                    }
                }
            }
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
            let published = self.published.load(Ordering::Acquire);
            let left = (published & !FLAGS).wrapping_sub(claimed);
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
                    let wake = left > TICK && published & (IDLE | WAKING) == IDLE;
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

    /// Rests until something is published; returns whether the worker was woken for work, or
    /// `None` if it has left at `until`.
    #[cold]
    fn rest<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<Option<bool>, B::Interrupt> {
        let waiter = Waiter::new();
        let locked = self.idle.lock();
        // The consumer's next step reads this word, and so sees that somebody rests.
        let published = self.published.fetch_or(IDLE, Ordering::AcqRel);
        let claimed = self.claimed.load(Ordering::Acquire);
        let ended = published & ENDED != 0 || claimed & STOPPED != 0;
        if ended || published & !FLAGS != claimed & !STOPPED {
            if locked.is_empty() {
                self.published.fetch_and(!IDLE, Ordering::AcqRel);
            }
            return Ok(Some(false));
        }
        // Last in, first out: the others' stacks and caches may rest as well.
        locked.push_front(&waiter, false);
        drop(locked);
        match self.idle.block(&waiter, blocking, until, &Resting(self)) {
            Ended::Chosen => Ok(Some(waiter.verdict() == FOR_WORK)),
            Ended::TimedOut => Ok(None),
            Ended::Forked => Ok(Some(false)),
            Ended::Interrupted(interrupt) => Err(interrupt),
        }
    }

    /// Wakes the worker that came to rest last, unless one is being woken: that one looks
    /// whether there is work for another.
    #[cold]
    pub(super) fn wake_worker(&self) {
        let locked = self.idle.lock();
        if self.published.load(Ordering::Relaxed) & (IDLE | WAKING) != IDLE {
            return;
        }
        // Before the choice: the chosen worker may run, and clear it, at once.
        self.published.fetch_or(WAKING, Ordering::AcqRel);
        let choice = locked.choose(FOR_WORK);
        let nobody = if choice.is_none() { WAKING } else { 0 };
        if locked.is_empty() {
            self.published.fetch_and(!(IDLE | nobody), Ordering::AcqRel);
        }
        drop(locked);
        if let Some(choice) = choice {
            choice.wake();
        }
    }

    /// Wakes every worker that rests: nothing more will come.
    pub(super) fn wake_workers(&self) {
        self.idle.lock().choose_many(usize::MAX, 0, || {
            self.published.fetch_and(!IDLE, Ordering::AcqRel);
        });
    }

    /// Stops handing out items; those that were handed out still come to their end.
    pub fn stop(&self) {
        if self.claimed.fetch_or(STOPPED, Ordering::AcqRel) & STOPPED == 0 {
            self.door.fetch_or(STOPPED, Ordering::AcqRel);
            self.wake_workers();
            self.wake_consumer(); // What it sleeps on may never come.
        }
    }

    /// Stops handing out items and delivering results; wakes all who wait.
    ///
    /// What the window still holds is to be discarded by whoever is, or next becomes, the
    /// consumer; see [`Consumer::leave`].
    pub fn close(&self) {
        if self.door.fetch_or(CLOSED, Ordering::AcqRel) & CLOSED == 0 {
            self.stop();
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
        self.idle.count()
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
            .field("published", &(self.published.load(Ordering::Relaxed) / TICK))
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

/// A worker that rests.
struct Resting<'a, T, R>(&'a Window<T, R>);

impl<T, R> Abandoned for Resting<'_, T, R> {
    fn left(&self, locked: &crate::waiters::Locked<'_>, why: crate::waiters::Why) {
        if why == crate::waiters::Why::TimedOut {
            // Before IDLE goes: a consumer that does not see it sees that somebody has left.
            self.0.gone.fetch_add(1, Ordering::AcqRel);
        }
        if locked.is_empty() {
            self.0.published.fetch_and(!IDLE, Ordering::AcqRel);
        }
    }

    /// Interrupted when it had been woken for work: somebody else is to look for that.
    fn pass_on(&self, verdict: u8) {
        if verdict == FOR_WORK {
            let published = self.0.published.fetch_and(!WAKING, Ordering::AcqRel);
            if published & IDLE != 0 {
                self.0.wake_worker();
            }
        }
    }
}

/// A wait of which there is one at a time, or whose wake-ups go to all.
pub(super) struct Alone;

impl Abandoned for Alone {}
