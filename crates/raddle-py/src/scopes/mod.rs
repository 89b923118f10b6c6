//! Scopes as Python has them: what gives waits a deadline, and ends them.

pub(crate) mod block;
pub(crate) mod reach;
pub(crate) mod scope;
pub(crate) mod sleep;
