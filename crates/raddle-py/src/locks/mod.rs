//! Lock, RLock, Condition, Event, the semaphores and Barrier.

pub(crate) mod barrier;
pub(crate) mod condition;
pub(crate) mod event;
pub(crate) mod fast_condition;
pub(crate) mod fast_lock;
pub(crate) mod guard;
pub(crate) mod lock;
pub(crate) mod mutex;
pub(crate) mod name;
pub(crate) mod padded;
pub(crate) mod rlock;
pub(crate) mod semaphore;
