//! What raddle reports of a program: deadlocks, lock orders, contention, and all stacks at
//! once.

pub(crate) mod aside;
pub(crate) mod contention;
pub(crate) mod deadlock;
pub(crate) mod handler_aside;
pub(crate) mod lock_order;
pub(crate) mod marker;
pub(crate) mod stacks;
pub(crate) mod turns;
