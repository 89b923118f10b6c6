//! The standard library's scoped threads, which tell the clocks when they begin and end, and take
//! turns if their starter does.

use std::cell::Cell;
use std::fmt;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Joined;
use crate::clock::{self, Edge, Handoff};
use crate::locks::{Event, Semaphore};
use crate::os::Deadline;
use crate::os::turns::{self, Expected};
use crate::wait::{Native, infallible};

/// A scope for threads that borrow, see [`scope`].
pub struct Scope<'scope, 'env: 'scope> {
    inner: &'scope thread::Scope<'scope, 'env>,
    ends: Arc<Ends>,
}

/// What the threads of a scope tell that.
struct Ends {
    /// From the end of each thread to the end of the scope.
    order: Edge,
    started: AtomicUsize,
    ended: Semaphore,
}

impl Ends {
    /// Waits for all threads, if the calling one takes turns: what the standard library waits for
    /// is none of the crate's.
    fn wait(&self) {
        let mut seen = 0;
        while turns::is_mine() && seen < self.started.load(Ordering::Acquire) {
            self.ended.acquire();
            seen += 1;
        }
    }
}

/// A thread of a [`Scope`], to be joined; at the end of the scope at the latest.
pub struct ScopedJoinHandle<'scope, T> {
    inner: thread::ScopedJoinHandle<'scope, T>,
    end: Arc<End>,
}

/// The end of a thread.
struct End {
    order: Edge,
    done: Event,
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
    let (order, started, ended) = (Edge::new(), AtomicUsize::new(0), Semaphore::new(0));
    let ends = Arc::new(Ends { order, started, ended });
    let made = Made(Cell::new(ptr::null_mut()));
    let result = thread::scope(|inner| {
        let scope = Box::into_raw(Box::new(Scope { inner, ends: Arc::clone(&ends) }));
        made.0.set(scope.cast());
        let _all = All(&ends);
        // SAFETY: the box is `made`'s, which is dropped after the scope's end.
        body(unsafe { &*scope })
    });
    ends.order.acquire();
    result
}

/// Waits for all threads of a scope, when dropped.
struct All<'a>(&'a Ends);

impl Drop for All<'_> {
    fn drop(&mut self) {
        self.0.wait();
    }
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
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn spawn<F, T>(&'scope self, body: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let end = Arc::new(End { order: Edge::new(), done: Event::new() });
        let ending = Ending { end: Arc::clone(&end), ends: Arc::clone(&self.ends) };
        let (before, place) = (Handoff::sent(), Expected::of(&*end, "Scope.spawn"));
        self.ends.started.fetch_add(1, Ordering::AcqRel);
        let inner = self.inner.spawn(move || {
            before.begin();
            let _turns = place.begin();
            let _ending = ending;
            body()
        });
        ScopedJoinHandle { inner, end }
    }
}

/// Tells of a thread's end, however it comes about.
struct Ending {
    end: Arc<End>,
    ends: Arc<Ends>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.ends.order.release_with(&self.end.order);
        self.end.done.put_up();
        self.ends.ended.give_back();
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
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn join(self) -> Joined<T> {
        turns::about(&*self.end, "ScopedJoinHandle.join");
        if turns::is_mine() {
            infallible(self.end.done.wait_unless(&mut Native, Deadline::NEVER, || false));
        }
        let joined = self.inner.join();
        self.end.order.acquire();
        joined
    }

    /// Whether the thread has ended.
    #[must_use]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn is_finished(&self) -> bool {
        turns::about(&*self.end, "ScopedJoinHandle.is_finished");
        // (The thread that has told of its end has yet to end.)
        let finished =
            if turns::is_mine() { self.end.done.is_up() } else { self.inner.is_finished() };
        if finished {
            self.end.order.acquire();
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
