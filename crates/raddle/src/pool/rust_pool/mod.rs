//! A pool of workers for Rust programs.

#[cfg_attr(raddle_loom, allow(dead_code, reason = "the pool itself is not modelled"))]
mod completion;
mod crew;
mod deque;
#[cfg(not(raddle_loom))]
mod spawned;
#[cfg(not(raddle_loom))]
mod spread;
#[cfg(not(raddle_loom))]
mod workers;

#[cfg(raddle_loom)]
pub use completion::Completion;
#[cfg(raddle_loom)]
pub use crew::{Crew, Seat as CrewSeat, Task};
#[cfg(not(raddle_loom))]
pub use spawned::Spawned;
#[cfg(not(raddle_loom))]
pub use workers::Pool;
