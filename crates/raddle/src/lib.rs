//! The primitives under Python's `threading`, as a plain Rust crate.
//!
//! Every wait can time out, can be interrupted, and never ends early; the state of each object is
//! one word on its fast path; nothing is poisoned, nothing allocates, nothing is registered in a
//! global table, and a forked child finds every object usable.
//!
//! | Python's `threading` | here                 | nearest in `std`       |
//! |----------------------|----------------------|------------------------|
//! | `Lock`               | [`Lock`], [`RawLock`] | `Mutex`               |
//! | `RLock`              | [`RLock`]            | —                      |
//! | `Condition`          | [`Condition`]        | `Condvar`              |
//! | `Semaphore`          | [`Semaphore`], [`BoundedSemaphore`] | —       |
//! | `Event`              | [`Event`]            | —                      |
//! | `Barrier`            | [`Barrier`]          | `Barrier`              |
//! | `queue.Queue`        | [`Queue`]              | `mpsc::sync_channel`   |
//! | `Timer`              | [`Timer`]            | —                      |
//! | `Thread`             | [`spawn`], [`thread::Builder`] | `thread::spawn` |
//! | `ThreadPoolExecutor` (of `concurrent.futures`) | [`Pool`] | —           |
//!
//! How a wait blocks is chosen per call, see [`Blocking`]: that is the seam at which Python's
//! extension module and the model checker plug in.

pub mod card;
pub mod contention;
pub mod deadlock;
pub mod future;
pub mod lock_order;
mod locks;
mod os;
pub mod pool;
pub mod queue;
mod sync;
#[cfg(not(raddle_loom))]
pub mod thread;
mod wait;
mod waiters;

pub use locks::{
    Barrier, BarrierError, BoundedSemaphore, Condition, Event, Held, Lock, LockGuard, NotOwner,
    RLock, RawLock, Releasable, Semaphore, SemaphoreGuard, Ticket, TooManyPermits,
};
pub use os::fork::fork_generation;
pub use os::{Deadline, Parker, Wake, thread_id};
#[cfg(not(raddle_loom))]
pub use pool::{Pool, Spawned};
pub use queue::{GetError, PutError, Queue};
#[cfg(raddle_loom)]
pub use sync::advance_clock;
#[cfg(not(raddle_loom))]
pub use thread::{Thread, Timer, scope, spawn};
pub use wait::{Blocking, Native};
