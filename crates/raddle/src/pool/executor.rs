//! `Tasks`: an executor's queue, first in, first out, and the workers that wait for a task.
//! `README.md` in this folder has the protocol by which idle workers are woken.

use std::collections::VecDeque;

use crate::clock::Handoff;
use crate::os::sync::{AtomicBool, Ordering, UnsafeCell, maybe_const};
use crate::os::{Deadline, Spin, fork};
use crate::wait::{Awaited, Blocking, Kind};
use crate::waiters::{Abandoned, Choice, Locked, Passed, WaitList, Waiter};

/// A queue of tasks, unbounded, and the workers that wait for one.
#[derive(Debug)]
pub struct Tasks<T> {
    /// The workers that sleep, the one that fell asleep last in front; its latch guards
    /// `inner`.
    sleepers: WaitList,
    inner: UnsafeCell<Inner<T>>,
    /// There are tasks, or the queue is closed; changed under the latch, a hint without it.
    ready: AtomicBool,
    /// How long the one spinning worker spins.
    spin: Spin,
}

#[derive(Debug)]
struct Inner<T> {
    /// Each with what the thread had done that has pushed it.
    queue: VecDeque<(T, Handoff)>,
    /// Workers that look for a task: they spin, sleep, or are on their way from there.
    searching: usize,
    /// One of them is awake, and will take a task or go to sleep: nobody else needs waking.
    scout: bool,
    closed: bool,
    /// The fork generation that all this belongs to.
    generation: u32,
}

// SAFETY: tasks are only moved in and out, under the latch.
unsafe impl<T: Send> Send for Tasks<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Tasks<T> {}

/// What a push found.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// There are as many workers that look for a task as there are tasks.
    Met,
    /// There are more tasks: another worker would have something to do.
    Unmet,
}

/// The queue was closed; the task is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed<T>(pub T);

/// One worker's part in the protocol; it belongs to one [`Tasks`].
///
/// Give it back with [`Tasks::leave`] when the worker ends.
#[derive(Debug, Default)]
pub struct Seat {
    /// Counted in `searching`.
    searching: bool,
    /// This one is the scout.
    scout: bool,
}

impl Seat {
    /// A worker that has something to do.
    #[must_use]
    pub const fn new() -> Self {
        Self { searching: false, scout: false }
    }
}

impl<T> Tasks<T> {
    maybe_const! {
        /// No tasks and no workers.
        #[must_use]
        pub fn new() -> Self {
            Self {
                sleepers: WaitList::new(),
                inner: UnsafeCell::new(Inner {
                    queue: VecDeque::new(),
                    searching: 0,
                    scout: false,
                    closed: false,
                    generation: u32::MAX,
                }),
                ready: AtomicBool::new(false),
                spin: Spin::new(),
            }
        }
    }

    fn lock(&self) -> Locked<'_> {
        let locked = self.sleepers.lock();
        let anew = self.with(&locked, |inner| inner.generation != fork::generation());
        if anew {
            self.begin_anew(&locked);
        }
        locked
    }

    /// The first lock of all, or in the child of a fork: its workers are the parent's, and what
    /// a thread of the parent was changing at that moment cannot be used; anything else stays.
    #[cold]
    fn begin_anew(&self, locked: &Locked<'_>) {
        // If the list has noticed the fork before us, it says so no more.
        let torn = !locked.take_stale() || locked.is_torn();
        self.with(locked, |inner| {
            let first = inner.generation == u32::MAX;
            if torn && !first {
                std::mem::forget(std::mem::take(&mut inner.queue));
            }
            inner.generation = fork::generation();
            (inner.searching, inner.scout) = (0, false);
            self.refresh(inner);
        });
    }

    fn with<R>(&self, _locked: &Locked<'_>, change: impl FnOnce(&mut Inner<T>) -> R) -> R {
        // SAFETY: the latch is held, as `_locked` proves, and `change` does not lend twice.
        self.inner.with_mut(|inner| unsafe { change(&mut *inner) })
    }

    fn refresh(&self, inner: &Inner<T>) {
        self.ready.store(!inner.queue.is_empty() || inner.closed, Ordering::Release);
    }

    /// Chooses the sleeper in front, if there is one and nobody is on the way already.
    fn send_scout(&self, locked: &Locked<'_>, inner: &mut Inner<T>) -> Option<Choice> {
        if inner.scout {
            return None;
        }
        let choice = locked.choose(0);
        inner.scout = choice.is_some();
        choice
    }

    /// Adds a task at the end and wakes a worker if that is needed.
    ///
    /// # Errors
    /// [`Closed`], with the task.
    #[inline]
    pub fn push(&self, task: T) -> Result<Demand, Closed<T>> {
        self.add(task, false)
    }

    /// [`push`](Self::push), also to a closed queue.
    pub fn push_always(&self, task: T) -> Demand {
        match self.add(task, true) {
            Ok(demand) => demand,
            Err(_) => unreachable!("only a closed queue refuses"),
        }
    }

    fn add(&self, task: T, always: bool) -> Result<Demand, Closed<T>> {
        let sent = Handoff::sent();
        let locked = self.lock();
        let (demand, choice) = self.with(&locked, |inner| {
            if inner.closed && !always {
                return Err(Closed(task));
            }
            inner.queue.push_back((task, sent));
            self.ready.store(true, Ordering::Release);
            let unmet = inner.queue.len() > inner.searching;
            Ok((
                if unmet { Demand::Unmet } else { Demand::Met },
                self.send_scout(&locked, inner),
            ))
        })?;
        drop(locked);
        if let Some(choice) = choice {
            choice.wake();
        }
        Ok(demand)
    }

    /// The first task, if there is one.
    #[inline]
    pub fn take(&self, seat: &mut Seat) -> Option<T> {
        let (task, mut sent) = self.take_sent(seat)?;
        sent.receive();
        Some(task)
    }

    /// The first task, if there is one, and what it was handed over with.
    #[inline]
    pub(super) fn take_sent(&self, seat: &mut Seat) -> Option<(T, Handoff)> {
        if !seat.searching && !self.ready.load(Ordering::Acquire) {
            return None;
        }
        let locked = self.lock();
        let (task, choice) = self.with(&locked, |inner| {
            if std::mem::take(&mut seat.scout) {
                inner.scout = false;
            }
            let Some(task) = inner.queue.pop_front() else { return (None, None) };
            if std::mem::take(&mut seat.searching) {
                inner.searching = inner.searching.saturating_sub(1);
            }
            if inner.queue.is_empty() {
                self.refresh(inner);
                return (Some(task), None);
            }
            (Some(task), self.send_scout(&locked, inner))
        });
        drop(locked);
        if let Some(choice) = choice {
            choice.wake();
        }
        task
    }

    /// Whether there may be a task to take, or the queue is closed; out of date once returned.
    #[inline]
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Counts the worker among those that look for a task: from now on, a push need not ask for
    /// another worker on its account.
    pub fn search(&self, seat: &mut Seat) {
        if !std::mem::replace(&mut seat.searching, true) {
            let locked = self.lock();
            self.with(&locked, |inner| inner.searching += 1);
        }
    }

    /// Spins for a task, unless another worker does so; returns whether there is one to take.
    ///
    /// `blocking` is detached, and stays so.
    pub fn spin<B: Blocking>(&self, seat: &mut Seat, blocking: &mut B) -> bool {
        self.search(seat);
        blocking.detach();
        let locked = self.lock();
        let spins = self.with(&locked, |inner| {
            if inner.queue.is_empty() && !inner.closed && !inner.scout {
                (inner.scout, seat.scout) = (true, true);
            }
            seat.scout
        });
        drop(locked);
        let ready = || self.ready.load(Ordering::Acquire);
        let found = if spins { self.spin.until(ready) } else { ready() };
        if found {
            blocking.woken_spinning();
        } else {
            self.stop_scouting(seat);
        }
        found
    }

    fn stop_scouting(&self, seat: &mut Seat) {
        if std::mem::take(&mut seat.scout) {
            self.replace_scout();
        }
    }

    /// Ends being the scout; wakes another if tasks were pushed meanwhile, which woke nobody
    /// because there was a scout.
    fn replace_scout(&self) {
        let locked = self.lock();
        let choice = self.with(&locked, |inner| {
            inner.scout = false;
            if inner.queue.is_empty() { None } else { self.send_scout(&locked, inner) }
        });
        drop(locked);
        if let Some(choice) = choice {
            choice.wake();
        }
    }

    /// Sleeps until there may be a task to take, the queue is closed, or `until` passes;
    /// returns whether one of the first two came about.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub fn sleep<B: Blocking>(
        &self,
        seat: &mut Seat,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        self.sleep_or(true, seat, blocking, until)
    }

    /// [`sleep`](Self::sleep) for a worker that takes no notice of the queue's end: goes on
    /// while it is closed, to be woken by [`push_always`](Self::push_always).
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub fn sleep_on<B: Blocking>(
        &self,
        seat: &mut Seat,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        self.sleep_or(false, seat, blocking, until)
    }

    fn sleep_or<B: Blocking>(
        &self,
        end: bool,
        seat: &mut Seat,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        self.search(seat);
        loop {
            let mut ready = false;
            let join = |waiter: &Waiter| {
                let locked = self.lock();
                ready = self.with(&locked, |inner| {
                    if std::mem::take(&mut seat.scout) {
                        inner.scout = false;
                    }
                    !inner.queue.is_empty() || (end && inner.closed)
                });
                let queued = !ready && until != Deadline::PAST;
                if queued {
                    locked.push_front(waiter);
                }
                queued
            };
            match self.sleepers.wait_as(Waiter::new(), false, blocking, until, self, join)? {
                Passed::AtOnce => return Ok(ready),
                Passed::Chosen(_) => {
                    seat.scout = true;
                    return Ok(true);
                }
                Passed::TimedOut => return Ok(false),
                Passed::Forked => *seat = Seat::new(),
            }
            self.search(seat);
        }
    }

    /// Takes the worker out of the protocol: it ends, or does something else.
    pub fn leave(&self, seat: &mut Seat) {
        self.stop_scouting(seat);
        if std::mem::take(&mut seat.searching) {
            let locked = self.lock();
            self.with(&locked, |inner| inner.searching = inner.searching.saturating_sub(1));
        }
    }

    /// Refuses tasks from now on, and wakes all workers; those that are there are still handed
    /// out.
    pub fn close(&self) {
        let locked = self.lock();
        self.with(&locked, |inner| {
            inner.closed = true;
            self.refresh(inner);
        });
        locked.choose_many(usize::MAX, 0, || {});
    }

    /// Whether tasks are refused.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let locked = self.lock();
        self.with(&locked, |inner| inner.closed)
    }

    /// Takes all tasks out but the first `keep`.
    #[must_use]
    pub fn drain(&self, keep: usize) -> VecDeque<T> {
        let locked = self.lock();
        let rest = self.with(&locked, |inner| {
            let rest = inner.queue.split_off(keep.min(inner.queue.len()));
            self.refresh(inner);
            rest
        });
        drop(locked);
        let receive = |(task, mut sent): (T, Handoff)| {
            sent.receive();
            task
        };
        rest.into_iter().map(receive).collect()
    }

    /// The number of tasks; out of date once returned.
    #[must_use]
    pub fn len(&self) -> usize {
        let locked = self.lock();
        self.with(&locked, |inner| inner.queue.len())
    }

    /// Whether there are no tasks; out of date once returned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there are more tasks than workers that look for one: seen at one moment, since a
    /// worker that takes a task changes both.
    #[must_use]
    pub fn is_short_of_workers(&self) -> bool {
        let locked = self.lock();
        self.with(&locked, |inner| inner.queue.len() > inner.searching)
    }

    /// The number of workers that look for a task; for reports and tests.
    #[must_use]
    pub fn searching(&self) -> usize {
        let locked = self.lock();
        self.with(&locked, |inner| inner.searching)
    }

    /// The number of workers that sleep; for reports and tests.
    #[must_use]
    pub fn sleeping(&self) -> usize {
        self.lock().count()
    }

    /// Shows every task to `visit`, without the latch.
    ///
    /// # Safety
    /// Nobody adds or takes tasks meanwhile: the caller has stopped all that could.
    pub unsafe fn each<E>(&self, mut visit: impl FnMut(&T) -> Result<(), E>) -> Result<(), E> {
        // SAFETY: passed on to the caller.
        self.inner.with(|inner| unsafe {
            (*inner).queue.iter().try_for_each(|(task, _)| visit(task))
        })
    }
}

impl<T> Awaited for Tasks<T> {
    fn kind(&self) -> Kind {
        Kind::Work
    }
}

impl<T> Abandoned for Tasks<T> {
    /// A worker that was sent for cannot come.
    fn pass_on(&self, _: u8) {
        self.replace_scout();
    }
}

impl<T> Default for Tasks<T> {
    fn default() -> Self {
        Self::new()
    }
}
