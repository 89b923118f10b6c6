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

mod barrier;
mod blocking;
pub mod checks;
mod condition;
mod deadline;
pub mod deadlock;
mod event;
mod fork;
pub mod future;
mod lock;
mod park;
pub mod pool;
pub mod queue;
mod rlock;
mod semaphore;
mod spin;
mod sync;
#[cfg(not(raddle_loom))]
pub mod thread;
#[cfg(not(raddle_loom))]
mod timer;
mod waiters;

pub use barrier::{Barrier, BarrierError};
pub use blocking::{Blocking, Native};
pub use condition::{Condition, Releasable, Ticket};
pub use deadline::Deadline;
pub use event::Event;
pub use fork::fork_generation;
pub use lock::{Lock, LockGuard, RawLock};
pub use park::{Parker, Wake};
#[cfg(not(raddle_loom))]
pub use pool::{Pool, Spawned};
pub use queue::{GetError, PutError, Queue};
pub use rlock::{Held, NotOwner, RLock};
pub use semaphore::{BoundedSemaphore, Semaphore, SemaphoreGuard, TooManyPermits};
#[cfg(raddle_loom)]
pub use sync::advance_clock;
pub use sync::thread_id;
#[cfg(not(raddle_loom))]
pub use thread::{Thread, scope, spawn};
#[cfg(not(raddle_loom))]
pub use timer::Timer;
