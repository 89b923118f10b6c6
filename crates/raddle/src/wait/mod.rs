//! The vocabulary of waiting: what for, where, how a wait blocks, and what is found meanwhile.

mod awaited;
mod blocking;
mod found;
mod kind;
mod measured;
mod site;
#[cfg(not(raddle_loom))]
mod stand_in;
mod subject;
mod token;

pub(crate) use awaited::Awaited;
pub use blocking::{Blocking, Native};
pub(crate) use blocking::{Here, infallible};
pub use found::{Deadlock, Finding, Inversion, Link, LockInfo, Verdict, Wait};
pub use kind::Kind;
pub(crate) use measured::{MEASURE, Measure, Measured};
pub use site::Site;
#[cfg(not(raddle_loom))]
pub(crate) use stand_in::For;
pub use subject::{Provider, Subject};
pub use token::{CancelToken, Cancellable, Cancelled};
