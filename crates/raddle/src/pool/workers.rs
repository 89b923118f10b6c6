//! A pool of threads for Rust programs.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use super::crew::{Crew, Seat};
use super::spawned::{Packet, Spawned};
use crate::event::Event;
use crate::fork;
use crate::lock::Lock;
use crate::thread::{Builder, Thread};

/// Threads that run tasks, and functions over many inputs.
///
/// Python's `concurrent.futures.ThreadPoolExecutor`. Each worker keeps the tasks that its tasks
/// spawn and takes the latest first; those with nothing to do steal the oldest of others, and
/// then sleep. Dropping the pool waits until all tasks have run. A forked child has no workers:
/// there, `map` does everything itself, and `spawn` panics.
///
/// ```
/// let pool = raddle::Pool::new(2);
/// let lengths = pool.map(&["warp", "weft", "reed"], |word| word.len());
/// assert_eq!(lengths, [4, 4, 4]);
///
/// let sum = pool.spawn(|| (1..=100).sum::<u32>());
/// assert_eq!(sum.join().unwrap(), 5050);
/// ```
pub struct Pool {
    pub(super) crew: Arc<Crew>,
    threads: Vec<(Thread<()>, Arc<Ident>)>,
    generation: u32,
}

/// A worker's identifier, set before it runs anything.
type Ident = std::sync::atomic::AtomicUsize;

/// The calling thread's place in a pool.
struct Place {
    crew: Arc<Crew>,
    seat: Seat,
}

thread_local! {
    /// Null, or the place on the stack of this thread, which is a worker.
    static PLACE: Cell<*const Place> = const { Cell::new(ptr::null()) };
}

/// Runs `body` with the calling thread's place, if it is a worker.
fn with_place<R>(body: impl FnOnce(Option<&Place>) -> R) -> R {
    // SAFETY: set while the place is on this thread's stack, further down.
    PLACE.with(|place| body(unsafe { place.get().as_ref() }))
}

/// Runs a task on the calling thread, if it is a worker of a pool and there is one.
pub(super) fn help() -> bool {
    with_place(|place| place.is_some_and(|place| place.crew.help(&place.seat)))
}

impl Pool {
    /// A pool of `workers` threads.
    ///
    /// # Panics
    /// If `workers` is 0, or the operating system cannot start a thread.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        assert!(workers > 0, "a pool needs a worker");
        fork::watch();
        let (crew, seats) = Crew::new(workers);
        let mut pool = Self {
            crew: Arc::new(crew),
            threads: Vec::with_capacity(workers),
            generation: fork::generation(),
        };
        for (number, seat) in seats.into_iter().enumerate() {
            let ident = Arc::new(Ident::new(0));
            let (crew, mine) = (Arc::clone(&pool.crew), Arc::clone(&ident));
            let work = move || {
                mine.store(crate::thread_id(), std::sync::atomic::Ordering::Release);
                let place = Place { crew, seat };
                PLACE.with(|current| current.set(&raw const place));
                place.crew.work(&place.seat);
                PLACE.with(|current| current.set(ptr::null()));
            };
            let thread = Builder::new().name(format!("raddle-{number}")).spawn(work);
            // Dropping the pool sends home those that were started.
            let thread = thread.expect("the operating system cannot start a thread");
            pool.threads.push((thread, ident));
        }
        pool
    }

    /// The number of worker threads.
    #[must_use]
    pub fn workers(&self) -> usize {
        if self.is_orphaned() { 0 } else { self.threads.len() }
    }

    /// The number of workers that sleep; for reports and tests.
    #[must_use]
    pub fn resting(&self) -> usize {
        self.crew.resting()
    }

    fn is_orphaned(&self) -> bool {
        self.generation != fork::generation()
    }

    /// Runs `body` with the calling thread's seat, if it is a worker of this pool.
    pub(super) fn with_seat<R>(&self, body: impl FnOnce(Option<&Seat>) -> R) -> R {
        with_place(|place| {
            let mine = place.filter(|place| Arc::ptr_eq(&place.crew, &self.crew));
            body(mine.map(|place| &place.seat))
        })
    }

    /// Has a worker run `task`; [`Spawned::join`] returns its result or its panic.
    ///
    /// # Panics
    /// In a forked child, where the pool has no workers.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Spawned<T> {
        assert!(
            !self.is_orphaned(),
            "the pool's workers are in the parent process: make a pool"
        );
        let packet = Arc::new(Packet { done: Event::new(), outcome: Lock::new(None) });
        let mine = Arc::clone(&packet);
        let run = move || {
            let outcome = catch_unwind(AssertUnwindSafe(task));
            *mine.outcome.acquire() = Some(outcome);
            mine.done.set();
        };
        self.with_seat(|seat| self.crew.push(Box::new(run), seat));
        Spawned { packet }
    }
}

impl Drop for Pool {
    /// Waits until all tasks have run and the workers have ended.
    fn drop(&mut self) {
        let threads = std::mem::take(&mut self.threads);
        if self.is_orphaned() {
            std::mem::forget(threads); // They are not in this process.
            return;
        }
        self.crew.end();
        let me = crate::thread_id();
        for (thread, ident) in threads {
            // A task that drops the pool cannot wait for itself.
            if ident.load(std::sync::atomic::Ordering::Acquire) != me {
                let _ = thread.join();
            }
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("workers", &self.workers())
            .field("resting", &self.resting())
            .finish()
    }
}
