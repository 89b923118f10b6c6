//! A stream of items on its way through workers, in order.

mod cell;
mod chunk_size;
mod clocks;
mod consumer;
mod front;
mod pull;
mod slot;
mod window;
mod work;

pub use clocks::Reading;
pub use consumer::{Consumer, Delivery, Plan};
pub use slot::HeldItem;
pub use window::{Left, Outcome, Settings, Stay, Window};
