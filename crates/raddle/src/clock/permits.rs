//! What the permits of a semaphore carry along, from the thread that releases one to the thread
//! that takes it.
//!
//! A permit that was there from the beginning carries nothing: a semaphore of two permits orders
//! nobody after the thread that has given back the first one. Permits are alike, so the one that
//! was released first is taken first: it carries the least.

#[cfg(feature = "race")]
pub(crate) use real::Permits;

#[cfg(not(feature = "race"))]
pub(crate) use nothing::Permits;

#[cfg(feature = "race")]
mod real {
    use std::collections::VecDeque;
    use std::fmt;

    use crate::clock::lazy::Lazy;
    use crate::clock::thread::{self, Stamp, Time, is_on};
    use crate::os::guarded::Guarded;

    /// One word, of which nothing is known at first.
    pub(crate) struct Permits {
        known: Lazy<Guarded<Known>>,
    }

    #[derive(Default)]
    struct Known {
        /// Permits that carry nothing; None before it was counted.
        plain: Option<usize>,
        /// Those that carry something, the first to be released first, and how many they are.
        released: VecDeque<(Stamp, usize)>,
    }

    impl Permits {
        pub(crate) const fn new() -> Self {
            Self { known: Lazy::new() }
        }

        /// The calling thread has taken a permit; `left` are there now.
        #[inline]
        pub(crate) fn taken(&self, left: impl FnOnce() -> usize) {
            if is_on() {
                self.take(left());
            }
        }

        /// The calling thread is about to release permits; `there` are there now. Returns when
        /// that was, for [`not_released`](Self::not_released).
        #[inline]
        pub(crate) fn released(
            &self,
            permits: usize,
            there: impl FnOnce() -> usize,
        ) -> Option<Time> {
            if is_on() { self.release(permits, there()) } else { None }
        }

        /// The calling thread could not release the permits that it was about to.
        #[cold]
        pub(crate) fn not_released(&self, when: Option<Time>) {
            let Some(when) = when else { return };
            self.known.get_or_make().with(|known| {
                let at = known.released.iter().rposition(|(stamp, _)| stamp.time() == when);
                at.and_then(|at| known.released.remove(at))
            });
        }

        /// The semaphore begins anew, with permits that carry nothing.
        pub(crate) fn forget(&self) {
            if is_on() {
                self.known.get_or_make().with(|known| *known = Known::default());
            }
        }

        #[cold]
        fn take(&self, left: usize) {
            let stamp = self.known.get_or_make().with(|known| {
                let plain = known.plain.get_or_insert(left + 1);
                if *plain > 0 {
                    *plain -= 1;
                    return None;
                }
                let (stamp, count) = known.released.front_mut()?;
                *count -= 1;
                if *count > 0 {
                    return Some(stamp.clone());
                }
                known.released.pop_front().map(|(stamp, _)| stamp)
            });
            if let Some(stamp) = stamp {
                thread::follow(&stamp);
            }
        }

        #[cold]
        fn release(&self, permits: usize, there: usize) -> Option<Time> {
            let stamp = if permits > 0 { thread::stamp() } else { None }?;
            let when = stamp.time();
            self.known.get_or_make().with(|known| {
                known.plain.get_or_insert(there);
                known.released.push_back((stamp, permits));
            });
            Some(when)
        }
    }

    impl fmt::Debug for Permits {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Permits")
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_release_that_failed_takes_back_its_own_permits_and_no_others() {
            thread::switch(true);
            let permits = Permits::new();
            let times = [1, 0, 2, 3].map(|count| permits.released(count, || 0));
            assert!(times[1].is_none(), "no permits carry nothing");
            permits.not_released(times[1]);
            permits.not_released(times[2]);
            let left = permits.known.get_or_make().with(|known| {
                let left = known.released.iter();
                left.map(|(stamp, count)| (stamp.time(), *count)).collect::<Vec<_>>()
            });
            assert_eq!(left, [(times[0].unwrap(), 1), (times[3].unwrap(), 3)]);
        }
    }
}

/// Without the feature, nothing is carried.
#[cfg(not(feature = "race"))]
mod nothing {
    #[derive(Debug)]
    pub(crate) struct Permits;

    impl Permits {
        pub(crate) const fn new() -> Self {
            Self
        }

        #[inline]
        pub(crate) fn taken(&self, _left: impl FnOnce() -> usize) {}

        #[inline]
        pub(crate) fn released(
            &self,
            _permits: usize,
            _there: impl FnOnce() -> usize,
        ) -> Option<()> {
            None
        }

        #[inline]
        pub(crate) fn not_released(&self, _when: Option<()>) {}

        #[inline]
        pub(crate) fn forget(&self) {}
    }
}
