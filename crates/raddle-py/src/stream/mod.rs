//! `Stream`: the engine of `raddle.map` on threads.

pub(crate) mod blocking;
pub(crate) mod drive;
pub(crate) mod fast;
pub(crate) mod next;
pub(crate) mod outcome;
pub(crate) mod shared;
#[allow(clippy::module_inception, reason = "the class is called as the room is")]
pub(crate) mod stream;
pub(crate) mod task;
pub(crate) mod worker;
