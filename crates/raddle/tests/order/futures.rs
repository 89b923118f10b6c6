//! Futures.

use crate::{orders, orders_nothing, orders_what_waits};
use raddle::future::{Access, Completion, Phase};

fn publish(task: &Completion) {
    let _ = task.claim(Access::Free).unwrap().publish();
}

#[test]
fn the_end_of_a_future_orders_what_knows_of_it() {
    let ended = |acquire: fn(&Completion)| {
        let task = Completion::new();
        orders(|| publish(&task), || acquire(&task));
        let task = Completion::new();
        orders(
            || task.cancel(Access::Free).unwrap(),
            || {
                if !task.is_settled() {
                    assert_eq!(task.phase(), Phase::Cancelled);
                }
            },
        );
        let task = Completion::new();
        task.open();
        orders(|| task.force(Phase::Finished), || acquire(&task));
    };
    ended(|task| assert_eq!(task.phase(), Phase::Finished));
    ended(Completion::wait);
    ended(|task| assert!(!task.observe(Phase::is_done, || unreachable!())));
    let task = Completion::new();
    orders(|| publish(&task), || assert!(task.is_settled()));
    let task = Completion::new();
    orders_what_waits(|| publish(&task), || task.wait(), || task.waiting() == 1);
}

#[test]
fn a_worker_that_finds_its_task_cancelled_comes_after_that() {
    let task = Completion::new();
    orders(
        || task.cancel(Access::Free).unwrap(),
        || assert!(task.begin(Access::Free).unwrap().is_err()),
    );
}

#[test]
fn a_cancellation_that_comes_too_late_orders_nothing() {
    let task = Completion::new();
    publish(&task);
    orders_nothing(|| assert!(task.cancel(Access::Free).is_err()), || task.wait());
}

#[test]
fn what_is_called_back_comes_after_the_wish_for_it() {
    let task = Completion::new();
    orders(
        || assert!(task.observe(Phase::is_done, || {})),
        || {
            publish(&task);
            task.with_list(|| {});
        },
    );
}
