//! Waiting until the thread that woke this one has released the GIL.
//!
//! Under a GIL, the thread that sets an event still holds the GIL when a spinning waiter sees
//! it. Re-attaching at once would mean sleeping in the kernel for a lock that is about to be
//! free: a waker that goes on to block detaches within about a microsecond. So every detach
//! counts, and a spinner watches the count for a moment.

#[cfg(not(Py_GIL_DISABLED))]
pub(super) use with_gil::{announce, await_waker};
#[cfg(Py_GIL_DISABLED)]
pub(super) use without_gil::{announce, await_waker};

#[cfg(not(Py_GIL_DISABLED))]
mod with_gil {
    use std::sync::atomic::{AtomicU32, Ordering};

    /// How often threads have detached to block; wraps.
    static DETACHES: AtomicU32 = AtomicU32::new(0);
    /// Pauses before giving up, about 1.3 µs.
    const PAUSES: u32 = 40;

    pub(crate) fn announce() {
        DETACHES.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn await_waker() {
        let seen = DETACHES.load(Ordering::Relaxed);
        for _ in 0..PAUSES {
            std::hint::spin_loop();
            if DETACHES.load(Ordering::Relaxed) != seen {
                return;
            }
        }
    }
}

/// Without a GIL there is nothing to wait for.
#[cfg(Py_GIL_DISABLED)]
mod without_gil {
    pub(crate) fn announce() {}
    pub(crate) fn await_waker() {}
}
