//! One wait's sleeps, seen by others, and its looks at who else sleeps.

use std::mem;

use super::record::{self, Record, Sleep};
use super::{Deadlock, is_detecting, ring};
use crate::blocking::Blocking;
use crate::deadline::{self, Deadline};
use crate::park::{Parker, Wake};
use crate::sync::{AtomicUsize, Ordering};
use crate::waiters::Abandoned;

/// How long a ring that might come undone has to last before it is told, and how often a
/// thread that keeps watch looks whether all are asleep, in nanoseconds.
const LASTING: i64 = 1_000_000_000;

/// One wait, from its first sleep to its last.
pub(crate) struct Watch<'a> {
    parker: &'a Parker,
    primitive: &'a dyn Abandoned,
    until: Deadline,
    /// 0 before the first sleep.
    order: usize,
    since: i64,
    /// What to look for at the end of the next sleep, and when that is.
    look: Look,
    at: Deadline,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// The first sleep is still to come.
    First,
    /// A ring was found that might come undone.
    Ring,
    /// Whether all are asleep.
    Asleep,
    Never,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        parker: &'a Parker,
        primitive: &'a dyn Abandoned,
        until: Deadline,
    ) -> Self {
        let at = Deadline::NEVER;
        Self { parker, primitive, until, order: 0, since: 0, look: Look::First, at }
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
        let asleep = Asleep::enter(record, self.begin(blocking));
        if self.until.is_never() && is_detecting() {
            if let Some(found) = self.look(record, blocking) {
                drop(asleep);
                blocking.on_deadlock(&found)?;
                // Handlers have run: look for signals and forks before the next sleep.
                return Ok(Wake::Signal);
            }
        }
        let wake = blocking.sleep(self.parker, self.until.min(self.at));
        drop(asleep);
        let looks = wake == Wake::TimedOut && self.at < self.until;
        Ok(if looks { Wake::Signal } else { wake })
    }

    fn begin<B: Blocking>(&mut self, blocking: &B) -> Sleep {
        if self.order == 0 {
            self.order = next();
            self.since = deadline::now();
        }
        let primitive: *const (dyn Abandoned + 'a) = self.primitive;
        Sleep {
            subject: blocking.subject(),
            // SAFETY: only the lifetime changes; `Asleep` ends before what it names does.
            primitive: unsafe {
                mem::transmute::<*const (dyn Abandoned + 'a), *const dyn Abandoned>(primitive)
            },
            parker: self.parker,
            until: self.until,
            since: self.since,
            order: self.order,
        }
    }

    /// Looks for what is due, and says when to look next.
    fn look<B: Blocking>(&mut self, me: &Record, blocking: &B) -> Option<Deadlock> {
        let due = self.look == Look::First || self.at.has_passed();
        if !due {
            return None;
        }
        let look = mem::replace(&mut self.look, Look::Never);
        self.at = Deadline::NEVER;
        match look {
            Look::First => {
                let ring = ring::closed_by(me);
                if ring.as_ref().is_some_and(|ring| ring.surely) {
                    return ring;
                }
                // A thread that waits for itself may be waiting for another's release().
                if ring.is_some_and(|ring| ring.waits.len() > 1) {
                    self.again(Look::Ring);
                } else if blocking.keeps_watch().is_some() {
                    self.again(Look::Asleep);
                }
                None
            }
            Look::Ring => ring::closed_by(me),
            Look::Asleep => {
                let found = blocking.keeps_watch().and_then(ring::all_asleep);
                if found.is_none() {
                    self.again(Look::Asleep);
                }
                found
            }
            Look::Never => None,
        }
    }

    fn again(&mut self, look: Look) {
        self.look = look;
        self.at = Deadline::after_nanos(LASTING);
    }
}

/// The thread's wait is in its record until this is dropped.
struct Asleep<'a>(&'a Record);

impl<'a> Asleep<'a> {
    fn enter(record: &'a Record, sleep: Sleep) -> Self {
        // SAFETY: what it names is borrowed by the `Watch` whose `sleep` made it, and this ends
        // within that call, whichever way it ends.
        unsafe { record.enter(sleep) };
        Self(record)
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(not(raddle_loom))]
fn next() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(raddle_loom)]
fn next() -> usize {
    loom::lazy_static! {
        static ref NEXT: AtomicUsize = AtomicUsize::new(1);
    }
    NEXT.fetch_add(1, Ordering::Relaxed)
}
