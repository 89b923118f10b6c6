//! Starting, joining and ending threads; forks.

#[cfg(Py_GIL_DISABLED)]
pub(crate) mod finish_early;
pub(crate) mod fork;
pub(crate) mod handle;
pub(crate) mod start;
pub(crate) mod stranded;
