//! How workers go to sleep when there is nothing to do, and what wakes them.
//!
//! One word counts what was offered; a thread that offers adds a tick and reads the flags in the
//! same step, one that goes to sleep sets a flag and reads the ticks in the same step: one of the
//! two sees the other. The argument is in this folder's `README.md`.
//!
//! | bits     | meaning                              | what changes it                           |
//! |----------|--------------------------------------|-------------------------------------------|
//! | `TICK`s  | offers made; they wrap               | what offers: +1, when the offer can be    |
//! |          |                                      | found                                     |
//! | `ENDED`  | no offers will come                  | what offers, once                         |
//! | `IDLE`   | workers sleep in line                | under the latch of the line               |
//! | `WAKING` | one was woken for work, and has not  | set under that latch; cleared by the      |
//! |          | begun to look for it                 | worker that was woken                     |
//!
//! Rejected: waking a worker for each offer. Under a GIL, all of them would queue for it, to find
//! that the first one had done the work; so one is woken, and that one wakes the next.

use crossbeam_utils::CachePadded;

use crate::os::Deadline;
use crate::os::sync::{AtomicUsize, Ordering};
use crate::wait::{Awaited, Blocking, Kind};
use crate::waiters::{Abandoned, Locked, Passed, WaitList, Waiter, Why};

pub(super) const ENDED: usize = 1;
const IDLE: usize = 2;
const WAKING: usize = 4;
const FLAGS: usize = ENDED | IDLE | WAKING;
pub(super) const TICK: usize = 8;

/// The verdict of a worker that was woken for work, and owes the clearing of `WAKING`.
const FOR_WORK: u8 = 1;

/// The ticks of a word, without its flags.
pub(super) fn ticks(word: usize) -> usize {
    word & !FLAGS
}

/// Whether a worker sleeps, and none is being woken.
pub(super) fn wants_waking(word: usize) -> bool {
    word & (IDLE | WAKING) == IDLE
}

#[derive(Debug)]
pub(super) struct Sleep {
    /// See the module's table.
    word: CachePadded<AtomicUsize>,
    idle: WaitList,
    /// How many workers have left because there was nothing to do; grows under the latch of
    /// `idle`, before `IDLE` goes: one that does not see the flag sees that somebody has left.
    gone: AtomicUsize,
}

/// A sleep that has ended.
#[must_use]
pub(super) struct Rested<'a> {
    sleep: &'a Sleep,
    for_work: bool,
}

impl Rested<'_> {
    /// The worker looks for work from here on; it has attached, where there is that.
    pub(super) fn over(self) {
        if self.for_work {
            self.sleep.word.fetch_and(!WAKING, Ordering::AcqRel);
        }
    }

    /// The worker does not look for work: what it waited for has come.
    pub(super) fn pass_on(self) {
        if self.for_work {
            self.sleep.pass_on(FOR_WORK);
        }
    }
}

impl Sleep {
    pub(super) fn new() -> Self {
        Self {
            word: CachePadded::new(AtomicUsize::new(0)),
            idle: WaitList::new(),
            gone: AtomicUsize::new(0),
        }
    }

    /// The word; what was offered before its last tick can be found.
    #[inline]
    pub(super) fn load(&self) -> usize {
        self.word.load(Ordering::Acquire)
    }

    /// Counts an offer; returns whether to [`wake_one`](Self::wake_one).
    #[inline]
    #[must_use]
    pub(super) fn tick(&self) -> bool {
        self.ticks(1)
    }

    /// Counts so many offers, or none where what is offered is not counted; as [`tick`].
    ///
    /// [`tick`]: Self::tick
    #[inline]
    #[must_use]
    pub(super) fn ticks(&self, count: usize) -> bool {
        wants_waking(self.word.fetch_add(count * TICK, Ordering::AcqRel))
    }

    /// Whether workers sleep and none is being woken, after what the caller did before.
    pub(super) fn has_idle(&self) -> bool {
        self.ticks(0)
    }

    /// Whether no offers will come and workers sleep, after what the caller did before.
    pub(super) fn has_ended(&self) -> bool {
        self.word.fetch_or(0, Ordering::AcqRel) & (ENDED | IDLE) == ENDED | IDLE
    }

    /// Says that no offers will come, and wakes everybody.
    pub(super) fn end(&self) {
        if self.word.fetch_or(ENDED, Ordering::AcqRel) & IDLE != 0 {
            self.wake_all();
        }
    }

    /// Whether workers sleep, or one has just been woken.
    pub(super) fn has_sleepers(&self) -> bool {
        self.word.load(Ordering::Relaxed) & (IDLE | WAKING) != 0
    }

    /// How many workers have left because there was nothing to do until their time was over.
    pub(super) fn gone(&self) -> usize {
        self.gone.load(Ordering::Acquire)
    }

    /// A worker that has just left after all does not.
    pub(super) fn stays(&self) {
        self.gone.fetch_sub(1, Ordering::AcqRel);
    }

    /// Sleeps if there is `nothing` to do, as seen with the word at hand; `None` if the worker
    /// has left, since there was nothing by `until`.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the sleep; the wake-up was passed on.
    pub(super) fn rest<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
        nothing: impl FnOnce(usize) -> bool,
    ) -> Result<Option<Rested<'_>>, B::Interrupt> {
        self.rest_as(None, blocking, until, nothing)
    }

    /// [`rest`](Self::rest) of a worker that waits for something, and does other work only until
    /// then: it is woken for work after those that only rest, and by [`wake`](Self::wake) with its
    /// `token`.
    ///
    /// # Errors
    /// As there.
    #[cold]
    pub(super) fn rest_as<B: Blocking>(
        &self,
        token: Option<usize>,
        blocking: &mut B,
        until: Deadline,
        nothing: impl FnOnce(usize) -> bool,
    ) -> Result<Option<Rested<'_>>, B::Interrupt> {
        let waiter = Waiter::with_token(token.unwrap_or(0));
        let join = |waiter: &Waiter| {
            let locked = self.idle.lock();
            // The next tick reads this word, and so sees that somebody sleeps.
            let word = self.word.fetch_or(IDLE, Ordering::AcqRel);
            if !nothing(word) {
                self.left(&locked, Why::Interrupted);
                return false;
            }
            if token.is_some() {
                locked.push_back(waiter);
            } else {
                // Last in, first out: the others' stacks and caches may rest as well.
                locked.push_front(waiter);
            }
            true
        };
        let for_work = match self.idle.wait_as(waiter, true, blocking, until, self, join)? {
            Passed::Chosen(verdict) => verdict == FOR_WORK,
            Passed::TimedOut => return Ok(None),
            Passed::AtOnce | Passed::Forked => false,
        };
        Ok(Some(Rested { sleep: self, for_work }))
    }

    /// Wakes the worker that went to sleep last, unless one is being woken: that one looks
    /// whether there is work for another.
    #[cold]
    pub(super) fn wake_one(&self) {
        let locked = self.idle.lock();
        if !wants_waking(self.word.load(Ordering::Relaxed)) {
            return;
        }
        // Before the choice: the chosen worker may run, and clear it, at once.
        self.word.fetch_or(WAKING, Ordering::AcqRel);
        let choice = locked.choose(FOR_WORK);
        let nobody = if choice.is_none() { WAKING } else { 0 };
        if locked.is_empty() {
            self.word.fetch_and(!(IDLE | nobody), Ordering::AcqRel);
        }
        drop(locked);
        if let Some(choice) = choice {
            choice.wake();
        }
    }

    /// Wakes the worker that rests with this `token`, if it has not been woken.
    #[cold]
    pub(super) fn wake(&self, token: usize) {
        let locked = self.idle.lock();
        let choice = locked.take_token(token).map(|front| front.choose(0));
        if choice.is_some() && locked.is_empty() {
            self.word.fetch_and(!IDLE, Ordering::AcqRel);
        }
        drop(locked);
        if let Some(choice) = choice {
            choice.wake();
        }
    }

    /// Wakes everybody, to look around.
    pub(super) fn wake_all(&self) {
        self.idle.lock().choose_many(usize::MAX, 0, || {
            self.word.fetch_and(!IDLE, Ordering::AcqRel);
        });
    }

    /// The number of workers that sleep; for reports and tests.
    pub(super) fn resting(&self) -> usize {
        self.idle.count()
    }
}

impl Awaited for Sleep {
    fn kind(&self) -> Kind {
        Kind::Work
    }
}

impl Abandoned for Sleep {
    fn left(&self, locked: &Locked<'_>, why: Why) {
        if why == Why::TimedOut {
            self.gone.fetch_add(1, Ordering::AcqRel);
        }
        if locked.is_empty() {
            self.word.fetch_and(!IDLE, Ordering::AcqRel);
        }
    }

    /// Interrupted when it had been woken for work: somebody else is to look for that.
    fn pass_on(&self, verdict: u8) {
        if verdict == FOR_WORK && self.word.fetch_and(!WAKING, Ordering::AcqRel) & IDLE != 0 {
            self.wake_one();
        }
    }
}
