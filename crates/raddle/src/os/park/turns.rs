//! Threads that take turns: each step of theirs is somebody's choice.
//!
//! What chooses is above, in `thread/schedule`; here is what the rooms in between call. A thread
//! takes turns while it has a [time of its own](own_time). One that takes none pays one look at a
//! thread-local value for that, and only where it blocks or makes a deadline.

use std::cell::Cell;
use std::panic::Location;
use std::sync::OnceLock;

pub use super::touch::Touch;
use super::{Parker, Wake};
use crate::os::{Deadline, own_time};

/// What chooses whose turn it is.
pub(crate) trait Turns: Sync {
    /// Blocks the calling thread until `parker` is notified, until `until` on its own clock, or
    /// until the wait is to look at what has happened; others have their turns meanwhile.
    fn park(&self, parker: &Parker, until: Deadline) -> Wake;

    /// Lets somebody choose who goes on, before a step that touches `next`: this `call`.
    fn point(&self, next: Touch, call: &'static str, at: &'static Location<'static>);

    /// The present run's schedule so far, as a word.
    fn word(&self) -> String;

    /// Says what the next thread is, as an object, that the calling one starts.
    fn starts(&self, thread: Touch);

    /// Gives the thread that the caller is about to start a place; returns its number.
    fn expect(&self) -> usize;

    /// The thread with that number was not started after all.
    fn cancel(&self, place: usize);

    /// The calling thread has that number: returns when it is its turn.
    fn begin(&self, place: usize);

    /// The calling thread takes no turns any more.
    fn end(&self);
}

static TURNS: OnceLock<&'static dyn Turns> = OnceLock::new();

thread_local! {
    static STUCK: Cell<bool> = const { Cell::new(false) };
    /// The place that the thread takes once it has got all that it needs to run.
    static ASSIGNED: Cell<Option<usize>> = const { Cell::new(None) };
}

/// What chooses, if the calling thread takes turns.
#[inline]
pub(crate) fn mine() -> Option<&'static dyn Turns> {
    if is_mine() { TURNS.get().copied() } else { None }
}

/// Whether the calling thread takes turns.
#[inline]
pub(crate) fn is_mine() -> bool {
    own_time::is_kept()
}

/// A point before an operation that changes `object`, or looks at it, if these are wanted. Others
/// have their turns meanwhile: the caller holds no latch.
#[inline]
#[track_caller]
pub(crate) fn about<T>(object: &T, call: &'static str) {
    at(|| Touch::changes(std::ptr::from_ref(object).addr()), call);
}

/// A point before an operation on several objects, if these are wanted.
#[inline]
#[track_caller]
pub(crate) fn about_several(call: &'static str) {
    at(|| Touch::ANYTHING, call);
}

#[inline]
#[track_caller]
fn at(touch: impl FnOnce() -> Touch, call: &'static str) {
    if cfg!(feature = "explore")
        && let Some(turns) = mine()
    {
        turns.point(touch(), call, Location::caller());
    }
}

/// Says what chooses, if it has not been said before.
pub(crate) fn chosen_by(turns: &'static dyn Turns) {
    TURNS.get_or_init(|| turns);
}

/// Says which place the calling thread is to [take](begin).
pub(crate) fn assign(place: Option<usize>) {
    ASSIGNED.set(place);
}

/// The calling thread takes the place that it was assigned, if any, and waits for its turn.
pub(crate) fn begin() {
    if let (Some(place), Some(turns)) = (ASSIGNED.take(), TURNS.get()) {
        turns.begin(place);
    }
}

/// The calling thread takes no turns any more, if it did: it ends.
pub(crate) fn end() {
    if let Some(turns) = mine() {
        turns.end();
    }
}

/// The place of a thread that is about to be started, if its starter takes turns.
pub(crate) struct Expected(Option<usize>);

impl Expected {
    /// For a thread whose end this object tells: `call` starts it.
    #[track_caller]
    pub(crate) fn of<T>(object: &T, call: &'static str) -> Self {
        Self(mine().map(|turns| {
            let itself = Touch::changes(std::ptr::from_ref(object).addr());
            if cfg!(feature = "explore") {
                turns.point(itself, call, Location::caller());
            }
            turns.starts(itself);
            turns.expect()
        }))
    }

    /// The calling thread is that one, and waits for its turn; it takes turns until what this
    /// returns is dropped.
    pub(crate) fn begin(mut self) -> Taking {
        assign(self.0.take());
        begin();
        Taking
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        if let (Some(place), Some(turns)) = (self.0, TURNS.get()) {
            turns.cancel(place);
        }
    }
}

/// A thread's turns, until this is dropped.
pub(crate) struct Taking;

impl Drop for Taking {
    fn drop(&mut self) {
        end();
    }
}

/// The calling thread takes no turns any more, since none of those that do can go on.
pub(crate) fn give_up() {
    own_time::keep(None);
    STUCK.set(true);
}

/// The schedule that has led to where all threads are stuck, as a word.
pub(crate) fn word() -> String {
    TURNS.get().map_or_else(String::new, |turns| turns.word())
}

/// Whether the calling thread has [given up](give_up), and has not been told so.
pub(crate) fn has_given_up() -> bool {
    STUCK.try_with(|stuck| stuck.replace(false)) == Ok(true)
}
