//! What the calling thread reads: each lock's address, and how often.

use std::cell::RefCell;

use super::RawRwLock;

#[cfg(not(raddle_loom))]
std::thread_local! {
    static READING: RefCell<Vec<(usize, u32)>> = const { RefCell::new(Vec::new()) };
}

#[cfg(raddle_loom)]
loom::thread_local! {
    static READING: RefCell<Vec<(usize, u32)>> = RefCell::new(Vec::new());
}

fn address(lock: &RawRwLock) -> usize {
    std::ptr::from_ref(lock).addr()
}

fn with<R>(change: impl FnOnce(&mut Vec<(usize, u32)>) -> R) -> R {
    READING.with(|reading| change(&mut reading.borrow_mut()))
}

#[inline]
pub(super) fn count(lock: &RawRwLock) -> u32 {
    let me = address(lock);
    with(|all| all.iter().find(|(lock, _)| *lock == me).map_or(0, |(_, count)| *count))
}

#[inline]
pub(super) fn begin(lock: &RawRwLock) {
    let me = address(lock);
    with(|all| match all.iter_mut().find(|(lock, _)| *lock == me) {
        Some((_, count)) => *count += 1,
        None => all.push((me, 1)),
    });
}

/// Returns whether there was one to end.
#[inline]
pub(super) fn end(lock: &RawRwLock) -> bool {
    let me = address(lock);
    with(|all| {
        let Some(at) = all.iter().position(|(lock, _)| *lock == me) else { return false };
        all[at].1 -= 1;
        if all[at].1 == 0 {
            all.swap_remove(at);
        }
        true
    })
}

/// Whether the calling thread reads nothing.
#[cfg(not(raddle_loom))]
pub(crate) fn reads_nothing() -> bool {
    with(|all| all.is_empty())
}

/// Another lock may have the address later.
pub(super) fn forget(lock: &mut RawRwLock) {
    let me = address(lock);
    #[cfg(not(raddle_loom))]
    let _ = READING.try_with(|all| all.borrow_mut().retain(|(lock, _)| *lock != me));
    #[cfg(raddle_loom)]
    let _ = me;
}
