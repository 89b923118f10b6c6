//! One function over many inputs, on all workers and the calling thread.
//!
//! A worker that is free claims the next few inputs of one counter: a share of what is left, so
//! that short items cost little and the last ones end together. The caller takes part, so a map in
//! a task of the same pool, whose workers may all be busy, is done all the same.
//!
//! Rejected: one task per input (a queue's worth of work for each), and splitting in halves, of
//! which each has to be stolen before another worker sees it.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use super::workers::Pool;
use crate::clock::Edge;
use crate::locks::Lock;

/// Each claim is this share of what would be left for each worker.
const SHARE: usize = 4;
/// Inputs of an iterator are taken in batches that last about this long.
const BATCH: Duration = Duration::from_micros(50);
const LARGEST_BATCH: usize = 1024;

type Panic = Box<dyn Any + Send>;

/// A place to write results at, shared by workers that write at different indexes.
struct Output<R>(*mut R);

// SAFETY: each index is claimed, and so written, by one thread; the owner reads after all.
unsafe impl<R: Send> Sync for Output<R> {}

impl<R> Output<R> {
    /// # Safety
    /// `index` is within the allocation, and was claimed by the caller alone.
    unsafe fn write(&self, index: usize, result: R) {
        // SAFETY: passed on to the caller.
        unsafe { self.0.add(index).write(result) }
    }
}

impl Pool {
    /// Calls `run` for each of `items`, and returns the results in their order.
    ///
    /// Python's `Executor.map`, without waiting for a result to ask for the next.
    ///
    /// # Panics
    /// With the first panic of `run`, after which no more items are begun.
    ///
    /// ```
    /// let pool = raddle::Pool::new(2);
    /// let squares = pool.map(&[1, 2, 3], |number| number * number);
    /// assert_eq!(squares, [1, 4, 9]);
    /// ```
    pub fn map<T: Sync, R: Send>(&self, items: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let count = items.len();
        let mut results: Vec<R> = Vec::with_capacity(count);
        let output = Output(results.as_mut_ptr());
        let next = CachePadded::new(AtomicUsize::new(0));
        let (written, panic) = (Lock::new(Vec::new()), Lock::new(None::<Panic>));
        let share = (self.workers() + 1) * SHARE;
        let body = || {
            let mut mine = Vec::new();
            while let Some(claim) = claim(&next, count, share) {
                let mut done = claim.start;
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    for index in claim.clone() {
                        let result = run(&items[index]);
                        // SAFETY: below `count`, and in a range that only this thread claimed.
                        unsafe { output.write(index, result) };
                        done = index + 1;
                    }
                }));
                mine.push(claim.start..done);
                if let Err(payload) = outcome {
                    next.store(count, Ordering::Relaxed);
                    panic.acquire().get_or_insert(payload);
                    break;
                }
            }
            written.acquire().append(&mut mine);
        };
        self.together(count, &body);
        if let Some(payload) = panic.into_inner() {
            for index in written.into_inner().into_iter().flatten() {
                // SAFETY: written, by a worker that is done, and dropped once.
                unsafe { output.0.add(index).drop_in_place() };
            }
            resume_unwind(payload);
        }
        // SAFETY: nobody panicked, so each index was claimed and written, by workers that are done.
        unsafe { results.set_len(count) };
        results
    }

    /// Calls `run` for each item of an iterator, and returns the results in their order.
    ///
    /// The iterator is advanced by one thread at a time, a few items in advance of the calls.
    ///
    /// # Panics
    /// With the first panic of `run` or of the iterator, after which no more items are begun.
    ///
    /// ```
    /// let pool = raddle::Pool::new(2);
    /// let lines = "to be\nor not".lines();
    /// assert_eq!(pool.map_iter(lines, |line| line.split(' ').count()), [2, 2]);
    /// ```
    pub fn map_iter<I, R>(&self, items: I, run: impl Fn(I::Item) -> R + Sync) -> Vec<R>
    where
        I: IntoIterator<IntoIter: Send, Item: Send>,
        R: Send,
    {
        let items = items.into_iter();
        let most = items.size_hint().1.unwrap_or(usize::MAX);
        let source = Lock::new(Some(items.fuse().enumerate()));
        let turns = Edge::new(); // From each thread that advances the iterator to the next one.
        let (results, panic) = (Lock::new(Vec::new()), Lock::new(None::<Panic>));
        let body = || {
            let (mut mine, mut batch) = (Vec::new(), 1);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                loop {
                    let start = Instant::now();
                    let mut some = Vec::with_capacity(batch);
                    if let Some(items) = source.acquire().as_mut() {
                        turns.acquire();
                        some.extend(items.take(batch));
                        turns.release();
                    }
                    if some.is_empty() {
                        return;
                    }
                    mine.extend(some.into_iter().map(|(index, item)| (index, run(item))));
                    if start.elapsed() < BATCH {
                        batch = (batch * 2).min(LARGEST_BATCH);
                    } else {
                        batch = (batch / 2).max(1);
                    }
                }
            }));
            if let Err(payload) = outcome {
                *source.acquire() = None;
                panic.acquire().get_or_insert(payload);
            }
            results.acquire().append(&mut mine);
        };
        self.together(most, &body);
        if let Some(payload) = panic.into_inner() {
            resume_unwind(payload);
        }
        let mut results = results.into_inner();
        results.sort_unstable_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// Runs `body`, which does not panic, here and on the workers that `count` items are worth.
    fn together(&self, count: usize, body: &(dyn Fn() + Sync)) {
        self.with_member(|member| {
            let others = self.workers().saturating_sub(usize::from(member.is_some()));
            self.crew.together(others.min(count.saturating_sub(1)), member, body);
        });
    }
}

/// Claims the next few of `count` indexes.
fn claim(next: &AtomicUsize, count: usize, share: usize) -> Option<Range<usize>> {
    let mut start = next.load(Ordering::Relaxed);
    loop {
        if start >= count {
            return None;
        }
        let end = start + ((count - start) / share).max(1);
        match next.compare_exchange_weak(start, end, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return Some(start..end),
            Err(now) => start = now,
        }
    }
}
