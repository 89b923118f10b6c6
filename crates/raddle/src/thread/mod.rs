//! Threads: for Rust programs, `spawn` with a join that can time out; for embedders such as an
//! interpreter, the operating system's thread with nothing of Rust's runtime around it.

mod handle;
mod lingering;
mod raw;
mod roster;
mod spawn;
mod timer;

pub use handle::{Handle, Reaped};
pub use lingering::wait_for_lingering;
pub use raw::{Main, StartError, begun, current, finish_early, run_raw};
pub use roster::{Starting, any_starting, running, settled, starting, wait_for_lasting};
pub use spawn::{Builder, Joined, Thread, spawn};
pub use std::thread::{Scope, ScopedJoinHandle, scope};
pub use timer::Timer;

pub use crate::os::thread_id;
