//! Priority queues: comparisons are Python's, so they are made under no latch.
//!
//! A thread that changes a heap holds the queue's lock from the first comparison on: it keeps other
//! threads away. It is re-entrant, since a comparison, a destructor or a signal handler may use
//! this very queue. The heap is whole whenever one of them runs; what they change makes the plan
//! of the operation below worthless, and it begins anew.

use pyo3::prelude::*;
use raddle::queue::{Heap, Plan, Question};
use raddle::{Deadline, RLock};

use super::compare;
use super::state::Denied;
use super::state::Queue;
use crate::blocking::attached::Attached;
use crate::python::call::{self, OwnedPy};

/// Holds a queue's lock.
pub(super) struct Lock<'a>(&'a RLock);

impl<'a> Lock<'a> {
    /// Takes the lock, once more if this thread has it; raises what a signal handler raises.
    #[inline]
    pub(super) fn take(queue: &'a Queue, py: Python<'_>) -> PyResult<Self> {
        let lock = queue.lock.get();
        if !lock.try_acquire() {
            lock.acquire_with(&mut Attached::to_wait(py, Deadline::NEVER)?, Deadline::NEVER)?;
        }
        Ok(Self(lock))
    }
}

impl Drop for Lock<'_> {
    #[inline]
    fn drop(&mut self) {
        let released = self.0.release();
        debug_assert!(released.is_ok(), "the lock is this thread's");
    }
}

/// Waits in `wait` without the queue's lock, which this thread holds if it waits inside of a
/// comparison.
pub(super) fn outside<'py>(
    queue: &Queue,
    py: Python<'py>,
    until: Deadline,
    wait: impl FnOnce(&mut Attached<'py>) -> PyResult<bool>,
) -> PyResult<bool> {
    let mut blocking = Attached::to_wait(py, until)?.on(queue);
    if !queue.lock.get().is_owned() {
        return wait(&mut blocking);
    }
    let held = queue.lock.get().release_all().expect("the lock is this thread's");
    let mut outcome = wait(&mut blocking);
    while let Err(interrupt) = queue.lock.get().restore_with(&mut blocking, held) {
        if matches!(outcome, Ok(true)) {
            queue.gate.nudge();
        }
        outcome = outcome.and(Err(interrupt));
    }
    outcome
}

/// The heap of a queue whose lock the caller holds.
///
/// # Safety
/// The caller, attached, holds the lock, and lets go of the reference before anything foreign
/// runs or the heap changes.
#[inline]
unsafe fn heap(queue: &Queue) -> &Heap<OwnedPy> {
    // SAFETY: heaps are changed by threads that hold the lock only.
    unsafe { (*queue.gate.store_unlocked()).items.heap() }
}

/// Makes the comparisons of a plan; returns false if the heap changed meanwhile.
#[inline]
fn carry_on(
    queue: &Queue,
    py: Python<'_>,
    plan: &mut Plan,
    moving: &Py<PyAny>,
) -> PyResult<bool> {
    while let Some(Question { left, right }) = plan.question() {
        // SAFETY: the caller holds the lock, and nothing foreign runs until this is out of use.
        let items = unsafe { heap(queue) }.items();
        let one = left.map_or(moving, |at| items[at].get());
        if let Some(less) = compare::less(one, items[right].get(), py) {
            plan.answer(less);
            continue;
        }
        // The program looks at items that others have put.
        queue.gate.follow_puts();
        // References of its own: the comparison may take the items out of the heap.
        let item = |at: usize| {
            // SAFETY: the caller holds the lock, and cloning a reference runs nothing foreign.
            OwnedPy::new(unsafe { heap(queue) }.items()[at].get().clone_ref(py))
        };
        let right = item(right);
        let left = left.map(item);
        let left_or_moving = left.as_ref().map_or(moving, OwnedPy::get);
        let less = call::less(left_or_moving.bind(py), right.get().bind(py));
        drop((left, right));
        let less = less?;
        // SAFETY: as above.
        if !unsafe { heap(queue) }.suits(plan) {
            return Ok(false);
        }
        plan.answer(less);
    }
    Ok(true)
}

/// Puts `item` if there is room now.
pub(super) fn put(
    queue: &Queue,
    py: Python<'_>,
    item: OwnedPy,
) -> PyResult<Result<(), (OwnedPy, Denied)>> {
    let _lock = Lock::take(queue, py)?;
    loop {
        if let Err(deny) = queue.gate.may_put() {
            return Ok(Err((item, deny.into())));
        }
        // SAFETY: the lock is held.
        let mut plan = unsafe { heap(queue) }.plan_push();
        if carry_on(queue, py, &mut plan, item.get())? {
            let put = queue
                .gate
                .put_by(item, |contents, item| contents.items.heap_mut().push(item, &plan));
            return Ok(put.map_err(|(item, deny)| (item, deny.into())));
        }
    }
}

/// Gets the least item if there is one now.
pub(super) fn get(queue: &Queue, py: Python<'_>) -> PyResult<Result<OwnedPy, Denied>> {
    let _lock = Lock::take(queue, py)?;
    loop {
        // SAFETY: the lock is held.
        let heap = unsafe { heap(queue) };
        let (Some(mut plan), Some(last)) = (heap.plan_pop(), heap.items().last()) else {
            return Ok(Err(queue.gate.may_get().map_or_else(Denied::from, |()| Denied::Now)));
        };
        if plan.question().is_some() {
            let last = OwnedPy::new(last.get().clone_ref(py));
            if !carry_on(queue, py, &mut plan, last.get())? {
                continue;
            }
            // The heap has it too, so that this drop runs nothing.
        }
        return Ok(queue
            .gate
            .get_by(|contents| contents.items.heap_mut().pop(&plan))
            .map_err(Denied::from));
    }
}
