//! Threads: for Rust programs, `spawn` with a join that can time out; for embedders such as an
//! interpreter, the operating system's thread with nothing of Rust's runtime around it.

mod forks;
#[cfg(not(raddle_loom))]
pub mod group;
#[cfg(not(raddle_loom))]
mod handle;
#[cfg(not(raddle_loom))]
mod lingering;
#[cfg(not(raddle_loom))]
mod raw;
#[cfg(not(raddle_loom))]
mod roster;
#[cfg(not(raddle_loom))]
pub mod schedule;
#[cfg(all(any(feature = "race", feature = "explore"), not(raddle_loom)))]
mod scope;
#[cfg(not(raddle_loom))]
mod spare;
#[cfg(not(raddle_loom))]
mod spawn;
mod starters;
mod stranded;
#[cfg(not(raddle_loom))]
mod timer;
mod unsettled;

pub use forks::{Forks, Step};
#[cfg(not(raddle_loom))]
pub use handle::{Handle, Reaped};
#[cfg(not(raddle_loom))]
pub use lingering::wait_for_lingering;
#[cfg(not(raddle_loom))]
pub use raw::{
    Leave, Main, StartError, begun, can_be_kept, current, finish_early, keep, run_raw, tell_end,
};
#[cfg(not(raddle_loom))]
pub use roster::{
    any_starting, follow_ends, running, settled, starting, starting_now, wait_for_lasting,
};
#[cfg(all(any(feature = "race", feature = "explore"), not(raddle_loom)))]
pub use scope::{Scope, ScopedJoinHandle, scope};
#[cfg(not(raddle_loom))]
pub use spawn::{Builder, Joined, Thread, spawn};
pub use starters::{Starter, Starters};
#[cfg(all(not(any(feature = "race", feature = "explore")), not(raddle_loom)))]
pub use std::thread::{Scope, ScopedJoinHandle, scope};
pub use stranded::{Record, Stranded, Taken};
#[cfg(not(raddle_loom))]
pub use timer::Timer;
pub use unsettled::{Starting, Unsettled};

pub use crate::os::thread_id;
#[cfg(not(raddle_loom))]
pub use crate::os::threads::{count, natives, started};
