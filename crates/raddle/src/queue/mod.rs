//! A queue of items between threads.

mod blocks;
mod gate;
mod heap;
mod inherited;
mod lines;
mod locked;
mod orders;
mod stack;

pub use blocks::Blocks;
pub use gate::{Deny, Gate, NoTask, Store};
pub use heap::{Heap, Plan, Question};
pub use inherited::Inherited;
pub use lines::Turn;
pub use stack::Stack;

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use crate::os::sync::maybe_const;
use crate::os::{Deadline, turns};
use crate::wait::{Blocking, Native, infallible};

/// First in, first out, for any number of threads on both sides.
///
/// Python's `queue.Queue`, and the counterpart of `crossbeam_channel` and
/// `std::sync::mpsc::sync_channel`, with deadlines and interrupts on both sides, `shutdown`, and
/// a count of unfinished tasks to [`join`](Self::join) on. An item that cannot be put is handed
/// back, and so are those that a shutdown drains.
///
/// ```
/// use raddle::Queue;
/// let queue = Queue::bounded(2);
/// raddle::scope(|scope| {
///     scope.spawn(|| {
///         for number in 0..5 {
///             queue.put(number).unwrap();
///         }
///         queue.shutdown(false);
///     });
///     let mut sum = 0;
///     while let Ok(number) = queue.get() {
///         sum += number;
///     }
///     assert_eq!(sum, 10);
/// });
/// assert_eq!(queue.put(7), Err(raddle::PutError::ShutDown(7)));
/// ```
#[derive(Debug)]
pub struct Queue<T> {
    gate: Gate<Blocks<T>>,
}

/// An item was not put; here it is again.
///
/// `I` is what can interrupt the wait: nothing, unless the caller brought a [`Blocking`].
///
/// ```
/// use raddle::{PutError, Queue};
///
/// let queue = Queue::bounded(1);
/// queue.put("warp").unwrap();
/// assert_eq!(queue.try_put("weft"), Err(PutError::Full("weft")));
/// assert_eq!(queue.try_put("weft").unwrap_err().into_item(), "weft");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutError<T, I = Infallible> {
    /// The queue is full, or was until the deadline.
    Full(T),
    /// The queue was shut down.
    ShutDown(T),
    /// A signal handler ended the wait.
    Interrupted(T, I),
}

impl<T, I> PutError<T, I> {
    /// The item.
    pub fn into_item(self) -> T {
        match self {
            Self::Full(item) | Self::ShutDown(item) | Self::Interrupted(item, _) => item,
        }
    }
}

impl<T, I> fmt::Display for PutError<T, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the queue is full",
            Self::ShutDown(_) => "the queue was shut down",
            Self::Interrupted(..) => "interrupted while the queue was full",
        })
    }
}

impl<T: fmt::Debug, I: fmt::Debug> std::error::Error for PutError<T, I> {}

/// No item was got.
///
/// ```
/// use raddle::{GetError, Queue};
///
/// let queue = Queue::<u32>::unbounded();
/// assert_eq!(queue.try_get(), Err(GetError::Empty));
/// queue.shutdown(false);
/// assert_eq!(queue.get(), Err(GetError::ShutDown));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetError<I = Infallible> {
    /// The queue is empty, or was until the deadline.
    Empty,
    /// The queue was shut down and is empty.
    ShutDown,
    /// A signal handler ended the wait.
    Interrupted(I),
}

impl<I> fmt::Display for GetError<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the queue is empty",
            Self::ShutDown => "the queue was shut down",
            Self::Interrupted(_) => "interrupted while the queue was empty",
        })
    }
}

impl<I: fmt::Debug> std::error::Error for GetError<I> {}

impl<T> Queue<T> {
    maybe_const! {
        /// A queue for any number of items.
        #[must_use]
        pub fn unbounded() -> Self {
            Self { gate: Gate::new(Blocks::new(), usize::MAX) }
        }
    }

    maybe_const! {
        /// A queue for at most `capacity` items.
        ///
        /// # Panics
        /// If `capacity` is zero: a queue hands nothing over without holding it.
        #[must_use]
        pub fn bounded(capacity: usize) -> Self {
            assert!(capacity > 0, "a queue has to have room for an item");
            Self { gate: Gate::new(Blocks::new(), capacity) }
        }
    }

    /// Puts an item if there is room now.
    ///
    /// # Errors
    /// The item, if the queue is full or was shut down.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        turns::about(self, "Queue.try_put");
        self.gate.put_by(item, Blocks::push).map_err(|(item, deny)| match deny {
            Deny::Later => PutError::Full(item),
            Deny::ShutDown | Deny::Retired => PutError::ShutDown(item),
        })
    }

    /// Puts an item, waiting for room until `until`.
    ///
    /// # Errors
    /// The item, if there was no room in time, the queue was shut down, or `blocking` ended the
    /// wait with an interrupt.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn put_with<B: Blocking>(
        &self,
        mut item: T,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<(), PutError<T, B::Interrupt>> {
        turns::about(self, "Queue.put");
        let mut turn = Turn::default();
        loop {
            match self.gate.put_by(item, Blocks::push) {
                Ok(()) => return Ok(()),
                Err((back, Deny::Later)) => item = back,
                Err((item, _)) => return Err(PutError::ShutDown(item)),
            }
            match self.gate.wait_to_put(blocking, until, &mut turn) {
                Ok(true) => {}
                Ok(false) => return Err(PutError::Full(item)),
                Err(interrupt) => return Err(PutError::Interrupted(item, interrupt)),
            }
        }
    }

    /// Puts an item, waiting for room for as long as it takes.
    ///
    /// # Errors
    /// The item, if the queue was shut down.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn put(&self, item: T) -> Result<(), PutError<T>> {
        self.put_with(item, &mut Native, Deadline::NEVER)
    }

    /// Puts an item, waiting for room for at most `timeout`.
    ///
    /// # Errors
    /// The item, if there was no room in time or the queue was shut down.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn put_timeout(&self, item: T, timeout: Duration) -> Result<(), PutError<T>> {
        self.put_with(item, &mut Native, Deadline::after(timeout))
    }

    /// Gets the oldest item if there is one now.
    ///
    /// # Errors
    /// [`GetError::Empty`], or [`GetError::ShutDown`] if none will come any more.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn try_get(&self) -> Result<T, GetError> {
        turns::about(self, "Queue.try_get");
        self.gate.get_by(pop).map_err(|deny| match deny {
            Deny::Later => GetError::Empty,
            Deny::ShutDown | Deny::Retired => GetError::ShutDown,
        })
    }

    /// Gets the oldest item, waiting for one until `until`.
    ///
    /// # Errors
    /// There was none in time, none will come any more, or `blocking` ended the wait with an
    /// interrupt; no item was then taken.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn get_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<T, GetError<B::Interrupt>> {
        turns::about(self, "Queue.get");
        let mut turn = Turn::default();
        loop {
            match self.gate.get_by(pop) {
                Ok(item) => return Ok(item),
                Err(Deny::Later) => {}
                Err(_) => return Err(GetError::ShutDown),
            }
            match self.gate.wait_to_get(blocking, until, &mut turn) {
                Ok(true) => {}
                Ok(false) => return Err(GetError::Empty),
                Err(interrupt) => return Err(GetError::Interrupted(interrupt)),
            }
        }
    }

    /// Gets the oldest item, waiting for one for as long as it takes.
    ///
    /// # Errors
    /// [`GetError::ShutDown`] if none will come any more.
    #[inline]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn get(&self) -> Result<T, GetError> {
        self.get_with(&mut Native, Deadline::NEVER)
    }

    /// Gets the oldest item, waiting for one for at most `timeout`.
    ///
    /// # Errors
    /// There was none in time, or none will come any more.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        self.get_with(&mut Native, Deadline::after(timeout))
    }

    /// Refuses further items; gets go on until there are none, then fail. With `immediate` the
    /// items are taken out and handed back, and their tasks count as done.
    ///
    /// Every thread that waits to put, or to get in vain, is woken.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn shutdown(&self, immediate: bool) -> Blocks<T> {
        turns::about(self, "Queue.shutdown");
        if immediate {
            return self.gate.shut_down_draining(std::mem::take).unwrap_or_default();
        }
        self.gate.shut_down();
        Blocks::new()
    }

    /// Whether the queue was shut down.
    #[must_use]
    pub fn is_shutdown(&self) -> bool {
        self.gate.is_shut_down()
    }

    /// Reports that the work on one item that was got is done, see [`join`](Self::join).
    ///
    /// # Errors
    /// [`NoTask`] if as many were reported as were put.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn task_done(&self) -> Result<(), NoTask> {
        turns::about(self, "Queue.task_done");
        self.gate.task_done()
    }

    /// Waits until each item that was put has been reported [done](Self::task_done).
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn join(&self) {
        infallible(self.join_with(&mut Native, Deadline::NEVER));
    }

    /// [`join`](Self::join) until `until`; returns whether all was done.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub fn join_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, B::Interrupt> {
        turns::about(self, "Queue.join");
        self.gate.join_with(blocking, until)
    }

    /// The number of items that were put and not yet reported done.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.gate.unfinished()
    }

    /// The number of items; out of date once returned.
    #[must_use]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn len(&self) -> usize {
        turns::about(self, "Queue.len");
        self.gate.count()
    }

    /// Whether there are no items; out of date once returned.
    #[must_use]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room for another item; out of date once returned.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.gate.is_full()
    }

    /// The most items that the queue holds, `None` for any number.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        Some(self.gate.limit()).filter(|limit| *limit != usize::MAX)
    }

    /// What the queue stands on; for reports, tests, and embedders.
    #[must_use]
    pub fn gate(&self) -> &Gate<Blocks<T>> {
        &self.gate
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::unbounded()
    }
}

/// Removes an item from a store that has one.
#[inline]
fn pop<T>(blocks: &mut Blocks<T>) -> T {
    blocks.pop().expect("the gate lets nobody get from an empty store")
}
