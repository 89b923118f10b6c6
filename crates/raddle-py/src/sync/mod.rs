//! Primitives that the standard library's `threading` lacks.

pub(crate) mod atomic_int;
pub(crate) mod atomic_ref;
pub(crate) mod fast_int;
pub(crate) mod latch;
pub(crate) mod once;
pub(crate) mod rwlock;
