//! Python's C interface as this crate uses it: calls out, arguments, errors, and what has to be
//! made with the module. Knows nothing of what is above it.

pub(crate) mod allocate;
pub(crate) mod arguments;
pub(crate) mod atomic;
pub(crate) mod call;
pub(crate) mod context;
pub(crate) mod errors;
pub(crate) mod exit_guards;
pub(crate) mod hooks;
#[cfg(raddle_exit_guards)]
pub(crate) mod instances;
pub(crate) mod interned;
pub(crate) mod once;
pub(crate) mod registry;
pub(crate) mod replaceable;
pub(crate) mod timeout;
