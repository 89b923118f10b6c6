//! The primitives: locks, conditions, semaphores, events and barriers.

mod barrier;
mod condition;
mod event;
mod latch;
mod lock;
#[cfg(not(raddle_loom))]
mod once;
mod raw;
mod rlock;
mod rwlock;
mod semaphore;
mod word;

pub use barrier::{Barrier, BarrierError};
pub use condition::{Condition, Releasable, Ticket};
pub use event::Event;
pub use latch::Latch;
pub use lock::{Lock, LockGuard};
#[cfg(not(raddle_loom))]
pub use once::{Once, OnceError};
pub use raw::RawLock;
pub use rlock::{NotOwner, Ownership, RLock};
#[cfg(not(raddle_loom))]
pub(crate) use rwlock::reads_nothing;
pub use rwlock::{Misuse, RawRwLock, ReadGuard, RwLock, RwLockError, WriteGuard};
pub use semaphore::{BoundedSemaphore, Semaphore, SemaphoreGuard, TooManyPermits};
