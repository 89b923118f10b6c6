//! Queues.

use crate::common::scope_within;
use crate::{on, orders, orders_nothing, orders_what_waits};
use raddle::queue::{Blocks, Deny, Gate};
use raddle::race::probe::{is_after, now};
use raddle::{GetError, Queue};

#[test]
fn an_item_brings_what_was_done_before_it_was_put() {
    let queue = Queue::unbounded();
    orders(|| queue.put(1).unwrap(), || assert_eq!(queue.get(), Ok(1)));
    orders(|| queue.try_put(1).unwrap(), || assert_eq!(queue.try_get(), Ok(1)));
    orders_what_waits(
        || queue.put(1).unwrap(),
        || assert_eq!(queue.get(), Ok(1)),
        || queue.gate().waiting_to_get() == 1,
    );
    // A put comes after nothing that others have put or got.
    orders_nothing(|| queue.put(1).unwrap(), || queue.put(2).unwrap());
    orders_nothing(|| queue.get(), || queue.put(2).unwrap());
    orders_nothing(|| queue.get(), || queue.get());
    orders_nothing(
        || assert_eq!(queue.try_get(), Err(GetError::Empty)),
        || assert_eq!(queue.try_get(), Err(GetError::Empty)),
    );
}

#[test]
fn an_item_that_is_got_too_early_brings_nothing_of_later_ones() {
    on();
    let queue = Queue::unbounded();
    scope_within(|scope| {
        let put = || {
            let then = now();
            queue.put(1).unwrap();
            then
        };
        let first = scope.spawn(put).join().unwrap();
        queue.get().unwrap();
        let second = scope.spawn(put).join().unwrap();
        assert!(is_after(first) && !is_after(second));
        queue.get().unwrap();
        assert!(is_after(second));
    });
}

#[test]
fn room_in_a_queue_brings_what_was_done_before_it_was_made() {
    let queue = Queue::bounded(1);
    queue.put(0).unwrap();
    orders_what_waits(
        || queue.get(),
        || queue.put(1).unwrap(),
        || queue.gate().waiting_to_put() == 1,
    );
    // The one place: whoever puts comes after who has got.
    orders(|| queue.get(), || queue.put(1).unwrap());

    let queue = Queue::bounded(2);
    queue.put(0).unwrap();
    queue.put(0).unwrap();
    orders_what_waits(
        || queue.get(),
        || queue.put(1).unwrap(),
        || queue.gate().waiting_to_put() == 1,
    );
    orders_nothing(|| queue.get(), || queue.put(1).unwrap());
}

#[test]
fn the_end_of_the_tasks_of_a_queue_orders_what_joins_it() {
    let queue = Queue::unbounded();
    queue.put(1).unwrap();
    queue.get().unwrap();
    orders_what_waits(
        || queue.task_done().unwrap(),
        || queue.join(),
        || queue.gate().waiting_to_join() == 1,
    );
    queue.put(1).unwrap();
    queue.get().unwrap();
    orders(|| queue.task_done().unwrap(), || queue.join());
    queue.put(1).unwrap();
    queue.get().unwrap();
    orders(|| queue.task_done().unwrap(), || assert_eq!(queue.unfinished(), 0));
}

#[test]
fn what_is_told_of_a_shutdown_comes_after_it() {
    let queue = Queue::<u32>::unbounded();
    orders(|| queue.shutdown(false), || assert_eq!(queue.get(), Err(GetError::ShutDown)));
    orders(|| queue.shutdown(true), || assert!(queue.put(1).is_err()));
    let queue = Queue::<u32>::unbounded();
    orders(|| queue.shutdown(false), || queue.gate().may_get().unwrap_err());
    orders(|| queue.shutdown(false), || queue.gate().may_put().unwrap_err());
}

#[test]
fn items_that_are_kept_elsewhere_bring_what_was_done_before_they_were_put() {
    let new = || Gate::new(Blocks::new(), 1);
    let retired = || {
        let gate = new();
        assert!(gate.retire(std::mem::take::<Blocks<u32>>).is_some());
        gate
    };
    let gate = new();
    orders(
        || gate.put_by(1, Blocks::push),
        || {
            gate.retire(std::mem::take::<Blocks<u32>>);
        },
    );
    orders_nothing(|| gate.set_unfinished(0), || gate.get_by(Blocks::pop));
    let gate = new();
    orders(
        || gate.retire(std::mem::take::<Blocks<u32>>),
        || assert_eq!(gate.get_by(Blocks::pop).unwrap_err(), Deny::Retired),
    );
    let gate = retired();
    orders(|| gate.set_unfinished(1), || gate.follow_puts());
    orders(|| gate.precede_puts(), || gate.set_unfinished(2));
    orders(|| gate.set_unfinished(0), || assert_eq!(gate.unfinished(), 0));
}
