//! Threads of the operating system that are used again, while something is explored.
//!
//! Thousands of short threads are started then, and most of what one costs is its beginning and its
//! end. One that has ended in a run waits here, until a thread is started in a run.
//!
//! | `next`    | meaning                                 | left by                            |
//! |-----------|-----------------------------------------|------------------------------------|
//! | `Nothing` | waits, and is in the list of spare      | whoever takes it out of the list   |
//! |           | ones; or has gone on                    |                                    |
//! | `Boot`    | is to be another thread                 | itself: it begins                  |
//! | `Leave`   | is to end                               | itself: it ends                    |
//!
//! A fork leaves the list to the parent: in the child all of these threads are gone.

use std::ffi::c_void;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

use super::lingering;
use crate::os::{
    fork, thread_id,
    threads::{Joinable, native_id},
};

/// Whether threads that have ended are kept.
static KEEPS: AtomicBool = AtomicBool::new(false);

/// How often the list is tried to be locked.
const TRIES: usize = 10_000;

static SPARES: Mutex<Spares> = Mutex::new(Spares { generation: 0, waiting: Vec::new() });

struct Spares {
    /// The fork generation that they live in.
    generation: u32,
    waiting: Vec<Arc<Spare>>,
}

enum Next {
    Nothing,
    Boot(*mut c_void),
    Leave,
}

// SAFETY: what is booted from may be used by any thread, once: see `run_raw`.
unsafe impl Send for Next {}

/// A thread that waits to be another one.
pub(super) struct Spare {
    next: Mutex<Next>,
    told: Condvar,
    pub(super) ident: usize,
    pub(super) native: u32,
    /// The right to join it, which no handle has: it goes to whoever has it leave, or with it when
    /// it goes on.
    joinable: Mutex<Option<Joinable>>,
}

/// The list; None if a thread that is not there any more may have it locked: one has it for some
/// instructions only.
fn spares() -> Option<MutexGuard<'static, Spares>> {
    let mut tries = 0;
    let mut spares = loop {
        match SPARES.try_lock() {
            Ok(spares) => break spares,
            Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if tries < TRIES => std::thread::yield_now(),
            Err(TryLockError::WouldBlock) => return None,
        }
        tries += 1;
    };
    let generation = fork::generation();
    if spares.generation != generation {
        spares.generation = generation;
        mem::forget(mem::take(&mut spares.waiting));
    }
    Some(spares)
}

impl Spare {
    /// The calling thread, which has ended as far as others can tell.
    pub(super) fn of_this(joinable: Option<Joinable>) -> Arc<Self> {
        Arc::new(Self {
            next: Mutex::new(Next::Nothing),
            told: Condvar::new(),
            ident: thread_id(),
            native: native_id(),
            joinable: Mutex::new(joinable),
        })
    }

    /// Takes the right to join it.
    pub(super) fn joinable(&self) -> Option<Joinable> {
        self.joinable.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn tell(&self, next: Next) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = next;
        self.told.notify_one();
    }

    /// Has the thread boot from this.
    pub(super) fn boot(&self, boot: *mut c_void) {
        self.tell(Next::Boot(boot));
    }

    /// Waits, as this thread, until it is told what to boot from; None: it is to end.
    pub(super) fn wait(&self) -> Option<*mut c_void> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match mem::replace(&mut *next, Next::Nothing) {
                Next::Nothing => {}
                Next::Boot(boot) => return Some(boot),
                Next::Leave => return None,
            }
            next = self.told.wait(next).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Whether a thread that ends now is to wait.
pub(super) fn are_kept() -> bool {
    KEEPS.load(Ordering::Relaxed)
}

/// Puts the calling thread into the list; it waits next.
pub(super) fn add(spare: &Arc<Spare>) {
    match spares() {
        Some(mut spares) if are_kept() => spares.waiting.push(Arc::clone(spare)),
        _ => {
            spare.tell(Next::Leave);
            if let Some(thread) = spare.joinable() {
                lingering::add(thread);
            }
        }
    }
}

/// Takes one out of the list, to be [booted](Spare::boot).
pub(super) fn take() -> Option<Arc<Spare>> {
    spares()?.waiting.pop()
}

/// The operating system's numbers of those that wait.
pub(super) fn natives() -> Vec<u32> {
    spares().map_or_else(Vec::new, |list| list.waiting.iter().map(|each| each.native).collect())
}

/// Whether threads that have ended in a run are used again. Those that wait end when this is
/// switched off, as they do before a fork.
///
/// An embedder's threads only, which say so: see [`keep`](super::keep).
pub fn reuse(keeps: bool) {
    KEEPS.store(keeps, Ordering::Relaxed);
    if !keeps {
        lingering::wait_for_lingering();
    }
}

/// Has those that wait end; they linger then.
pub(super) fn end() {
    let waiting = spares().map_or_else(Vec::new, |mut list| mem::take(&mut list.waiting));
    waiting.iter().for_each(|spare| spare.tell(Next::Leave));
    waiting.iter().filter_map(|spare| spare.joinable()).for_each(lingering::add);
}
