//! Races in Python programs: what each instruction reads and writes, told to the core.
//!
//! `sys.monitoring` calls [`watch`] before each instruction that may access what other threads
//! see, with the code object and the offset. The [`sites`] say what the instruction does; its
//! operands are on the frame's stack, see [`operands`]. The core keeps what it is told by the
//! address of an object, so [`gone`] sees to it that the death of each such object is told, too.

pub(crate) mod calls;
pub(crate) mod containers;
pub(crate) mod gone;
pub(crate) mod keys;
pub(crate) mod libraries;
pub(crate) mod operands;
pub(crate) mod seen;
pub(crate) mod sites;
pub(crate) mod tell;
pub(crate) mod variables;
pub(crate) mod watch;
