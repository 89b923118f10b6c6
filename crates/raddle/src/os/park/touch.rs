//! What a step of a thread that takes turns has to do with.

/// An object that a step touches, or anything.
///
/// Two steps of different threads that touch different objects, or only read, may change places:
/// the order in which they are made makes no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// None: it may be anything.
    object: Option<usize>,
    reads: bool,
}

impl Touch {
    /// Whatever there is.
    pub const ANYTHING: Self = Self { object: None, reads: false };

    /// The object with this number, such as its address.
    #[must_use]
    pub const fn changes(object: usize) -> Self {
        Self { object: Some(object), reads: false }
    }

    /// The object with this number, which the step leaves as it is.
    #[must_use]
    pub const fn reads(object: usize) -> Self {
        Self { object: Some(object), reads: true }
    }

    /// Whether the order of two such steps may make a difference.
    #[must_use]
    pub fn conflicts(self, other: Self) -> bool {
        match (self.object, other.object) {
            (Some(one), Some(another)) => one == another && !(self.reads && other.reads),
            _ => true,
        }
    }
}
