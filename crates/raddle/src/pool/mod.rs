//! Spreading work over threads: a pool of workers, and the window through which a stream of items
//! reaches them.
//!
//! [`Pool`] is for Rust programs. [`Window`] is what is under Python's `raddle.map`: each step is
//! the caller's, who can pull inputs, hire workers and wait in its own way.

mod clocks;
mod consumer;
mod crew;
mod deque;
mod front;
mod line;
mod sleep;
mod slot;
#[cfg(not(raddle_loom))]
mod spawned;
#[cfg(not(raddle_loom))]
mod spread;
mod window;
#[cfg(not(raddle_loom))]
mod workers;

pub use clocks::Reading;
pub use consumer::{Consumer, Delivery, Plan};
#[cfg(raddle_loom)]
pub use crew::{Crew, Seat, Task};
pub use slot::Held;
#[cfg(not(raddle_loom))]
pub use spawned::Spawned;
pub use window::{Outcome, Settings, Window};
#[cfg(not(raddle_loom))]
pub use workers::Pool;
