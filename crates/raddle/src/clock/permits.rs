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
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, Ordering};

    use crate::clock::thread::{self, Stamp, is_on};
    use crate::os::guarded::Guarded;

    /// One word, of which nothing is known at first.
    pub(crate) struct Permits {
        /// Null, or from a `Box`; set once.
        known: AtomicPtr<Guarded<Known>>,
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
            Self { known: AtomicPtr::new(ptr::null_mut()) }
        }

        /// The calling thread has taken a permit; `left` are there now.
        #[inline]
        pub(crate) fn taken(&self, left: impl FnOnce() -> usize) {
            if is_on() {
                self.take(left());
            }
        }

        /// The calling thread is about to release permits; `there` are there now.
        #[inline]
        pub(crate) fn released(&self, permits: usize, there: impl FnOnce() -> usize) {
            if is_on() {
                self.release(permits, there());
            }
        }

        /// The calling thread could not release permits.
        #[cold]
        pub(crate) fn not_released(&self) {
            if is_on() {
                self.get().with(|known| known.released.pop_back());
            }
        }

        /// The semaphore begins anew, with permits that carry nothing.
        pub(crate) fn forget(&self) {
            if is_on() {
                self.get().with(|known| *known = Known::default());
            }
        }

        #[cold]
        fn take(&self, left: usize) {
            let stamp = self.get().with(|known| {
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
        fn release(&self, permits: usize, there: usize) {
            if permits > 0
                && let Some(stamp) = thread::stamp()
            {
                self.get().with(|known| {
                    known.plain.get_or_insert(there);
                    known.released.push_back((stamp, permits));
                });
            }
        }

        fn get(&self) -> &Guarded<Known> {
            // SAFETY: null, or from a box that is there as long as this is.
            if let Some(known) = unsafe { self.known.load(Ordering::Acquire).as_ref() } {
                return known;
            }
            let new = Box::into_raw(Box::new(Guarded::new()));
            let order = (Ordering::AcqRel, Ordering::Acquire);
            match self.known.compare_exchange(ptr::null_mut(), new, order.0, order.1) {
                // SAFETY: from a box that this keeps from now on.
                Ok(_) => unsafe { &*new },
                Err(other) => {
                    // SAFETY: from the box above, which nobody else has.
                    drop(unsafe { Box::from_raw(new) });
                    // SAFETY: not null, from a box that is there as long as this is.
                    unsafe { &*other }
                }
            }
        }
    }

    impl Drop for Permits {
        fn drop(&mut self) {
            let known = *self.known.get_mut();
            if !known.is_null() {
                // SAFETY: from a box, which nobody else has any more.
                drop(unsafe { Box::from_raw(known) });
            }
        }
    }

    impl fmt::Debug for Permits {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Permits")
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
        pub(crate) fn released(&self, _permits: usize, _there: impl FnOnce() -> usize) {}

        #[inline]
        pub(crate) fn not_released(&self) {}

        #[inline]
        pub(crate) fn forget(&self) {}
    }
}
