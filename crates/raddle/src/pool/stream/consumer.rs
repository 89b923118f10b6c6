//! The consumer's side of a window: when to pull an input, ask for a worker, wait, or deliver.
//!
//! The consumer is one thread at a time, whichever holds `HELD` in the window's door. What to do
//! next is decided step by step (`consumer_state.rs`); the steps themselves may run foreign code and are the
//! caller's.

use super::cell;
use super::consumer_state::ConsumerState;
use super::window::{Alone, CLOSED, HELD, KNOCKED, STOPPED, Window};
use crate::os::Deadline;
use crate::os::sync::Ordering;
use crate::wait::Blocking;
use crate::waiters::Waiter;

/// A result, with the input that it was made of.
#[derive(Debug)]
pub struct Delivery<T, R> {
    /// The input's number in the stream, from 0.
    pub number: usize,
    /// The input.
    pub input: T,
    /// What running it came to.
    pub output: R,
    /// Whether that was not [`Outcome::Go`](super::Outcome::Go).
    pub failed: bool,
}

/// What the consumer has to do next.
#[must_use]
#[derive(Debug)]
pub enum NextStep<T, R> {
    /// Here is the next result.
    Deliver(Delivery<T, R>),
    /// Pull an input: call [`Consumer::publish`] or [`Consumer::end`].
    Pull,
    /// Ask for one more worker, then call [`Consumer::hired`].
    Hire,
    /// Call [`Consumer::wait`].
    Wait,
    /// Drop this: it will not be run, or nobody wants its output.
    Discard(T, Option<R>),
    /// There is nothing more to come.
    Over,
}

/// The right to be a window's consumer, until dropped; see [`Consumer::leave`].
#[derive(Debug)]
pub struct Consumer<'a, T, R> {
    window: &'a Window<T, R>,
}

impl<'a, T, R> Consumer<'a, T, R> {
    /// The caller has just set `HELD`.
    pub(super) fn new(window: &'a Window<T, R>) -> Self {
        Self { window }
    }

    #[inline]
    fn state<O>(&mut self, body: impl FnOnce(&Window<T, R>, &mut ConsumerState) -> O) -> O {
        let window = self.window;
        // SAFETY: `HELD` is this value's, and `self` is borrowed mutably.
        window.state.with_mut(|state| body(window, unsafe { &mut *state }))
    }

    /// Decides what to do next.
    #[inline]
    pub fn next_step(&mut self) -> NextStep<T, R> {
        self.state(|window, state| state.next_step(window))
    }

    /// Whether an input may be pulled, whatever the next step is.
    pub fn may_pull(&mut self) -> bool {
        self.state(|window, state| state.may_pull(window))
    }

    /// Whether a worker may be asked for, whatever the next step is.
    pub fn may_hire(&mut self) -> bool {
        self.state(|window, state| state.wants_worker(window))
    }

    /// Hands an input to the workers.
    ///
    /// # Panics
    /// If the next step was not [`NextStep::Pull`].
    #[inline]
    pub fn publish(&mut self, input: T) {
        self.stage(input);
        self.offer();
        self.state(|_, state| state.pulled());
    }

    /// How many inputs may be pulled at once, if none of them takes its time: each is staged,
    /// and then all are offered.
    pub fn may_stage(&mut self) -> usize {
        self.state(|window, state| state.may_stage(window))
    }

    /// Takes an input that the workers are [offered](Self::offer) soon, before anything else.
    ///
    /// # Panics
    /// If the next step was not [`NextStep::Pull`], or there is no more room.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop of nothing else is as quick as it can be")]
    pub fn stage(&mut self, input: T) {
        self.state(|window, state| state.stage(window, input));
    }

    /// Hands what was staged to the workers.
    #[inline]
    pub fn offer(&mut self) {
        if self.state(|window, state| state.offer(window)) {
            self.window.sleep.wake_one();
        }
    }

    /// Says that no more inputs will come.
    pub fn end(&mut self) {
        self.state(|_, state| state.end());
        self.window.sleep.end();
    }

    /// Says whether a worker was hired; if not, none is asked for again until one has left.
    pub fn hired(&mut self, hired: bool) {
        self.state(|window, state| state.hired(window, hired));
    }

    /// Whether nobody works for the stream, nor is on the way: what it holds will not be done
    /// unless a worker comes.
    pub fn is_alone(&mut self) -> bool {
        self.state(|window, state| state.is_alone(window))
    }

    /// Waits for results, for a while or until `until`; then ask for the next step again.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait; the stream can be used on.
    pub fn wait<B: Blocking>(
        &mut self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<(), B::Interrupt> {
        let (target, at_most) = self.state(|window, state| state.awaited(window));
        let until =
            at_most.map_or(until, |nanos| until.or_sooner(Deadline::after_nanos(nanos)));
        self.sleep(blocking, target, until)?;
        blocking.attach();
        if self.state(|window, state| state.learn(window, target)) {
            self.window.sleep.wake_one();
        }
        Ok(())
    }

    /// Sleeps until the result at `target` is there.
    fn sleep<B: Blocking>(
        &mut self,
        blocking: &mut B,
        target: usize,
        until: Deadline,
    ) -> Result<(), B::Interrupt> {
        let window = self.window;
        let cell = &window.done[target & window.mask];
        let join = |waiter: &Waiter| {
            let locked = window.results.lock();
            // A thread that stops the stream from here on takes the latch, and finds this waiter.
            let door = window.door.load(Ordering::Acquire);
            let over = door & CLOSED != 0
                || door & STOPPED != 0
                    && target >= self.state(|window, state| state.cut(window));
            let watches = !over && cell::watch(cell, self.state(|_, state| state.seen(target)));
            if watches {
                locked.push_back(waiter);
            }
            watches
        };
        let results = &window.results;
        let passed = results.wait_as(Waiter::new(), true, blocking, until, &Alone, join);
        cell::unwatch(cell); // Another sleep may be for another result.
        passed.map(|_| ())
    }

    /// Stops being the consumer; `Err` if the window was closed meanwhile, with what it still
    /// holds to be discarded first: take steps until [`NextStep::Over`].
    ///
    /// # Errors
    /// The consumer itself, see above.
    #[inline]
    pub fn leave(self) -> Result<(), Self> {
        let window = self.window;
        let mut left = self.give_up();
        // Somebody else may have become the consumer: then it is theirs.
        while left & CLOSED != 0 {
            let Some(mut again) = window.consumer() else { break };
            if again.state(|window, state| state.holds_anything(window)) {
                return Err(again);
            }
            left = again.give_up();
            if left & KNOCKED == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Gives the right up; returns what the door was. (`KNOCKED`: a worker had something to be
    /// discarded, and found the consumer there.)
    fn give_up(self) -> usize {
        let window = self.window;
        std::mem::forget(self);
        Self::let_go(window)
    }
}

impl<T, R> Consumer<'_, T, R> {
    #[inline]
    fn let_go(window: &Window<T, R>) -> usize {
        if window.exclusive {
            // As in `Window::consumer`.
            let door = window.door.load(Ordering::Relaxed);
            window.door.store(door & !(HELD | KNOCKED), Ordering::Release);
            return door;
        }
        window.door.fetch_and(!(HELD | KNOCKED), Ordering::AcqRel)
    }

    /// [`leave`](Self::leave)s, and drops what a closed window still holds.
    #[inline]
    pub fn leave_nothing(self) {
        let mut left = self.leave();
        while let Err(mut consumer) = left {
            let mut leftovers = Vec::new();
            while let NextStep::Discard(input, output) = consumer.next_step() {
                leftovers.push((input, output));
            }
            left = consumer.leave();
            drop(leftovers); // Destructors may use the stream.
        }
    }
}

impl<T, R> Drop for Consumer<'_, T, R> {
    fn drop(&mut self) {
        Self::let_go(self.window);
    }
}
