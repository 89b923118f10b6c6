//! The primitives: locks, conditions, semaphores, events and barriers.

mod barrier;
mod condition;
mod event;
mod lock;
mod raw;
mod rlock;
mod semaphore;
mod word;

pub use barrier::{Barrier, BarrierError};
pub use condition::{Condition, Releasable, Ticket};
pub use event::Event;
pub use lock::{Lock, LockGuard};
pub use raw::RawLock;
pub use rlock::{NotOwner, Ownership, RLock};
pub use semaphore::{BoundedSemaphore, Semaphore, SemaphoreGuard, TooManyPermits};
