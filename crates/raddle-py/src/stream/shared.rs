//! What a stream and its workers share, and how it is given up.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use raddle::Deadline;
use raddle::pool::Window;

use super::next::Next;
use super::task::Task;
use crate::python::atomic::AtomicPy;
use crate::python::call::OwnedPy;

/// What a stream and its workers share.
pub(super) struct Shared {
    pub(super) window: Window<OwnedPy, OwnedPy>,
    /// In the context of the thread that has made the stream: each task runs in a copy.
    pub(super) task: Task,
    /// Empty once the input has ended; the consumer's.
    pub(super) inputs: AtomicPy,
    /// The consumer's.
    pub(super) hire: AtomicPy,
    /// What the inputs raised, to be raised after the results; the consumer's.
    pub(super) failure: AtomicPy,
    /// What `_cancel` was given, and whether anything is missing because of it.
    pub(super) cancelled: AtomicPy,
    pub(super) cut: AtomicBool,
    /// The inputs come from an iterator that never waits, nor runs Python code.
    pub(super) plain: bool,
    pub(super) star: bool,
    pub(super) on_error: OnError,
    /// A list of the exceptions that were left out, if any; the consumer's.
    pub(super) collected: AtomicPy,
    /// What notes call the stream.
    pub(super) name: String,
    pub(super) until: Deadline,
    /// How many results were delivered or left out; the consumer's.
    pub(super) deliveries: AtomicUsize,
    /// When `_look` is to be called next; the consumer's.
    pub(super) next_look: Next,
    /// `_ended` was called.
    pub(super) ended: AtomicBool,
}

/// What becomes of the exception of a task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnError {
    Raise,
    Return,
    Collect,
}

impl Shared {
    pub(super) fn places(&self) -> [&AtomicPy; 5] {
        let Self { inputs, hire, failure, cancelled, collected, .. } = self;
        [inputs, hire, failure, cancelled, collected]
    }

    /// Closes the stream and drops all that it holds, but for what a worker is at.
    pub(super) fn forget(&self) {
        self.close();
        self.empty();
    }

    fn empty(&self) {
        drop(self.task.take());
        for place in self.places() {
            drop(place.take());
        }
    }

    pub(super) fn close(&self) {
        self.window.close();
        if let Some(consumer) = self.window.consumer() {
            consumer.leave_nothing();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.empty();
    }
}
