//! Which threads can go on, and what becomes of time when none can.
//!
//! Time jumps to the next deadline if all that could end a wait before are threads that take turns,
//! and they wait. Where a thread is outside, or a signal is to come, it goes as the system's does. Other
//! threads of the process are given a moment: until all of them have been seen asleep twice.

use std::sync::atomic::Ordering;

use super::table::{NOW, Place, Status, Table};
use crate::os::deadline;
use crate::os::threads::{alarm, count, others_are_asleep};
use crate::thread::spare;

/// After how many steps in a row a thread lets others go on: it may look for what they do.
const PATIENT: usize = 1_000;

/// How many times time jumps, at most, after the first thread's end, and while that is not able to
/// go on.
const JUMPS_AT_END: usize = 1_000;
const JUMPS: usize = 20_000;

/// After how many steps without a jump of time steps take time: threads that wake each other again
/// and again may wait for it. And how many nanoseconds; after as many steps more, twice that.
const BUSY: usize = 10_000;
const STEP: i64 = 10_000;
const DOUBLED: usize = 30; // times, at most

/// Deadlines that are as close as this, in nanoseconds, pass together: which thread goes on first
/// is chosen.
const CLOSE: i64 = 1_000_000;

/// How often in a row other threads have to be seen asleep; and after how many jumps for which they
/// were, once is enough.
const QUIET: u32 = 2;
const TRUSTED: u32 = 3;

/// Who may have the turn.
pub(super) enum Next {
    /// One of these places; the one that ran last comes first if it is there.
    Able(Vec<usize>),
    /// Nobody yet: look again in a while.
    Later,
    /// Nobody, and no time will help.
    Nobody,
}

/// Signals that are this many nanoseconds away are waited for. (A watchdog's is further.)
const SOON: i64 = 5_000_000_000;

/// For how many nanoseconds nobody can go on until all are stuck, if there are threads that take no
/// turns, and so may end a wait; and until it is seen again that these are asleep.
const DOUBT: i64 = 50_000_000;
const LOOK: i64 = 1_000_000;

impl Table {
    /// For how many nanoseconds to wait until it is looked again whether anybody can go on.
    pub(super) fn patience(&self) -> i64 {
        let Some(end) = self.next_end() else { return DOUBT };
        if self.paces_since.is_none() {
            return LOOK;
        }
        (end - NOW.load(Ordering::Relaxed)).clamp(LOOK, DOUBT)
    }

    /// Whether time jumps again and again for threads that the first one does not wait for.
    pub(super) fn is_idle_for_ever(&self) -> bool {
        let is_over = self.places[0].status == Status::Last;
        self.jumps > if is_over { JUMPS_AT_END } else { JUMPS }
    }

    /// Who may have the turn; time passes if it has to.
    pub(super) fn next_able(&mut self) -> Next {
        loop {
            let able = self.able();
            let looks = self.row >= PATIENT && able == [self.last];
            let may_look_later = looks && self.next_end().is_some();
            if !able.is_empty() && !may_look_later {
                (self.paces_since, self.quiet) = (None, 0);
                return Next::Able(self.in_order(able));
            }
            // (One that looks for what others do may look for what they do later.)
            if !looks && self.waits_for_the_world() {
                if self.keep_pace() {
                    continue;
                }
                return Next::Later;
            }
            let Some(end) = self.next_end() else { return Next::Nobody };
            if !looks && !self.others_are_quiet() {
                return Next::Later;
            }
            NOW.fetch_max(end, Ordering::Relaxed);
            self.busy = 0;
            self.jumps += 1;
        }
    }

    /// A step is made.
    pub(super) fn take_time(&mut self) {
        self.busy += 1;
        if self.busy >= BUSY && self.next_end().is_some() {
            NOW.fetch_add(STEP << (self.busy / BUSY - 1).min(DOUBLED), Ordering::Relaxed);
        }
    }

    fn able(&self) -> Vec<usize> {
        (0..self.places.len()).filter(|at| self.can_go_on(&self.places[*at])).collect()
    }

    /// Whether a thread may look at a signal now; it is outside then. One whose wait has ended looks
    /// when it is its turn.
    pub(super) fn may_leave(&mut self, place: usize) -> bool {
        let at = &self.places[place];
        if at.status == Status::Ready {
            // What its handler does not end goes on beside the others.
            (self.run.outside, self.coarse) = (true, true);
        } else if self.can_go_on(at) {
            return false;
        }
        self.places[place].status = Status::Outside;
        true
    }

    fn can_go_on(&self, place: &Place) -> bool {
        match place.status {
            Status::Ready => true,
            Status::Asleep { parker, until } => {
                // SAFETY: alive while the thread is asleep, see the head of `table`.
                let is_touched = || unsafe { (*parker).is_touched() };
                until <= NOW.load(Ordering::Relaxed) || is_touched()
            }
            Status::Last => self.places[1..].iter().all(|each| each.status == Status::Ended),
            Status::Outside | Status::Ended => false,
        }
    }

    /// The one that ran last first, unless it was patient enough: then those that have waited
    /// longest.
    fn in_order(&self, mut able: Vec<usize>) -> Vec<usize> {
        if let Some(at) = able.iter().position(|place| *place == self.last) {
            if self.row >= PATIENT && able.len() > 1 {
                able.remove(at);
                able.sort_by_key(|place| self.places[*place].ran);
            } else {
                able[..=at].rotate_right(1);
            }
        }
        able
    }

    /// The time of the next deadline, and of those that are close to it.
    pub(super) fn next_end(&self) -> Option<i64> {
        let now = NOW.load(Ordering::Relaxed);
        let ends = || {
            self.places.iter().filter_map(move |each| match each.status {
                Status::Asleep { until, .. } if until != i64::MAX && until > now => Some(until),
                _ => None,
            })
        };
        let first = ends().min()?;
        ends().filter(|end| *end <= first.saturating_add(CLOSE)).max()
    }

    /// Whether something ends waits that is none of the threads': what one waits for outside, or a
    /// signal that comes soon, and before the next deadline.
    fn waits_for_the_world(&mut self) -> bool {
        let left = self.next_end().map_or(SOON, |end| end - NOW.load(Ordering::Relaxed));
        let rings = alarm().is_some_and(|alarm| alarm < left.min(SOON));
        self.rings |= rings;
        rings || self.places.iter().any(|each| each.status == Status::Outside)
    }

    /// Whether nobody can go on, and nothing will change that but threads that take no turns.
    pub(super) fn is_hopeless(&mut self) -> bool {
        self.holder.is_none() && self.next_end().is_none() && !self.waits_for_the_world()
    }

    /// Lets as much time pass as has; returns whether somebody can go on now.
    fn keep_pace(&mut self) -> bool {
        let now = deadline::now();
        if let Some(since) = self.paces_since.replace(now) {
            NOW.fetch_add(now - since, Ordering::Relaxed);
        }
        !self.able().is_empty()
    }

    /// Whether the process's other threads, if there are any, do nothing.
    pub(super) fn others_are_quiet(&mut self) -> bool {
        let here = self.places.iter().filter(|each| each.status != Status::Ended);
        let mut natives: Vec<_> = here.map(|each| each.native).collect();
        natives.extend(spare::natives());
        if count().is_none_or(|all| all <= natives.len()) {
            return true;
        }
        if !others_are_asleep(&natives) {
            (self.quiet, self.trust) = (0, 0);
            return false;
        }
        self.quiet += 1;
        let is_quiet = self.quiet >= QUIET || self.trust >= TRUSTED;
        self.trust += u32::from(is_quiet);
        is_quiet
    }
}
