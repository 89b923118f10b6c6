//! Sleeping on a word, with Windows' `WaitOnAddress`.
//!
//! No signal ends a sleep: there are none. What an embedder has instead, such as Ctrl-C, it looks for
//! between sleeps that it makes short. Source: the Windows API's reference, synchapi.h.

use std::ptr;
use std::sync::atomic::AtomicU32;

use windows_sys::Win32::System::Threading::{INFINITE, WaitOnAddress, WakeByAddressSingle};

use super::Wake;
use crate::os::{Deadline, deadline};

const MILLI: i64 = 1_000_000;

/// Sleeps while `*word == expected`; a changed word counts as being woken.
pub(crate) fn wait(word: &AtomicU32, expected: u32, until: Deadline) -> Wake {
    let (address, expected) = (ptr::from_ref(word).cast(), ptr::from_ref(&expected).cast());
    // SAFETY: both places are there, of four bytes, during the call.
    let woken = unsafe { WaitOnAddress(address, expected, size_of::<u32>(), millis(until)) };
    // (A sleep that is over too soon goes on, as one does that has lasted as long as one can.)
    if woken == 0 && until.nanos() <= deadline::now() { Wake::TimedOut } else { Wake::Unparked }
}

/// How long that is from now, in milliseconds.
fn millis(until: Deadline) -> u32 {
    if until.is_never() {
        return INFINITE;
    }
    // (By the system's clock, also of a thread that has a time of its own.)
    let left = until.nanos().saturating_sub(deadline::now()).max(0);
    let millis = left / MILLI + i64::from(left % MILLI != 0);
    u32::try_from(millis).unwrap_or(INFINITE - 1)
}

/// Wakes one sleeper on the word at `address`, which is not dereferenced.
pub(crate) fn wake_one(address: *const AtomicU32) {
    // SAFETY: the system looks the address up among those that are waited for, and does no more. One
    // that is stale wakes nobody or, at worst, ends an unrelated sleep early, and every sleep here
    // checks its own state again.
    unsafe { WakeByAddressSingle(address.cast()) };
}
