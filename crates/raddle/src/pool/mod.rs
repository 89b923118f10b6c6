//! Spreading work over threads: the window through which a stream of items reaches its workers.

mod clocks;
mod consumer;
mod line;
mod sleep;
mod slot;
mod window;

pub use clocks::Reading;
pub use consumer::{Consumer, Delivery, Plan};
pub use slot::Held;
pub use window::{Outcome, Settings, Window};
