//! One wait's sleeps, seen by others, and its looks at who else sleeps.

use std::mem;

use super::record::{self, Record, Sleep, Stay};
use super::{Deadlock, doubt, is_detecting, ring};
use crate::blocking::Blocking;
use crate::deadline::{self, Deadline};
use crate::park::{Parker, Wake};
use crate::waiters::Abandoned;

/// How often a thread that keeps watch looks whether all are asleep, in nanoseconds.
const LASTING: i64 = 1_000_000_000;

/// One wait, from its first sleep to its last.
pub(crate) struct Watch<'a> {
    parker: &'a Parker,
    primitive: &'a dyn Abandoned,
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
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        parker: &'a Parker,
        primitive: &'a dyn Abandoned,
        until: Deadline,
    ) -> Self {
        Self { parker, primitive, until, since: 0, id: 0, ripe: None, round: None, told: false }
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
        let asleep = Stays::enter(record, self.begin(blocking), true);
        let looks = self.until.is_never() && !self.told && is_detecting();
        if !looks {
            (self.ripe, self.round) = (None, None); // Detection may have been switched off.
        }
        if let Some(found) = looks.then(|| self.look(record, blocking)).flatten() {
            self.told = true;
            (self.ripe, self.round) = (None, None);
            drop(asleep);
            self.awake(blocking, |blocking| blocking.on_deadlock(&found))?;
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
        let _stays = record.map(|record| Stays::enter(record, self.begin(blocking), false));
        run(blocking)
    }

    fn begin<B: Blocking>(&mut self, blocking: &B) -> Sleep {
        if self.since == 0 {
            self.since = deadline::now();
            self.id = record::next();
        }
        let primitive: *const (dyn Abandoned + 'a) = self.primitive;
        Sleep {
            subject: blocking.subject(),
            // SAFETY: only the lifetime changes; `Stays` ends before what it names does.
            primitive: unsafe {
                mem::transmute::<*const (dyn Abandoned + 'a), *const dyn Abandoned>(primitive)
            },
            parker: self.parker,
            until: self.until,
            since: self.since,
            id: self.id,
        }
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
        // A thread that waits for itself may be waiting for another's release().
        let Some(ring) = ring.filter(|ring| ring.waits.len() > 1) else {
            self.ripe = None;
            return self.look_round(blocking);
        };
        self.round = None;
        let ripe = *self.ripe.get_or_insert_with(|| Deadline::after_nanos(doubt()));
        if ripe.has_passed() {
            self.ripe = None;
            return Some(ring).filter(ring::claim);
        }
        None
    }

    /// Looks whether all are asleep, if this thread is to, and from its second second on.
    fn look_round<B: Blocking>(&mut self, blocking: &B) -> Option<Deadlock> {
        if self.round.is_none_or(Deadline::has_passed) && blocking.keeps_watch() {
            let first = self.round.replace(Deadline::after_nanos(LASTING)).is_none();
            return if first { None } else { ring::all_asleep(|| blocking.threads()) };
        }
        None
    }
}

/// The thread's wait is in its record until this is dropped.
struct Stays<'a> {
    record: &'a Record,
    /// What a handler that runs within a wait has to leave as it was.
    outer: Option<Stay>,
}

impl<'a> Stays<'a> {
    fn enter(record: &'a Record, sleep: Sleep, asleep: bool) -> Self {
        // SAFETY: what it names is borrowed by the `Watch` whose call made it, and this ends
        // within that call, whichever way it ends.
        let outer = unsafe { record.enter(sleep, asleep) };
        Self { record, outer }
    }
}

impl Drop for Stays<'_> {
    fn drop(&mut self) {
        self.record.leave(self.outer);
    }
}
