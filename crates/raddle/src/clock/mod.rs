//! What happened before what: the clocks of threads, and the edges between them.
//!
//! Each thread has a clock of its own, and knows how far it is ordered after each other one: a
//! vector clock. What a thread does carries the time of its own clock. That is ordered before
//! what another thread does if that one knows a time at least as late. A thread's clock moves on
//! each time that it lets others know of it. (Lamport, 1978; Mattern, 1988; that one number is
//! enough for most accesses is from FastTrack, Flanagan and Freund, 2009.)
//!
//! Primitives know this room, as they know where waits sleep: each has an [`Edge`], by which the
//! thread that releases it lets those know that acquire it. It is all off at first, and costs one
//! load where a primitive is used. The room `race` above is what makes use of it.

mod edge;
mod handoff;
mod handoffs;
#[cfg(any(feature = "race", raddle_loom))]
mod lazy;
mod permits;
#[cfg(all(feature = "race", not(raddle_loom)))]
pub mod probe;
#[cfg(feature = "race")]
mod slots;
#[cfg(feature = "race")]
mod thread;
#[cfg(feature = "race")]
mod vector;

pub(crate) use edge::Edge;
pub(crate) use handoff::Handoff;
pub(crate) use handoffs::Handoffs;
#[cfg(raddle_loom)]
pub use lazy::Lazy;
pub(crate) use permits::Permits;
#[cfg(feature = "race")]
pub(crate) use slots::{name, name_at};
#[cfg(feature = "race")]
pub(crate) use thread::{
    Stamp, Tasks, Time, acquire, changed, end, follow, has_waited, is_after, is_on,
    is_same_thread, is_shared, looks_again, serial, stamp, switch, time, waited_at, waits,
};
#[cfg(feature = "race")]
pub(crate) use vector::Vector;

/// The calling thread ends; it has released all that it did.
#[cfg(all(not(feature = "race"), not(raddle_loom)))]
#[inline]
pub(crate) fn end() {}

/// A thread that runs tasks.
#[cfg(not(feature = "race"))]
#[derive(Debug)]
pub(crate) struct Tasks;

#[cfg(not(feature = "race"))]
impl Tasks {
    #[inline]
    pub(crate) fn begin() -> Option<Self> {
        None
    }
}

/// It is all one.
#[cfg(not(feature = "race"))]
#[inline]
pub(crate) fn is_same_thread() {}

/// The calling thread is about to wait for a condition.
#[cfg(not(feature = "race"))]
#[inline]
pub(crate) fn waits() {}

/// Nobody wants to know.
#[cfg(not(feature = "race"))]
#[inline]
pub(crate) fn is_on() -> bool {
    false
}
