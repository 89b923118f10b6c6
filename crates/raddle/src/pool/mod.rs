//! Spreading work over threads: a pool of workers, the queue of an executor's tasks, and the window
//! through which a stream of items reaches its workers.
//!
//! [`Pool`] is for Rust programs. [`Tasks`] is what is under Python's `ThreadPoolExecutor`,
//! [`Window`] what is under `raddle.map`: each step is the caller's, who can pull inputs, hire
//! workers and wait in its own way.

mod cell;
mod clocks;
#[cfg_attr(raddle_loom, allow(dead_code, reason = "the pool itself is not modelled"))]
mod completion;
mod consumer;
mod crew;
mod deque;
mod front;
mod line;
mod pace;
mod pull;
mod sleep;
mod slot;
#[cfg(not(raddle_loom))]
mod spawned;
#[cfg(not(raddle_loom))]
mod spread;
mod tasks;
mod window;
mod work;
#[cfg(not(raddle_loom))]
mod workers;

pub use clocks::Reading;
#[cfg(raddle_loom)]
pub use completion::Completion;
pub use consumer::{Consumer, Delivery, Plan};
#[cfg(raddle_loom)]
pub use crew::{Crew, Seat as CrewSeat, Task};
pub use slot::Held;
#[cfg(not(raddle_loom))]
pub use spawned::Spawned;
pub use tasks::{Closed, Demand, Seat, Tasks};
pub use window::{Left, Outcome, Settings, Stay, Window};
#[cfg(not(raddle_loom))]
pub use workers::Pool;
