//! One item's place in a window, from its input to its result.
//!
//! | state  | what is in it    | what leaves it, and how                                      |
//! |--------|------------------|--------------------------------------------------------------|
//! | `FREE` | nothing          | the consumer: fills in an input, to `HELD`                   |
//! | `HELD` | an input         | the worker that claimed it: writes the output, to `DONE`, or |
//! |        |                  | leaves it out if nothing is to be begun any more;            |
//! |        |                  | the consumer, once nothing can be claimed: to `FREE`         |
//! | `DONE` | an input and, if | the consumer: takes both, to `FREE`                          |
//! |        | it ran, output   |                                                              |
//!
//! Whether a `HELD` item waits or runs is told by the window's claim index: what is below it was
//! claimed. The input stays where it is while a worker uses it, and goes back to the consumer
//! with the output: without a GIL, an object is dropped most cheaply by the thread that made it.

use crate::clock::{Handoff, Tasks, is_on};
use crate::os::sync::{AtomicU8, Ordering, UnsafeCell};

const FREE: u8 = 0;
const HELD: u8 = 1;
const DONE: u8 = 2;

pub(super) struct Slot<T, R> {
    /// See the module's table.
    state: AtomicU8,
    /// Written by the consumer only, in `FREE` and `DONE` or
    /// when nobody can claim it; read by the worker that claimed it.
    input: UnsafeCell<Option<T>>,
    /// Written by the worker that claimed the item, in `HELD`; taken by the consumer, in `DONE`.
    output: UnsafeCell<Option<R>>,
    /// What the thread had done that has brought the item here: with an input, the consumer; with
    /// an output, the worker. It is that one's until the other has the item.
    sent: UnsafeCell<Handoff>,
}

/// What a slot holds, see [`Window::for_each_held`](super::Window::for_each_held).
#[derive(Debug)]
pub struct HeldItem<'a, T, R> {
    /// The input of an item that was not delivered yet.
    pub input: &'a T,
    /// Its output, if it has been run.
    pub output: Option<&'a R>,
}

impl<T, R> Slot<T, R> {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU8::new(FREE),
            input: UnsafeCell::new(None),
            output: UnsafeCell::new(None),
            sent: UnsafeCell::new(Handoff::new()),
        }
    }

    /// Fills in an input.
    ///
    /// # Safety
    /// The caller is the consumer, and the slot is free.
    #[inline]
    pub(super) unsafe fn fill(&self, input: T) {
        debug_assert_eq!(self.state.load(Ordering::Relaxed), FREE);
        // SAFETY: in `FREE` the cell is the consumer's.
        self.input.with_mut(|cell| unsafe { *cell = Some(input) });
        // SAFETY: as above.
        unsafe { self.send() };
        self.state.store(HELD, Ordering::Release);
    }

    /// Lends the input, to one of the `tasks` of the calling thread.
    ///
    /// # Safety
    /// The caller claimed this slot's item, and has not called [`finish`](Self::finish) yet.
    #[inline]
    pub(super) unsafe fn run<O>(
        &self,
        tasks: &mut Option<Tasks>,
        body: impl FnOnce(&T) -> O,
    ) -> O {
        debug_assert_eq!(self.state.load(Ordering::Relaxed), HELD);
        if is_on() {
            // SAFETY: in `HELD` the cell is the claiming worker's.
            let sent = self.sent.with_mut(|sent| std::mem::take(unsafe { &mut *sent }));
            sent.run(tasks);
        }
        self.input.with(|cell| {
            // SAFETY: published before it could be claimed, and not written before `DONE`.
            match unsafe { &*cell } {
                Some(input) => body(input),
                None => unreachable!("a claimed slot has an input"),
            }
        })
    }

    /// Leaves the output for the consumer.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    #[inline]
    pub(super) unsafe fn finish(&self, output: R) {
        // SAFETY: in `HELD` the cell is the claiming worker's.
        self.output.with_mut(|cell| unsafe { *cell = Some(output) });
        // SAFETY: as above.
        unsafe { self.send() };
        self.state.store(DONE, Ordering::Release);
    }

    /// # Safety
    /// The item is the caller's.
    #[inline]
    unsafe fn send(&self) {
        if is_on() {
            // SAFETY: passed on to the caller.
            self.sent.with_mut(|sent| unsafe { (*sent).send() });
        }
    }

    /// # Safety
    /// The item is the caller's.
    #[inline]
    unsafe fn receive(&self) {
        if is_on() {
            // SAFETY: passed on to the caller.
            self.sent.with_mut(|sent| unsafe { (*sent).receive() });
        }
    }

    /// Leaves the item as it is, without an output.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    pub(super) unsafe fn skip(&self) {
        self.state.store(DONE, Ordering::Release);
    }

    /// Whether the item can be taken, run or left out.
    pub(super) fn is_done(&self) -> bool {
        self.state.load(Ordering::Acquire) == DONE
    }

    /// Takes everything out.
    ///
    /// # Safety
    /// The caller is the consumer, and the item is done, or was not claimed and can no longer be.
    #[inline]
    pub(super) unsafe fn take(&self) -> (Option<T>, Option<R>) {
        let done = self.is_done();
        // SAFETY: the item is the consumer's, says the caller.
        unsafe { self.receive() };
        // SAFETY: as above.
        let input = self.input.with_mut(|cell| unsafe { (*cell).take() });
        let output = if done {
            // SAFETY: in `DONE` the cell is the consumer's.
            self.output.with_mut(|cell| unsafe { (*cell).take() })
        } else {
            None
        };
        self.state.store(FREE, Ordering::Release);
        (input, output)
    }

    /// Whether there is an output that fits.
    ///
    /// # Safety
    /// The caller is the consumer, and the item is done.
    #[inline]
    pub(super) unsafe fn fits(&self, fits: impl FnOnce(&R) -> bool) -> bool {
        // SAFETY: in `DONE` the cell is the consumer's.
        self.output.with(|output| unsafe { (*output).as_ref() }.is_some_and(fits))
    }

    /// Takes everything out of an item that is done.
    ///
    /// # Safety
    /// As for [`fits`](Self::fits).
    #[inline]
    pub(super) unsafe fn take_done(&self) -> (Option<T>, Option<R>) {
        debug_assert!(self.is_done());
        // SAFETY: in `DONE` all cells are the consumer's.
        unsafe { self.receive() };
        // SAFETY: as above.
        let input = self.input.with_mut(|cell| unsafe { (*cell).take() });
        // SAFETY: as above.
        let output = self.output.with_mut(|cell| unsafe { (*cell).take() });
        self.state.store(FREE, Ordering::Release);
        (input, output)
    }

    /// Shows what is in the slot.
    ///
    /// # Safety
    /// Nobody fills or takes meanwhile; a worker may finish.
    pub(super) unsafe fn look<O>(
        &self,
        look: impl FnOnce(HeldItem<'_, T, R>) -> O,
    ) -> Option<O> {
        let state = self.state.load(Ordering::Acquire);
        if state == FREE {
            return None;
        }
        self.input.with(|input| {
            self.output.with(|output| {
                // SAFETY: not written while `HELD` or `DONE`, says the caller.
                let input = unsafe { (*input).as_ref() }?;
                // SAFETY: not written in `DONE`, says the caller; not looked at before.
                let output = if state == DONE { unsafe { (*output).as_ref() } } else { None };
                Some(look(HeldItem { input, output }))
            })
        })
    }
}
