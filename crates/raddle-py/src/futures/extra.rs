//! What few futures have: callbacks, watches, a condition.

use pyo3::prelude::*;
use pyo3::types::PyList;

use super::state::Future;
use crate::futures::first_completed::Completed;
use crate::locks::condition::Condition;
use crate::python::call::{self, OwnedPy};
use crate::python::once::OnceBox;

/// What few futures have.
pub(super) struct Extra {
    /// Guarded by the latch of `core`, and touched by attached threads only.
    pub(super) lists: Latched<Lists>,
    pub(super) condition: OnceBox<Py<Condition>>,
    pub(super) waiters: OnceBox<Py<PyList>>,
    /// What programs have overwritten, which a reader without a lock may still look at.
    pub(super) retired: Latched<Vec<OwnedPy>>,
}

impl Extra {
    pub(super) fn new() -> Self {
        Self {
            lists: Latched::default(),
            condition: OnceBox::new(),
            waiters: OnceBox::new(),
            retired: Latched::default(),
        }
    }
}

#[derive(Default)]
pub(super) struct Lists {
    pub(super) callbacks: Vec<Py<PyAny>>,
    pub(super) watches: Vec<Py<Completed>>,
}

/// A value that the latch of a future guards.
#[derive(Default)]
pub(super) struct Latched<T>(std::cell::UnsafeCell<T>);

// SAFETY: access is by `with`, whose callers hold the latch.
unsafe impl<T: Send> Sync for Latched<T> {}

impl<T> Latched<T> {
    /// # Safety
    /// The future's latch is held, or nobody else can look (garbage collection, drop).
    pub(super) unsafe fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: passed on to the caller.
        change(unsafe { &mut *self.0.get() })
    }
}

impl Future {
    pub(super) fn extra(&self) -> &Extra {
        loop {
            if let Some(extra) = self.extra.get() {
                return extra;
            }
            // If another thread is quicker, its is the one.
            let _ = self.extra.set(Extra::new());
        }
    }

    /// Keeps what was overwritten for as long as the future lives.
    pub(super) fn retire(&self, old: Option<Py<PyAny>>) {
        if let Some(old) = old {
            let extra = self.extra();
            // SAFETY: under the latch.
            self.core.with_list(|| unsafe {
                extra.retired.with(|retired| retired.push(OwnedPy::new(old)));
            });
        }
    }

    /// Drops what the collector sees, but for the condition and the list of waiters; nobody else
    /// has the future any more.
    pub(super) fn drop_objects(&self) {
        let places = [&self.result, &self.exception];
        places.into_iter().filter_map(|place| place.put(None)).for_each(call::drop_ref);
        let Some(extra) = self.extra.get() else { return };
        let (lists, retired) = self.core.with_list(|| {
            // SAFETY: under the latch.
            unsafe { (extra.lists.with(std::mem::take), extra.retired.with(std::mem::take)) }
        });
        lists.callbacks.into_iter().for_each(call::drop_ref);
        lists.watches.into_iter().for_each(|watch| call::drop_ref(watch.into_any()));
        drop(retired);
    }
}
