//! Workers that take tasks until there are no more to come.
//!
//! How they sleep and are woken is argued in `pool/README.md`, section 1.

use std::fmt;
use std::sync::Arc;

use super::deque::{self, Queues};
use super::end::TaskEnd;
use crate::clock::{self, Edge};
use crate::os::Deadline;
use crate::os::sync::{AtomicUsize, Ordering};
use crate::pool::sleep::{ENDED, Sleep, ticks, wants_waking};
use crate::wait::{Native, infallible};

/// What a worker does: something that does not panic.
pub type Task = Box<dyn FnOnce() + Send>;

/// What all workers of a pool share.
pub struct Crew {
    queues: Queues<Task>,
    /// Its ticks are the tasks pushed.
    sleep: Sleep,
}

/// One worker's place in the crew.
pub struct Member(deque::OwnQueue<Task>);

impl Crew {
    /// A crew with a member for each of its workers.
    #[must_use]
    pub fn new(workers: usize) -> (Self, Vec<Member>) {
        let (queues, members) = Queues::new(workers);
        (Self { queues, sleep: Sleep::new() }, members.into_iter().map(Member).collect())
    }

    /// Leaves a task for the worker `member`, the calling thread, or for all.
    pub fn push(&self, task: Task, member: Option<&Member>) {
        self.queues.push(task, member.map(|member| &member.0));
        if self.sleep.tick() {
            self.sleep.wake_one();
        }
    }

    /// Runs a task, if there is one.
    pub fn help(&self, member: &Member) -> bool {
        let Some(task) = self.queues.take(&member.0) else { return false };
        if wants_waking(self.sleep.load()) && !self.queues.is_empty() {
            self.sleep.wake_one();
        }
        let _clocks = clock::Tasks::begin();
        task();
        true
    }

    /// Runs tasks until the crew has ended and none is left.
    pub fn work(&self, member: &Member) {
        loop {
            let seen = self.sleep.load();
            if self.help(member) {
                continue;
            }
            if seen & ENDED != 0 {
                return;
            }
            // What was pushed before `seen` was not found, so others have it.
            let nothing = |word| ticks(word) == ticks(seen) && word & ENDED == 0;
            if let Some(rested) =
                infallible(self.sleep.rest(&mut Native, Deadline::NEVER, nothing))
            {
                rested.over();
            }
        }
    }

    /// Runs tasks on the worker `member`, the calling thread, until `completion` is complete.
    pub fn wait_for(self: &Arc<Self>, member: &Member, completion: &TaskEnd) {
        while !completion.is_complete() {
            let seen = self.sleep.load();
            if self.help(member) {
                continue;
            }
            if !completion.watch(self) {
                return;
            }
            let nothing = |word| ticks(word) == ticks(seen) && !completion.is_complete();
            let token = Some(completion.token());
            let rested =
                infallible(self.sleep.rest_as(token, &mut Native, Deadline::NEVER, nothing));
            let complete = completion.unwatch();
            match rested {
                Some(rested) if complete => rested.pass_on(),
                Some(rested) => rested.over(),
                None => {}
            }
        }
    }

    /// Wakes the worker that waits for the completion with this token.
    pub(super) fn wake(&self, token: usize) {
        self.sleep.wake(token);
    }

    /// Says that no more tasks will be pushed, except by tasks.
    pub fn end(&self) {
        self.sleep.end();
    }

    /// The number of workers that sleep; for reports and tests.
    #[must_use]
    pub fn resting(&self) -> usize {
        self.sleep.resting()
    }

    /// Runs `body` on this thread and on as many as `helpers` workers, those that come before
    /// it returns here; returns when all have.
    ///
    /// A worker that does not come in time is not waited for, so a body that runs inside a task
    /// of the same crew cannot deadlock. For those that have come the worker `member`, if the
    /// calling thread is one, waits as in [`wait_for`](Self::wait_for).
    ///
    /// # Panics
    /// `body` must not panic.
    pub fn together(
        self: &Arc<Self>,
        helpers: usize,
        member: Option<&Member>,
        body: &(dyn Fn() + Sync),
    ) {
        let shared = Arc::new(SharedBody {
            state: AtomicUsize::new(0),
            left: TaskEnd::new(),
            begun: Edge::new(),
            ended: Edge::new(),
            // SAFETY: only the lifetime changes; `SharedBody` says why nobody uses it for longer.
            body: unsafe {
                std::mem::transmute::<*const (dyn Fn() + Sync), *const (dyn Fn() + Sync)>(body)
            },
        });
        shared.begun.release();
        for _ in 0..helpers {
            let shared = Arc::clone(&shared);
            self.push(Box::new(move || shared.run()), member);
        }
        let finish = Finish { shared: &shared, crew: self, member };
        body();
        drop(finish);
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").field("resting", &self.resting()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Member")
    }
}

const OVER: usize = 1;
const INSIDE: usize = 2;

/// A body on another thread's stack that workers may run.
///
/// `state` counts those inside, with `OVER` once the owner's own run has returned. Workers come in
/// only without `OVER`; the owner leaves its stack only when, after that, nobody is inside.
struct SharedBody {
    state: AtomicUsize,
    /// Completed by the last one to leave.
    left: TaskEnd,
    /// From the owner to each worker that comes in, and from those that have left to the owner.
    begun: Edge,
    ended: Edge,
    body: *const (dyn Fn() + Sync),
}

// SAFETY: the body is `Sync`, and used as the type's text says.
unsafe impl Send for SharedBody {}
// SAFETY: as above.
unsafe impl Sync for SharedBody {}

impl SharedBody {
    fn run(&self) {
        let entered = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
            (state & OVER == 0).then_some(state + INSIDE)
        });
        if entered.is_err() {
            return;
        }
        self.begun.acquire();
        struct Leave<'a>(&'a SharedBody);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.ended.release();
                if self.0.state.fetch_sub(INSIDE, Ordering::AcqRel) == OVER + INSIDE {
                    self.0.left.complete();
                }
            }
        }
        let _leave = Leave(self);
        // SAFETY: counted as inside, so the owner waits.
        unsafe { (*self.body)() }
    }
}

/// Waits, when dropped, for the workers that are inside.
struct Finish<'a> {
    shared: &'a SharedBody,
    crew: &'a Arc<Crew>,
    member: Option<&'a Member>,
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        let Self { shared, crew, member } = *self;
        if shared.state.fetch_or(OVER, Ordering::AcqRel) != 0 {
            match member {
                Some(member) => crew.wait_for(member, &shared.left),
                None => shared.left.wait(),
            }
        }
        shared.ended.acquire();
    }
}
