//! The standard library's scoped threads, which tell the clocks when they begin and end.

use std::cell::Cell;
use std::fmt;
use std::ptr;
use std::sync::Arc;
use std::thread;

use super::Joined;
use crate::clock::{self, Edge, Handoff};

/// A scope for threads that borrow, see [`scope`].
pub struct Scope<'scope, 'env: 'scope> {
    inner: &'scope thread::Scope<'scope, 'env>,
    /// From the end of each thread to the end of the scope.
    ends: Arc<Edge>,
}

/// A thread of a [`Scope`], to be joined; at the end of the scope at the latest.
pub struct ScopedJoinHandle<'scope, T> {
    inner: thread::ScopedJoinHandle<'scope, T>,
    end: Arc<Edge>,
}

/// Runs `body` with a scope, whose threads may borrow what lives longer than that, and returns
/// when all of them have ended.
///
/// `std::thread::scope`, with which it shares its methods.
///
/// # Panics
/// If a thread that nobody has joined has panicked.
///
/// ```
/// let names = ["warp", "weft"];
/// let letters = raddle::scope(|scope| {
///     let counts = names.map(|name| scope.spawn(move || name.len()));
///     counts.into_iter().map(|count| count.join().unwrap()).sum::<usize>()
/// });
/// assert_eq!(letters, 8);
/// ```
#[track_caller]
pub fn scope<'env, F, T>(body: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let ends = Arc::new(Edge::new());
    let made = Made(Cell::new(ptr::null_mut()));
    let result = thread::scope(|inner| {
        let scope = Box::into_raw(Box::new(Scope { inner, ends: Arc::clone(&ends) }));
        made.0.set(scope.cast());
        // SAFETY: the box is `made`'s, which is dropped after the scope's end.
        body(unsafe { &*scope })
    });
    ends.acquire();
    result
}

/// The box of a scope, whose lifetimes end before this does.
struct Made(Cell<*mut Scope<'static, 'static>>);

impl Drop for Made {
    fn drop(&mut self) {
        let scope = self.0.get();
        if !scope.is_null() {
            // SAFETY: from a box; its threads have ended, and nobody else has the reference any
            // more. The reference in it, which has ended, is not used to drop it.
            drop(unsafe { Box::from_raw(scope) });
        }
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread.
    ///
    /// # Panics
    /// If the operating system cannot start it.
    pub fn spawn<F, T>(&'scope self, body: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let end = Arc::new(Edge::new());
        let ending = Ending { end: Arc::clone(&end), ends: Arc::clone(&self.ends) };
        let before = Handoff::sent();
        let inner = self.inner.spawn(move || {
            before.begin();
            let _ending = ending;
            body()
        });
        ScopedJoinHandle { inner, end }
    }
}

/// Tells of a thread's end, however it comes about.
struct Ending {
    end: Arc<Edge>,
    ends: Arc<Edge>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.ends.release_with(&self.end);
        clock::end();
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// The thread's handle in the standard library.
    #[must_use]
    pub fn thread(&self) -> &thread::Thread {
        self.inner.thread()
    }

    /// Waits for the thread to end and returns what it returned.
    ///
    /// # Errors
    /// The panic with which it ended.
    pub fn join(self) -> Joined<T> {
        let joined = self.inner.join();
        self.end.acquire();
        joined
    }

    /// Whether the thread has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let finished = self.inner.is_finished();
        if finished {
            self.end.acquire();
        }
        finished
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
