//! Which pool a thread works for: what is queued there is due from its workers.

use std::marker::PhantomData;

use super::record;

/// The calling thread is a worker of a pool until this is dropped.
///
/// A pool is whatever its workers have in common: an address, which is not followed.
#[derive(Debug)]
pub struct Serving {
    before: (usize, usize),
    /// It is about the thread that has made it.
    _here: PhantomData<*const ()>,
}

impl Serving {
    /// The calling thread works for `pool`, which has at most `limit` workers: it may be starved
    /// only when it has so many.
    #[must_use]
    pub fn new(pool: usize, limit: usize) -> Self {
        let before = record::mine().map_or((0, 0), |record| record.serve(pool, limit));
        Self { before, _here: PhantomData }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(record) = record::mine() {
            record.serve(self.before.0, self.before.1);
        }
    }
}

/// Says that a pool may come to have more workers than its present ones were told of, or that
/// others take from its queue: it is never starved from now on, as far as they are concerned.
pub fn unlimit(pool: usize) {
    record::unlimit(pool);
}

/// Whether the calling thread works for a pool.
#[must_use]
pub fn serves() -> bool {
    record::mine().is_some_and(|record| record.pool().is_some())
}

/// The pool that the thread works for, if it is a worker.
#[must_use]
pub fn served(thread: usize) -> Option<usize> {
    record::of(thread)?.pool()
}
