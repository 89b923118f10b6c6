//! What is waited for, and what can end the wait.

use super::Kind;

/// What can end a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Unknown.
    Anyone,
    /// A thread; `surely` if nobody else can.
    Thread {
        /// Its identifier.
        thread: usize,
        /// Whether nobody else can end the wait.
        surely: bool,
    },
    /// Any worker of a pool, and nobody else: what is waited for is queued there.
    Pool {
        /// What the workers have said that they [serve](crate::deadlock::Serving).
        pool: usize,
    },
}

/// What is waited for, as the thread that blocks knows it; see [`Blocking`](crate::Blocking).
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// What kind of thing, if it is known better than the primitive does.
    pub kind: Option<Kind>,
    /// What can end the wait, if it is known better than the primitive does.
    pub provider: Option<Provider>,
    /// The address of an object that stands for it, or 0.
    pub object: usize,
}

impl Subject {
    /// Nothing is known but what the primitive says.
    pub const UNKNOWN: Self = Self { kind: None, provider: None, object: 0 };
}
