//! Spreading work over threads: a pool of workers, the queue of an executor's tasks, and the window
//! through which a stream of items reaches its workers.
//!
//! [`Pool`] is for Rust programs. [`Tasks`] is what is under Python's `ThreadPoolExecutor`,
//! [`Window`] what is under `raddle.map`: each step is the caller's, which can pull inputs, hire
//! workers and wait in its own way.

mod executor;
mod executor_worker;
mod rust_pool;
mod sleep;
mod stream;

pub use executor::{Closed, Demand, Seat, Tasks};
pub use executor_worker::{LastEnd, Seated, Worker};
#[cfg(raddle_loom)]
pub use rust_pool::{Crew, Member, Task, TaskEnd};
#[cfg(not(raddle_loom))]
pub use rust_pool::{Pool, Spawned};
pub use stream::{
    Consumer, Delivery, HeldItem, Left, NextStep, Outcome, Reading, Settings, Stay, Window,
};
