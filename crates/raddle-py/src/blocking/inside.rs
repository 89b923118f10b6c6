//! Which threads are in scopes, for the one that looks after those that compute.
//!
//! A thread that enters its first scope gets a record, which is in a list for good and is used again
//! by a later thread. It has the thread's innermost scope behind a lock that only its own thread and
//! the one that looks take, attached to the interpreter: a fork finds it free.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use raddle::{CancelToken, Cancelled, Deadline};

use super::scope::Scope;

struct Record {
    inside: Mutex<Inside>,
}

#[derive(Clone, Copy)]
struct Inside {
    /// The thread's identifier; 0: the record is free.
    thread: usize,
    /// Its innermost scope, which it does not leave without saying so here.
    scope: *const Scope,
    /// The fork generation: in a later one the thread is not there, or has not said so yet.
    generation: u32,
}

// SAFETY: the scope is followed under the lock only, while its thread is in it.
unsafe impl Send for Inside {}

static RECORDS: Mutex<Vec<&'static Record>> = Mutex::new(Vec::new());

thread_local! {
    static MINE: Cell<Option<&'static Record>> = const { Cell::new(None) };
    /// Gives the record back when the thread ends.
    static END: End = const { End };
}

struct End;

impl Drop for End {
    fn drop(&mut self) {
        if let Some(mine) = MINE.take() {
            *lock(&mine.inside) = Inside::FREE;
        }
    }
}

impl Inside {
    const FREE: Self = Self { thread: 0, scope: std::ptr::null(), generation: 0 };
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The calling thread's innermost scope is this one now, or none.
pub(super) fn is_in(scope: *const Scope) {
    let mine = MINE.get().unwrap_or_else(register);
    let mut inside = lock(&mine.inside);
    inside.scope = scope;
    inside.generation = raddle::fork_generation();
}

#[cold]
fn register() -> &'static Record {
    let thread = raddle::thread_id();
    let mut records = lock(&RECORDS);
    let free = records.iter().find(|record| {
        let mut inside = lock(&record.inside);
        let free = inside.thread == 0;
        if free {
            inside.thread = thread;
        }
        free
    });
    let mine = free.copied().unwrap_or_else(|| {
        let inside = Inside { thread, ..Inside::FREE };
        let record = Box::leak(Box::new(Record { inside: Mutex::new(inside) }));
        records.push(record);
        record
    });
    MINE.set(Some(mine));
    END.with(|_| ());
    mine
}

/// A thread whose innermost scope has ended, or will.
pub(crate) struct Due {
    /// Its identifier.
    pub(crate) thread: usize,
    /// Stands for the scope.
    pub(crate) token: CancelToken,
    /// Why it has ended; None: it has not.
    pub(crate) why: Option<Cancelled>,
    /// When it ends.
    pub(crate) until: Deadline,
    /// How long it is left alone then, in nanoseconds; None: for ever.
    pub(crate) grace: Option<i64>,
}

/// All threads that are in scopes.
pub(crate) fn all() -> Vec<Due> {
    let records = lock(&RECORDS).clone();
    records.iter().filter_map(|record| look(record)).collect()
}

fn look(record: &Record) -> Option<Due> {
    let inside = lock(&record.inside);
    if inside.generation != raddle::fork_generation() {
        return None;
    }
    // SAFETY: its thread is in it until it has said otherwise, under the lock.
    let scope = unsafe { inside.scope.as_ref() }?;
    let token = scope.token()?.clone();
    Some(Due {
        thread: inside.thread,
        why: token.ended(),
        until: token.deadline(),
        grace: scope.grace(),
        token,
    })
}
