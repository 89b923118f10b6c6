//! Sleeping on a word where there is no futex: buckets of mutex and condition variable.
//!
//! A condition variable does not report signals, so a sleep is cut into slices and each slice's
//! end is reported as one; the caller then looks for pending signals. `--cfg raddle_portable`
//! selects this file on Linux too, which is how it is tested.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::Wake;
use crate::os::{Deadline, deadline};

const BUCKETS: usize = 64;
const SLICE: Duration = Duration::from_millis(25);

struct Bucket {
    mutex: Mutex<()>,
    condvar: Condvar,
}

static TABLE: [Bucket; BUCKETS] =
    [const { Bucket { mutex: Mutex::new(()), condvar: Condvar::new() } }; BUCKETS];

fn bucket(address: *const AtomicU32) -> &'static Bucket {
    let bits = (address as usize >> 2).wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as usize);
    &TABLE[bits >> (usize::BITS - BUCKETS.trailing_zeros())]
}

/// Sleeps while `*word == expected`, for at most one slice.
pub(crate) fn wait(word: &AtomicU32, expected: u32, until: Deadline) -> Wake {
    let bucket = bucket(std::ptr::from_ref(word));
    let guard = bucket.mutex.lock().unwrap_or_else(PoisonError::into_inner);
    if word.load(Ordering::Acquire) != expected {
        return Wake::Unparked;
    }
    // (By the system's clock, also of a thread that has a time of its own.)
    let left = until.nanos().saturating_sub(deadline::now()).max(0);
    let slice = Duration::from_nanos(u64::try_from(left).unwrap_or(0)).min(SLICE);
    let (_guard, result) =
        bucket.condvar.wait_timeout(guard, slice).unwrap_or_else(PoisonError::into_inner);
    match result.timed_out() {
        true if until.nanos() <= deadline::now() => Wake::TimedOut,
        true => Wake::Signal,
        false => Wake::Unparked,
    }
}

/// Wakes the sleeper on the word at `address` (and those that share its bucket).
pub(crate) fn wake_one(address: *const AtomicU32) {
    let bucket = bucket(address);
    drop(bucket.mutex.lock().unwrap_or_else(PoisonError::into_inner));
    bucket.condvar.notify_all();
}
