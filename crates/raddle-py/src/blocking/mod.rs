//! How a Python thread blocks.

pub(crate) mod attached;
pub(crate) mod bystanders;
pub(crate) mod finalizing;
pub(crate) mod handover;
pub(crate) mod inside;
pub(crate) mod main_thread;
pub(crate) mod report;
pub(crate) mod scope;
