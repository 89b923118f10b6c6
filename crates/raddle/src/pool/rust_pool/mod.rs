//! A pool of workers for Rust programs.

mod crew;
mod deque;
#[cfg_attr(raddle_loom, allow(dead_code, reason = "the pool itself is not modelled"))]
mod end;
#[cfg(not(raddle_loom))]
mod spawned;
#[cfg(not(raddle_loom))]
mod spread;
#[cfg(not(raddle_loom))]
mod workers;

#[cfg(raddle_loom)]
pub use crew::{Crew, Member, Task};
#[cfg(raddle_loom)]
pub use end::TaskEnd;
#[cfg(not(raddle_loom))]
pub use spawned::Spawned;
#[cfg(not(raddle_loom))]
pub use workers::Pool;
