//! `queue.Queue`, `LifoQueue`, `PriorityQueue` and `SimpleQueue`.

pub(crate) mod compare;
pub(crate) mod errors;
pub(crate) mod fast;
pub(crate) mod items;
pub(crate) mod kinds;
pub(crate) mod opened;
pub(crate) mod overridden;
pub(crate) mod priority;
#[allow(clippy::module_inception, reason = "the class is called as the room is")]
pub(crate) mod queue;
pub(crate) mod ready;
pub(crate) mod simple;
pub(crate) mod state;
pub(crate) mod timeout;
pub(crate) mod wait;
