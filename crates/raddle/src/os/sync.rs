//! The one place that chooses between real and model-checked building blocks.
//!
//! Everything in this crate that is shared between threads is made of what this module
//! exports, so that the same algorithm runs for real and, under `cfg(raddle_loom)`, in loom's
//! exhaustive scheduler. The flag has its own name so that dependencies do not flip with it.

#[cfg(not(raddle_loom))]
pub(crate) use real::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, UnsafeCell,
    yield_now,
};

#[cfg(raddle_loom)]
pub(crate) use model::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, UnsafeCell,
    yield_now,
};
#[cfg(raddle_loom)]
pub(crate) use model::{FIRST_THREAD, now};
#[cfg(raddle_loom)]
pub use model::{advance_clock, thread_id};

#[cfg(not(raddle_loom))]
mod real {
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
    pub(crate) use std::thread::yield_now;

    /// `UnsafeCell` with the access style of loom's, which checks which thread may look when.
    #[derive(Debug)]
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        /// The content.
        pub(crate) fn into_inner(self) -> T {
            self.0.into_inner()
        }

        /// Lends the content for reading; the caller answers for the absence of writers.
        #[inline]
        pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
            read(self.0.get())
        }

        /// Lends the content for writing; the caller answers for being alone.
        #[inline]
        pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
            write(self.0.get())
        }
    }
}

#[cfg(raddle_loom)]
mod model {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
    pub(crate) use loom::thread::yield_now;

    std::thread_local! {
        /// A model's threads all run on one real thread, so this is one clock for all of them,
        /// and not one of the objects that the model explores.
        static CLOCK: std::cell::Cell<i64> = const { std::cell::Cell::new(0) };
    }

    /// The model's clock: a nanosecond passes with each look at it, so that two runs of one
    /// interleaving see the same, and more when a test says so.
    pub(crate) fn now() -> i64 {
        advance_clock(1);
        CLOCK.get()
    }

    /// Lets `nanos` nanoseconds pass on the model's clock.
    pub fn advance_clock(nanos: i64) {
        CLOCK.set(CLOCK.get() + nanos);
    }

    loom::lazy_static! {
        static ref NEXT: AtomicUsize = AtomicUsize::new(1);
    }
    loom::thread_local! {
        static ID: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }

    /// The calling model thread's identifier, nonzero and unique; like an address, it leaves the
    /// low bits free.
    pub fn thread_id() -> usize {
        ID.with(|id| *id << 4)
    }

    /// The identifier of the thread that is the first to ask for it.
    pub(crate) const FIRST_THREAD: usize = 1 << 4;
}

/// Declares a constructor that is `const` except under loom, whose atomics cannot be.
macro_rules! maybe_const {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) -> $ret:ty $body:block) => {
        #[cfg(not(raddle_loom))]
        $(#[$meta])*
        $vis const fn $name($($arg: $ty),*) -> $ret $body

        #[cfg(raddle_loom)]
        $(#[$meta])*
        $vis fn $name($($arg: $ty),*) -> $ret $body
    };
}
pub(crate) use maybe_const;
