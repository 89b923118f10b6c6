//! What the consumer of a window knows, and how it decides what to do next.
//!
//! The aims, in order:
//!
//! 1. A result that is ready is delivered at once, or after a few more quick pulls that keep the
//!    workers busy; never after a slow one that could have waited.
//! 2. Nothing is pulled that nobody asked for: pulling is part of waiting for a result.
//! 3. A consumer that has to wait is woken when a run of results is worth the wake-up, which
//!    costs as much as a hundred short items; it looks by itself soon after the first of them.

use super::consumer::{Delivery, Plan};
use super::sleep::TICK;
use super::slot::Slot;
use super::window::{CLOSED, EMPTY, FULL, STOPPED, Settings, WATCHED, Window};
use crate::deadline;
use crate::sync::Ordering;

/// A turn of the window, in nanoseconds, that is short enough to pull further ahead, or so long
/// that less will do.
const QUICK_TURN: i64 = 2_000_000;
const SLOW_TURN: i64 = 20_000_000;
/// How long a result may lie ready while the consumer waits for more, in nanoseconds.
const PATIENCE: i64 = 100_000;
/// How many workers may be on their way at first, and ever.
const CREW: usize = 8;
const MOST_CREW: usize = 64;
/// The longest that a consumer waits before it looks again whether workers have come.
const LONGEST_LAP: i64 = 50_000_000;
/// A pull that takes this long, in nanoseconds, is slow: results come before the next one.
const SLOW: i64 = 6_000_000;
/// How long quick pulls may go on while a result is ready, and how often the clock is read.
const REFILL: i64 = 50_000;
const PULLS_A_LOOK: u32 = 4;
/// That many more results ready at once are worth sleeping for together.
const RUN: usize = 4;

/// What the consumer knows; numbers count from the beginning of the stream.
#[derive(Debug)]
pub(super) struct Front {
    /// Inputs published, and results delivered.
    published: usize,
    delivered: usize,
    /// The input has ended.
    ended: bool,
    /// Slots that hold nothing; not used where results come in order.
    free: Vec<usize>,
    /// How many inputs were claimed, once nothing more can be.
    cut: Option<usize>,
    /// Slots before this one were looked at since the window was closed.
    looked: usize,
    refill: Refill,
    reach: Reach,
    hiring: Hiring,
    /// How many results beyond the first one to sleep for.
    ahead: usize,
}

/// The pulling of inputs while results are ready.
#[derive(Debug, Default)]
struct Refill {
    on: bool,
    pulls: u32,
    /// When it began.
    since: i64,
    /// When the latest pull began, by the coarse clock, and how long it took.
    began: i64,
    took: i64,
    /// The latest pull was slow: before the next one, results have a moment to come, or had it.
    moment: Moment,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Moment {
    #[default]
    Due,
    Now,
    Over,
}

/// How far ahead inputs are pulled: as far as the workers need, and further only where items
/// come and go so quickly that the consumer and the workers would wait for each other all the
/// time. Inputs may be large, and whoever made them slowly may want the next one to be new.
#[derive(Debug)]
struct Reach {
    now: usize,
    least: usize,
    /// How many deliveries until the next look at the clock, and when the last one was.
    left: usize,
    since: i64,
}

/// The asking for workers.
#[derive(Debug)]
struct Hiring {
    /// How many workers had left when one was asked for in vain.
    declined: Option<usize>,
    hired: usize,
    /// How many may be hired and not gone.
    most: usize,
    /// How many may be on their way at once.
    crew: usize,
    /// How many were when last waited for, and how long the next wait is, in nanoseconds.
    seen: usize,
    lap: i64,
}

impl Front {
    pub(super) fn new(settings: Settings, limit: usize) -> Self {
        let Settings { ordered, crew: most, reach, .. } = settings;
        let size = limit.next_power_of_two();
        Self {
            published: 0,
            delivered: 0,
            ended: false,
            free: if ordered { Vec::new() } else { (0..size).rev().collect() },
            cut: None,
            looked: 0,
            refill: Refill::default(),
            reach: Reach::new(reach.clamp(1, limit)),
            hiring: Hiring::new(most),
            ahead: 0,
        }
    }

    /// Decides what to do next.
    #[inline]
    pub(super) fn plan<T, R>(&mut self, window: &Window<T, R>) -> Plan<T, R> {
        let door = window.door.load(Ordering::Acquire);
        if door & (STOPPED | CLOSED) != 0 {
            return self.wind_up(window, door & CLOSED != 0);
        }
        let flying = self.published - self.delivered;
        let open = !self.ended && flying < self.reach.now;
        let first = window.done[self.delivered & window.mask].load(Ordering::Acquire);
        if first >= FULL {
            if self.refill.goes_on(open, flying, self.reach.now) {
                return Plan::Pull;
            }
            return self.take(window, first - FULL);
        }
        if flying == 0 && !open {
            return Plan::Over;
        }
        if self.wants_worker(window) {
            return Plan::Hire;
        }
        if open && self.refill.comes_first(flying) { Plan::Pull } else { Plan::Wait }
    }

    /// Whether an input may be pulled, whatever the plan is.
    pub(super) fn may_pull<T, R>(&mut self, window: &Window<T, R>) -> bool {
        self.refill.began = deadline::coarse();
        let stopped = window.door.load(Ordering::Acquire) & (STOPPED | CLOSED) != 0;
        !stopped && !self.ended && self.published - self.delivered < self.reach.now
    }

    /// Hands an input to the workers; returns whether to wake one.
    #[inline]
    pub(super) fn publish<T, R>(&mut self, window: &Window<T, R>, input: T) -> bool {
        let number = self.published;
        let room = self.cut.is_none() && number - self.delivered < window.limit;
        assert!(room, "an input is published only if the plan was to pull");
        let ticket = number & window.mask;
        let mut slot = ticket;
        if !window.ordered() {
            slot = self.free.pop().expect("as many slots as items");
            window.ready[ticket].store(slot, Ordering::Relaxed);
        }
        // SAFETY: there is room, so the slot is free; and this is the consumer.
        unsafe { window.slots[slot].fill(input, number) };
        self.published += 1;
        self.refill.pulled();
        window.sleep.tick()
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn hired<T, R>(&mut self, window: &Window<T, R>, hired: bool) {
        self.hiring.declined = (!hired).then(|| window.sleep.gone());
        self.hiring.hired += usize::from(hired);
    }

    /// Whether nobody works for the stream, nor will.
    pub(super) fn is_alone<T, R>(&self, window: &Window<T, R>) -> bool {
        match self.hiring.hired {
            0 => window.workers() == 0,
            // One that has left, and is still seen inside, is on its way out.
            hired => hired <= window.sleep.gone(),
        }
    }

    /// How many inputs were claimed; the window is stopped.
    pub(super) fn cut<T, R>(&mut self, window: &Window<T, R>) -> usize {
        let cut = self.cut.unwrap_or_else(|| self.published - self.unclaimed(window));
        self.cut = Some(cut);
        cut
    }

    /// How many inputs were published and not claimed.
    fn unclaimed<T, R>(&self, window: &Window<T, R>) -> usize {
        let claimed = window.claimed.load(Ordering::Acquire) / TICK;
        // Both wrap, the words' numbers earlier than these.
        self.published.wrapping_sub(claimed) & (usize::MAX / TICK)
    }

    /// The slot of an input that was published and not claimed.
    fn slot_of<T, R>(&self, window: &Window<T, R>, number: usize) -> usize {
        let ticket = number & window.mask;
        window.ready.get(ticket).map_or(ticket, |slot| slot.load(Ordering::Relaxed))
    }

    /// Takes the next result, which is in `slot`.
    #[inline]
    fn take<T, R>(&mut self, window: &Window<T, R>, slot: usize) -> Plan<T, R> {
        window.done[self.delivered & window.mask].store(EMPTY, Ordering::Relaxed);
        self.delivered += 1;
        self.reach.delivered(window.limit);
        if !window.ordered() {
            self.free.push(slot);
        }
        // SAFETY: announced, so done; and this is the consumer.
        match unsafe { window.slots[slot].take() } {
            (Some((input, number)), Some(output)) => {
                Plan::Deliver(Delivery { number, input, output })
            }
            _ => unreachable!("an announced slot has an input and an output"),
        }
    }

    /// What to do once nothing is handed out any more.
    #[cold]
    fn wind_up<T, R>(&mut self, window: &Window<T, R>, closed: bool) -> Plan<T, R> {
        self.ended = true;
        let cut = self.cut(window);
        if self.published > cut {
            self.published -= 1;
            let slot = self.slot_of(window, self.published);
            // SAFETY: never claimed, and never will be; and this is the consumer.
            if let (Some((input, _)), _) = unsafe { window.slots[slot].take() } {
                return Plan::Discard(input, None);
            }
        }
        if closed {
            let Some(slot) = window.slots[self.looked..].iter().position(Slot::is_done) else {
                self.looked = 0; // Items that run come to their end later.
                return Plan::Over;
            };
            self.looked += slot + 1;
            // SAFETY: done, and this is the consumer.
            return match unsafe { window.slots[self.looked - 1].take() } {
                (Some((input, _)), output) => Plan::Discard(input, output),
                _ => unreachable!("a slot that is done has an input"),
            };
        }
        if self.delivered == cut {
            return Plan::Over;
        }
        match window.done[self.delivered & window.mask].load(Ordering::Acquire) {
            EMPTY | WATCHED => Plan::Wait,
            full => self.take(window, full - FULL),
        }
    }

    /// Whether there is work for one more worker than those that are on their way.
    ///
    /// Only a few may be on their way, so that a long stream of short items does not start a
    /// crowd for nothing; a consumer that has to wait lets more come each time.
    pub(super) fn wants_worker<T, R>(&mut self, window: &Window<T, R>) -> bool {
        let hiring = &self.hiring;
        if window.sleep.has_sleepers() || !hiring.is_open(window) {
            return false;
        }
        let coming = hiring.coming(window);
        coming < hiring.crew && self.unclaimed(window) > coming
    }

    /// Which result to sleep for, and for how many nanoseconds.
    pub(super) fn awaited<T, R>(&mut self, window: &Window<T, R>) -> (usize, Option<i64>) {
        let last = (self.published - self.delivered).saturating_sub(1);
        let mut ahead = self.ahead.min(last);
        let target = (self.delivered + ahead) & window.mask;
        if window.done[target].load(Ordering::Acquire) >= FULL {
            ahead = 0; // Overtaken by later ones: the first one is what is missing.
        }
        let mut patience = (ahead > 0).then_some(PATIENCE);
        let mut at_most =
            |nanos: i64| patience = Some(patience.map_or(nanos, |p| p.min(nanos)));
        if self.hiring.is_open(window) && self.unclaimed(window) > 0 {
            // As soon as those who were hired have come, more are to be.
            at_most(self.hiring.lap(window));
        }
        if self.refill.moment == Moment::Now {
            self.refill.moment = Moment::Over;
            at_most(self.refill.took / 16);
        }
        (self.delivered + ahead, patience)
    }

    /// After a wait for the result at `target`: how far ahead to look next time.
    pub(super) fn learn<T, R>(&mut self, window: &Window<T, R>, target: usize) {
        let ready = |number: usize| {
            window.done[number & window.mask].load(Ordering::Acquire) >= FULL
                && number < self.published
        };
        self.ahead = if !ready(self.delivered) {
            0
        } else if target == self.delivered {
            if ready(target + RUN) { RUN } else { 0 }
        } else if ready(target) {
            (self.ahead * 2).min(window.limit / 2)
        } else {
            self.ahead / 2
        };
    }

    pub(super) fn holds_anything<T, R>(&mut self, window: &Window<T, R>) -> bool {
        self.published > self.cut(window) || window.slots.iter().any(Slot::is_done)
    }
}

impl Reach {
    fn new(least: usize) -> Self {
        Self { now: least, least, left: least, since: 0 }
    }

    #[inline]
    fn delivered(&mut self, limit: usize) {
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
        if took < QUICK_TURN {
            self.now = (self.now * 2).min(limit);
        } else if took > SLOW_TURN {
            self.now = (self.now / 2).max(self.least);
        }
        self.left = self.now;
    }
}

impl Hiring {
    fn new(most: usize) -> Self {
        Self { declined: None, hired: 0, most, crew: CREW, seen: 0, lap: PATIENCE }
    }

    /// Whether one more may be asked for: not after one was asked for in vain, until one leaves.
    fn is_open<T, R>(&self, window: &Window<T, R>) -> bool {
        let gone = window.sleep.gone();
        self.declined != Some(gone) && self.hired.saturating_sub(gone) < self.most
    }

    /// How many workers were hired and have not come in yet.
    fn coming<T, R>(&self, window: &Window<T, R>) -> usize {
        self.hired.saturating_sub(window.entered.load(Ordering::Acquire))
    }

    /// The next wait's length; it grows while nobody comes.
    fn lap<T, R>(&mut self, window: &Window<T, R>) -> i64 {
        let coming = self.coming(window);
        if coming != std::mem::replace(&mut self.seen, coming) {
            self.lap = PATIENCE;
        }
        self.crew = (self.crew * 2).min(MOST_CREW);
        let lap = self.lap;
        self.lap = (lap * 2).min(LONGEST_LAP);
        lap
    }
}

impl Refill {
    /// While a result is ready: whether to pull on, for the workers' sake.
    #[inline]
    fn goes_on(&mut self, open: bool, flying: usize, limit: usize) -> bool {
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
    fn comes_first(&mut self, flying: usize) -> bool {
        if flying > 0 && self.took >= SLOW && self.moment == Moment::Due {
            self.moment = Moment::Now;
            return false;
        }
        self.began = deadline::coarse();
        true
    }

    #[inline]
    fn pulled(&mut self) {
        self.took = deadline::coarse() - self.began;
        self.moment = Moment::Due;
    }
}
