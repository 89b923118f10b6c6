//! One wait, from its first sleep to its last: records the sleeps, and looks for deadlocks.

use std::mem;

use super::record::{self, InWait, Record, Sleeping};
use super::{doubt, is_detecting, ring, starved};
use crate::os::{Deadline, Parker, Wake, deadline, turns};
use crate::wait::{Awaited, Blocking, Deadlock, Finding, Verdict};

/// How often a thread that keeps watch looks whether all are asleep, in nanoseconds.
const LASTING: i64 = 1_000_000_000;

/// One wait, from its first sleep to its last.
pub(crate) struct Watch<'a> {
    parker: &'a Parker,
    primitive: &'a dyn Awaited,
    until: Deadline,
    /// When the first sleep began; 0 before it.
    since: i64,
    /// Which wait of the process it is.
    id: usize,
    /// When a ring that might come undone, and was there at the last look, has lasted.
    ripe: Option<Deadline>,
    /// When to look whether all are asleep.
    round: Option<Deadline>,
    /// Something was told; that is enough for one wait.
    told: bool,
    /// What was found and dismissed, by its mark: a ring, and that all are asleep.
    dismissed: [usize; 2],
}

impl<'a> Watch<'a> {
    pub(crate) fn new(parker: &'a Parker, primitive: &'a dyn Awaited, until: Deadline) -> Self {
        Self {
            parker,
            primitive,
            until,
            since: 0,
            id: 0,
            ripe: None,
            round: None,
            told: false,
            dismissed: [0; 2],
        }
    }

    /// Sleeps as `blocking` does, and has it told of a deadlock.
    pub(crate) fn sleep<B: Blocking>(
        &mut self,
        blocking: &mut B,
    ) -> Result<Wake, B::Interrupt> {
        let known = cfg!(feature = "deadlock") && B::DETECT;
        let Some(record) = known.then(record::mine).flatten() else {
            return Ok(blocking.sleep(self.parker, self.until));
        };
        let asleep = RecordedWait::enter(record, self.begin(blocking), true);
        let endless = self.until.is_never() && blocking.ends_by().is_never();
        let looks = endless && !self.told && is_detecting() && !turns::is_mine();
        if !looks {
            (self.ripe, self.round) = (None, None); // Detection may have been switched off.
        }
        if let Some(found) = looks.then(|| self.look(record, blocking)).flatten() {
            (self.ripe, self.round) = (None, None);
            drop(asleep);
            self.told = true; // Also if what is called ends the wait, or asks for another one.
            match self.awake(blocking, |blocking| blocking.on_deadlock(&found))? {
                Verdict::Told => {}
                verdict => self.go_on(&found, verdict),
            }
            // Handlers may have run: look for signals and forks before the next sleep.
            return Ok(Wake::Signal);
        }
        let next = [self.ripe, self.round].into_iter().flatten().min();
        let wake = blocking.sleep(self.parker, next.unwrap_or(self.until));
        drop(asleep);
        Ok(if wake == Wake::TimedOut && next.is_some() { Wake::Signal } else { wake })
    }

    /// Runs a part of `blocking` in which the thread is awake, though its wait goes on.
    pub(crate) fn awake<B: Blocking, R>(
        &mut self,
        blocking: &mut B,
        run: impl FnOnce(&mut B) -> R,
    ) -> R {
        let known = cfg!(feature = "deadlock") && B::DETECT;
        let record = known.then(record::mine).flatten();
        let _stays =
            record.map(|record| RecordedWait::enter(record, self.begin(blocking), false));
        run(blocking)
    }

    fn begin<B: Blocking>(&mut self, blocking: &B) -> Sleeping {
        if self.since == 0 {
            self.since = deadline::now();
            self.id = record::next();
        }
        let primitive: *const (dyn Awaited + 'a) = self.primitive;
        Sleeping {
            subject: blocking.subject(),
            // SAFETY: only the lifetime changes; `RecordedWait` ends before what it names does.
            primitive: unsafe {
                mem::transmute::<*const (dyn Awaited + 'a), *const dyn Awaited>(primitive)
            },
            parker: self.parker,
            until: self.until.or_sooner(blocking.ends_by()),
            since: self.since,
            id: self.id,
        }
    }

    /// What was found was not told.
    fn go_on(&mut self, found: &Deadlock, verdict: Verdict) {
        self.told = false;
        if verdict == Verdict::Later && found.finding == Finding::Asleep {
            self.round = Some(Deadline::after_nanos(LASTING));
            return;
        }
        self.dismissed[kind_of(found)] = ring::mark(&found.waits);
        if found.finding == Finding::Asleep {
            self.ripe = Some(Deadline::PAST); // If it waits for itself, that may be no signal.
        } else {
            ring::dismiss(found);
        }
    }

    fn is_dismissed(&self, found: &Deadlock) -> bool {
        self.dismissed[kind_of(found)] == ring::mark(&found.waits)
    }

    /// Looks for a ring at the beginning of each sleep: while this thread was awake, to run a
    /// signal handler for one, another may have closed a ring and not have seen it.
    fn look<B: Blocking>(&mut self, me: &Record, blocking: &B) -> Option<Deadlock> {
        let ring = ring::closed_by(me);
        if ring.as_ref().is_some_and(|ring| ring.surely) {
            // This thread tells of it, or another has: enough was told of this wait.
            (self.ripe, self.round) = (None, None);
            return ring.filter(ring::claim);
        }
        let Some(ring) = ring.filter(|ring| !self.is_dismissed(ring)) else {
            self.ripe = None;
            return self.look_round(me, blocking);
        };
        self.round = None;
        let ripe = *self.ripe.get_or_insert_with(|| Deadline::after_nanos(doubt()));
        if ripe.has_passed() {
            // A thread that waits for itself may be waiting for another's release(), and it is
            // certain that there is none if no other thread is left.
            let alone = ring.waits.len() == 1;
            if let Some(found) = alone.then(|| self.all_asleep(me, blocking)).flatten() {
                return Some(found);
            }
            self.ripe = None;
            return Some(ring).filter(ring::claim);
        }
        None
    }

    /// Looks whether all are asleep, or a pool is starved, if this thread is to, and from its
    /// second second on.
    fn look_round<B: Blocking>(&mut self, me: &Record, blocking: &B) -> Option<Deadlock> {
        if self.round.is_some_and(|round| !round.has_passed()) {
            return None;
        }
        let works =
            me.pool().is_some() && me.asleep().as_ref().is_some_and(starved::is_for_others);
        if !works && !blocking.keeps_watch() {
            return None;
        }
        self.round.replace(Deadline::after_nanos(LASTING))?; // Not at the first look.
        let starved = works.then(|| starved::closed_by(me)).flatten();
        if let Some(starved) = starved.filter(has_lasted) {
            // This thread tells of it, or another has.
            self.told = true;
            return Some(starved).filter(ring::claim);
        }
        self.all_asleep(me, blocking)
    }

    fn all_asleep<B: Blocking>(&self, me: &Record, blocking: &B) -> Option<Deadlock> {
        let asks = blocking.keeps_watch();
        let found = asks.then(|| ring::all_asleep(me, || blocking.threads())).flatten();
        found.filter(|found| !self.is_dismissed(found))
    }
}

/// Whether what might come undone has lasted long enough to be told.
fn has_lasted(found: &Deadlock) -> bool {
    let began = found.waits.iter().map(|wait| wait.since).max().unwrap_or(i64::MAX);
    deadline::now().saturating_sub(began) >= doubt()
}

/// Where it is kept that something was dismissed: the same waits may be both.
fn kind_of(found: &Deadlock) -> usize {
    usize::from(found.finding == Finding::Asleep)
}

/// The thread's wait is in its record until this is dropped.
struct RecordedWait<'a> {
    record: &'a Record,
    /// What a handler that runs within a wait has to leave as it was.
    outer: Option<InWait>,
}

impl<'a> RecordedWait<'a> {
    fn enter(record: &'a Record, sleep: Sleeping, asleep: bool) -> Self {
        // SAFETY: what it names is borrowed by the `Watch` whose call made it, and this ends
        // within that call, whichever way it ends.
        let outer = unsafe { record.enter(sleep, asleep) };
        Self { record, outer }
    }
}

impl Drop for RecordedWait<'_> {
    fn drop(&mut self) {
        self.record.leave(self.outer);
    }
}
