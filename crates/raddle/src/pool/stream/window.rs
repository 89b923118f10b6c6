//! A bounded stream of items through any number of workers, to one consumer.
//!
//! The consumer publishes inputs and takes results; workers claim the next input, or the next
//! few where they are short (`range_size.rs`), run them and announce their results. Nothing is
//! handed to a worker in particular: the next input is the next value of one counter. How the
//! threads find each other asleep or awake is argued in `pool/README.md`.
//!
//! | word        | bits                                   | what changes it                     |
//! |-------------|----------------------------------------|-------------------------------------|
//! | `sleep`     | inputs published, `TICK`s              | the consumer: +n, after filling in  |
//! |             | `ENDED`: no more will come             | the consumer, once                  |
//! |             | `IDLE`, `WAKING`: see `sleep.rs`       | workers, the consumer               |
//! | `claimed`   | inputs claimed, `TICK`s                | workers: +n, unless stopped         |
//! |             | `STOPPED`: nothing is handed out       | anybody, once                       |
//! |             | `CLOSED`: what was is not begun        | anybody, once, after `STOPPED`      |
//! | `door`      | `HELD`: somebody is the consumer       | that thread, coming and going       |
//! |             | `STOPPED`: as in `claimed`             | anybody, once, right after that     |
//! |             | `CLOSED`: results are not wanted       | anybody, once                       |
//! |             | `KNOCKED`: a worker has left something | a worker that finds it closed and   |
//! |             | to discard to the thread that holds it | held; the consumer, leaving         |
//! | `done[n]`   | whether the n-th result is there, or a | see `cell.rs`                       |
//! |             | range of results from there on         |                                     |
//! | `ranges`    | ranges claimed and not announced       | workers: +1 before the claim, -1    |
//! |             |                                        | after announcing                    |
//! | `awake`     | workers inside that do not rest        | each worker, before it looks for    |
//! |             |                                        | the last time whether to rest       |
//!
//! The states of a slot are in `slot.rs`. In order, the n-th result is the n-th input's; as
//! they come, it is the one announced n-th, the slots are lent from a list of free ones, and
//! items are claimed one by one.
//!
//! Rejected: a claim by `fetch_add`, which runs past what is published; a queue of results,
//! which costs the consumer a wake-up per item, or a lock; and letting workers pull the inputs,
//! since generators can be tied to a thread and would run though no result is wanted.

use std::fmt;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::cell::{EMPTY, Offcuts};
use super::clocks::{Clocks, Reading};
use super::consumer::Consumer;
use super::consumer_state::ConsumerState;
use super::range_size::RangeSize;
use super::slot::{HeldItem, Slots};
use crate::clock::Edge;
use crate::os::sync::{AtomicBool, AtomicUsize, Ordering, UnsafeCell};
use crate::os::{Deadline, fork};
use crate::pool::sleep::{Sleep, TICK};
use crate::wait::{Awaited, Blocking, Kind};
use crate::waiters::{Abandoned, Passed, WaitList, Waiter};

pub(super) const STOPPED: usize = 1;

pub(super) const HELD: usize = 2;
pub(super) const CLOSED: usize = 4;
pub(super) const KNOCKED: usize = 8;

/// How a window is made.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The most items that are published and not delivered; at least 1 is taken, and at most
    /// [`Window::MOST`].
    pub limit: usize,
    /// How many of them there are at most while items are slow; at least 1 is taken, and at
    /// most `limit`.
    pub reach: usize,
    /// Whether results come in the order of their inputs, or as they are ready.
    pub ordered: bool,
    /// How many workers may be there or on their way at one time; the caller that is asked for
    /// one may also decline.
    pub crew: usize,
    /// How many items a worker claims at once, at first and at most, as they turn out to be
    /// short.
    pub range: (usize, usize),
    /// The consumer, and a worker while it runs an item, exclude each other, as threads do that
    /// are attached under a GIL; what they alone change then needs no atomic exchange.
    pub exclusive: bool,
    /// Inputs are in memory, and come many at once: see [`Consumer::may_stage`].
    pub at_once: bool,
}

impl Settings {
    /// A window of `limit` items, in order, for any number of workers.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        let (crew, range) = (usize::MAX, (1, RANGE));
        let (ordered, exclusive, at_once) = (true, false, false);
        Self { limit, reach: limit, ordered, crew, range, exclusive, at_once }
    }
}

/// The most items in a range, unless somebody says so.
const RANGE: usize = 1024;

/// What running an item came to.
#[derive(Debug)]
pub enum Outcome<R> {
    /// Its result.
    Go(R),
    /// Its result, which the consumer is to look at.
    Fail(R),
    /// Likewise, after which nothing more is to be handed out.
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
    pub(super) claimed: CachePadded<AtomicUsize>,
    /// Its ticks are the inputs published.
    pub(super) sleep: Sleep,
    /// The number of results announced, where they come as they are ready.
    pub(super) announced: CachePadded<AtomicUsize>,
    pub(super) door: CachePadded<AtomicUsize>,
    /// Guarded by `HELD` in `door`.
    pub(super) state: UnsafeCell<ConsumerState>,
    /// The consumer, when it waits.
    pub(super) results: WaitList,
    /// The threads that wait for the last worker to leave.
    pub(super) leaving: WaitList,
    /// From each worker that leaves to what waits for that.
    pub(super) order: Edge,
    /// Workers inside `work`; it falls under the latch of `leaving`.
    pub(super) inside: AtomicUsize,
    pub(super) awake: CachePadded<AtomicUsize>,
    pub(super) ranges: AtomicUsize,
    pub(super) offcuts: Offcuts,
    pub(super) range_size: RangeSize,
    /// How many of the workers that were hired have come in.
    pub(super) entered: AtomicUsize,
    /// The consumer takes turns with the workers, and so sleeps for a turn's length at most: it is
    /// woken when the worker that has its result has detached. Written and read while attached.
    pub(super) patient: AtomicBool,
    /// As many as `mask` + 1, a power of two, like the two below.
    pub(super) slots: Slots<T, R>,
    /// The slot of each published input; empty where that is its number.
    pub(super) ready: Box<[AtomicUsize]>,
    pub(super) done: Box<[AtomicUsize]>,
    pub(super) mask: usize,
    pub(super) limit: usize,
    pub(super) exclusive: bool,
    /// The consumer and the workers take turns while that is quick.
    pub(super) may_alternate: bool,
    pub(super) clocks: Clocks,
    generation: u32,
}

// SAFETY: inputs and outputs are handed from thread to thread, each lent to one at a time as
// the table of `slot.rs` says, and `state` is its holder's.
unsafe impl<T: Send, R: Send> Send for Window<T, R> {}
// SAFETY: as above; a worker only ever sees the inputs that it claimed.
unsafe impl<T: Send, R: Send> Sync for Window<T, R> {}

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
            claimed: CachePadded::new(AtomicUsize::new(0)),
            sleep: Sleep::new(),
            announced: CachePadded::new(AtomicUsize::new(0)),
            door: CachePadded::new(AtomicUsize::new(0)),
            state: UnsafeCell::new(ConsumerState::new(settings, limit)),
            results: WaitList::new(),
            leaving: WaitList::new(),
            order: Edge::new(),
            inside: AtomicUsize::new(0),
            awake: CachePadded::new(AtomicUsize::new(0)),
            ranges: AtomicUsize::new(0),
            offcuts: Offcuts::new(),
            range_size: RangeSize::new(settings.range.0, settings.range.1),
            entered: AtomicUsize::new(0),
            patient: AtomicBool::new(false),
            slots: Slots::new(size),
            ready: if settings.ordered { Box::default() } else { words(size) },
            done: words(size),
            mask: size - 1,
            limit,
            exclusive: settings.exclusive,
            may_alternate: settings.exclusive && settings.at_once,
            clocks: Clocks::new(),
            generation: fork::generation(),
        }
    }

    pub(super) fn ordered(&self) -> bool {
        self.ready.is_empty()
    }

    #[cold]
    pub(super) fn wake_consumer(&self) {
        self.results.lock().choose_many(usize::MAX, 0, || {});
    }

    /// Stops handing out items; those that were handed out still come to their end.
    pub fn stop(&self) {
        if self.claimed.fetch_or(STOPPED, Ordering::AcqRel) & STOPPED == 0 {
            self.door.fetch_or(STOPPED, Ordering::AcqRel);
            self.sleep.wake_all();
            self.wake_consumer(); // What it sleeps on may never come.
        }
    }

    /// Stops handing out items and delivering results; wakes all that wait.
    ///
    /// What the window still holds is to be discarded by the thread that is, or next becomes,
    /// the consumer; see [`Consumer::leave`].
    pub fn close(&self) {
        // First: a thread that sees `CLOSED` discards what can no longer be claimed.
        self.stop();
        self.claimed.fetch_or(CLOSED, Ordering::AcqRel);
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
        let door = if self.exclusive {
            // No other attached thread can come in between, and nobody else changes it.
            let door = self.door.load(Ordering::Acquire);
            self.door.store(door | HELD, Ordering::Relaxed);
            door
        } else {
            self.door.fetch_or(HELD, Ordering::AcqRel)
        };
        (door & HELD == 0).then(|| Consumer::new(self))
    }

    /// The next result and its input, if that is known to be there, did not fail, and there is
    /// nothing else to do first: what a [`Consumer`] would do, if nobody is one.
    #[inline]
    pub fn take_quickly(&self) -> Option<(T, R)> {
        if self.exclusive {
            // No other attached thread comes in between, so that nobody need be told.
            if self.door.load(Ordering::Acquire) != 0 {
                return None;
            }
            // SAFETY: as if `HELD` were this call's.
            return self.state.with_mut(|state| unsafe { &mut *state }.take_quickly(self));
        }
        let (order, failure) = (Ordering::AcqRel, Ordering::Relaxed);
        self.door.compare_exchange(0, HELD, order, failure).ok()?;
        // SAFETY: `HELD` is this call's.
        let taken = self.state.with_mut(|state| unsafe { &mut *state }.take_quickly(self));
        Consumer::new(self).leave_nothing();
        taken
    }

    /// The number of inputs that workers were offered so far.
    #[must_use]
    pub fn published(&self) -> usize {
        self.sleep.load() / TICK
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
            let mut idle = false;
            let join = |waiter: &Waiter| {
                let locked = self.leaving.lock();
                idle = self.workers() == 0;
                let queued = !idle && !until.has_passed();
                if queued {
                    locked.push_back(waiter);
                }
                queued
            };
            match self.leaving.wait_as(Waiter::new(), true, blocking, until, &Alone, join)? {
                Passed::AtOnce => {
                    if idle {
                        self.order.acquire();
                    }
                    return Ok(idle);
                }
                Passed::Chosen(_) | Passed::TimedOut | Passed::Forked => {}
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
        look: impl FnMut(HeldItem<'_, T, R>) -> Result<(), E>,
    ) -> Result<(), E> {
        // SAFETY: passed on to the caller.
        unsafe { self.slots.look(look) }
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

/// A wait of which there is one at a time, or whose wake-ups go to all.
pub(super) struct Alone;

impl Awaited for Alone {
    fn kind(&self) -> Kind {
        Kind::Pool
    }
}

impl Abandoned for Alone {}
