//! One [`Handoff`](super::Handoff) for each of many places, which take no memory until something
//! is sent.

#[cfg(feature = "race")]
pub(crate) use real::Handoffs;

#[cfg(not(feature = "race"))]
pub(crate) use nothing::Handoffs;

#[cfg(feature = "race")]
mod real {
    use crate::clock::lazy::Lazy;
    use crate::clock::{Handoff, Tasks, is_on};
    use crate::os::sync::UnsafeCell;

    pub(crate) struct Handoffs {
        count: usize,
        /// Each is used by the thread that has its place.
        made: Lazy<Box<[UnsafeCell<Handoff>]>>,
    }

    impl Handoffs {
        /// So many places; nothing was sent.
        pub(crate) fn new(count: usize) -> Self {
            Self { count, made: Lazy::new() }
        }

        /// Sends what the calling thread has done so far.
        ///
        /// # Safety
        /// No other thread has that place.
        #[inline]
        pub(crate) unsafe fn send(&self, place: usize) {
            if is_on() {
                // SAFETY: passed on to the caller.
                unsafe { self.stamp(place) };
            }
        }

        /// # Safety
        /// As for [`send`](Self::send).
        #[cold]
        unsafe fn stamp(&self, place: usize) {
            let new = || (0..self.count).map(|_| UnsafeCell::new(Handoff::new())).collect();
            // SAFETY: the caller's alone.
            self.made.get_or_make_by(new)[place].with_mut(|at| unsafe { (*at).send() });
        }

        /// What the calling thread does from now on happens after what was sent.
        ///
        /// # Safety
        /// As for [`send`](Self::send).
        #[inline]
        pub(crate) unsafe fn receive(&self, place: usize) {
            if is_on() {
                // SAFETY: passed on to the caller.
                unsafe { self.take(place) }.receive();
            }
        }

        /// The calling thread runs a task that was handed over with it; see [`Handoff::run`].
        ///
        /// # Safety
        /// As for [`send`](Self::send).
        #[inline]
        pub(crate) unsafe fn run(&self, place: usize, tasks: &mut Option<Tasks>) {
            if is_on() {
                // SAFETY: passed on to the caller.
                unsafe { self.take(place) }.run(tasks);
            }
        }

        /// # Safety
        /// As for [`send`](Self::send).
        #[cold]
        unsafe fn take(&self, place: usize) -> Handoff {
            let Some(made) = self.made.get() else { return Handoff::new() };
            // SAFETY: the caller's alone.
            made[place].with_mut(|at| std::mem::take(unsafe { &mut *at }))
        }
    }
}

/// Without the feature, nothing is sent.
#[cfg(not(feature = "race"))]
#[allow(clippy::unused_self, reason = "with the feature, they use it")]
mod nothing {
    pub(crate) struct Handoffs;

    impl Handoffs {
        pub(crate) fn new(_count: usize) -> Self {
            Self
        }

        #[inline]
        pub(crate) unsafe fn send(&self, _place: usize) {}

        #[inline]
        pub(crate) unsafe fn receive(&self, _place: usize) {}

        #[inline]
        pub(crate) unsafe fn run(
            &self,
            _place: usize,
            _tasks: &mut Option<super::super::Tasks>,
        ) {
        }
    }
}
