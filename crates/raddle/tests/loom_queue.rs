//! The queue under loom.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::{Interrupted, Scripted, Step, check};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use raddle::queue::Inherited;
use raddle::{Deadline, GetError, Native, Ownership, PutError, Queue, thread_id};

/// A deadline that is not past when the wait begins, but is whenever the wait looks.
fn soon() -> Deadline {
    Deadline::after_nanos(1)
}

fn get(
    queue: &Queue<u32>,
    steps: &[Step],
    until: Deadline,
) -> Result<u32, GetError<Interrupted>> {
    queue.get_with(&mut Scripted::new(steps), until)
}

fn put(
    queue: &Queue<u32>,
    item: u32,
    steps: &[Step],
    until: Deadline,
) -> Result<(), PutError<u32, Interrupted>> {
    queue.put_with(item, &mut Scripted::new(steps), until)
}

fn with<R: 'static>(
    queue: &Arc<Queue<u32>>,
    work: impl FnOnce(&Queue<u32>) -> R + 'static,
) -> thread::JoinHandle<R> {
    let queue = Arc::clone(queue);
    thread::spawn(move || work(&queue))
}

#[test]
fn what_is_put_is_got_once_and_what_was_written_before_is_seen() {
    check(3, || {
        let shared = Arc::new((Queue::unbounded(), AtomicUsize::new(0)));
        let getters = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let item: u32 = shared.0.get().unwrap();
                assert_eq!(shared.1.load(Ordering::Relaxed), 1);
                item
            })
        });
        shared.1.store(1, Ordering::Relaxed);
        shared.0.put(1).unwrap();
        shared.0.put(2).unwrap();
        let sum: u32 = getters.map(|getter| getter.join().unwrap()).iter().sum();
        assert_eq!(sum, 3);
        assert!(shared.0.is_empty());
        assert_eq!(shared.0.gate().waiting_to_get(), 0);
    });
}

#[test]
fn a_full_queue_lets_two_putters_in_one_by_one() {
    check(2, || {
        let queue = Arc::new(Queue::bounded(1));
        let putters = [1, 2].map(|item| with(&queue, move |queue| queue.put(item).unwrap()));
        let sum = queue.get().unwrap() + queue.get().unwrap();
        assert_eq!(sum, 3);
        for putter in putters {
            putter.join().unwrap();
        }
        assert_eq!((queue.len(), queue.gate().waiting_to_put()), (0, 0));
    });
}

#[test]
fn one_thread_on_each_side_passes_items_in_order() {
    check(2, || {
        let queue = Arc::new(Queue::bounded(1));
        let getter = with(&queue, |queue| [(); 3].map(|()| queue.get().unwrap()));
        for item in 0..3 {
            queue.put(item).unwrap();
        }
        assert_eq!(getter.join().unwrap(), [0, 1, 2]);
    });
}

/// One item comes while two wait for it; the first one's wait goes as `steps` say. Whoever gets
/// the item puts it back.
fn the_second_getter_is_not_stranded(steps: &'static [Step], until: fn() -> Deadline) {
    check(3, move || {
        let queue = Arc::new(Queue::unbounded());
        let first = with(&queue, move |queue| {
            if let Ok(item) = get(queue, steps, until()) {
                queue.put(item).unwrap();
            }
        });
        let second = with(&queue, |queue| {
            let item = queue.get().unwrap();
            queue.put(item).unwrap();
        });
        queue.put(7).unwrap();
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(queue.try_get(), Ok(7));
        assert_eq!(queue.gate().waiting_to_get(), 0);
    });
}

#[test]
fn an_interrupted_getter_passes_its_wake_up_on() {
    the_second_getter_is_not_stranded(&[Step::Interrupt], || Deadline::NEVER);
}

#[test]
fn a_getter_that_times_out_leaves_the_item_to_others() {
    the_second_getter_is_not_stranded(&[Step::TimeOut], soon);
}

#[test]
fn a_getter_woken_after_its_deadline_uses_the_item_or_leaves_it_to_others() {
    the_second_getter_is_not_stranded(&[Step::Park], soon);
}

#[test]
fn a_handled_signal_costs_no_getter_its_item() {
    the_second_getter_is_not_stranded(&[Step::Handle], || Deadline::NEVER);
}

/// One place becomes free while two wait for it; the first one's wait goes as `steps` say.
fn the_second_putter_is_not_stranded(steps: &'static [Step], until: fn() -> Deadline) {
    check(3, move || {
        let queue = Arc::new(Queue::bounded(1));
        queue.put(0).unwrap();
        let first = with(&queue, move |queue| {
            let put = put(queue, 1, steps, until());
            if put.is_ok() {
                // Makes room again for the other one.
                queue.get().unwrap();
            }
            put.is_ok()
        });
        let second = with(&queue, |queue| {
            queue.put(2).unwrap();
            queue.get().unwrap();
        });
        queue.get().unwrap();
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!((queue.len(), queue.gate().waiting_to_put()), (0, 0));
    });
}

#[test]
fn an_interrupted_putter_passes_its_wake_up_on() {
    the_second_putter_is_not_stranded(&[Step::Interrupt], || Deadline::NEVER);
}

#[test]
fn a_putter_that_times_out_leaves_the_place_to_others() {
    the_second_putter_is_not_stranded(&[Step::TimeOut], soon);
}

#[test]
fn a_put_that_fails_hands_its_item_back_and_one_that_does_not_keeps_it() {
    for step in [Step::TimeOut, Step::Interrupt] {
        check(4, move || {
            let queue = Arc::new(Queue::bounded(1));
            queue.put(0).unwrap();
            let putter = with(&queue, move |queue| match put(queue, 1, &[step], soon()) {
                Ok(()) => 0,
                Err(error) => error.into_item(),
            });
            assert_eq!(queue.get(), Ok(0));
            let back = putter.join().unwrap();
            assert_eq!(back + queue.try_get().unwrap_or(0), 1);
            assert_eq!(queue.gate().waiting_to_put(), 0);
        });
    }
}

#[test]
fn an_item_is_taken_by_the_wait_or_left_never_both_or_neither() {
    for step in [Step::TimeOut, Step::Interrupt] {
        check(6, move || {
            let queue = Arc::new(Queue::unbounded());
            let getter = with(&queue, move |queue| get(queue, &[step], soon()));
            queue.put(7).unwrap();
            let taken = usize::from(getter.join().unwrap() == Ok(7));
            assert_eq!(taken + queue.len(), 1);
            assert_eq!(queue.gate().waiting_to_get(), 0);
        });
    }
}

#[test]
fn a_shutdown_ends_the_waits_of_getters_and_loses_nothing() {
    check(3, || {
        let queue = Arc::new(Queue::unbounded());
        let getter = with(&queue, |queue| (queue.get(), queue.get()));
        let putter = with(&queue, |queue| queue.put(7));
        queue.shutdown(false);
        let put = putter.join().unwrap();
        let (first, second) = getter.join().unwrap();
        assert_eq!(put.is_ok(), first == Ok(7));
        assert_eq!(second, Err(GetError::ShutDown));
        assert!(put.is_ok() || put == Err(PutError::ShutDown(7)));
    });
}

#[test]
fn a_shutdown_ends_the_waits_of_putters_and_hands_everything_back() {
    check(3, || {
        let queue = Arc::new(Queue::bounded(1));
        queue.put(1).unwrap();
        let putters = [2, 4].map(|item| with(&queue, move |queue| queue.put(item)));
        let mut sum: u32 = queue.get().unwrap_or(0);
        sum += queue.shutdown(true).sum::<u32>();
        for putter in putters {
            sum += putter.join().unwrap().map_or_else(PutError::into_item, |()| 0);
        }
        assert_eq!(sum, 7);
        assert_eq!(queue.get(), Err(GetError::ShutDown));
        assert_eq!((queue.gate().waiting_to_put(), queue.unfinished()), (0, 1));
    });
}

#[test]
fn join_ends_when_the_last_task_is_done_and_not_before() {
    check(3, || {
        let shared = Arc::new((Queue::unbounded(), AtomicUsize::new(0)));
        shared.0.put(1).unwrap();
        shared.0.put(2).unwrap();
        let workers = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let _: u32 = shared.0.get().unwrap();
                shared.1.fetch_add(1, Ordering::Relaxed);
                shared.0.task_done().unwrap();
            })
        });
        shared.0.join();
        assert_eq!(shared.1.load(Ordering::Relaxed), 2);
        for worker in workers {
            worker.join().unwrap();
        }
        assert_eq!(shared.0.gate().waiting_to_join(), 0);
    });
}

#[test]
fn everyone_who_waits_at_a_gate_that_retires_is_told() {
    check(3, || {
        let queue = Arc::new(Queue::bounded(1));
        let putter = with(&queue, |queue| (queue.put(1), queue.put(2)));
        let joiner = with(&queue, |queue| queue.join());
        let (items, shut) = queue.gate().retire(std::mem::take).unwrap();
        let (first, second) = putter.join().unwrap();
        joiner.join().unwrap();
        assert!(!shut && queue.gate().retire(std::mem::take).is_none());
        assert_eq!(items.count(), usize::from(first.is_ok()));
        assert_eq!(second, Err(PutError::ShutDown(2)));
    });
}

#[test]
fn a_larger_limit_lets_those_in_who_wait() {
    check(3, || {
        let queue = Arc::new(Queue::bounded(1));
        queue.put(0).unwrap();
        let putters = [1, 2].map(|item| with(&queue, move |queue| queue.put(item).unwrap()));
        queue.gate().set_limit(3, |_| ());
        for putter in putters {
            putter.join().unwrap();
        }
        assert_eq!(queue.len(), 3);
    });
}

/// A heap in a forked child, where only the model's first thread has lived before.
struct Heap {
    lock: Inherited,
    items: UnsafeCell<usize>,
}

// SAFETY: the items are for the thread that holds the lock; loom sees to that.
unsafe impl Sync for Heap {}

impl Heap {
    fn new() -> Arc<Self> {
        assert_ne!(thread_id(), GONE, "the first thread that asks is the one that forks");
        Arc::new(Self { lock: Inherited::new(), items: UnsafeCell::new(0) })
    }

    /// Two changes, between which the lock is taken once more; loom fails if others come between.
    fn change(&self) {
        self.lock.get().acquire();
        self.change_again();
        self.lock.get().release().unwrap();
    }

    /// A change by a thread that may have the lock.
    fn change_again(&self) {
        self.lock.get().acquire();
        // SAFETY: the lock is held.
        self.items.with_mut(|items| unsafe { *items += 1 });
        self.lock.get().release().unwrap();
    }

    fn spawn(self: &Arc<Self>) -> thread::JoinHandle<()> {
        let heap = Arc::clone(self);
        thread::spawn(move || heap.change())
    }

    fn at_rest(&self, changes: usize) {
        let lock = self.lock.get();
        assert!(!lock.is_locked() && lock.waiting() == 0);
        // SAFETY: all other threads have ended.
        let seen = self.items.with(|items| unsafe { *items });
        assert_eq!(seen, changes);
    }
}

/// The identifier of the model's second thread that asks; a thread of the parent had it before.
const GONE: usize = 2 << 4;

#[test]
fn a_lock_held_by_a_thread_that_is_gone_is_made_free_once_for_all_threads_of_the_child() {
    check(4, || {
        let heap = Heap::new();
        let held = Ownership { owner: GONE, count: 1 };
        heap.lock.get().restore_with(&mut Native, held).unwrap();
        heap.lock.fork();
        let other = heap.spawn();
        heap.change();
        other.join().unwrap();
        heap.at_rest(2);
    });
}

#[test]
fn a_lock_held_by_the_thread_that_forks_stays_its_own_whichever_comes_first() {
    check(4, || {
        let heap = Heap::new();
        heap.lock.get().acquire();
        heap.lock.fork();
        let other = heap.spawn();
        heap.change_again();
        heap.change_again();
        heap.lock.get().release().unwrap();
        other.join().unwrap();
        heap.at_rest(3);
    });
}

#[test]
fn a_lock_that_nobody_holds_is_inherited_by_two_threads_that_come_at_once() {
    check(3, || {
        let heap = Heap::new();
        heap.lock.fork();
        let others = [(); 2].map(|()| heap.spawn());
        others.into_iter().for_each(|other| other.join().unwrap());
        heap.at_rest(2);
    });
}
