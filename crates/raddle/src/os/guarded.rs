//! A global value behind a latch, changed for a few instructions at a time; usable after a
//! fork.

#[cfg(not(raddle_loom))]
pub(crate) use real::Guarded;

#[cfg(raddle_loom)]
pub(crate) use model::Guarded;

#[cfg(not(raddle_loom))]
mod real {
    use std::mem;

    use crate::os::sync::UnsafeCell;
    use crate::os::{Latch, fork};

    pub(crate) struct Guarded<T> {
        latch: Latch,
        /// Guarded by the latch; empty until it is first used.
        value: UnsafeCell<Option<T>>,
    }

    // SAFETY: the value is used under the latch only, and can be sent.
    unsafe impl<T: Send> Sync for Guarded<T> {}

    #[cfg(feature = "race")]
    impl<T: Default> Default for Guarded<T> {
        fn default() -> Self {
            Self::new()
        }
    }

    impl<T: Default> Guarded<T> {
        pub(crate) const fn new() -> Self {
            Self { latch: Latch::new(), value: UnsafeCell::new(None) }
        }

        /// Runs `run`, which does not wait and calls nothing foreign. A forked child goes on
        /// with what its parent had.
        pub(crate) fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
            self.run(run, false)
        }

        /// [`with`](Self::with); a forked child starts from nothing.
        pub(crate) fn with_own<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
            self.run(run, true)
        }

        fn run<R>(&self, run: impl FnOnce(&mut T) -> R, own: bool) -> R {
            fork::watch();
            let locked = self.latch.lock();
            self.value.with_mut(|value| {
                // SAFETY: the latch is held.
                let value = unsafe { &mut *value };
                if locked.torn() {
                    mem::forget(value.take()); // Half changed by a thread that is gone.
                } else if own && locked.stale() {
                    *value = None;
                }
                run(value.get_or_insert_default())
            })
        }
    }
}

/// No lock of a model is checked.
#[cfg(raddle_loom)]
mod model {
    use std::marker::PhantomData;

    pub(crate) struct Guarded<T>(PhantomData<fn(T)>);

    impl<T: Default> Guarded<T> {
        pub(crate) const fn new() -> Self {
            Self(PhantomData)
        }

        pub(crate) fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
            run(&mut T::default())
        }

        pub(crate) fn with_own<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
            run(&mut T::default())
        }
    }
}
