//! The workers' side of a window: claiming items, running them, announcing their results.

use std::cell::Cell as Flag;

use super::cell::{self, Cell};
use super::clocks::Meter;
use super::consumer::Consumer;
use super::window::{CLOSED, HELD, KNOCKED, Left, Outcome, STOPPED, Stay, Window};
use crate::clock;
use crate::os::sync::Ordering;
use crate::os::{Deadline, deadline};
use crate::pool::sleep::{self, ENDED, TICK};
use crate::wait::Blocking;

/// Items that a worker claimed.
struct Claimed {
    /// The slot of the first, and its number where results come in order; the others follow.
    slot: usize,
    ticket: usize,
    count: usize,
    /// Others wait to be claimed, and workers rest that nobody has woken.
    wake: bool,
}

enum Attempt {
    Items(Claimed),
    Nothing,
    Over,
}

impl<T, R> Window<T, R> {
    /// Works for the stream until it ends or is closed.
    ///
    /// `attend` is called when the worker has rested, before it claims anything; `run` makes an
    /// item's result. A result is announced once the next item was claimed or, if there is none,
    /// after `blocking` has detached, unless that is [burdened](Blocking::is_burdened): the
    /// consumer can then go on at once. (Where the two take turns, it is woken after that.)
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended a rest; no item is lost by it.
    pub fn work<B: Blocking>(
        &self,
        blocking: &mut B,
        attend: impl FnMut(&mut B),
        run: impl FnMut(&mut B, &T) -> Outcome<R>,
    ) -> Result<(), B::Interrupt> {
        self.work_for(None, blocking, attend, run).map(|_| ())
    }

    /// [`work`](Self::work), leaving earlier than at the end if `stay` says so.
    ///
    /// # Errors
    /// As `work`'s.
    pub fn work_for<B: Blocking>(
        &self,
        stay: Option<Stay>,
        blocking: &mut B,
        mut attend: impl FnMut(&mut B),
        mut run: impl FnMut(&mut B, &T) -> Outcome<R>,
    ) -> Result<Left, B::Interrupt> {
        let inside = Entered::enter(self, stay.is_some_and(|stay| stay.again));
        let end = stay.map_or(Deadline::NEVER, |stay| Deadline::after(stay.work));
        let mut meter = Meter::new(&self.clocks);
        let (mut unannounced, mut awaited) = (None, false);
        let mut clocks = clock::Tasks::begin(); // (Gone before `inside` is.)
        let mut began = deadline::now();
        loop {
            match self.claim() {
                Attempt::Items(mut claim) => {
                    if claim.count > 1 {
                        cell::begin(&self.done[claim.ticket & self.mask], claim.count);
                    }
                    if let Some(earlier) = unannounced.take()
                        && self.announce(&earlier)
                    {
                        // A consumer that cannot go on before this thread has detached is woken
                        // then. (If it could, since an item waits, it looks by itself soon.)
                        awaited = self.patient.load(Ordering::Relaxed);
                        if !awaited {
                            self.wake_consumer();
                        }
                    }
                    if claim.wake {
                        self.sleep.wake_one();
                    }
                    meter.busy();
                    if !self.run_all(&mut claim, &mut clocks, |input| run(blocking, input)) {
                        return Ok(Left::Over); // An item forked; the stream stayed behind.
                    }
                    let now = deadline::now();
                    self.range_size.learn(claim.count, now - began);
                    began = now;
                    meter.ran(claim.count);
                    if end.has_passed() {
                        meter.rest();
                        if self.tell_and_detach(blocking, Some(&claim), awaited) {
                            self.tidy(blocking, &mut attend);
                        }
                        return Ok(Left::Expired);
                    }
                    unannounced = Some(claim);
                }
                state => {
                    meter.rest();
                    let earlier = unannounced.take();
                    let awaited = std::mem::take(&mut awaited);
                    if !self.tell_and_detach(blocking, earlier.as_ref(), awaited) {
                        return Ok(Left::Over);
                    }
                    if earlier.is_some_and(|earlier| earlier.count > 1) {
                        continue; // It may have been the last range that was waited for.
                    }
                    if matches!(state, Attempt::Over) {
                        self.tidy(blocking, &mut attend);
                        return Ok(Left::Over);
                    }
                    let until = stay.map_or(Deadline::NEVER, |stay| Deadline::after(stay.rest));
                    inside.rests();
                    let rested = self.sleep.rest(blocking, until, |word| self.is_dry(word))?;
                    let Some(rested) = rested else {
                        if self.is_dry(self.sleep.load()) {
                            return Ok(Left::Idle);
                        }
                        // Published while this one was in line, and so for it, too; the
                        // consumer may rely on that.
                        self.sleep.stays();
                        inside.is_back();
                        attend(blocking);
                        began = deadline::now();
                        continue;
                    };
                    inside.is_back();
                    attend(blocking);
                    rested.over();
                    began = deadline::now();
                }
            }
        }
    }

    /// Announces what was done, if anything, has `blocking` detach, and wakes the consumer if that
    /// waits, or is `awaited` to; returns false in the child of a fork that this made: the stream
    /// stayed behind.
    fn tell_and_detach<B: Blocking>(
        &self,
        blocking: &mut B,
        done: Option<&Claimed>,
        mut awaited: bool,
    ) -> bool {
        let first = blocking.is_burdened();
        if let Some(done) = done.filter(|_| first) {
            awaited |= self.announce(done);
            if std::mem::take(&mut awaited) {
                self.wake_consumer();
            }
        }
        blocking.detach();
        if self.is_orphaned() {
            return false;
        }
        if let Some(done) = done.filter(|_| !first) {
            awaited |= self.announce(done);
        }
        if awaited {
            self.wake_consumer();
        }
        true
    }

    /// Runs what was claimed, but for what is cut off meanwhile; returns false in the child of a
    /// fork that an item made.
    #[inline]
    fn run_all(
        &self,
        claim: &mut Claimed,
        clocks: &mut Option<clock::Tasks>,
        mut run: impl FnMut(&T) -> Outcome<R>,
    ) -> bool {
        let cell = &self.done[claim.ticket & self.mask];
        let mut number = 0;
        loop {
            let slot = self.slots.at((claim.slot + number) & self.mask);
            // SAFETY: claimed by this call, and not finished.
            let outcome = unsafe { slot.run(clocks, &mut run) };
            if self.is_orphaned() {
                return false;
            }
            let (output, failed, stop) = match outcome {
                Outcome::Go(output) => (output, false, false),
                Outcome::Fail(output) => (output, true, false),
                Outcome::Stop(output) => (output, true, true),
            };
            // SAFETY: as above.
            unsafe { slot.finish(output, failed) };
            if stop {
                self.stop();
            }
            number += 1;
            if number == claim.count {
                return true;
            }
            if stop || self.claimed.load(Ordering::Relaxed) & CLOSED != 0 {
                self.skip(claim, number);
                return true;
            }
            if let Cell::Running { begun, end } = cell::step(cell, self.exclusive)
                && begun >= end
            {
                claim.count = end;
                return true;
            }
        }
    }

    /// Leaves out the rest of a range, from the item of that number on.
    #[cold]
    fn skip(&self, claim: &mut Claimed, number: usize) {
        let end = match cell::cut(&self.done[claim.ticket & self.mask]) {
            Some((_, end)) => end,
            // Somebody else has cut it, and the rest is not this worker's.
            None => {
                claim.count = number;
                return;
            }
        };
        for number in number..end {
            // SAFETY: claimed by this call, not cut off by others, and not finished.
            unsafe { self.slots.at((claim.slot + number) & self.mask).skip() };
        }
    }

    /// Discards, if the stream was closed, what nobody else has: the item of this worker that
    /// was running then, with its result.
    fn tidy<B: Blocking>(&self, blocking: &mut B, attend: &mut impl FnMut(&mut B)) {
        // Changes nothing, and so comes before the closing, whose consumer then sees this worker's
        // items done, or after it.
        let closed = self.door.fetch_or(0, Ordering::AcqRel) & CLOSED != 0;
        if !closed || self.is_orphaned() {
            return;
        }
        attend(blocking); // Also for embedders that rely on being alone while they are attached.
        // The thread that is the consumer looks again when it gives that up.
        let held = self.door.fetch_or(HELD | KNOCKED, Ordering::AcqRel) & HELD != 0;
        if !held {
            Consumer::new(self).leave_nothing();
        }
    }

    /// Claims the next inputs.
    #[inline]
    fn claim(&self) -> Attempt {
        let mut claimed = self.claimed.load(Ordering::Acquire);
        loop {
            if claimed & CLOSED != 0 || self.is_orphaned() {
                return Attempt::Over;
            }
            if self.offcuts.count() > 0
                && let Some(ticket) = self.offcuts.take()
            {
                let (slot, count) = (ticket & self.mask, 1);
                let wake = self.offcuts.count() > 0 && sleep::wants_waking(self.sleep.load());
                return Attempt::Items(Claimed { slot, ticket, count, wake });
            }
            if claimed & STOPPED != 0 {
                return Attempt::Over;
            }
            // The worker that moved `claimed` here had seen `published` beyond it, and so does
            // this.
            let published = self.sleep.load();
            let left = sleep::ticks(published).wrapping_sub(claimed) / TICK;
            if left == 0 {
                let over = published & ENDED != 0 && self.ranges.load(Ordering::Acquire) == 0;
                return if over { Attempt::Over } else { Attempt::Nothing };
            }
            let ticket = claimed / TICK;
            let (mut slot, mut count) = (ticket & self.mask, 1);
            match self.ready.get(slot) {
                // Looked up before the claim: after it, the consumer may write here again.
                Some(lent) => slot = lent.load(Ordering::Relaxed),
                None => {
                    count = self.range_size.share(left, self.inside.load(Ordering::Relaxed))
                }
            }
            if count > 1 {
                // Before the claim: a worker that finds nothing left to claim sees it.
                self.ranges.fetch_add(1, Ordering::AcqRel);
            }
            match self.claimed.compare_exchange_weak(
                claimed,
                claimed.wrapping_add(count * TICK),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => {
                    let left = left - count;
                    let wake = left > 0
                        && sleep::wants_waking(published)
                        && !self.range_size.is_little(left, self.exclusive);
                    return Attempt::Items(Claimed { slot, ticket, count, wake });
                }
                Err(now) => claimed = now,
            }
            if count > 1 {
                self.range_is_over();
            }
        }
    }

    /// Says that a claim is done; returns whether to wake the consumer, which sleeps on it.
    #[inline]
    #[must_use]
    fn announce(&self, claim: &Claimed) -> bool {
        if self.ordered() {
            let full = Cell::Full(claim.count).write();
            let before = self.done[claim.ticket & self.mask].swap(full, Ordering::AcqRel);
            if matches!(Cell::read(before), Cell::Running { .. }) {
                self.range_is_over();
            }
            return cell::is_watched(before);
        }
        let number = self.announced.fetch_add(1, Ordering::AcqRel);
        let full = Cell::Full(claim.slot).write();
        cell::is_watched(self.done[number & self.mask].swap(full, Ordering::AcqRel))
    }

    /// A range was announced, or not claimed after all.
    fn range_is_over(&self) {
        if self.ranges.fetch_sub(1, Ordering::AcqRel) == 1 && self.sleep.has_ended() {
            self.sleep.wake_all(); // Workers that stayed for what might have been cut off.
        }
    }

    /// Whether there is nothing to claim, and more may come.
    fn is_dry(&self, published: usize) -> bool {
        let claimed = self.claimed.load(Ordering::Acquire);
        let open = published & ENDED == 0 || self.ranges.load(Ordering::Acquire) > 0;
        let none =
            sleep::ticks(published) == sleep::ticks(claimed) && self.offcuts.count() == 0;
        open && claimed & (STOPPED | CLOSED) == 0 && none
    }
}

/// Counts a worker while it is inside, and while it is awake there.
struct Entered<'a, T, R> {
    window: &'a Window<T, R>,
    awake: Flag<bool>,
}

impl<'a, T, R> Entered<'a, T, R> {
    fn enter(window: &'a Window<T, R>, again: bool) -> Self {
        window.inside.fetch_add(1, Ordering::AcqRel);
        if !again {
            window.entered.fetch_add(1, Ordering::AcqRel);
        }
        let inside = Self { window, awake: Flag::new(false) };
        inside.is_back();
        inside
    }

    fn is_back(&self) {
        self.awake.set(true);
        self.window.awake.fetch_add(1, Ordering::AcqRel);
    }

    /// Before its last look for something to do: a worker that leaves what it offers to those that
    /// are awake then finds this one gone, or is seen by that look.
    fn rests(&self) {
        if self.awake.replace(false) {
            self.window.awake.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl<T, R> Drop for Entered<'_, T, R> {
    fn drop(&mut self) {
        let window = self.window;
        if std::thread::panicking() {
            window.close(); // Its item will never be done: nobody must wait for it.
        }
        self.rests();
        if window.sleep.has_idle() && !window.is_dry(window.sleep.load()) {
            window.sleep.wake_one(); // For what was left to this one.
        }
        clock::is_same_thread(); // It is the end of all its items.
        window.order.release();
        let locked = window.leaving.lock();
        if window.inside.fetch_sub(1, Ordering::AcqRel) == 1 {
            locked.choose_many(usize::MAX, 0, || {});
        }
    }
}
