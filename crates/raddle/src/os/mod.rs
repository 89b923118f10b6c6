//! What the crate needs of the operating system: sleeping and being woken, the clock, threads'
//! identifiers, forks; and what is made of these alone. Nothing else asks which system this is.
//! Below all of it is `sync`: atomics, real ones or the model checker's.

#[cfg(not(raddle_loom))]
pub(crate) mod clock;
pub(crate) mod deadline;
pub(crate) mod fork;
pub(crate) mod guarded;
mod ident;
mod latch;
#[cfg_attr(raddle_loom, allow(dead_code, reason = "models take no turns"))]
pub(crate) mod own_time;
mod park;
mod spin;
mod switch;
pub(crate) mod sync;
#[cfg(not(raddle_loom))]
pub(crate) mod threads;
pub(crate) mod ticks;

pub use deadline::Deadline;
pub use ident::thread_id;
pub(crate) use latch::{Latch, LatchGuard};
#[cfg(not(raddle_loom))]
pub(crate) use park::TELLS_SIGNALS;
pub use park::{Parker, Wake};
pub(crate) use park::{Wakeup, turns};
pub(crate) use spin::Spin;
pub(crate) use switch::Switch;
