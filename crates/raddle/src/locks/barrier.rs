//! A point at which a fixed number of threads wait for each other.
//!
//! The inner record is guarded by the latch of `arrivals`, the line of threads that have arrived
//! and wait for the rest. Each waiter is told its fate when it is chosen (released or broken), so
//! a new round may begin at once: no draining stage, in which late sleepers of one round hold up
//! the next, is needed. A wait that times out leaves the line and breaks the barrier in one
//! step, so that nobody can complete the round, or begin another, in between.
//!
//! | stage     | meaning                                  | left by                               |
//! |-----------|------------------------------------------|---------------------------------------|
//! | `Filling` | parties arrive and wait                  | the last arrival; abort; a time-out   |
//! | `Acting`  | all are there, the last runs the action; | the end of the action; abort or reset |
//! |           | others that arrive wait in `entrance`    |                                       |
//! | `Broken`  | every wait fails                         | reset                                 |
//!
//! While `Acting`, no wait times out: all parties are there, and what they wait for is the
//! action. (Python's runs it under the barrier's lock, to the same effect.) A forked child
//! forgets which threads had arrived, and finds a barrier broken whose action another thread was
//! running.

use std::time::Duration;

use crate::clock::Edge;
use crate::os::sync::{UnsafeCell, maybe_const};
use crate::os::{Deadline, turns};
use crate::wait::{Awaited, Blocking, Kind, Native};
use crate::waiters::{Abandoned, Locked, Passed, WaitList, Waiter, Why};

/// Verdict: all parties arrived.
const RELEASED: u8 = 0;
/// Verdict: the barrier was broken or reset.
const BROKEN: u8 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Filling,
    Acting,
    Broken,
}

#[derive(Debug)]
struct Round {
    stage: Stage,
    /// How many have arrived in this round.
    arrived: usize,
    /// Counts resets and breaks, so that an action notices that its round is over.
    serial: u64,
    /// Which of the barrier's two edges is this round's.
    odd: bool,
}

/// Makes a fixed number of threads wait for each other, again and again.
///
/// Python's `threading.Barrier`; unlike `std::sync::Barrier` it has timeouts and can be broken.
///
/// ```
/// let barrier = raddle::Barrier::new(2);
/// raddle::scope(|scope| {
///     let other = scope.spawn(|| barrier.wait().unwrap());
///     let mine = barrier.wait().unwrap();
///     assert_eq!(mine + other.join().unwrap(), 0 + 1);
/// });
/// ```
#[derive(Debug)]
pub struct Barrier {
    parties: usize,
    /// The threads that arrived and wait; its latch guards `round`.
    arrivals: WaitList,
    /// The threads that came while an action ran.
    entrance: WaitList,
    round: UnsafeCell<Round>,
    /// From each arrival to all that pass. Two, in turn: a thread that passes late is not ordered
    /// after those that have arrived for the next round.
    orders: [Edge; 2],
}

// SAFETY: `round` is touched under the latch of `arrivals` only.
unsafe impl Sync for Barrier {}

/// Why a wait at a barrier failed.
///
/// ```
/// use raddle::{Barrier, BarrierError};
/// use std::time::Duration;
///
/// let barrier = Barrier::new(2); // and nobody else comes
/// assert_eq!(barrier.wait_timeout(Duration::from_millis(1)), Err(BarrierError::Broken));
/// assert!(barrier.is_broken());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarrierError<I = std::convert::Infallible> {
    /// The barrier is broken, or was broken or reset during the wait, or the wait timed out.
    Broken,
    /// The interrupt with which the wait, or the barrier's action, ended.
    Interrupted(I),
}

impl<I> std::fmt::Display for BarrierError<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Broken => "the barrier is broken",
            Self::Interrupted(_) => "the wait at the barrier was interrupted",
        })
    }
}

impl<I: std::fmt::Debug> std::error::Error for BarrierError<I> {}

impl Barrier {
    maybe_const! {
        /// A barrier for `parties` threads.
        ///
        /// # Panics
        /// If `parties` is zero.
        #[must_use]
        pub fn new(parties: usize) -> Self {
            assert!(parties > 0, "a barrier needs at least one party");
            Self {
                parties,
                arrivals: WaitList::new(),
                entrance: WaitList::new(),
                round: UnsafeCell::new(Round {
                    stage: Stage::Filling,
                    arrived: 0,
                    serial: 0,
                    odd: false,
                }),
                orders: [Edge::new(), Edge::new()],
            }
        }
    }

    /// Lends the round to the holder of the latch of `arrivals`.
    fn round<R>(&self, held: &Locked<'_>, with: impl FnOnce(&mut Round) -> R) -> R {
        self.round.with_mut(|round| {
            // SAFETY: `held` is the latch that guards it, and `with` is not re-entrant.
            let round = unsafe { &mut *round };
            if held.take_stale() {
                // A parent process left it: the threads that had arrived do not exist here.
                let acting = round.stage == Stage::Acting;
                let stage = if acting { Stage::Broken } else { round.stage };
                *round = Round { stage, arrived: 0, serial: round.serial + 1, ..*round };
            }
            with(round)
        })
    }

    /// Arrives, waits for the other parties until `until`, and returns this thread's place in
    /// the order of arrival, from 0. The last to arrive runs `action` before anyone is released.
    ///
    /// # Errors
    /// [`BarrierError::Broken`] as described there (a time-out breaks the barrier for all, but
    /// nobody times out while the action runs);
    /// [`BarrierError::Interrupted`] with what `blocking` or `action` raised. A failing action
    /// breaks the barrier; an interrupted wait only takes its thread out of the round.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
        action: impl FnOnce(&mut B) -> Result<(), B::Interrupt>,
    ) -> Result<usize, BarrierError<B::Interrupt>> {
        turns::about(self, "Barrier.wait");
        loop {
            let locked = self.arrivals.lock();
            let (stage, place, odd) =
                self.round(&locked, |round| (round.stage, round.arrived, round.odd));
            let order = &self.orders[usize::from(odd)];
            match stage {
                Stage::Broken => return Err(self.broken()),
                Stage::Acting => {
                    let join = |waiter: &Waiter| {
                        self.entrance.lock().push_back(waiter);
                        drop(locked);
                        true
                    };
                    let (waiter, until) = (Waiter::new(), Deadline::NEVER);
                    // Whatever ended it, the barrier is to be looked at anew.
                    let _ = self
                        .entrance
                        .wait_as(waiter, true, blocking, until, &Entrant, join)
                        .map_err(BarrierError::Interrupted)?;
                }
                Stage::Filling if place + 1 == self.parties => {
                    return self.complete(locked, order, blocking, action).map(|()| place);
                }
                Stage::Filling => {
                    self.round(&locked, |round| round.arrived += 1);
                    order.release();
                    let join = |waiter: &Waiter| {
                        locked.push_back(waiter);
                        drop(locked);
                        true
                    };
                    let passed = self
                        .arrivals
                        .wait_as(Waiter::new(), true, blocking, until, self, join)
                        .map_err(BarrierError::Interrupted)?;
                    return match passed {
                        Passed::Chosen(RELEASED) => {
                            order.acquire();
                            Ok(place)
                        }
                        _ => Err(self.broken()),
                    };
                }
            }
        }
    }

    /// The last arrival: runs the action, then releases everyone.
    fn complete<B: Blocking>(
        &self,
        locked: Locked<'_>,
        order: &Edge,
        blocking: &mut B,
        action: impl FnOnce(&mut B) -> Result<(), B::Interrupt>,
    ) -> Result<(), BarrierError<B::Interrupt>> {
        let serial = self.round(&locked, |round| {
            round.stage = Stage::Acting;
            round.serial
        });
        drop(locked);
        let on_unwind = BreakOnDrop { barrier: self, serial };
        order.acquire(); // All have arrived.
        let acted = action(blocking);
        order.release();
        std::mem::forget(on_unwind);
        let locked = self.arrivals.lock();
        let current = self.round(&locked, |round| {
            let current = round.serial == serial;
            if current && acted.is_ok() {
                round.stage = Stage::Filling;
                round.arrived = 0;
                round.odd = !round.odd;
            }
            current
        });
        match (acted, current) {
            (Ok(()), true) => {
                locked.choose_many(usize::MAX, RELEASED, || {});
                self.open_entrance();
                Ok(())
            }
            (Ok(()), false) => Err(BarrierError::Broken),
            (Err(interrupt), _) => {
                if current {
                    self.end_round(locked, Stage::Broken);
                }
                Err(BarrierError::Interrupted(interrupt))
            }
        }
    }

    /// Breaks the barrier if the round of this number is still on.
    fn break_round(&self, serial: u64) {
        let locked = self.arrivals.lock();
        if self.round(&locked, |round| round.serial == serial) {
            self.end_round(locked, Stage::Broken);
        }
    }

    fn open_entrance(&self) {
        self.entrance.lock().choose_many(usize::MAX, RELEASED, || {});
    }

    /// Ends the round for everyone in it and goes on in `stage`.
    /// What those get that find the barrier broken: they come after what broke it.
    fn broken<I>(&self) -> BarrierError<I> {
        self.orders.iter().for_each(Edge::acquire);
        BarrierError::Broken
    }

    fn end_round(&self, locked: Locked<'_>, stage: Stage) {
        self.orders.iter().for_each(Edge::release);
        self.round(&locked, |round| {
            round.stage = stage;
            round.arrived = 0;
            round.serial += 1;
        });
        locked.choose_many(usize::MAX, BROKEN, || {});
        self.open_entrance();
    }

    /// Waits for the other parties; returns this thread's place in the order of arrival, from 0.
    ///
    /// # Errors
    /// [`BarrierError::Broken`] if the barrier is or gets broken or reset.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait(&self) -> Result<usize, BarrierError> {
        self.wait_with(&mut Native, Deadline::NEVER, |_| Ok(()))
    }

    /// [`wait`](Self::wait) for at most `timeout`.
    ///
    /// # Errors
    /// [`BarrierError::Broken`] also if the others did not arrive in time: the barrier is then
    /// broken for everyone.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn wait_timeout(&self, timeout: Duration) -> Result<usize, BarrierError> {
        self.wait_with(&mut Native, Deadline::after(timeout), |_| Ok(()))
    }

    /// Ends the current round with an error for those that wait, and begins a new one.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn reset(&self) {
        turns::about(self, "Barrier.reset");
        self.end_round(self.arrivals.lock(), Stage::Filling);
    }

    /// Breaks the barrier: current and future waits fail until it is reset.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn abort(&self) {
        turns::about(self, "Barrier.abort");
        self.end_round(self.arrivals.lock(), Stage::Broken);
    }

    /// How many threads must arrive.
    #[must_use]
    pub fn parties(&self) -> usize {
        self.parties
    }

    /// How many threads have arrived in the current round, all of them while the action runs; out
    /// of date once returned.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let locked = self.arrivals.lock();
        self.round(&locked, |round| match round.stage {
            Stage::Filling => round.arrived,
            Stage::Acting => self.parties,
            Stage::Broken => 0,
        })
    }

    /// Whether the barrier is broken; out of date once returned.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let locked = self.arrivals.lock();
        self.round(&locked, |round| round.stage == Stage::Broken)
    }
}

/// Breaks a round whose action panicked.
struct BreakOnDrop<'a> {
    barrier: &'a Barrier,
    serial: u64,
}

impl Drop for BreakOnDrop<'_> {
    fn drop(&mut self) {
        self.barrier.break_round(self.serial);
    }
}

impl Awaited for Barrier {
    fn kind(&self) -> Kind {
        Kind::Barrier
    }
}

impl Abandoned for Barrier {
    fn may_time_out(&self, locked: &Locked<'_>) -> bool {
        self.round(locked, |round| round.stage != Stage::Acting)
    }

    fn left(&self, locked: &Locked<'_>, why: Why) {
        self.round(locked, |round| match why {
            Why::TimedOut => {
                *round = Round {
                    stage: Stage::Broken,
                    arrived: 0,
                    serial: round.serial + 1,
                    ..*round
                };
            }
            Why::Interrupted => round.arrived = round.arrived.saturating_sub(1),
            Why::Forked => {}
        });
        if why == Why::TimedOut {
            // Under the latch, unlike elsewhere: a barrier breaks once.
            while let Some(choice) = locked.choose(BROKEN) {
                choice.wake();
            }
        }
    }
}

/// A thread that waits for an action to end. All are let in at once: nothing is passed on.
struct Entrant;

impl Awaited for Entrant {
    fn kind(&self) -> Kind {
        Kind::Barrier
    }
}

impl Abandoned for Entrant {}
