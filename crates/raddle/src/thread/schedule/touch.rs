//! What a step of a thread has touched, and which steps may change places.

use crate::os::turns::Touch;

/// All that a step has touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// What it has begun with.
    first: Touch,
    /// The thread itself, which has ended.
    ended: Option<Touch>,
    /// It may have touched anything besides.
    more: bool,
}

impl Touched {
    pub(super) const ANYTHING: Self = Self { first: Touch::ANYTHING, ended: None, more: true };

    pub(super) const fn new(first: Touch) -> Self {
        Self { first, ended: None, more: false }
    }

    /// It has touched whatever there is.
    pub(super) fn add_anything(&mut self) {
        self.more = true;
    }

    /// The thread, which is this itself, has ended.
    pub(super) fn end(&mut self, itself: Touch) {
        self.ended = Some(itself);
    }

    /// The next step begins with this; None: with what this one has begun with.
    pub(super) fn go_on(&mut self, next: Option<Touch>) {
        *self = Self::new(next.unwrap_or(self.first));
    }

    /// What the same step touches in another run, where objects have other numbers: there it begins
    /// with `able.next`.
    pub(super) fn again(&self, next: &Self, itself: Touch) -> Self {
        Self { ended: self.ended.map(|_| itself), more: self.more, ..*next }
    }

    /// Whether the order of two such steps may make a difference.
    #[must_use]
    pub fn conflicts(&self, other: &Self) -> bool {
        self.more
            || other.more
            || self.each().any(|one| other.each().any(|another| one.conflicts(another)))
    }

    fn each(&self) -> impl Iterator<Item = Touch> {
        [Some(self.first), self.ended].into_iter().flatten()
    }
}
