//! How a Python thread blocks.

pub(crate) mod attached;
pub(crate) mod bystanders;
