//! What a thread does to a place, and what is remembered of it.

use std::sync::Arc;

use super::held::{self, Locks};
use super::thread::Writer;
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
    /// Another constant: its hash.
    Constant(u32),
    /// Anything else: a number, a text.
    #[default]
    Other,
}

/// What more is known of an access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u16);

impl Flags {
    /// A read that the program does more with than test it.
    pub const USED: Self = Self(1);
    /// A read whose value is only written back.
    pub const WRITTEN_BACK: Self = Self(2);
    /// A read that a write belongs to: it is remembered then.
    pub const LINKED: Self = Self(4);
    /// A read that a write is made of.
    pub const UPDATED: Self = Self(8);
    /// A write of a constant of the program's.
    pub const CONSTANT: Self = Self(16);
    /// The last read that decides whether something is written.
    pub const DECIDES: Self = Self(32);
    /// A write that replaces something.
    pub const REPLACING: Self = Self(64);
    /// A write of an object that is being made.
    pub const INITIAL: Self = Self(128);
    /// One call, which others cannot come between.
    pub const ATOMIC: Self = Self(256);
    /// A read of one of many items: it is remembered only if the place is known already.
    pub const OF_MANY: Self = Self(512);

    /// A read whose value is not only computed with: it may be a reference.
    pub const AS_IS: Self = Self(1024);

    /// A read that decides whether something is taken out of the container.
    pub const TAKES: Self = Self(2048);
    /// A read that decides whether something is put into it.
    pub const PUTS: Self = Self(4096);

    /// Those whose bits are set.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Whether one of those is set.
    #[inline]
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Those of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not among the others.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
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
    /// What more is known.
    pub flags: Flags,
    /// What is written.
    pub value: Value,
    /// The reads that a write may belong to.
    pub links: &'a [Link],
    /// Where a read is made through a function that this one is in, if a write belongs to that.
    pub across: Option<u32>,
    /// What places of that name are guarded alike: a class. 0 if nobody asks.
    pub family: usize,
}

impl Step<'_> {
    /// The object and the name.
    #[inline]
    pub(super) fn place(&self) -> (usize, usize) {
        (self.object, self.name)
    }
}

/// What is remembered of an access.
#[derive(Clone, Debug)]
pub struct Access {
    at: u64,
    slot: u32,
    /// The place's version at which it was seen to do no harm with any other access, in whatever
    /// order; 0 before.
    pub(super) harmless_at: u32,
    /// The locks that the thread held.
    pub(super) locks: Locks,
    /// The reads that it belongs to: what was read is in what is written, or was checked.
    pairs: Option<Box<Pairs>>,
    pub(super) value: Value,
    /// Where it was.
    pub site: u32,
    /// What was done.
    pub kind: Kind,
    pub(super) flags: Flags,
}

/// One for what it is made of, and one for what it depends on.
pub(super) type Pairs = [Option<Pair>; 2];

/// What a write has to do with an earlier read, and what was held from that on.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) flow: Flow,
    pub(super) locks: Locks,
}

impl Pair {
    fn is_same(&self, other: &Self) -> bool {
        self.flow == other.flow && held::same(&self.locks, &other.locks)
    }
}

impl Access {
    pub(super) fn new(step: &Step<'_>, time: Time, locks: Locks, pairs: Pairs) -> Self {
        let Step { kind, site, flags, value, .. } = *step;
        let pairs = pairs.iter().any(Option::is_some).then(|| Box::new(pairs));
        let Time { slot, at } = time;
        Self { at, slot, harmless_at: 0, locks, pairs, value, site, kind, flags }
    }

    /// When it was, by the thread's own clock.
    #[inline]
    pub(super) fn time(&self) -> Time {
        Time { slot: self.slot, at: self.at }
    }

    /// Which thread it is of, and where it is.
    pub(super) fn writer(&self) -> Writer {
        (self.slot, self.site)
    }

    /// The number of the thread that it is of.
    #[inline]
    pub(super) fn slot(&self) -> u32 {
        self.slot
    }

    /// Whether it was at that step's site, in the thread with that slot.
    #[inline]
    pub(super) fn is_at(&self, step: &Step<'_>, slot: u32) -> bool {
        self.site == step.site && self.slot == slot && self.kind == step.kind
    }

    /// Whether it was as that step is now, there.
    #[inline]
    pub(super) fn is_same(&self, step: &Step<'_>, locks: &Locks, pairs: &Pairs) -> bool {
        self.flags == step.flags
            && self.value == step.value
            && held::same(&self.locks, locks)
            && match &self.pairs {
                None => pairs.iter().all(Option::is_none),
                Some(mine) => mine.iter().zip(pairs).all(|pair| match pair {
                    (Some(one), Some(other)) => one.is_same(other),
                    (None, None) => true,
                    _ => false,
                }),
            }
    }

    /// It was done again.
    #[inline]
    pub(super) fn renew(&mut self, time: Time) {
        self.at = time.at;
    }

    /// The cards of the locks that the thread held.
    #[must_use]
    pub fn locks(&self) -> &[Arc<Card>] {
        self.locks.as_ref().map_or(&[], |locks| locks)
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.all_pairs().flatten()
    }

    /// One for each kind of read that it may belong to, if it belongs to any.
    pub(super) fn all_pairs(&self) -> impl Iterator<Item = Option<&Pair>> {
        self.pairs.iter().flat_map(|pairs| pairs.iter().map(Option::as_ref))
    }

    /// The name of the thread.
    #[must_use]
    pub fn thread(&self) -> Option<Arc<str>> {
        clock::name_at(self.time())
    }

    /// What the write has to do with an earlier read, if it has.
    #[must_use]
    pub fn flow(&self) -> Option<Flow> {
        self.pairs().map(|pair| pair.flow).max()
    }

    /// Whether a later access of the same kind takes the place of this one: what is unordered
    /// after this one is so after that one, too.
    #[inline]
    pub(super) fn is_renewed_by(&self, new: &Self) -> bool {
        self.slot == new.slot && self.is_repeated_by(new)
    }

    /// Whether a later access, of whatever thread, does the same under the same locks at the same
    /// site.
    #[inline]
    pub(super) fn is_repeated_by(&self, new: &Self) -> bool {
        self.site == new.site && self.is_of_kind(new) && self.flow() == new.flow()
    }

    #[inline]
    fn is_of_kind(&self, new: &Self) -> bool {
        self.kind == new.kind && held::same(&self.locks, &new.locks)
    }

    /// Whether a later access of the same thread does the same harm, wherever it is.
    pub(super) fn is_alike(&self, new: &Self) -> bool {
        self.slot == new.slot && self.is_of_kind(new) && self.is_as_harmful_as(new)
    }

    /// Whether that one does the same harm, with whatever other one.
    pub(super) fn is_as_harmful_as(&self, new: &Self) -> bool {
        self.flags == new.flags
            && self.value == new.value
            && self.pairs().count() == new.pairs().count()
            && self.pairs().zip(new.pairs()).all(|(one, other)| one.is_same(other))
    }
}
