//! Starting, joining and ending threads; forks.

#[cfg(not(Py_3_12))]
pub(crate) mod async_exc;
pub(crate) mod boot;
pub(crate) mod exit;
#[cfg(Py_GIL_DISABLED)]
pub(crate) mod finish_early;
pub(crate) mod fork;
pub(crate) mod handle;
pub(crate) mod kept;
pub(crate) mod start;
pub(crate) mod stranded;
