//! One item's place in a window, from its input to its result.
//!
//! | state    | what is in it    | what leaves it, and how                                    |
//! |----------|------------------|------------------------------------------------------------|
//! | `FREE`   | nothing          | the consumer: fills in an input, to `HELD`                 |
//! | `HELD`   | an input         | the worker that claimed it: writes the output, to `DONE`   |
//! |          |                  | or `FAILED`, or leaves it out if nothing is to be begun    |
//! |          |                  | any more, to `FAILED`;                                     |
//! |          |                  | the consumer, once nothing can be claimed: to `FREE`       |
//! | `DONE`   | an input, and    | the consumer: takes both, to `FREE`                        |
//! |          | an output        |                                                            |
//! | `FAILED` | an input and, if | likewise; it looks at the output before it hands that on   |
//! |          | it ran, output   |                                                            |
//!
//! Whether a `HELD` item waits or runs is told by the window's claim index: what is below it was
//! claimed. The input stays where it is while a worker uses it, and goes back to the consumer
//! with the output: without a GIL, an object is dropped most cheaply by the thread that made it.
//!
//! A window of short items is as large as a processor's cache, and goes from one processor to
//! another and back: of references, a slot has three words.

use crate::clock::{Handoffs, Tasks};
use crate::os::sync::{AtomicU8, Ordering, UnsafeCell};

const FREE: u8 = 0;
const HELD: u8 = 1;
const DONE: u8 = 2;
const FAILED: u8 = 3;

/// The slots of a window.
pub(super) struct Slots<T, R> {
    slots: Box<[Slot<T, R>]>,
    /// What the thread had done that has brought the item to each: with an input, the consumer;
    /// with an output, the worker. It is that one's until the other has the item.
    sent: Handoffs,
}

struct Slot<T, R> {
    /// See the module's table.
    state: AtomicU8,
    /// Written by the consumer only, in `FREE`, `DONE` and `FAILED` or when nobody can claim it;
    /// read by the worker that claimed it.
    input: UnsafeCell<Option<T>>,
    /// Written by the worker that claimed the item, in `HELD`; taken by the consumer, in `DONE`
    /// and `FAILED`.
    output: UnsafeCell<Option<R>>,
}

/// One of the slots.
pub(super) struct Place<'a, T, R> {
    slot: &'a Slot<T, R>,
    sent: &'a Handoffs,
    number: usize,
}

/// What a slot holds, see [`Window::for_each_held`](super::Window::for_each_held).
#[derive(Debug)]
pub struct HeldItem<'a, T, R> {
    /// The input of an item that was not delivered yet.
    pub input: &'a T,
    /// Its output, if it has been run.
    pub output: Option<&'a R>,
}

/// What was in a slot that is free again.
pub(super) struct Taken<T, R> {
    pub(super) input: Option<T>,
    pub(super) output: Option<R>,
    pub(super) failed: bool,
}

impl<T, R> Slots<T, R> {
    /// So many, free.
    pub(super) fn new(count: usize) -> Self {
        let free = || Slot {
            state: AtomicU8::new(FREE),
            input: UnsafeCell::new(None),
            output: UnsafeCell::new(None),
        };
        Self { slots: (0..count).map(|_| free()).collect(), sent: Handoffs::new(count) }
    }

    #[inline]
    pub(super) fn at(&self, number: usize) -> Place<'_, T, R> {
        Place { slot: &self.slots[number], sent: &self.sent, number }
    }

    /// Finds the first whose item can be taken, run or left out, from that number on.
    pub(super) fn done_from(&self, number: usize) -> Option<usize> {
        let done = self.slots[number..].iter().position(Slot::is_done)?;
        Some(number + done)
    }

    /// Shows what is in each of them.
    ///
    /// # Safety
    /// Nobody fills or takes meanwhile; a worker may finish.
    pub(super) unsafe fn look<E>(
        &self,
        mut look: impl FnMut(HeldItem<'_, T, R>) -> Result<(), E>,
    ) -> Result<(), E> {
        for slot in &self.slots {
            // SAFETY: passed on to the caller.
            unsafe { slot.look(&mut look) }.transpose()?;
        }
        Ok(())
    }
}

impl<T, R> Slot<T, R> {
    fn is_done(&self) -> bool {
        self.state.load(Ordering::Acquire) >= DONE
    }

    /// # Safety
    /// Nobody fills or takes meanwhile; a worker may finish.
    unsafe fn look<O>(&self, look: impl FnOnce(HeldItem<'_, T, R>) -> O) -> Option<O> {
        let state = self.state.load(Ordering::Acquire);
        if state == FREE {
            return None;
        }
        self.input.with(|input| {
            self.output.with(|output| {
                // SAFETY: not written while `HELD` or done, says the caller.
                let input = unsafe { (*input).as_ref() }?;
                // SAFETY: not written once done, says the caller; not looked at before.
                let output = if state >= DONE { unsafe { (*output).as_ref() } } else { None };
                Some(look(HeldItem { input, output }))
            })
        })
    }
}

impl<T, R> Place<'_, T, R> {
    /// Fills in an input.
    ///
    /// # Safety
    /// The caller is the consumer, and the slot is free.
    #[inline]
    pub(super) unsafe fn fill(&self, input: T) {
        debug_assert_eq!(self.slot.state.load(Ordering::Relaxed), FREE);
        // SAFETY: in `FREE` the cell is the consumer's.
        self.slot.input.with_mut(|cell| unsafe { *cell = Some(input) });
        // SAFETY: as above.
        unsafe { self.sent.send(self.number) };
        self.slot.state.store(HELD, Ordering::Release);
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
        debug_assert_eq!(self.slot.state.load(Ordering::Relaxed), HELD);
        // SAFETY: in `HELD` the place is the claiming worker's.
        unsafe { self.sent.run(self.number, tasks) };
        self.slot.input.with(|cell| {
            // SAFETY: published before it could be claimed, and not written before it is done.
            match unsafe { &*cell } {
                Some(input) => body(input),
                None => unreachable!("a claimed slot has an input"),
            }
        })
    }

    /// Leaves the output for the consumer, which looks at it if it is one that `failed`.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    #[inline]
    pub(super) unsafe fn finish(&self, output: R, failed: bool) {
        // SAFETY: in `HELD` the cell is the claiming worker's.
        self.slot.output.with_mut(|cell| unsafe { *cell = Some(output) });
        // SAFETY: as above.
        unsafe { self.sent.send(self.number) };
        self.slot.state.store(if failed { FAILED } else { DONE }, Ordering::Release);
    }

    /// Leaves the item as it is, without an output.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    pub(super) unsafe fn skip(&self) {
        self.slot.state.store(FAILED, Ordering::Release);
    }

    /// Takes everything out.
    ///
    /// # Safety
    /// The caller is the consumer, and the item is done, or was not claimed and can no longer be.
    #[inline]
    pub(super) unsafe fn take(&self) -> Taken<T, R> {
        let state = self.slot.state.load(Ordering::Acquire);
        // SAFETY: the item is the consumer's, says the caller.
        unsafe { self.sent.receive(self.number) };
        // SAFETY: as above.
        let input = self.slot.input.with_mut(|cell| unsafe { (*cell).take() });
        let output = if state >= DONE {
            // SAFETY: done, so the cell is the consumer's.
            self.slot.output.with_mut(|cell| unsafe { (*cell).take() })
        } else {
            None
        };
        self.slot.state.store(FREE, Ordering::Release);
        Taken { input, output, failed: state == FAILED }
    }

    /// Takes everything out of an item that is done, unless it has failed.
    ///
    /// # Safety
    /// The caller is the consumer, and the item is done.
    #[inline]
    pub(super) unsafe fn take_done(&self) -> Option<(T, R)> {
        debug_assert!(self.slot.is_done());
        if self.slot.state.load(Ordering::Relaxed) == FAILED {
            return None;
        }
        // SAFETY: passed on to the caller.
        match unsafe { self.take() } {
            Taken { input: Some(input), output: Some(output), .. } => Some((input, output)),
            _ => unreachable!("an item that is done has an input and an output"),
        }
    }
}
