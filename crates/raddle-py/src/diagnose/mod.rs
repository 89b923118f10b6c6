//! What raddle reports of a program: deadlocks, lock orders, contention, and all stacks at
//! once.

pub(crate) mod aside;
pub(crate) mod contention;
pub(crate) mod deadlock;
pub(crate) mod lock_order;
pub(crate) mod marker;
pub(crate) mod signal_handler;
pub(crate) mod stacks;
