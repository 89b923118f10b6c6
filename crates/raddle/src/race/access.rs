//! What a thread does to a place, and what is remembered of it.

use std::sync::Arc;

use super::held::Locks;
use crate::card::Card;
use crate::clock::{self, Time};

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Reads a variable: an attribute, a global, a cell.
    Read,
    /// Replaces or deletes it.
    Write,
    /// Reads an item of a container, or whether it is there.
    ItemRead,
    /// Replaces, adds or deletes it.
    ItemWrite,
    /// Reads how much is in a container, or all of it, in one step.
    Look,
    /// Adds to a container.
    Put,
    /// Takes out of one.
    Take,
    /// Goes over a container, one item after the other.
    Walk,
}

impl Kind {
    /// Whether it changes the place.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Write | Self::ItemWrite | Self::Put | Self::Take)
    }
}

/// What a write has to do with an earlier read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flow {
    /// Whether it is done depends on whether there was nothing.
    Absent,
    /// Whether it is done depends on what was read.
    Check,
    /// What is written is made of what was read.
    Update,
}

/// A read that a write may belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it is.
    pub site: u32,
    /// What the write has to do with it.
    pub flow: Flow,
}

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// Something that another thread could change, or read what is in it.
    Reference,
    /// True or False.
    Flag(bool),
    /// Another constant: its address.
    Constant(usize),
    /// Anything else: a number, a text.
    #[default]
    Other,
}

/// One access, as the embedder sees it.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The address of the object.
    pub object: usize,
    /// Which of its places: what the embedder likes, the same for the same place.
    pub name: usize,
    /// What is done.
    pub kind: Kind,
    /// Where: a number of the embedder's.
    pub site: u32,
    /// What is written.
    pub value: Value,
    /// The reads that a write may belong to.
    pub links: &'a [Link],
    /// Whether a write belongs to a read: it is remembered then.
    pub is_linked: bool,
    /// Where a read is made through a function that this one is in, if a write belongs to that.
    pub across: Option<u32>,
    /// Whether what is read is only written back.
    pub is_written_back: bool,
    /// Whether a write is made of what is read.
    pub is_updated: bool,
    /// Whether it is the last read that decides whether something is written.
    pub decides: bool,
    /// Whether a write replaces something.
    pub is_replacing: bool,
    /// Whether the program does anything with what is read but test it.
    pub is_used: bool,
    /// Whether the object is being made.
    pub is_initial: bool,
    /// Whether what is written is a constant of the program's.
    pub is_constant: bool,
    /// Whether it is done by one call, which others cannot come between.
    pub is_atomic: bool,
    /// What places of that name are guarded alike: a class. 0 if nobody asks.
    pub family: usize,
}

/// What is remembered of an access.
#[derive(Clone, Debug)]
pub struct Access {
    pub(super) time: Time,
    /// Where it was.
    pub site: u32,
    /// What was done.
    pub kind: Kind,
    /// The locks that the thread held.
    pub(super) locks: Locks,
    /// The reads that it belongs to: what was read is in what is written, or was checked.
    pub(super) pairs: Vec<Pair>,
    pub(super) value: Value,
    pub(super) is_used: bool,
    pub(super) is_updated: bool,
    pub(super) decides: bool,
    pub(super) is_replacing: bool,
    pub(super) is_initial: bool,
    pub(super) is_constant: bool,
    pub(super) is_atomic: bool,
}

/// What a write has to do with an earlier read, and what was held from that on.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// Where the read was.
    pub(super) read: u32,
    pub(super) flow: Flow,
    pub(super) locks: Locks,
}

impl Access {
    /// The cards of the locks that the thread held.
    #[must_use]
    pub fn locks(&self) -> &[Arc<Card>] {
        self.locks.as_deref().unwrap_or_default()
    }

    /// The name of the thread.
    #[must_use]
    pub fn thread(&self) -> Option<Arc<str>> {
        clock::name_at(self.time)
    }

    /// What the write has to do with an earlier read, if it has.
    #[must_use]
    pub fn flow(&self) -> Option<Flow> {
        self.pairs.iter().map(|pair| pair.flow).max()
    }

    /// Whether a later access of the same kind takes the place of this one: what is unordered
    /// after this one is so after that one, too.
    pub(super) fn is_renewed_by(&self, new: &Self) -> bool {
        self.time.slot == new.time.slot
            && self.site == new.site
            && self.kind == new.kind
            && super::held::same(&self.locks, &new.locks)
            && self.flow() == new.flow()
            && self.is_initial == new.is_initial
    }
}
