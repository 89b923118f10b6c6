//! Which threads may put and get, and which wait: everything about a queue but the order of its
//! items.
//!
//! One latch, that of the getters' line, guards the items and the counts; the other two lines
//! have latches of their own, taken under the first or alone. Every operation holds it for a few
//! instructions, moves one item and, if somebody waits for that, chooses one waiter.
//!
//! # No wake-up is lost
//! Chosen waiters compete with threads that run: a wait ends with "look again". With *w* getters
//! in line, *f* chosen ones that have not looked yet, and *i* items, always: if *w* > 0 then
//! *f* ≥ *i*. A getter joins the line only when *i* = 0. A put adds an item and chooses one. A
//! chosen getter that takes an item lowers both; one that finds none looked while *i* = 0; one
//! that is interrupted chooses another if *i* > 0. A thread that barges in lowers *i* only. The
//! same holds for putters, with free places for items.
//!
//! Rejected: handing the item to the chosen waiter. The hand-over forces a switch of threads for
//! each item, where a getter that finds several takes them all in one turn.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::lines::{Getting, Joining, Putting, Turn};
use super::locked::{GateState, LockedGate, Status};
use super::orders::Orders;
use crate::os::Deadline;
use crate::os::sync::{UnsafeCell, maybe_const};
use crate::wait::Blocking;
use crate::waiters::{Passed, WaitList, Waiter};

/// What a [`Gate`] needs to know of the items behind it.
pub trait Store {
    /// The number of items.
    fn count(&self) -> usize;

    /// Forgets all items without dropping them: in the child of a fork, another thread of the
    /// parent may have been in the middle of a change.
    fn forget(&mut self);
}

/// Why the gate let nobody through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deny {
    /// The queue is full, or empty, now: wait, or give up.
    Later,
    /// The queue was shut down.
    ShutDown,
    /// The items are elsewhere now, see [`Gate::retire`].
    Retired,
}

/// There was no task left to be done: `task_done` was called more often than items were put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTask;

impl fmt::Display for NoTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "task_done() called too many times: once for each item that was got is enough",
        )
    }
}

impl std::error::Error for NoTask {}

/// Guards a store of items: lets threads put and get, and lets them wait.
///
/// [`Queue`](super::Queue) is the one for Rust programs. This one is for embedders that keep the
/// items in another order or have to do something under the latch; what they do there must be short
/// and must not call foreign code, nor drop an item.
#[repr(C)]
pub struct Gate<S> {
    // What every put and get touches, in as few cache lines as it takes.
    /// Its latch guards `state` and `store`.
    pub(super) getters: WaitList,
    pub(super) state: UnsafeCell<GateState>,
    pub(super) store: UnsafeCell<S>,
    /// Whether the store is being changed: what a fork's child finds then is not to be used.
    /// (Not one of the model's atomics: it is for forks only, which the model has not.)
    pub(super) changing: AtomicBool,
    // What only threads that wait touch.
    pub(super) putters: WaitList,
    pub(super) joiners: WaitList,
    orders: Orders,
}

// SAFETY: the cells are touched under the getters' latch only (`store_unlocked` is unsafe).
unsafe impl<S: Send> Send for Gate<S> {}
// SAFETY: as above.
unsafe impl<S: Send> Sync for Gate<S> {}

impl<S> Gate<S> {
    maybe_const! {
        /// A gate before `store`, which is to hold at most `limit` items (`usize::MAX`: any
        /// number).
        #[must_use]
        pub fn new(store: S, limit: usize) -> Self {
            let state = GateState {
                limit,
                unfinished: 0,
                status: Status::Open,
                putters: false,
                joiners: false,
            };
            Self {
                getters: WaitList::new(),
                putters: WaitList::new(),
                joiners: WaitList::new(),
                state: UnsafeCell::new(state),
                store: UnsafeCell::new(store),
                changing: AtomicBool::new(false),
                orders: Orders::new(),
            }
        }
    }

    /// The store, without the latch.
    ///
    /// # Safety
    /// Nobody changes the store as long as the caller reads it: no other thread runs, or what
    /// keeps changes away is outside of the gate.
    #[must_use]
    pub unsafe fn store_unlocked(&self) -> *const S {
        self.store.with(|store| store)
    }
}

impl<S: Store> Gate<S> {
    #[inline]
    fn lock(&self) -> LockedGate<'_, S> {
        let locked = LockedGate { gate: self, getters: self.getters.lock_seldom() };
        if locked.getters.take_stale() && self.changing.load(Ordering::Acquire) {
            locked.change(Store::forget);
        }
        locked
    }

    /// Puts by calling `put` with the store and `item`, if there is room now.
    ///
    /// # Errors
    /// The item, and why it was not let in.
    #[inline]
    pub fn put_by<X, R>(
        &self,
        item: X,
        put: impl FnOnce(&mut S, X) -> R,
    ) -> Result<R, (X, Deny)> {
        let locked = self.lock();
        if let Err(deny) = locked.may_put() {
            self.denied(deny);
            return Err((item, deny));
        }
        self.orders.put(|| locked.state(|state| state.limit) == 1);
        let result = locked.change(|store| put(store, item));
        locked.state(|state| state.unfinished += 1);
        let choice = locked.getters.choose(0);
        locked.unlock_and(choice);
        Ok(result)
    }

    /// Gets by calling `get` with the store, if there is an item now.
    ///
    /// # Errors
    /// Why nobody may get.
    #[inline]
    pub fn get_by<R>(&self, get: impl FnOnce(&mut S) -> R) -> Result<R, Deny> {
        let locked = self.lock();
        locked.may_get().inspect_err(|deny| self.denied(*deny))?;
        let result = locked.change(get);
        self.orders.got(|| locked.state(|state| state.limit) != usize::MAX);
        let choice = if locked.room() > 0 { locked.choose_putter() } else { None };
        locked.unlock_and(choice);
        Ok(result)
    }

    /// What the calling thread does from now on happens after what those did that have put: for
    /// embedders that look at items, to compare them, before they get them, or that keep the items
    /// elsewhere.
    #[inline]
    pub fn follow_puts(&self) {
        self.orders.follow_puts();
    }

    /// What the calling thread did so far happens before a put that waits for room, or finds the
    /// only place free: for embedders that keep the items elsewhere, before they get one.
    #[inline]
    pub fn precede_puts(&self) {
        self.orders.getting(|| self.limit() != usize::MAX);
    }

    /// Whether a put would be let through now.
    ///
    /// # Errors
    /// Why not.
    pub fn may_put(&self) -> Result<(), Deny> {
        self.lock().may_put().inspect_err(|deny| self.denied(*deny))
    }

    /// Whether a get would be let through now.
    ///
    /// # Errors
    /// Why not.
    pub fn may_get(&self) -> Result<(), Deny> {
        self.lock().may_get().inspect_err(|deny| self.denied(*deny))
    }

    /// The calling thread is told that its put, or its get, will never be let through.
    #[inline]
    fn denied(&self, deny: Deny) {
        if deny != Deny::Later {
            self.orders.follow_puts();
        }
    }

    /// Waits until a put may be let through; returns false if `until` passed before.
    ///
    /// After true, put or call [`nudge`](Self::nudge): the place may have been this thread's
    /// alone to take.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    #[cold]
    pub fn wait_to_put<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
        turn: &mut Turn,
    ) -> Result<bool, B::Interrupt> {
        if until.has_passed() {
            return Ok(false);
        }
        let overtaken = turn.overtaken;
        let join = |waiter: &Waiter| {
            let locked = self.lock();
            let queued = locked.may_put() == Err(Deny::Later);
            if queued {
                let putters = self.putters.lock();
                putters.push(waiter, overtaken);
                locked.state(|state| state.putters = true);
            }
            queued
        };
        let putting = Putting(self);
        let wait = self.putters.wait_as(Waiter::new(), true, blocking, until, &putting, join);
        let comes = turn.comes(wait?, blocking);
        if comes {
            self.orders.found_room();
        }
        Ok(comes)
    }

    /// Waits until a get may be let through; returns false if `until` passed before.
    ///
    /// After true, get or call [`nudge`](Self::nudge): the item may have been this thread's
    /// alone to take.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    #[cold]
    pub fn wait_to_get<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
        turn: &mut Turn,
    ) -> Result<bool, B::Interrupt> {
        if until.has_passed() {
            return Ok(false);
        }
        let overtaken = turn.overtaken;
        let join = |waiter: &Waiter| {
            let locked = self.lock();
            let queued = locked.may_get() == Err(Deny::Later);
            if queued {
                locked.getters.push(waiter, overtaken);
            }
            queued
        };
        let getting = Getting(self);
        let wait = self.getters.wait_as(Waiter::new(), true, blocking, until, &getting, join);
        Ok(turn.comes(wait?, blocking))
    }

    /// Wakes a getter if there are items, and a putter if there is room: for a thread that was
    /// woken and then could not use its turn.
    pub fn nudge(&self) {
        let locked = self.lock();
        if locked.may_put() != Err(Deny::Later) {
            locked.wake_putters(1);
        }
        let choice = match locked.may_get() {
            Err(Deny::Later) => None,
            _ => locked.getters.choose(0),
        };
        locked.unlock_and(choice);
    }

    /// Reports one item's task as done; when none is unfinished, ends the waits of `join`.
    ///
    /// # Errors
    /// [`NoTask`] if none was unfinished.
    pub fn task_done(&self) -> Result<(), NoTask> {
        let locked = self.lock();
        let left = locked.state(|state| {
            state.unfinished = state.unfinished.checked_sub(1).ok_or(NoTask)?;
            self.orders.done();
            Ok(state.unfinished)
        })?;
        if left == 0 {
            locked.wake_joiners();
        }
        Ok(())
    }

    /// Waits until no task is unfinished; returns false if `until` passed before, and true at
    /// once where the gate has [retired](Self::retire).
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub fn join_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        loop {
            let mut done = false;
            let join = |waiter: &Waiter| {
                let locked = self.lock();
                done = locked
                    .state(|state| state.unfinished == 0 || state.status == Status::Retired);
                let queued = !done && until != Deadline::PAST;
                if queued {
                    let joiners = self.joiners.lock();
                    joiners.push_back(waiter);
                    locked.state(|state| state.joiners = true);
                }
                queued
            };
            match self.joiners.wait_as(Waiter::new(), true, blocking, until, &Joining, join)? {
                Passed::AtOnce => {
                    if done {
                        self.orders.joined();
                    }
                    return Ok(done);
                }
                Passed::Chosen(_) | Passed::Forked => {}
                Passed::TimedOut => return Ok(false),
            }
        }
    }

    /// The number of unfinished tasks; out of date once returned.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        let left = self.lock().state(|state| state.unfinished);
        if left == 0 {
            self.orders.joined();
        }
        left
    }

    /// Changes the number of unfinished tasks.
    pub fn set_unfinished(&self, tasks: usize) {
        let locked = self.lock();
        // Embedders that keep the items elsewhere count so what they put, and what is done.
        if tasks > locked.state(|state| state.unfinished) {
            self.orders.put(|| locked.state(|state| state.limit) == 1);
        } else {
            self.orders.done();
        }
        locked.state(|state| state.unfinished = tasks);
        if tasks == 0 {
            locked.wake_joiners();
        }
    }

    /// The most items, `usize::MAX` for any number.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.lock().state(|state| state.limit)
    }

    /// Changes the most items; those that are too many stay. `along` runs in the same step.
    pub fn set_limit<R>(&self, limit: usize, along: impl FnOnce(&mut S) -> R) -> R {
        let locked = self.lock();
        locked.state(|state| state.limit = limit);
        let room = locked.room();
        locked.wake_putters(room);
        locked.change(along)
    }

    /// The number of items; out of date once returned.
    #[inline]
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().count()
    }

    /// Whether there is no room; out of date once returned.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.lock().room() == 0
    }

    /// Looks at the store under the latch.
    pub fn look<R>(&self, look: impl FnOnce(&mut S) -> R) -> R {
        self.lock().change(look)
    }

    /// Refuses further items; gets go on until there are none. Ends the waits that this decides.
    /// Returns false if the gate has [retired](Self::retire).
    pub fn shut_down(&self) -> bool {
        let locked = self.lock();
        self.orders.put(|| false);
        if locked.state(|state| state.status == Status::Retired) {
            return false;
        }
        locked.state(|state| state.status = Status::ShutDown);
        locked.wake_everyone();
        true
    }

    /// [`shut_down`](Self::shut_down), but takes the items out with `drain` and counts their
    /// tasks as done. Returns what `drain` does, `None` if the gate has retired.
    pub fn shut_down_draining<R>(&self, drain: impl FnOnce(&mut S) -> R) -> Option<R> {
        let locked = self.lock();
        if locked.state(|state| state.status == Status::Retired) {
            return None;
        }
        let count = locked.count();
        self.orders.put(|| false);
        self.orders.done();
        locked.state(|state| {
            state.status = Status::ShutDown;
            state.unfinished = state.unfinished.saturating_sub(count);
        });
        let drained = locked.change(drain);
        locked.wake_everyone();
        Some(drained)
    }

    /// Whether the gate was shut down.
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        self.lock().state(|state| state.status == Status::ShutDown)
    }

    /// Opens a gate that was shut down.
    pub fn reopen(&self) {
        self.lock().state(|state| {
            if state.status == Status::ShutDown {
                state.status = Status::Open;
            }
        });
    }

    /// Ends the gate's work for good: `take` takes the items out, and every thread that waits, or
    /// comes later, is told [`Deny::Retired`]. Counts can still be read and written. Returns what
    /// `take` does, and whether the gate had been shut down; `None` if it had retired before.
    pub fn retire<R>(&self, take: impl FnOnce(&mut S) -> R) -> Option<(R, bool)> {
        let locked = self.lock();
        let status =
            locked.state(|state| std::mem::replace(&mut state.status, Status::Retired));
        if status == Status::Retired {
            return None;
        }
        self.orders.retire();
        let taken = locked.change(take);
        locked.wake_everyone();
        Some((taken, status == Status::ShutDown))
    }

    /// The number of threads waiting to get; for reports and tests.
    #[must_use]
    pub fn waiting_to_get(&self) -> usize {
        self.getters.count()
    }

    /// The number of threads waiting to put; for reports and tests.
    #[must_use]
    pub fn waiting_to_put(&self) -> usize {
        self.putters.count()
    }

    /// The number of threads waiting for the tasks to be done; for reports and tests.
    #[must_use]
    pub fn waiting_to_join(&self) -> usize {
        self.joiners.count()
    }
}

impl<S> fmt::Debug for Gate<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}
