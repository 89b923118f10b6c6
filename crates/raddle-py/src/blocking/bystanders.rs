//! Threads that wake no other one, so that all may be asleep though these are not.
//!
//! A test runner has threads of its own, such as a timer that ends slow tests, or a receiver of
//! the next test. raddle does not see their waits as waits without end, and every thread that
//! is not asleep counts as one that might wake another (`others`). So Python lists those that
//! never do, and they are left out of the count.
//!
//! Only the main thread writes and reads the list: it alone looks whether all are asleep.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use pyo3::prelude::*;
use raddle::deadlock::{self, Provider};
use raddle::thread;

use super::main_thread::is_main_thread;
use crate::python::hooks;

/// More are not left out: then it is not seen that all sleep.
const MOST: usize = 64;

/// One thread; the identifier is 0 where there is none.
struct Entry {
    ident: AtomicUsize,
    native: AtomicU64,
    /// When it was started, as the system counts: its native identifier may be another's later.
    started: AtomicU64,
}

static ENTRIES: [Entry; MOST] = [const {
    Entry { ident: AtomicUsize::new(0), native: AtomicU64::new(0), started: AtomicU64::new(0) }
}; MOST];

/// Asks which threads wake no other, in the main thread.
///
/// # Errors
/// What a signal's handler raised meanwhile.
pub(crate) fn ask(py: Python<'_>) -> PyResult<()> {
    let Some(callback) = hooks::BYSTANDERS.get().filter(|_| is_main_thread()) else {
        return Ok(());
    };
    let threads: Vec<(usize, u64)> = callback.call0(py)?.extract(py)?;
    let mut entries = ENTRIES.iter();
    for (ident, native) in threads {
        let Some(started) = thread::started(native) else { continue };
        let Some(entry) = entries.next() else { break };
        entry.ident.store(ident, Ordering::Relaxed);
        entry.native.store(native, Ordering::Relaxed);
        entry.started.store(started, Ordering::Relaxed);
    }
    entries.for_each(|entry| entry.ident.store(0, Ordering::Relaxed));
    Ok(())
}

/// The numbers of this process's threads that the system's tools show; none if it does not tell.
#[pyfunction]
#[pyo3(name = "_natives")]
pub(crate) fn natives() -> Vec<u64> {
    thread::natives().unwrap_or_default()
}

/// Threads of raddle's own that are there for long, and wake no other.
static OWN: AtomicUsize = AtomicUsize::new(0);

/// The calling thread is one of raddle's own, which wakes no other, until this is dropped.
pub(crate) struct OfOurs(());

impl OfOurs {
    pub(crate) fn enter() -> Self {
        OWN.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

/// In a forked child: none of them is here.
pub(crate) fn in_child() {
    OWN.store(0, Ordering::SeqCst);
}

impl Drop for OfOurs {
    fn drop(&mut self) {
        OWN.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How many threads the operating system counts in this process, if it tells, without those
/// that wake no other.
pub(crate) fn others() -> Option<usize> {
    // (Asked before and after: one that has gone meanwhile is not to stand for one that came.)
    let own = OWN.load(Ordering::SeqCst);
    let counted = thread::count()?;
    let own = own.min(OWN.load(Ordering::SeqCst));
    Some(counted.saturating_sub(own + left_out()))
}

/// How many of the threads that were counted before this call are to be left out.
///
/// A thread that is asleep is not: it is among those that are found asleep. Nor is any, if a
/// wait is for one of them: it may hold a lock.
fn left_out() -> usize {
    let mut idle: Vec<usize> = ENTRIES.iter().filter_map(Entry::alive).collect();
    if idle.is_empty() {
        return 0;
    }
    let (known, mut is_awaited) = (idle.clone(), false);
    deadlock::visit(|wait| {
        if let Provider::Thread { thread, .. } = wait.provider {
            is_awaited |= known.contains(&thread);
        }
        if !wait.timed {
            idle.retain(|ident| *ident != wait.thread);
        }
    });
    if is_awaited { 0 } else { idle.len() }
}

impl Entry {
    /// The identifier of the thread, if it is the one that was named.
    fn alive(&self) -> Option<usize> {
        let ident = self.ident.load(Ordering::Relaxed);
        let native = self.native.load(Ordering::Relaxed);
        let same =
            ident != 0 && thread::started(native) == Some(self.started.load(Ordering::Relaxed));
        same.then_some(ident)
    }
}
