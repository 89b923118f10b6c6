//! Where the program is: in which of its lines it makes, takes and waits for things.

pub(crate) mod card;
pub(crate) mod frames;
pub(crate) mod here;
pub(crate) mod innermost;
pub(crate) mod owner;
pub(crate) mod recent;
#[cfg(Py_3_13)]
pub(crate) mod symbols;
pub(crate) mod table;
