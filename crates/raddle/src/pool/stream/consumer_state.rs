//! What the consumer of a window knows, and how it decides what to do next.
//!
//! The aims, in order:
//!
//! 1. A result that is ready is delivered at once, or after a few more quick pulls that keep the
//!    workers busy; never after a slow one that could have waited.
//! 2. Inputs are pulled only on demand: pulling is part of waiting for a result.
//! 3. A consumer that has to wait is woken when a run of results is worth the wake-up, which
//!    costs as much as a hundred short items; it looks by itself soon after the first of them.
//! 4. Where consumer and workers exclude each other, inputs come many at once, and items and
//!    deliveries are short, they take turns: inputs are pulled when no result is left, and a worker
//!    is woken when the consumer is about to wait. Each switch between threads takes as long as
//!    some hundred short items.
//! 5. Any worker can begin what has not begun: a consumer that has waited for long cuts the
//!    ranges that workers are in, and wakes a worker for the rest if none is awake.

use super::cell::{Cell, EMPTY};
use super::consumer::{Delivery, NextStep};
use super::hiring::{BATCH_DELAY, Hiring, LONGEST_LAP};
use super::pull::{Moment, QUICK_TURN, Reach, Refill};
use super::slot::Taken;
use super::window::{CLOSED, STOPPED, Settings, Window};
use crate::os::deadline;
use crate::os::sync::Ordering;
use crate::pool::sleep::TICK;

/// That many more results ready at once are worth sleeping for together.
const RUN: usize = 4;
/// The most inputs that are pulled at once, where none takes its time.
const AT_ONCE: usize = 1024;

/// What the consumer knows; numbers count from the beginning of the stream.
#[derive(Debug)]
pub(super) struct ConsumerState {
    /// Inputs published, and results delivered.
    published: usize,
    delivered: usize,
    /// How many of the former are not offered yet, since the next ones come at once.
    staged: usize,
    /// How many results are known to be there, the next ones, and where they come as they are
    /// ready, the slot of the one.
    ready: usize,
    slot: usize,
    /// Where the range of results begins that comes after those, or in which they are, of which
    /// so many have been seen.
    range: usize,
    seen: usize,
    /// How long the next wait is before what workers have not begun is looked after.
    lap: i64,
    /// The input has ended.
    ended: bool,
    /// Slots that hold nothing; not used where results come in order.
    free: Vec<usize>,
    /// The number of the input in each slot; not used there, either.
    numbers: Vec<usize>,
    /// How many inputs were claimed, once nothing more can be.
    cut: Option<usize>,
    /// Slots before this one were looked at since the window was closed.
    looked: usize,
    refill: Refill,
    reach: Reach,
    hiring: Hiring,
    /// How many results beyond the first one to sleep for.
    ahead: usize,
    /// The consumer and the workers take turns.
    alternates: bool,
    /// When that was asked last.
    asked: i64,
    /// A worker is to be woken before the consumer waits.
    owes_waking: bool,
}

impl ConsumerState {
    pub(super) fn new(settings: Settings, limit: usize) -> Self {
        let Settings { ordered, crew: most, reach, .. } = settings;
        let size = limit.next_power_of_two();
        Self {
            published: 0,
            delivered: 0,
            staged: 0,
            ready: 0,
            slot: 0,
            range: 0,
            seen: 0,
            lap: BATCH_DELAY,
            ended: false,
            free: if ordered { Vec::new() } else { (0..size).rev().collect() },
            numbers: if ordered { Vec::new() } else { vec![0; size] },
            cut: None,
            looked: 0,
            refill: Refill::default(),
            reach: Reach::new(reach.clamp(1, limit)),
            hiring: Hiring::new(most),
            ahead: 0,
            alternates: false,
            asked: 0,
            owes_waking: false,
        }
    }

    /// Decides what to do next.
    #[inline]
    pub(super) fn next_step<T, R>(&mut self, window: &Window<T, R>) -> NextStep<T, R> {
        let door = window.door.load(Ordering::Acquire);
        if door & (STOPPED | CLOSED) != 0 {
            return self.wind_up(window, door & CLOSED != 0);
        }
        let flying = self.published - self.delivered;
        let open = self.room(window) > 0;
        self.alternates = window.may_alternate && self.takes_turns(window);
        if self.look(window) {
            if !self.alternates && self.refill.goes_on(open, flying, self.reach.now) {
                return NextStep::Pull;
            }
            return self.take(window);
        }
        if flying == 0 && !open {
            return NextStep::Over;
        }
        if self.wants_worker(window) {
            return NextStep::Hire;
        }
        if open && self.refill.comes_first(flying) {
            return NextStep::Pull;
        }
        if std::mem::take(&mut self.owes_waking) {
            window.sleep.wake_one();
        }
        NextStep::Wait
    }

    /// Whether deliveries and items are short. (Asked every some hundred deliveries at least, so
    /// that what becomes slow is seen before all that is ready is gone.)
    fn takes_turns<T, R>(&mut self, window: &Window<T, R>) -> bool {
        let now = deadline::now();
        if now - std::mem::replace(&mut self.asked, now) > QUICK_TURN {
            self.reach.quick = false;
        }
        self.reach.quick && window.range_size.is_short()
    }

    /// Finds out whether the next result is there.
    #[inline]
    fn look<T, R>(&mut self, window: &Window<T, R>) -> bool {
        self.ready > 0 || self.look_on(window)
    }

    fn look_on<T, R>(&mut self, window: &Window<T, R>) -> bool {
        while self.ready == 0 {
            let cell = &window.done[self.range & window.mask];
            match Cell::read(cell.load(Ordering::Acquire)) {
                Cell::Empty => return false,
                running @ Cell::Running { .. } => {
                    self.ready = running.done() - self.seen;
                    self.seen += self.ready;
                    return self.ready > 0;
                }
                Cell::Full(what) => {
                    // The consumer that fills it next has seen the publication of that, which
                    // comes later.
                    cell.store(EMPTY, Ordering::Relaxed);
                    let count = if window.ordered() { what } else { 1 };
                    self.slot = what;
                    self.ready = count - std::mem::take(&mut self.seen);
                    self.range += count;
                }
            }
        }
        true
    }

    /// How many inputs may be pulled.
    #[inline]
    pub(super) fn room<T, R>(&self, window: &Window<T, R>) -> usize {
        if self.ended {
            return 0;
        }
        let reach = self.reach.now.saturating_sub(self.published - self.delivered);
        // The cell of a range that is being run is not free, whatever was taken of it.
        let cells = (window.mask + 1).saturating_sub(self.published.saturating_sub(self.range));
        reach.min(cells)
    }

    /// How many inputs of which none takes its time may be pulled at once.
    pub(super) fn may_stage<T, R>(&self, window: &Window<T, R>) -> usize {
        self.room(window).min(AT_ONCE)
    }

    /// Whether an input may be pulled, whatever the next step is.
    pub(super) fn may_pull<T, R>(&mut self, window: &Window<T, R>) -> bool {
        self.refill.began = deadline::coarse();
        let stopped = window.door.load(Ordering::Acquire) & (STOPPED | CLOSED) != 0;
        !stopped && self.room(window) > 0
    }

    /// Makes an input one that can be offered to the workers.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "see `Consumer::stage`")]
    pub(super) fn stage<T, R>(&mut self, window: &Window<T, R>, input: T) {
        let number = self.published;
        let room = self.cut.is_none() && number - self.delivered < window.limit;
        assert!(room, "an input is published only if the next step was to pull");
        let ticket = number & window.mask;
        let mut slot = ticket;
        if !window.ordered() {
            slot = self.free.pop().expect("as many slots as items");
            self.numbers[slot] = number;
            window.ready[ticket].store(slot, Ordering::Relaxed);
        }
        // SAFETY: there is room, so the slot is free; and this is the consumer.
        unsafe { window.slots.at(slot).fill(input) };
        self.published += 1;
        self.staged += 1;
    }

    /// Offers what was staged; returns whether to wake a worker.
    #[inline]
    pub(super) fn offer<T, R>(&mut self, window: &Window<T, R>) -> bool {
        let staged = std::mem::take(&mut self.staged);
        let wake = window.sleep.ticks(staged) && self.wants_another(window);
        self.owes_waking |= wake && self.alternates;
        wake && !self.alternates
    }

    /// One input was pulled, as the step said.
    #[inline]
    pub(super) fn pulled(&mut self) {
        self.refill.pulled();
    }

    /// Whether those workers that are awake are too few for what there is to do.
    #[cold]
    fn wants_another<T, R>(&self, window: &Window<T, R>) -> bool {
        // An exchange: what reads the old number comes before the worker's last look.
        !window.range_size.is_little(self.unclaimed(window), window.exclusive)
            || window.awake.fetch_add(0, Ordering::AcqRel) == 0
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

    /// Takes the next result, which is there.
    #[inline]
    pub(super) fn take<T, R>(&mut self, window: &Window<T, R>) -> NextStep<T, R> {
        debug_assert!(self.ready > 0);
        let mut number = self.delivered;
        let mut slot = number & window.mask;
        if !window.ordered() {
            slot = self.slot;
            number = self.numbers[slot];
            self.free.push(slot);
        }
        self.delivered += 1;
        self.ready -= 1;
        self.reach.delivered(window.limit);
        // SAFETY: announced, so done; and this is the consumer.
        match unsafe { window.slots.at(slot).take() } {
            Taken { input: Some(input), output: Some(output), failed } => {
                NextStep::Deliver(Delivery { number, input, output, failed })
            }
            Taken { input: Some(input), .. } => NextStep::Discard(input, None),
            Taken { .. } => unreachable!("an announced slot has an input"),
        }
    }

    /// Takes the next result if it is known to be there, did not fail, and no input is to be
    /// pulled first.
    #[inline]
    pub(super) fn take_quickly<T, R>(&mut self, window: &Window<T, R>) -> Option<(T, R)> {
        let thirsty = !self.ended
            && !self.alternates
            && self.published - self.delivered <= self.reach.now / 2;
        if self.ready == 0 || thirsty || self.reach.left == 1 || !window.ordered() {
            return None;
        }
        // SAFETY: announced, so done; and this is the consumer.
        let taken = unsafe { window.slots.at(self.delivered & window.mask).take_done() }?;
        self.delivered += 1;
        self.ready -= 1;
        self.reach.left -= 1;
        Some(taken)
    }

    /// What to do once nothing is handed out any more.
    #[cold]
    fn wind_up<T, R>(&mut self, window: &Window<T, R>, closed: bool) -> NextStep<T, R> {
        self.ended = true;
        let cut = self.cut(window);
        if closed && let Some(ticket) = window.offcuts.take() {
            // SAFETY: taken from the workers that could have claimed it; and this is the
            // consumer.
            if let Some(input) = unsafe { window.slots.at(ticket & window.mask).take() }.input {
                return NextStep::Discard(input, None);
            }
        }
        if self.published > cut {
            self.published -= 1;
            let slot = self.slot_of(window, self.published);
            // SAFETY: never claimed, and never will be; and this is the consumer.
            if let Some(input) = unsafe { window.slots.at(slot).take() }.input {
                return NextStep::Discard(input, None);
            }
        }
        if closed {
            let Some(slot) = window.slots.done_from(self.looked) else {
                self.looked = 0; // Items that run come to their end later.
                return NextStep::Over;
            };
            self.looked = slot + 1;
            // SAFETY: done, and this is the consumer.
            return match unsafe { window.slots.at(slot).take() } {
                Taken { input: Some(input), output, .. } => NextStep::Discard(input, output),
                Taken { .. } => unreachable!("a slot that is done has an input"),
            };
        }
        if self.delivered == cut {
            return NextStep::Over;
        }
        if self.look(window) { self.take(window) } else { NextStep::Wait }
    }

    /// Whether there is work for one more worker than those that are on their way.
    ///
    /// Only a few may be on their way, so that a long stream of short items does not start many
    /// threads in vain; a consumer that has to wait lets more come each time.
    pub(super) fn wants_worker<T, R>(&mut self, window: &Window<T, R>) -> bool {
        let hiring = &self.hiring;
        if window.sleep.has_sleepers() || !hiring.is_open(window.sleep.gone()) {
            return false;
        }
        let coming = hiring.coming(window.entered.load(Ordering::Acquire));
        coming < hiring.crew && self.unclaimed(window) + window.offcuts.count() > coming
    }

    /// Which result to sleep for, and for how many nanoseconds.
    pub(super) fn awaited<T, R>(&mut self, window: &Window<T, R>) -> (usize, Option<i64>) {
        let last = (self.published - self.range).saturating_sub(1);
        let mut ahead = if self.seen > 0 { 0 } else { self.ahead.min(last) };
        if self.is_full(window, self.range + ahead) {
            ahead = 0; // Overtaken by later ones: the first one is what is missing.
        }
        let mut longest = (ahead > 0).then_some(BATCH_DELAY);
        let mut at_most =
            |nanos: i64| longest = Some(longest.map_or(nanos, |now| now.min(nanos)));
        let unclaimed = self.unclaimed(window);
        if self.hiring.is_open(window.sleep.gone()) && unclaimed > 0 {
            // As soon as the workers that were hired have come, more are to be.
            at_most(self.hiring.lap(window.entered.load(Ordering::Acquire)));
        }
        if unclaimed > 0
            || window.offcuts.count() > 0
            || window.ranges.load(Ordering::Acquire) > 0
        {
            // (Where they take turns, it would wait for the workers all the same.)
            at_most(if self.alternates { QUICK_TURN } else { self.lap });
        }
        window.patient.store(self.alternates, Ordering::Relaxed);
        if self.refill.moment == Moment::Now {
            self.refill.moment = Moment::Over;
            at_most(self.refill.took / 16);
        }
        (self.range + ahead, longest)
    }

    /// How many results have been seen of the range at `target`.
    pub(super) fn seen(&self, target: usize) -> usize {
        if target == self.range { self.seen } else { 0 }
    }

    fn is_full<T, R>(&self, window: &Window<T, R>, number: usize) -> bool {
        let cell = window.done[number & window.mask].load(Ordering::Acquire);
        matches!(Cell::read(cell), Cell::Full(_)) && number < self.published
    }

    /// After a wait for the result at `target`: how far ahead to look next time. Returns
    /// whether to wake a worker.
    pub(super) fn learn<T, R>(&mut self, window: &Window<T, R>, target: usize) -> bool {
        let first = self.range;
        if !self.look(window) {
            self.ahead = 0;
            return self.rescue(window);
        }
        let next = target + 1;
        self.ahead = if target == first {
            if self.is_full(window, next + RUN - 1) { RUN } else { 0 }
        } else if self.is_full(window, target) {
            (self.ahead * 2).min(window.limit / 2)
        } else {
            self.ahead / 2
        };
        false
    }

    /// The next result has not come: makes what has not begun available to any worker. Returns
    /// whether to wake one.
    #[cold]
    fn rescue<T, R>(&mut self, window: &Window<T, R>) -> bool {
        window.range_size.forget();
        let claimed = self.published - self.unclaimed(window);
        let (mut number, mut found) = (self.range, false);
        while number < claimed && window.ranges.load(Ordering::Acquire) > 0 {
            let cell = &window.done[number & window.mask];
            if let Some(end) = window.offcuts.cut(cell, number) {
                found = true;
                number += end;
                continue;
            }
            number += match Cell::read(cell.load(Ordering::Acquire)) {
                Cell::Running { end, .. } => end,
                Cell::Full(count) if window.ordered() => count,
                _ => 1,
            };
        }
        let left = self.unclaimed(window) + window.offcuts.count() > 0;
        let wake = left && window.sleep.has_idle();
        self.lap = if found || wake { BATCH_DELAY } else { (self.lap * 2).min(LONGEST_LAP) };
        wake
    }

    pub(super) fn holds_anything<T, R>(&mut self, window: &Window<T, R>) -> bool {
        self.published > self.cut(window)
            || window.offcuts.count() > 0
            || window.slots.done_from(0).is_some()
    }
}
