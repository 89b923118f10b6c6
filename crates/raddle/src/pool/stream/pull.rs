//! When a window's consumer pulls inputs, and how far ahead.

use crate::os::deadline;

/// A turn of the window, in nanoseconds, that is short enough to pull further ahead, or so long
/// that less will do.
pub(super) const QUICK_TURN: i64 = 2_000_000;
const SLOW_TURN: i64 = 20_000_000;
/// How many times as far ahead the next turn is, at most.
const MOST_TIMES: usize = 16;
/// A pull that takes this long, in nanoseconds, is slow: results come before the next one.
const SLOW: i64 = 6_000_000;
/// How long quick pulls may go on while a result is ready, and how often the clock is read.
const REFILL: i64 = 50_000;
const PULLS_A_LOOK: u32 = 4;
/// The pulling of inputs while results are ready.
#[derive(Debug, Default)]
pub(super) struct Refill {
    on: bool,
    pulls: u32,
    /// When it began.
    since: i64,
    /// When the latest pull began, by the coarse clock, and how long it took.
    pub(super) began: i64,
    pub(super) took: i64,
    /// The latest pull was slow: before the next one, results have a moment to come, or had it.
    pub(super) moment: Moment,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Moment {
    #[default]
    Due,
    Now,
    Over,
}

/// How far ahead inputs are pulled: as far as the workers need, and further only where items
/// come and go so quickly that the consumer and the workers would wait for each other all the
/// time. Inputs may be large, and a program that makes them slowly may want the next one to be new.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) now: usize,
    least: usize,
    /// How many deliveries until the next look at the clock, and when the last one was.
    pub(super) left: usize,
    since: i64,
    /// The last turn was quick.
    pub(super) quick: bool,
}

impl Reach {
    pub(super) fn new(least: usize) -> Self {
        Self { now: least, least, left: least, since: 0, quick: false }
    }

    #[inline]
    pub(super) fn delivered(&mut self, limit: usize) {
        self.left -= 1;
        if self.left == 0 {
            self.turn(limit);
        }
    }

    /// As many items as are pulled ahead have come and gone.
    #[cold]
    fn turn(&mut self, limit: usize) {
        let now = deadline::now();
        let took = now - std::mem::replace(&mut self.since, now);
        self.quick = took < QUICK_TURN;
        if self.quick {
            // As much more as could be done in that time, and most turns are still quick.
            let times = usize::try_from(QUICK_TURN / took.max(1)).unwrap_or(MOST_TIMES);
            self.now = (self.now * times.clamp(2, MOST_TIMES)).min(limit);
        } else if took > SLOW_TURN {
            self.now = (self.now / 2).max(self.least);
        }
        self.left = self.now;
    }
}

impl Refill {
    /// While a result is ready: whether to pull on, for the workers' sake.
    #[inline]
    pub(super) fn goes_on(&mut self, open: bool, flying: usize, limit: usize) -> bool {
        if !open || self.took >= SLOW || !(self.on || flying <= limit / 2) {
            self.on = false;
            return false;
        }
        if !std::mem::replace(&mut self.on, true) {
            (self.pulls, self.since) = (0, deadline::now());
        }
        self.pulls += 1;
        if self.pulls.is_multiple_of(PULLS_A_LOOK) && deadline::now() - self.since > REFILL {
            self.on = false;
            return false;
        }
        self.began = deadline::coarse();
        true
    }

    /// While no result is ready: whether to pull before waiting for one.
    #[inline]
    pub(super) fn comes_first(&mut self, flying: usize) -> bool {
        if flying > 0 && self.took >= SLOW && self.moment == Moment::Due {
            self.moment = Moment::Now;
            return false;
        }
        self.began = deadline::coarse();
        true
    }

    #[inline]
    pub(super) fn pulled(&mut self) {
        self.took = deadline::coarse() - self.began;
        self.moment = Moment::Due;
    }
}
