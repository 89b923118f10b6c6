//! A pool of threads for Rust programs.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::crew::{Crew, Member};
use super::end::TaskEnd;
use super::spawned::{Packet, Spawned};
use crate::clock::{self, Handoff};
use crate::locks::Lock;
use crate::os::fork;
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
    workers: Vec<WorkerThread>,
    generation: u32,
}

/// A worker, as the pool knows it.
struct WorkerThread {
    thread: Thread<()>,
    state: Arc<WorkerState>,
}

/// What a worker says of itself.
struct WorkerState {
    /// Its thread's identifier, set before it runs anything.
    ident: AtomicUsize,
    /// It runs nothing any more.
    ended: TaskEnd,
}

/// What a worker is a member of.
struct Membership {
    crew: Arc<Crew>,
    member: Member,
}

thread_local! {
    /// Null, or what is on the stack of this thread, which is a worker.
    static CURRENT: Cell<*const Membership> = const { Cell::new(ptr::null()) };
}

/// Runs `body` with the calling thread's membership, if it is a worker.
fn with_current<R>(body: impl FnOnce(Option<&Membership>) -> R) -> R {
    // SAFETY: set while it is on this thread's stack, further down.
    CURRENT.with(|current| body(unsafe { current.get().as_ref() }))
}

/// Waits for a completion, if the calling thread is a worker of a pool, and runs tasks meanwhile;
/// returns whether it is one.
pub(super) fn wait_for(completion: &TaskEnd) -> bool {
    with_current(|current| {
        current.inspect(|current| current.crew.wait_for(&current.member, completion)).is_some()
    })
}

impl Pool {
    /// A pool of `workers` threads.
    ///
    /// # Panics
    /// If `workers` is 0, or the operating system cannot start a thread.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        Self::try_new(workers).expect("the operating system cannot start a thread")
    }

    /// A pool of `workers` threads, or of none.
    ///
    /// # Errors
    /// If the operating system cannot start one of them; those that were started have ended then.
    ///
    /// # Panics
    /// If `workers` is 0.
    pub fn try_new(workers: usize) -> io::Result<Self> {
        assert!(workers > 0, "a pool needs a worker");
        fork::watch();
        let (crew, members) = Crew::new(workers);
        let mut pool = Self {
            crew: Arc::new(crew),
            workers: Vec::with_capacity(workers),
            generation: fork::generation(),
        };
        for (number, member) in members.into_iter().enumerate() {
            let state =
                Arc::new(WorkerState { ident: AtomicUsize::new(0), ended: TaskEnd::new() });
            let (crew, mine) = (Arc::clone(&pool.crew), Arc::clone(&state));
            let work = move || {
                mine.ident.store(crate::os::thread_id(), Ordering::Release);
                let membership = Membership { crew, member };
                CURRENT.with(|current| current.set(&raw const membership));
                membership.crew.work(&membership.member);
                CURRENT.with(|current| current.set(ptr::null()));
                clock::is_same_thread(); // The end of all its tasks.
                mine.ended.complete();
            };
            // Dropping the pool sends home those that were started.
            let thread = Builder::new().name(format!("raddle-{number}")).spawn(work)?;
            pool.workers.push(WorkerThread { thread, state });
        }
        Ok(pool)
    }

    /// The number of worker threads.
    #[must_use]
    pub fn workers(&self) -> usize {
        if self.is_orphaned() { 0 } else { self.workers.len() }
    }

    /// The number of workers that sleep; for reports and tests.
    #[must_use]
    pub fn resting(&self) -> usize {
        self.crew.resting()
    }

    fn is_orphaned(&self) -> bool {
        self.generation != fork::generation()
    }

    /// Runs `body` with the calling thread's part in the crew, if it is a worker of this pool.
    pub(super) fn with_member<R>(&self, body: impl FnOnce(Option<&Member>) -> R) -> R {
        with_current(|current| {
            let mine = current.filter(|current| Arc::ptr_eq(&current.crew, &self.crew));
            body(mine.map(|current| &current.member))
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
        let packet = Arc::new(Packet { done: TaskEnd::new(), outcome: Lock::new(None) });
        let mine = Arc::clone(&packet);
        let mut sent = Handoff::sent();
        let run = move || {
            sent.receive();
            let outcome = catch_unwind(AssertUnwindSafe(task));
            *mine.outcome.acquire() = Some(outcome);
            mine.done.complete();
        };
        self.with_member(|member| self.crew.push(Box::new(run), member));
        Spawned { packet }
    }
}

impl Drop for Pool {
    /// Waits until all tasks have run and the workers have ended. A task that drops its pool runs
    /// others meanwhile, and does not wait for itself.
    fn drop(&mut self) {
        let workers = std::mem::take(&mut self.workers);
        if self.is_orphaned() {
            std::mem::forget(workers); // They are not in this process.
            return;
        }
        self.crew.end();
        let me = crate::os::thread_id();
        for WorkerThread { thread, state } in workers {
            if state.ident.load(Ordering::Acquire) != me {
                wait_for(&state.ended);
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
