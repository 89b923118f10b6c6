//! Which threads are in scopes, for the one that looks after those that compute.
//!
//! A thread that enters its first scope gets a record, which is in a list for good and is used again
//! by a later thread. It has the thread's innermost scope behind a lock that only its own thread and
//! the one that looks take, attached to the interpreter: a fork finds it free.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use raddle::{Cancelled, Deadline};

use super::scope::Scope;

struct Record {
    /// The thread's identifier; 0: the record is free.
    thread: AtomicUsize,
    inside: Mutex<Inside>,
}

#[derive(Clone, Copy)]
struct Inside {
    /// Its innermost scope, which it does not leave without saying so here.
    scope: *const Scope,
    /// It waits for others, and is not to be stopped.
    rests: bool,
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
            // (Not under the lock: the thread is not attached any more.)
            mine.thread.store(0, Ordering::Release);
        }
    }
}

impl Inside {
    const FREE: Self = Self { scope: std::ptr::null(), rests: false, generation: 0 };
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The calling thread's innermost scope is this one now, or the next one that is a program's.
pub(super) fn is_in(scope: *const Scope) {
    // SAFETY: null, or a scope that the thread is in.
    let real = unsafe { scope.as_ref() }.and_then(Scope::real);
    let mut inside = lock(&mine().inside);
    inside.scope = real.map_or(std::ptr::null(), std::ptr::from_ref);
    inside.generation = raddle::fork_generation();
}

/// Whether the thread waits for others, and is not to be stopped.
pub(super) fn rests(rests: bool) {
    lock(&mine().inside).rests = rests;
}

fn mine() -> &'static Record {
    MINE.get().unwrap_or_else(register)
}

#[cold]
fn register() -> &'static Record {
    let thread = raddle::thread_id();
    let mut records = lock(&RECORDS);
    let take = |record: &&&Record| {
        let (free, mine) = (Ordering::Acquire, Ordering::Relaxed);
        record.thread.compare_exchange(0, thread, free, mine).is_ok()
    };
    let free = records.iter().find(take).copied();
    let mine = free.unwrap_or_else(|| {
        let (thread, inside) = (AtomicUsize::new(thread), Mutex::new(Inside::FREE));
        let record = Box::leak(Box::new(Record { thread, inside }));
        records.push(record);
        record
    });
    *lock(&mine.inside) = Inside::FREE;
    MINE.set(Some(mine));
    END.with(|_| ());
    mine
}

/// A thread whose innermost scope has ended, or will.
pub(crate) struct Due {
    /// Its identifier.
    pub(crate) thread: usize,
    /// Which scope it is.
    pub(crate) number: usize,
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
    let thread = record.thread.load(Ordering::Acquire);
    if thread == 0 || inside.generation != raddle::fork_generation() {
        return None;
    }
    // SAFETY: its thread is in it until it has said otherwise, under the lock; one that has ended in
    // it has left its object behind for good.
    let scope = unsafe { inside.scope.as_ref() }?;
    let token = scope.token()?;
    Some(Due {
        thread,
        why: token.ended(),
        until: token.deadline(),
        grace: scope.grace().filter(|_| !inside.rests),
        number: scope.number(),
    })
}
