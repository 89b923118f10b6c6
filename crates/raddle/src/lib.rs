//! The primitives under Python's `threading`, as a plain Rust crate.
//!
//! Every wait can time out and can be interrupted, and there are no spurious wake-ups. The
//! state of each lock, event and semaphore is one word on its fast path. Nothing is poisoned,
//! and a forked child finds every object usable.
//!
//! Locks, conditions, events, semaphores and barriers allocate nothing; queues and pools
//! allocate room for what they hold. No object is in a global table. What is global is a small
//! record for each thread that sleeps, made when it first does and used again by later threads,
//! and what the checks of [lock orders](lock_order) and the [contention] profile keep once they
//! are on.
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
//! | —                    | [`RwLock`], [`RawRwLock`], [`Latch`], [`Once`] | `RwLock`, —, `OnceLock` |
//! | —                    | [`CancelToken`]      | —                      |
//! | —                    | [`group()`](group)   | `thread::scope`        |
//! | `Thread`             | [`spawn`], [`thread::Builder`] | `thread::spawn` |
//! | `ThreadPoolExecutor` (of `concurrent.futures`) | [`Pool`] | —           |
//!
//! How a wait blocks is chosen per call, see [`Blocking`]: Python's extension module and the
//! model checker have their own implementations.
//!
//! The rooms, from the bottom up: `os`, `wait` (the words: what is waited for, where, how),
//! `clock` (what happened before what), `card` (what is known of one lock), `deadlock`, `waiters`
//! (the line before each object), `locks`, `queue`, `future`, `thread`, `pool`, `lock_order`,
//! `contention`, `race`. A room imports those below it only: `tests/rooms.rs` reads that.

pub mod card;
mod clock;
pub mod contention;
pub mod deadlock;
pub mod future;
pub mod lock_order;
mod locks;
mod os;
pub mod pool;
pub mod queue;
#[cfg(all(feature = "race", not(raddle_loom)))]
pub mod race;
pub mod thread;
mod wait;
mod waiters;

#[cfg(raddle_loom)]
pub use clock::Lazy;
pub use locks::{
    Barrier, BarrierError, BoundedSemaphore, Condition, Event, Latch, Lock, LockGuard, Misuse,
    NotOwner, Ownership, RLock, RawLock, RawRwLock, ReadGuard, Releasable, RwLock, RwLockError,
    Semaphore, SemaphoreGuard, Ticket, TooManyPermits, WriteGuard,
};
#[cfg(not(raddle_loom))]
pub use locks::{Once, OnceError};
pub use os::fork::fork_generation;
#[cfg(raddle_loom)]
pub use os::sync::advance_clock;
pub use os::{Deadline, Parker, Wake, thread_id};
#[cfg(not(raddle_loom))]
pub use pool::{Pool, Spawned};
pub use queue::{GetError, PutError, Queue};
#[cfg(not(raddle_loom))]
pub use thread::group::{Failure, Group, GroupError, Task, group, group_within};
#[cfg(not(raddle_loom))]
pub use thread::schedule::{explore, replay};
#[cfg(not(raddle_loom))]
pub use thread::{Thread, Timer, scope, spawn};
pub use wait::{Blocking, CancelToken, Cancellable, Cancelled, Native};

/// The examples of the crate's README are tests as well.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
