//! A stream of items on its way through workers, in order.

mod cell;
mod clocks;
mod consumer;
mod consumer_state;
mod hiring;
mod pull;
mod range_size;
mod slot;
mod window;
mod work;

pub use clocks::Reading;
pub use consumer::{Consumer, Delivery, NextStep};
pub use slot::HeldItem;
pub use window::{Left, Outcome, Settings, Stay, Window};
