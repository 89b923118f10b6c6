//! What one thing that is handed over carries along: the time of the thread that sends it.
//!
//! An [`Edge`](super::Edge) lets a thread that acquires it know of all that have released it so
//! far. Where each thing is received by one thread, that is too much: of two items that two
//! threads have put, the one that is received says nothing of the thread that has put the other.

#[cfg(feature = "race")]
pub(crate) use real::Handoff;

#[cfg(not(feature = "race"))]
pub(crate) use nothing::Handoff;

#[cfg(feature = "race")]
mod real {
    use crate::clock::thread::{self, Stamp, Tasks, is_on};

    /// One word, of which nothing was sent at first.
    #[derive(Debug, Default)]
    pub(crate) struct Handoff(Option<Box<Stamp>>);

    impl Handoff {
        /// Nothing was sent.
        pub(crate) const fn new() -> Self {
            Self(None)
        }

        /// Sends what the calling thread has done so far.
        #[inline]
        pub(crate) fn sent() -> Self {
            let mut handoff = Self::new();
            handoff.send();
            handoff
        }

        /// Sends what the calling thread has done so far, in the place of what was sent before.
        #[inline]
        pub(crate) fn send(&mut self) {
            if is_on() {
                self.stamp();
            }
        }

        #[cold]
        fn stamp(&mut self) {
            self.0 = thread::stamp().map(Box::new);
        }

        /// What the calling thread does from now on happens after what was sent.
        #[inline]
        pub(crate) fn receive(&mut self) {
            if is_on() {
                self.follow();
            }
        }

        /// The calling thread runs a task that was handed over with it, and that is ordered after
        /// that alone.
        #[inline]
        pub(crate) fn run(mut self, tasks: &mut Option<Tasks>) {
            match tasks {
                Some(tasks) => tasks.run(self.0.as_deref()),
                None => self.receive(),
            }
        }

        #[cold]
        fn follow(&mut self) {
            if let Some(stamp) = self.0.take() {
                thread::follow(&stamp);
            }
        }

        /// The calling thread begins with this, and has done nothing before.
        #[inline]
        pub(crate) fn begin(self) {
            if let Self(Some(stamp)) = self {
                thread::begin(&stamp);
            }
        }
    }
}

/// Without the feature, nothing is sent.
#[cfg(not(feature = "race"))]
mod nothing {
    #[derive(Debug, Default)]
    pub(crate) struct Handoff;

    impl Handoff {
        #[inline]
        pub(crate) fn sent() -> Self {
            Self
        }

        #[inline]
        pub(crate) fn receive(&mut self) {}

        #[inline]
        pub(crate) fn run(self, _tasks: &mut Option<super::super::Tasks>) {}

        #[cfg(not(raddle_loom))]
        #[inline]
        pub(crate) fn begin(self) {}
    }
}
