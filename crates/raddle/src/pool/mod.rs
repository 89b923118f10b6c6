//! Workers and what they work on.

mod tasks;

pub use tasks::{Closed, Demand, Seat, Tasks};
