//! The life of one task: from pending to a result, an error or a cancellation, and the threads that
//! wait.
//!
//! The value itself is the embedder's: [`Completion`] says which thread may write it (the one that
//! holds the [`Claim`]) and when it may be read (once the phase is [`Phase::Finished`]).
//!
//! | phase       | meaning                            | what leaves it, and how                      |
//! |-------------|------------------------------------|----------------------------------------------|
//! | `PENDING`   | nobody has begun                   | `begin`, `cancel`, `claim`                   |
//! | `RUNNING`   | a worker runs it                   | `claim`                                      |
//! | `CANCELLED` | cancelled before it began          | `begin`, to `NOTIFIED`                       |
//! | `NOTIFIED`  | the worker knows of that           | nobody                                       |
//! | `FINISHING` | a claim writes the value           | the claim: to `FINISHED`, or back if dropped |
//! | `FINISHED`  | the value is there for ever        | nobody                                       |
//!
//! A claim that a thread of a parent process was caught holding at a `fork` is nobody's in the
//! child, where the task is `RUNNING` again: for ever, like what else that thread ran, unless the
//! child ends it. It is known by the fork generation that the word has while it is `FINISHING`.
//!
//! Beside the phase, the word holds flags that are added, while the future is not done, and
//! outlive the phase:
//! - `QUEUED`: somebody is in the wait list. Added under its latch, so that the thread that ends
//!   the wait and sees the flag finds the waiter once it has the latch.
//! - `OBSERVED`: the embedder has put a callback on a list that this latch guards, likewise.
//! - `OPEN`: the embedder's own lock guards every change from now on. A change that does not hold
//!   it is refused, so that what was read under that lock stays true until it is released.

mod claim;
mod phase;

pub use self::claim::Claim;
pub use self::phase::Phase;
use crate::clock::Edge;
use crate::os::sync::{AtomicU32, AtomicU64, Ordering, maybe_const, yield_now};
use crate::os::{Deadline, fork, thread_id};
use crate::wait::{Awaited, Blocking, Kind, Native, Provider, infallible};
use crate::waiters::{Abandoned, Locked, WaitList};

const PENDING: u32 = 0;
const RUNNING: u32 = 1;
const CANCELLED: u32 = 2;
const NOTIFIED: u32 = 3;
const FINISHING: u32 = 4;
const FINISHED: u32 = 5;
const PHASE: u32 = 7;

const QUEUED: u32 = 8;
const OBSERVED: u32 = 16;
const OPEN: u32 = 32;
const FLAGS: u32 = QUEUED | OBSERVED | OPEN;

/// In `runner`: it names a pool. (A thread's identifier, which may be any number, is beside it.)
const IN_POOL: u64 = 1;

/// Where the fork generation of the latest change of phase is.
const GENERATION_SHIFT: u32 = 8;

fn phase_of(word: u32) -> Phase {
    match word & PHASE {
        PENDING => Phase::Pending,
        RUNNING | FINISHING => Phase::Running,
        CANCELLED => Phase::Cancelled,
        NOTIFIED => Phase::Notified,
        _ => Phase::Finished,
    }
}

/// What a thread that asks for a change holds: see `OPEN` in the module's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// No lock of the embedder's.
    Free,
    /// The embedder's lock of an open future.
    Locked,
}

/// Why a change was not made.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The future is open: take the embedder's lock and ask again.
    Open,
    /// The change does not lead on from this phase.
    Phase(Phase),
}

/// What a change leaves to be done.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The embedder has callbacks on its list.
    pub observed: bool,
}

/// One task's phase, and the threads that wait for its end.
///
/// Half of Python's `concurrent.futures.Future`: the half without the value.
///
/// ```
/// use raddle::future::{Access, Completion, Phase};
/// let completion = Completion::new();
/// raddle::scope(|scope| {
///     scope.spawn(|| completion.claim(Access::Free).unwrap().publish());
///     completion.wait();
/// });
/// assert_eq!(completion.phase(), Phase::Finished);
/// ```
#[derive(Debug)]
pub struct Completion {
    /// See the module's text.
    state: AtomicU32,
    /// What is to end the task, if that was said: while the phase is `RUNNING`, the thread that
    /// runs it, in the process in which that began; while it is `PENDING`, the pool in whose queue
    /// it is, with `IN_POOL`.
    runner: AtomicU64,
    waiters: WaitList,
    /// From the end to all that know of it.
    end: Edge,
    /// From what is put on the embedder's list to the thread that takes it from there.
    observers: Edge,
}

impl Completion {
    maybe_const! {
        /// A pending task, for which nobody waits.
        #[must_use]
        pub fn new() -> Self {
            Self {
                state: AtomicU32::new(PENDING),
                runner: AtomicU64::new(0),
                waiters: WaitList::new(),
                end: Edge::new(),
                observers: Edge::new(),
            }
        }
    }

    /// The phase; if it is [`Phase::Finished`], the value may be read.
    #[inline]
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.seen(phase_of(self.state.load(Ordering::Acquire)))
    }

    /// The calling thread knows of that phase from now on.
    #[inline]
    fn seen(&self, phase: Phase) -> Phase {
        if phase.is_done() {
            self.end.acquire();
        }
        phase
    }

    /// Whether the value may be read without the embedder's lock.
    #[inline]
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let settled = self.state.load(Ordering::Acquire) & (PHASE | OPEN) == FINISHED;
        if settled {
            self.end.acquire();
        }
        settled
    }

    /// Whether changes need the embedder's lock.
    #[inline]
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state.load(Ordering::Acquire) & OPEN != 0
    }

    /// Whether the end of the task concerns anybody but the threads that wait for it.
    #[inline]
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.state.load(Ordering::Relaxed) & (OBSERVED | OPEN) != 0
    }

    /// The word, in which no claim is that of a thread that is gone.
    #[inline]
    fn load(&self) -> u32 {
        let seen = self.state.load(Ordering::Acquire);
        if is_orphaned(seen) { self.disown(seen) } else { seen }
    }

    #[cold]
    fn disown(&self, mut seen: u32) -> u32 {
        while is_orphaned(seen) {
            let anew = seen & FLAGS | RUNNING;
            match self.state.compare_exchange(seen, anew, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return anew,
                Err(now) => seen = now,
            }
        }
        seen
    }

    /// Changes the phase as `to` says; returns the word before.
    #[inline]
    fn change(&self, access: Access, to: impl Fn(u32) -> Option<u32>) -> Result<u32, Refused> {
        let mut seen = self.load();
        loop {
            if access == Access::Free && seen & OPEN != 0 {
                return Err(Refused::Open);
            }
            let Some(next) = to(seen & PHASE) else {
                return Err(Refused::Phase(phase_of(seen)));
            };
            match self.state.compare_exchange_weak(
                seen,
                seen & FLAGS | next | generation(),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Ok(seen),
                Err(now) => seen = now,
            }
        }
    }

    /// A worker begins: from pending to running. From cancelled, it takes note.
    ///
    /// Returns whether to run the task, and what is left to be done if not.
    ///
    /// # Errors
    /// [`Refused`] if the task was begun before.
    #[inline]
    pub fn begin(&self, access: Access) -> Result<Result<(), Changed>, Refused> {
        let before = self.change(access, |phase| match phase {
            PENDING => Some(RUNNING),
            CANCELLED => Some(NOTIFIED),
            _ => None,
        })?;
        if before & PHASE == PENDING {
            return Ok(Ok(()));
        }
        self.end.acquire(); // It was cancelled.
        Ok(Err(changed(before)))
    }

    /// Says that the calling thread, which has begun the task, is the one to end it: a thread that
    /// waits for the task then waits for that thread, if it comes to a deadlock.
    #[inline]
    pub fn run_here(&self) {
        if cfg!(feature = "deadlock") {
            self.runner.store((thread_id() as u64) << 1, Ordering::Relaxed);
        }
    }

    /// Says that the task is in the queue of this pool (an even number), and no one but its workers
    /// takes it from there.
    #[inline]
    pub fn queue_in(&self, pool: usize) {
        if cfg!(feature = "deadlock") {
            self.runner.store(pool as u64 | IN_POOL, Ordering::Relaxed);
        }
    }

    /// Cancels the task if nobody has begun it, and wakes the threads that wait.
    ///
    /// # Errors
    /// [`Refused`] if it is too late, or was done before.
    pub fn cancel(&self, access: Access) -> Result<Changed, Refused> {
        if self.load() & PHASE == PENDING {
            self.end.release();
        }
        let before = self.change(access, |phase| (phase == PENDING).then_some(CANCELLED))?;
        self.wake(before);
        Ok(changed(before))
    }

    /// Obtains the right to write the value.
    ///
    /// # Errors
    /// [`Refused`] if the task is done, or somebody else writes its value.
    #[inline]
    pub fn claim(&self, access: Access) -> Result<Claim<'_>, Refused> {
        fork::watch();
        let before = self
            .change(access, |phase| matches!(phase, PENDING | RUNNING).then_some(FINISHING))?;
        Ok(Claim { completion: self, from: before & PHASE })
    }

    /// Opens the future: from now on, changes need the embedder's lock. Wakes what waits here, to
    /// wait by that lock.
    ///
    /// Call it with that lock held. A claim that was made before is finished first.
    pub fn open(&self) {
        let mut seen = self.load();
        loop {
            if seen & OPEN != 0 {
                return;
            }
            if seen & PHASE == FINISHING {
                yield_now(); // A few instructions of the claim's holder, see `Claim`.
                seen = self.load();
                continue;
            }
            match self.state.compare_exchange_weak(
                seen,
                seen | OPEN,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
        self.wake(seen);
    }

    /// Sets the phase, whatever it was, without waking anybody.
    ///
    /// For an open future whose lock the caller holds; for programs that write a future's state.
    pub fn force(&self, phase: Phase) {
        let bits = match phase {
            Phase::Pending => PENDING,
            Phase::Running => RUNNING,
            Phase::Cancelled => CANCELLED,
            Phase::Notified => NOTIFIED,
            Phase::Finished => FINISHED,
        };
        if phase.is_done() {
            self.end.release();
        }
        let _ = self.change(Access::Locked, |_| Some(bits));
    }

    /// Adds something to the embedder's list, by `add`, under the latch that guards the list; not
    /// if the phase is one that `over` says is too late. Returns whether it did.
    pub fn observe(&self, over: impl Fn(Phase) -> bool, add: impl FnOnce()) -> bool {
        let locked = self.waiters.lock();
        self.observers.release();
        if !self.flag(OBSERVED, |word| over(phase_of(word))) {
            self.end.acquire();
            return false;
        }
        add();
        drop(locked);
        true
    }

    /// Runs `take` under the latch that guards the embedder's list.
    pub fn with_list<R>(&self, take: impl FnOnce() -> R) -> R {
        let locked = self.waiters.lock();
        let taken = take();
        self.observers.acquire();
        drop(locked);
        taken
    }

    /// Under the latch: adds `flag` unless the word is `over`; returns whether it did.
    fn flag(&self, flag: u32, over: impl Fn(u32) -> bool) -> bool {
        self.state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                (!over(word)).then_some(word | flag)
            })
            .is_ok()
    }

    #[inline]
    fn wake(&self, before: u32) {
        if before & QUEUED != 0 {
            self.wake_all();
        }
    }

    #[cold]
    fn wake_all(&self) {
        self.waiters.lock().choose_many(usize::MAX, 0, || {});
    }

    /// Waits until the task is done, the future is open, or `until` passes; returns whether one
    /// of the first two came about.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    #[inline]
    pub fn wait_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        if wakes(self.state.load(Ordering::Acquire)) {
            self.end.acquire();
            return Ok(true);
        }
        self.wait_slow(blocking, until)
    }

    #[cold]
    fn wait_slow<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        if until == Deadline::PAST {
            return Ok(false);
        }
        let ended = self.waiters.wait(blocking, until, self, |waiter| {
            let locked = self.waiters.lock();
            let queued = self.flag(QUEUED, wakes);
            if queued {
                locked.push_back(waiter);
            }
            queued
        })?;
        if ended {
            self.end.acquire();
        }
        Ok(ended)
    }

    /// Waits until the task is done.
    pub fn wait(&self) {
        infallible(self.wait_with(&mut Native, Deadline::NEVER));
    }

    /// What can end the task, as far as that was said.
    #[must_use]
    pub fn provider(&self) -> Provider {
        let runner = self.runner.load(Ordering::Relaxed);
        let word = self.state.load(Ordering::Acquire);
        match (phase_of(word), runner & IN_POOL) {
            (Phase::Pending, IN_POOL) => Provider::Pool { pool: (runner & !IN_POOL) as usize },
            (Phase::Running, 0) if runner != 0 && !is_of_a_parent(word) => {
                Provider::Thread { thread: (runner >> 1) as usize, surely: false }
            }
            _ => Provider::Anyone,
        }
    }

    /// The number of threads waiting; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiters.count()
    }
}

/// The fork generation, where a word has it.
#[inline]
fn generation() -> u32 {
    fork::generation() << GENERATION_SHIFT
}

/// Whether the word is one that a thread of a parent process was changing.
#[inline]
fn is_orphaned(word: u32) -> bool {
    word & PHASE == FINISHING && is_of_a_parent(word)
}

/// Whether the word was last changed in a parent process.
#[inline]
fn is_of_a_parent(word: u32) -> bool {
    word >> GENERATION_SHIFT != generation() >> GENERATION_SHIFT
}

fn changed(before: u32) -> Changed {
    Changed { observed: before & OBSERVED != 0 }
}

/// Whether a wait that sees this word is over.
fn wakes(word: u32) -> bool {
    word & OPEN != 0 || phase_of(word).is_done()
}

impl Awaited for Completion {
    fn kind(&self) -> Kind {
        Kind::Future
    }

    /// Anybody may end a task, but of one that a thread runs nobody else is expected to. (Not one
    /// of a parent process: here, another thread may have its identifier.)
    fn provider(&self) -> Provider {
        Self::provider(self)
    }
}

impl Abandoned for Completion {
    // The end wakes everyone, so there is nobody to pass a wake-up on to; and QUEUED may stay
    // when the last one leaves, which costs the end a look at an empty list.
    fn left(&self, _: &Locked<'_>, _: crate::waiters::Why) {}
}

impl Default for Completion {
    fn default() -> Self {
        Self::new()
    }
}
