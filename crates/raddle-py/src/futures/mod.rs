//! `concurrent.futures`: Future, and executors of threads.

pub(crate) mod classes;
pub(crate) mod executor;
pub(crate) mod extra;
pub(crate) mod first_completed;
pub(crate) mod function;
pub(crate) mod future;
pub(crate) mod opened;
pub(crate) mod result;
pub(crate) mod settle;
pub(crate) mod state;
pub(crate) mod task;
pub(crate) mod worker;
pub(crate) mod workqueue;
