//! The threads that wait for one object, first come first served.
//!
//! A [`Waiter`] lives on its thread's stack and is linked into the object's [`WaitList`]. Links
//! are read and written under the list's latch only. A waiter is *chosen* when it is unlinked
//! and notified by somebody else, in one critical section.
//!
//! # The abandoned wait
//! A wait that times out or is interrupted takes the latch and looks whether it is still linked:
//! - still linked: it unlinks itself, and nobody will ever choose it;
//! - already chosen: the wake-up was meant for it and must not be lost, so it uses it (a
//!   time-out turns into success) or passes it on (an interrupt wakes the next in line).
//!
//! [`WaitList::block`] decides which of the two it was, in one place for every primitive; what
//! passing on means is the primitive's part, see [`Abandoned`]. A panic out of a wait, or of
//! anything else that runs while a waiter is linked, is such an interrupt, too: no stack may be
//! left with its waiter still in line.

mod locked;

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::AtomicU16;

pub(crate) use self::locked::{Choice, Locked};
use crate::deadlock::Watch;
use crate::os::sync::{AtomicU8, Ordering, UnsafeCell, maybe_const};
use crate::os::{Deadline, Latch, LatchGuard, Parker, Spin, Wake, deadline, fork};
use crate::wait::{Awaited, Blocking, MEASURE, Measured};

/// One wait of one thread; it must stay where it is while linked.
#[derive(Debug)]
pub(crate) struct Waiter {
    parker: Parker,
    /// What the chooser decided; written before the notification, read after it.
    verdict: AtomicU8,
    /// What the primitive wants its chooser to know.
    token: usize,
    /// Guarded by the latch of the list that the waiter is in.
    links: UnsafeCell<Links>,
}

#[derive(Debug)]
struct Links {
    /// Null while unlinked.
    next: *const Waiter,
    previous: *const Waiter,
    /// The fork generation in which the waiter was linked: in a later one its neighbours are
    /// not there any more.
    generation: u32,
    /// Until when the waiter lets others overtake it, on the monotonic clock.
    starves_at: i64,
}

impl Waiter {
    pub(crate) fn new() -> Self {
        Self::with(0, i64::MAX)
    }

    /// A waiter whose chooser is told `token`.
    pub(crate) fn with_token(token: usize) -> Self {
        Self::with(token, i64::MAX)
    }

    /// A waiter that lets others overtake it until `starves_at`.
    pub(crate) fn starving_at(starves_at: i64) -> Self {
        Self::with(0, starves_at)
    }

    fn with(token: usize, starves_at: i64) -> Self {
        Self {
            parker: Parker::new(),
            verdict: AtomicU8::new(0),
            token,
            links: UnsafeCell::new(Links {
                next: ptr::null(),
                previous: ptr::null(),
                generation: 0,
                starves_at,
            }),
        }
    }

    /// What the chooser left for this waiter; meaningful once it was chosen.
    pub(crate) fn verdict(&self) -> u8 {
        self.verdict.load(Ordering::Relaxed)
    }
}

/// How a wait in a list ended.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended<I> {
    /// Somebody chose this waiter.
    Chosen,
    /// The deadline passed, and nobody chose it.
    TimedOut,
    /// A signal handler ended it; had somebody chosen it, the wake-up was passed on.
    Interrupted(I),
    /// A signal handler forked, and this is the child: nobody else is in line here, nor can
    /// anybody have chosen this waiter since, so the wait has to begin anew.
    Forked,
}

/// How a thread came past the line.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// It found that it need not wait.
    AtOnce,
    /// Somebody chose it, and left it this verdict.
    Chosen(u8),
    /// The deadline passed, and nobody chose it.
    TimedOut,
    /// This is the child of a signal handler's fork: the wait has to begin anew, see [`Ended`].
    Forked,
}

/// Why a waiter takes itself out of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    TimedOut,
    /// By a signal handler, or by a panic.
    Interrupted,
    /// It is not in line any more: this is the child of a fork.
    Forked,
}

/// What a primitive has to do when a wait for it ends otherwise than by being chosen.
pub(crate) trait Abandoned: Awaited {
    /// Under the latch: whether a wait that timed out may end; it goes on if not.
    fn may_time_out(&self, _locked: &Locked<'_>) -> bool {
        true
    }

    /// Under the latch: a waiter has just taken itself out of line.
    fn left(&self, _locked: &Locked<'_>, _why: Why) {}

    /// A waiter that was chosen, with this verdict, cannot use it: somebody else must.
    fn pass_on(&self, _verdict: u8) {}
}

/// How an attempt to leave the line ended.
enum Leave {
    Left,
    /// Somebody had chosen the waiter.
    Chosen,
    /// The primitive says that it is too late to time out.
    Stays,
}

/// A point on the monotonic clock, in units of 2^16 ns; it comes again after 4 s.
fn moment(nanos: i64) -> u16 {
    (nanos >> 16) as u16
}

/// A queue of waiters, guarded by its own latch; two words.
#[derive(Debug)]
pub(crate) struct WaitList {
    latch: Latch,
    spin: Spin,
    /// When the waiter that was chosen last starves, as a [`moment`]. Written under
    /// the latch; a thread that reads it without goes by what it may say.
    starves_at: AtomicU16,
    /// The first waiter or null; a ring, so that its `previous` is the last. Guarded by `latch`.
    head: UnsafeCell<*const Waiter>,
}

// SAFETY: the raw pointers are followed only under the latch, and each names a waiter whose
// thread does not leave its stack frame before it was unlinked.
unsafe impl Send for WaitList {}
// SAFETY: as above.
unsafe impl Sync for WaitList {}

impl WaitList {
    maybe_const! {
        /// An empty list.
        pub(crate) fn new() -> Self {
            Self {
                latch: Latch::new(),
                spin: Spin::new(),
                starves_at: AtomicU16::new(0),
                head: UnsafeCell::new(ptr::null()),
            }
        }
    }

    /// Locks the list. Hold it for a few instructions only, and call nothing foreign.
    pub(crate) fn lock(&self) -> Locked<'_> {
        // Before the latch and not only before a wait: a fork can catch a latch that is held
        // by a thread that finds nobody waiting.
        fork::watch();
        self.locked(self.latch.lock())
    }

    /// [`lock`](Self::lock) of a list whose latch many threads may use all the time.
    pub(crate) fn lock_seldom(&self) -> Locked<'_> {
        fork::watch();
        self.locked(self.latch.lock_seldom())
    }

    fn locked<'a>(&'a self, guard: LatchGuard<'a>) -> Locked<'a> {
        let stale = guard.stale();
        if stale {
            // A parent process left it: the waiters' threads do not exist here.
            // SAFETY: the latch is held.
            self.head.with_mut(|head| unsafe { *head = ptr::null() });
        }
        Locked { list: self, guard, stale: Cell::new(stale) }
    }

    /// Whether nobody has locked the list since this process was forked.
    pub(crate) fn is_stale(&self) -> bool {
        self.latch.is_stale()
    }

    /// Looks for a while, at distances that suit the object, until `ready`.
    pub(crate) fn watch(&self, ready: impl Fn() -> bool) -> bool {
        self.spin.watch(ready)
    }

    /// Whether the waiter that was chosen last starves.
    pub(crate) fn is_starving(&self) -> bool {
        let end = self.starves_at.load(Ordering::Relaxed);
        moment(deadline::present()).wrapping_sub(end) as i16 > 0
    }

    /// The number of threads waiting; for reports and tests, out of date once returned.
    pub(crate) fn count(&self) -> usize {
        let locked = self.lock();
        let count = locked.count();
        locked.unlock_untold();
        count
    }

    /// Waits in this line, unless that is not needed: the wait of nearly every primitive.
    ///
    /// `join` locks, looks, and adds the waiter to the line, or returns `false` if the thread need
    /// not wait. It is called once more in the child of a signal handler's fork. Returns whether
    /// there was no need to wait, or an end to it, before the deadline.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub(crate) fn wait<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
        abandoned: &impl Abandoned,
        mut join: impl FnMut(&Waiter) -> bool,
    ) -> Result<bool, B::Interrupt> {
        loop {
            match self.wait_as(Waiter::new(), true, blocking, until, abandoned, &mut join)? {
                Passed::AtOnce | Passed::Chosen(_) => return Ok(true),
                Passed::TimedOut => return Ok(false),
                Passed::Forked => {}
            }
        }
    }

    /// [`wait`](Self::wait) as `waiter`, which spins first if it `spins`; for those that do not
    /// take being chosen, or a fork, for the end of it.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn wait_as<B: Blocking>(
        &self,
        waiter: Waiter,
        spins: bool,
        blocking: &mut B,
        until: Deadline,
        abandoned: &impl Abandoned,
        join: impl FnOnce(&Waiter) -> bool,
    ) -> Result<Passed, B::Interrupt> {
        if !join(&waiter) {
            return Ok(Passed::AtOnce);
        }
        let ended = if spins {
            self.block(&waiter, blocking, until, abandoned)
        } else {
            self.block_with(&waiter, blocking, until, abandoned, |_| false)
        };
        match ended {
            Ended::Chosen => Ok(Passed::Chosen(waiter.verdict())),
            Ended::TimedOut => Ok(Passed::TimedOut),
            Ended::Forked => Ok(Passed::Forked),
            Ended::Interrupted(interrupt) => Err(interrupt),
        }
    }

    /// Blocks until `waiter` is chosen, the deadline passes or a handler interrupts, and settles
    /// whether an abandoned wait had been chosen. With [`Deadline::PAST`] it only settles that.
    pub(crate) fn block<B: Blocking>(
        &self,
        waiter: &Waiter,
        blocking: &mut B,
        until: Deadline,
        abandoned: &impl Abandoned,
    ) -> Ended<B::Interrupt> {
        let spin = |waiter: &Waiter| self.spin.until(|| waiter.parker.is_notified());
        self.block_with(waiter, blocking, until, abandoned, spin)
    }

    fn block_with<B: Blocking>(
        &self,
        waiter: &Waiter,
        blocking: &mut B,
        mut until: Deadline,
        abandoned: &impl Abandoned,
        spin: impl Fn(&Waiter) -> bool,
    ) -> Ended<B::Interrupt> {
        let measure = |blocking: &mut B| {
            let kind = blocking.subject().kind.unwrap_or(abandoned.kind());
            Measured::new(kind, || {
                let site = blocking.site();
                blocking.led(site)
            })
        };
        let _measured = (until != Deadline::PAST && MEASURE.is_on())
            .then(|| self.guarded(waiter, abandoned, || measure(blocking)))
            .flatten();
        let sleep =
            |blocking: &mut B, until| self.sleep(waiter, blocking, until, abandoned, &spin);
        loop {
            match self.guarded(waiter, abandoned, || sleep(blocking, until)) {
                Ok(Slept::Notified) => return Ended::Chosen,
                Ok(Slept::TimedOut) => match self.leave(waiter, abandoned, Why::TimedOut) {
                    Leave::Left => return Ended::TimedOut,
                    Leave::Chosen => return Ended::Chosen,
                    Leave::Stays => until = Deadline::NEVER,
                },
                Ok(Slept::Forked) => {
                    return match self.leave(waiter, abandoned, Why::Forked) {
                        Leave::Chosen => Ended::Chosen,
                        Leave::Left | Leave::Stays => Ended::Forked,
                    };
                }
                Err(interrupt) => {
                    self.abandon(waiter, abandoned);
                    return Ended::Interrupted(interrupt);
                }
            }
        }
    }

    /// Runs `body` while `waiter` is linked; if it panics, takes the waiter out of line.
    pub(crate) fn guarded<R, A: Abandoned>(
        &self,
        waiter: &Waiter,
        abandoned: &A,
        body: impl FnOnce() -> R,
    ) -> R {
        struct OnUnwind<'a, A: Abandoned>(&'a WaitList, &'a Waiter, &'a A);
        impl<A: Abandoned> Drop for OnUnwind<'_, A> {
            fn drop(&mut self) {
                self.0.abandon(self.1, self.2);
            }
        }
        let on_unwind = OnUnwind(self, waiter, abandoned);
        let result = body();
        std::mem::forget(on_unwind);
        result
    }

    /// Takes `waiter` out of line or, if somebody has chosen it, passes the wake-up on.
    pub(crate) fn abandon(&self, waiter: &Waiter, abandoned: &impl Abandoned) {
        if let Leave::Chosen = self.leave(waiter, abandoned, Why::Interrupted) {
            abandoned.pass_on(waiter.verdict());
        }
    }

    /// Takes `waiter` out of line unless it was chosen or has to stay.
    fn leave(&self, waiter: &Waiter, abandoned: &impl Abandoned, why: Why) -> Leave {
        let locked = self.lock();
        if !locked.is_linked(waiter) {
            return Leave::Chosen;
        }
        if why == Why::TimedOut && !abandoned.may_time_out(&locked) {
            return Leave::Stays;
        }
        locked.unlink(waiter);
        abandoned.left(&locked, why);
        locked.unlock_untold();
        Leave::Left
    }

    /// Detach, spin, look for signals once, then sleep: see `spin` for the measured reasons.
    fn sleep<B: Blocking>(
        &self,
        waiter: &Waiter,
        blocking: &mut B,
        until: Deadline,
        abandoned: &impl Abandoned,
        spin: impl Fn(&Waiter) -> bool,
    ) -> Result<Slept, B::Interrupt> {
        if until == Deadline::PAST {
            return Ok(Slept::TimedOut);
        }
        let generation = fork::generation();
        blocking.detach();
        if spin(waiter) {
            blocking.woken_spinning();
            return Ok(Slept::Notified);
        }
        blocking.is_for(abandoned.kind());
        blocking.poll()?;
        let mut watch = Watch::new(&waiter.parker, abandoned, until);
        loop {
            if fork::generation() != generation {
                return Ok(Slept::Forked); // By a signal handler.
            }
            match watch.sleep(blocking)? {
                Wake::Signal => watch.awake(blocking, B::on_signal)?,
                Wake::Unparked => {
                    blocking.woken_sleeping();
                    return Ok(Slept::Notified);
                }
                Wake::TimedOut => return Ok(Slept::TimedOut),
            }
        }
    }
}

/// How a sleep ended, before anybody has looked whether the waiter was chosen meanwhile.
enum Slept {
    Notified,
    TimedOut,
    Forked,
}
