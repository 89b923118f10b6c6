//! Spreading work over threads: the queue of an executor's tasks, and the window through which a
//! stream of items reaches its workers.

mod clocks;
mod consumer;
mod line;
mod slot;
mod tasks;
mod window;

pub use clocks::Reading;
pub use consumer::{Consumer, Delivery, Plan};
pub use slot::Held;
pub use tasks::{Closed, Demand, Seat, Tasks};
pub use window::{Left, Outcome, Settings, Stay, Window};
