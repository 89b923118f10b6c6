//! Threads that end together: a group returns when all its threads have ended, and the first error,
//! or a deadline, ends the waits of the others.
//!
//! A wait ends with the token that it is given ([`Group::token`]): it returns [`Cancelled`], which
//! `?` turns into a [`Failure`]. Code that computes asks [`CancelToken::check`] now and then. That
//! all end together is the rule of Python's `trio` and of Java's `StructuredTaskScope`; that threads
//! may borrow is that of `std::thread::scope`.
//!
//! No thread of a group is left to itself, so there is nothing to detach. What must not end the
//! others returns its error as a value.

mod failure;
mod task;

use std::any::Any;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

pub use failure::{Failure, GroupError};
pub use task::Task;
use task::{Outcome, Slot};

use crate::locks::Lock;
use crate::os::Deadline;
use crate::thread::{Scope, scope};
use crate::wait::{CancelToken, Cancelled};

/// Starts threads that end together, see [`group`]. Each has one of its own, with a token below the
/// group's, and may start others.
///
/// ```
/// use raddle::{Cancelled, Deadline, Failure, Group, Queue, group};
///
/// /// Fails with the first word that is no number; until then it waits for words.
/// fn add(group: &Group<'_, '_, String>, words: &Queue<&str>) -> Result<(), Failure<String>> {
///     loop {
///         let Ok(word) = words.get_with(&mut group.token().blocking(), Deadline::NEVER) else {
///             return Err(Cancelled::Requested.into());
///         };
///         word.parse::<u32>().map_err(|error| Failure::Error(format!("{word}: {error}")))?;
///     }
/// }
///
/// let words = Queue::unbounded();
/// let ended: Result<(), _> = group(Deadline::NEVER, |group| {
///     for _ in 0..2 {
///         group.start(|group| add(group, &words));
///     }
///     words.put("seven").unwrap();
///     Ok(())
/// });
/// assert_eq!(ended.unwrap_err().errors, ["seven: invalid digit found in string"]);
/// ```
pub struct Group<'scope, 'env: 'scope, E> {
    scope: &'scope Scope<'scope, 'env>,
    shared: Arc<Shared<E>>,
    token: CancelToken,
}

/// What all threads of a group know.
struct Shared<E> {
    token: CancelToken,
    ended: Lock<Ended<E>>,
}

/// What went wrong, as far as threads have ended.
struct Ended<E> {
    errors: Vec<E>,
    is_late: bool,
    /// A call was cancelled.
    is_cut: bool,
    panic: Option<Box<dyn Any + Send>>,
}

impl<E> Default for Ended<E> {
    fn default() -> Self {
        Self { errors: Vec::new(), is_late: false, is_cut: false, panic: None }
    }
}

impl<E> Shared<E> {
    /// Notes why a call has failed; returns why it has no result. What is no cancellation ends the
    /// others, and so does a deadline: it may be the call's own.
    fn note(&self, failure: Failure<E>) -> Cancelled {
        let mut ended = self.ended.acquire();
        let why = match failure {
            Failure::Cancelled(Cancelled::Requested) => {
                ended.is_cut = true;
                return Cancelled::Requested;
            }
            Failure::Cancelled(Cancelled::Deadline) => {
                ended.is_late = true;
                Cancelled::Deadline
            }
            Failure::Error(error) => {
                ended.errors.push(error);
                Cancelled::Requested
            }
        };
        drop(ended);
        self.token.cancel();
        why
    }

    /// As [`note`](Self::note), of a panic; the first one is kept.
    fn note_panic(&self, panic: Box<dyn Any + Send>) -> Cancelled {
        let extra = {
            let mut ended = self.ended.acquire();
            if ended.panic.is_none() { ended.panic.replace(panic) } else { Some(panic) }
        };
        self.token.cancel();
        // (It is foreign code that drops it, and may panic, too.)
        mem::forget(catch_unwind(AssertUnwindSafe(|| drop(extra))).err());
        Cancelled::Requested
    }
}

/// Runs `body` with a group, whose threads may borrow what outlives it, and returns when all of them
/// have ended. Their waits end at `until`; with [`Deadline::NEVER`], only when they are cancelled.
///
/// The first error, of a thread or of `body`, cancels the group, and so does a panic. What was
/// cancelled is no error. Nearest in `std` is `thread::scope`, in Python `raddle.Group`.
///
/// # Errors
/// All errors, each once; or that a deadline has passed, or that `body` was cancelled, or a thread
/// was from outside of the group.
///
/// # Panics
/// With `body`'s panic or the first one of a thread, when all have ended.
///
/// ```
/// use raddle::{Deadline, Failure, group};
/// use std::time::Duration;
///
/// let pages = ["7", "8"];
/// let sum = group(Deadline::after(Duration::from_secs(60)), |group| {
///     let [first, second] =
///         pages.map(|page| group.start(move |_| page.parse::<u32>().map_err(Failure::Error)));
///     Ok(first.join()? + second.join()?)
/// });
/// assert_eq!(sum, Ok(15));
/// ```
pub fn group<'env, T, E, F>(until: Deadline, body: F) -> Result<T, GroupError<E>>
where
    E: Send + 'env,
    F: for<'scope> FnOnce(&Group<'scope, 'env, E>) -> Result<T, Failure<E>>,
{
    run(CancelToken::new(until), None, body)
}

/// [`group`], which also ends with `token`: a group inside of a task's.
///
/// # Errors
/// As [`group`].
///
/// # Panics
/// As [`group`].
///
/// ```
/// use raddle::{CancelToken, Cancelled, Deadline, Failure, group_within};
///
/// let token = CancelToken::new(Deadline::NEVER);
/// token.cancel();
/// let ended = group_within(&token, Deadline::NEVER, |group| {
///     group.token().check()?;
///     Err::<(), _>(Failure::Error("not reached"))
/// });
/// assert_eq!(ended.unwrap_err().cancelled, Some(Cancelled::Requested));
/// ```
pub fn group_within<'env, T, E, F>(
    token: &CancelToken,
    until: Deadline,
    body: F,
) -> Result<T, GroupError<E>>
where
    E: Send + 'env,
    F: for<'scope> FnOnce(&Group<'scope, 'env, E>) -> Result<T, Failure<E>>,
{
    run(token.child(until), Some(token), body)
}

fn run<'env, T, E, F>(
    token: CancelToken,
    outer: Option<&CancelToken>,
    body: F,
) -> Result<T, GroupError<E>>
where
    E: Send + 'env,
    F: for<'scope> FnOnce(&Group<'scope, 'env, E>) -> Result<T, Failure<E>>,
{
    let shared = Arc::new(Shared { token, ended: Lock::new(Ended::default()) });
    let result = scope(|threads| {
        let (token, shared) = (shared.token.clone(), Arc::clone(&shared));
        let group = Group { scope: threads, shared, token };
        // (Nobody sees what a panic leaves behind: it goes on when the threads have ended.)
        let result = catch_unwind(AssertUnwindSafe(|| body(&group)));
        if !matches!(result, Ok(Ok(_))) {
            group.cancel();
        }
        result
    });
    let Ended { mut errors, mut is_late, is_cut, panic } =
        mem::take(&mut *shared.ended.acquire());
    let is_cut_from_outside = is_cut && outer.is_some_and(CancelToken::is_cancelled);
    let mut cancelled = is_cut_from_outside.then_some(Cancelled::Requested);
    let failure = match (result, panic) {
        (Err(panic), _) | (Ok(_), Some(panic)) => resume_unwind(panic),
        (Ok(Ok(value)), None) if errors.is_empty() && !is_late && cancelled.is_none() => {
            return Ok(value);
        }
        (Ok(result), None) => result.err(),
    };
    match failure {
        Some(Failure::Error(error)) => errors.push(error),
        Some(Failure::Cancelled(Cancelled::Deadline)) => is_late = true,
        Some(Failure::Cancelled(why)) if errors.is_empty() => cancelled = Some(why),
        _ => {}
    }
    let cancelled = if is_late { Some(Cancelled::Deadline) } else { cancelled };
    Err(GroupError { errors, cancelled })
}

impl<'scope, E: Send + 'scope> Group<'scope, '_, E> {
    /// Starts a thread that runs `call`, which is handed the group as its own.
    ///
    /// # Panics
    /// If the operating system cannot start it.
    pub fn start<T, F>(&self, call: F) -> Task<T>
    where
        T: Send + 'scope,
        F: FnOnce(&Self) -> Result<T, Failure<E>> + Send + 'scope,
    {
        let token = self.shared.token.child(Deadline::NEVER);
        let shared = Arc::clone(&self.shared);
        let group = Self { scope: self.scope, shared, token: token.clone() };
        let slot = Arc::new(Slot::new());
        let theirs = Arc::clone(&slot);
        self.scope.spawn(move || {
            let outcome = group.call(call);
            theirs.fill(outcome);
            // (Of a task that nobody has, the result is dropped here.)
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(theirs))) {
                group.shared.note_panic(panic);
            }
        });
        Task::new(slot, token, self.token.clone())
    }

    fn call<T>(&self, call: impl FnOnce(&Self) -> Result<T, Failure<E>>) -> Outcome<T> {
        // (As for the body's.)
        match catch_unwind(AssertUnwindSafe(|| call(self))) {
            Ok(result) => result.map_err(|failure| self.shared.note(failure)),
            Err(panic) => Err(self.shared.note_panic(panic)),
        }
    }
}

impl<E> Group<'_, '_, E> {
    /// What ends the waits of the thread that this group was handed to: see
    /// [`CancelToken::blocking`].
    #[must_use]
    pub fn token(&self) -> &CancelToken {
        &self.token
    }

    /// Ends the waits of all threads of the group, and of those that it starts yet.
    pub fn cancel(&self) {
        self.shared.token.cancel();
    }
}

impl<E> fmt::Debug for Group<'_, '_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("token", &self.token).finish_non_exhaustive()
    }
}
