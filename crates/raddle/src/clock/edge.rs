//! What orders the threads that release a thing before those that acquire it.

#[cfg(feature = "race")]
pub(crate) use real::Edge;

#[cfg(not(feature = "race"))]
pub(crate) use nothing::Edge;

#[cfg(feature = "race")]
mod real {
    use std::fmt;
    use std::sync::Arc;

    use crate::clock::lazy::Lazy;
    use crate::clock::thread::{self, is_on};
    use crate::clock::vector::Vector;
    use crate::os::guarded::Guarded;

    /// What is known to those that acquire the thing: one word, empty when its memory is zero.
    pub(crate) struct Edge {
        known: Lazy<Guarded<Arc<Vector>>>,
    }

    impl Edge {
        pub(crate) const fn new() -> Self {
            Self { known: Lazy::new() }
        }

        /// What the calling thread has done so far happens before what those do that acquire this
        /// from now on.
        #[inline]
        pub(crate) fn release(&self) {
            if is_on() {
                self.add();
            }
        }

        /// What the calling thread does from now on happens after what those did that have
        /// released this.
        #[inline]
        pub(crate) fn acquire(&self) {
            if is_on() {
                self.learn();
            }
        }

        /// [`release`](Self::release)s both, as one step.
        pub(crate) fn release_with(&self, other: &Self) {
            if is_on() {
                other.known.get_or_make().with(|known| thread::add_to(Arc::make_mut(known)));
                self.add();
            }
        }

        #[cold]
        fn add(&self) {
            self.known.get_or_make().with(|known| thread::add_to(Arc::make_mut(known)));
            thread::advance();
        }

        #[cold]
        fn learn(&self) {
            if let Some(known) = self.known() {
                thread::acquire(&known);
            }
        }

        /// All that those know that acquire it; None if nobody has released it.
        pub(crate) fn known(&self) -> Option<Arc<Vector>> {
            self.known.get().map(|known| known.with(|known| Arc::clone(known)))
        }
    }

    impl fmt::Debug for Edge {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Edge")
        }
    }
}

/// Without the feature, nothing is known.
#[cfg(not(feature = "race"))]
mod nothing {
    #[derive(Debug)]
    pub(crate) struct Edge;

    impl Edge {
        pub(crate) const fn new() -> Self {
            Self
        }

        #[inline]
        pub(crate) fn release(&self) {}

        #[inline]
        pub(crate) fn acquire(&self) {}

        #[cfg(feature = "explore")]
        pub(crate) fn release_with(&self, _: &Self) {}
    }
}
