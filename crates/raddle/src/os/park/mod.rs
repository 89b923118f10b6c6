//! One thread going to sleep and being woken.
//!
//! A [`Parker`] belongs to one wait of one thread and lives on its stack. The thread that wakes it
//! calls [`Parker::notify`] while the wait list that names it is locked, and [`Wakeup::deliver`]
//! after unlocking, so that a system call is never made under a lock.
//!
//! | state      | meaning                          | what leaves it, and how                 |
//! |------------|----------------------------------|-----------------------------------------|
//! | `EMPTY`    | nothing has happened             | owner: to `ASLEEP`; waker: to            |
//! |            |                                  | `NOTIFIED`; canceller: to `NUDGED`       |
//! | `ASLEEP`   | the owner is, or is about to be, | owner, on timeout or signal: to `EMPTY`; |
//! |            | in the kernel                    | waker: to `NOTIFIED`, canceller: to      |
//! |            |                                  | `NUDGED`, then a wake call               |
//! | `NUDGED`   | the owner is to look, as after a | owner, when it has seen it: to `EMPTY`;  |
//! |            | signal                           | waker: to `NOTIFIED`                     |
//! | `NOTIFIED` | woken, once and for all          | nobody                                  |
//!
//! Rejected: `parking_lot_core`, which has no interrupted outcome (it loops through `EINTR`, so
//! Ctrl-C could not reach a blocked main thread) and whose global table hangs forked children;
//! and a thread-local parker, which a signal handler that blocks inside a wait would share.

#[cfg(all(target_os = "linux", not(raddle_portable), not(raddle_loom)))]
#[path = "futex.rs"]
pub(crate) mod futex;

#[cfg(all(windows, not(raddle_portable), not(raddle_loom)))]
#[path = "windows.rs"]
pub(crate) mod futex;

#[cfg(all(any(not(any(target_os = "linux", windows)), raddle_portable), not(raddle_loom)))]
#[path = "portable.rs"]
pub(crate) mod futex;

#[cfg(not(raddle_loom))]
mod parker;
#[cfg(raddle_loom)]
#[path = "model.rs"]
mod parker;

#[cfg_attr(raddle_loom, allow(dead_code, reason = "models take no turns"))]
mod touch;
#[cfg_attr(raddle_loom, allow(dead_code, reason = "models take no turns"))]
pub(crate) mod turns;

pub use parker::Parker;
pub(crate) use parker::Wakeup;

/// Whether a sleep that ends as after a signal has had one; elsewhere each ends so once in a while.
#[cfg_attr(raddle_loom, allow(dead_code, reason = "models take no turns"))]
pub(crate) const TELLS_SIGNALS: bool =
    cfg!(all(any(target_os = "linux", windows), not(raddle_portable)));

/// Why a sleep ended.
///
/// ```
/// use raddle::{Deadline, Parker, Wake};
/// use std::time::Duration;
///
/// let parker = Parker::new();
/// let soon = Deadline::after(Duration::from_millis(1));
/// while parker.park(soon) == Wake::Signal {} // a debugger may stop and go on
/// assert!(soon.has_passed());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Somebody notified the parker.
    Unparked,
    /// The deadline passed first.
    TimedOut,
    /// A signal was delivered to this thread, or its scope has ended.
    Signal,
}
