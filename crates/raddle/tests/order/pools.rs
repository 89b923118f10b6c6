//! Pools, maps and streams.

use std::sync::{Arc, Mutex, mpsc};

use crate::common::{eventually, scope_within};
use crate::{LONG, on, orders};
use raddle::pool::{Left, NextStep, Outcome, Seat, Settings, Tasks, Window};
use raddle::race::probe::{Moment, is_after, now};
use raddle::{Barrier, Deadline, Native, Pool};

#[test]
fn a_task_begins_after_its_own_push_and_no_other_one() {
    on();
    let tasks = Tasks::new();
    let push = || {
        let then = now();
        assert!(tasks.push(then).is_ok());
        then
    };
    scope_within(|scope| {
        let first = scope.spawn(push).join().unwrap();
        let second = scope.spawn(push).join().unwrap();
        let third = scope.spawn(push).join().unwrap();
        let mut seat = Seat::new();
        assert!(tasks.take(&mut seat).is_some());
        assert!(is_after(first) && !is_after(second));
        assert_eq!(tasks.drain(1).len(), 1);
        assert!(!is_after(second) && is_after(third));
        assert!(tasks.take(&mut seat).is_some());
        assert!(is_after(second));
    });
}

#[test]
fn a_pool_orders_a_task_after_its_spawn_and_before_its_join() {
    on();
    let pool = Pool::new(2);
    let before = now();
    let task = pool.spawn(move || {
        assert!(is_after(before), "the spawn");
        now()
    });
    let end = task.join().unwrap();
    assert!(is_after(end), "the join");
    let task = pool.spawn(now);
    eventually("it has ended", || task.is_finished());
    let end = task.join_timeout(LONG).ok().unwrap().unwrap();
    assert!(is_after(end));
    // A worker that waits for a task of its own pool.
    let pool = Arc::new(pool);
    let own = Arc::clone(&pool);
    let nested = pool.spawn(move || {
        let end = own.spawn(now).join().unwrap();
        assert!(is_after(end));
    });
    nested.join().unwrap();
    let (tell, told) = mpsc::channel();
    drop(pool.spawn(move || tell.send(now()).unwrap()));
    drop(pool);
    assert!(is_after(told.recv().unwrap()), "the end of the pool");
}

#[test]
fn a_map_orders_its_calls_after_its_beginning_and_before_its_end() {
    on();
    let pool = Pool::new(3);
    let both = Barrier::new(2);
    let before = now();
    // (Two threads take part, whichever they are.)
    let run = |_: &u32| {
        both.wait().unwrap();
        assert!(is_after(before));
        now()
    };
    let ends = pool.map(&[1, 2], run);
    assert!(ends.into_iter().all(is_after));
    let ends = pool.map_iter([1, 2], |number| run(&number));
    assert!(ends.into_iter().all(is_after));
}

#[test]
fn an_iterator_is_advanced_by_one_thread_after_the_other() {
    on();
    let pool = Pool::new(3);
    let mut last = now();
    let inputs = (0..200).map(move |_| {
        assert!(is_after(last));
        last = now();
    });
    pool.map_iter(inputs, |()| ());
}

#[test]
fn the_inputs_and_the_results_of_a_stream_bring_their_own_past() {
    on();
    for settings in [Settings::new(2), Settings { ordered: false, ..Settings::new(2) }] {
        let window = Window::new(settings);
        let begun = Barrier::new(3);
        scope_within(|scope| {
            let (tell, told) = mpsc::channel();
            for _ in 0..2 {
                let (tell, window, begun) = (tell.clone(), &window, &begun);
                scope.spawn(move || {
                    let run = |_: &mut Native, published: &Moment| {
                        assert!(is_after(*published), "the input");
                        let end = now();
                        tell.send(end).unwrap();
                        Outcome::Go(end)
                    };
                    window.work(&mut Native, |_| {}, run).unwrap();
                    begun.wait().unwrap();
                });
            }
            let mut consumer = window.consumer().unwrap();
            consumer.hired(true);
            consumer.hired(true);
            let mut results = 0;
            let mut inputs = 0;
            loop {
                match consumer.next_step() {
                    NextStep::Pull if inputs == 6 => consumer.end(),
                    NextStep::Pull => {
                        inputs += 1;
                        consumer.publish(now());
                    }
                    NextStep::Hire => consumer.hired(false),
                    NextStep::Wait => consumer.wait(&mut Native, Deadline::NEVER).unwrap(),
                    NextStep::Deliver(delivery) => {
                        results += 1;
                        assert!(is_after(delivery.output), "the result");
                    }
                    NextStep::Discard(..) => unreachable!("nothing is left out"),
                    NextStep::Over => break,
                }
            }
            assert_eq!((results, told.try_iter().count()), (6, 6));
            drop(consumer);
            begun.wait().unwrap();
        });
    }
}

#[test]
fn the_result_of_one_item_says_nothing_of_another_one() {
    on();
    let window = Window::new(Settings { range: (1, 1), ..Settings::new(2) });
    scope_within(|scope| {
        let mut consumer = window.consumer().unwrap();
        consumer.publish(());
        assert!(matches!(consumer.next_step(), NextStep::Pull | NextStep::Hire));
        consumer.publish(());
        consumer.end();
        let moments = scope
            .spawn(|| {
                let mut moments = Vec::new();
                let run = |_: &mut Native, (): &()| {
                    moments.push(now());
                    Outcome::Go(())
                };
                window.work(&mut Native, |_| {}, run).unwrap();
                moments
            })
            .join()
            .unwrap();
        let mut deliver = || {
            while !matches!(consumer.next_step(), NextStep::Deliver(_)) {}
        };
        deliver();
        assert!(is_after(moments[0]) && !is_after(moments[1]));
        deliver();
        assert!(is_after(moments[1]));
    });
}

/// (Which worker runs an item, and after which other one, is chance.)
#[test]
fn two_items_of_one_worker_are_not_ordered_but_for_what_waits_for_it() {
    on();
    let window = Window::new(Settings::new(2));
    let mut moments = Vec::new();
    scope_within(|scope| {
        let mut consumer = window.consumer().unwrap();
        consumer.publish(1);
        assert!(matches!(consumer.next_step(), NextStep::Pull | NextStep::Hire));
        consumer.publish(2);
        consumer.end();
        let run = |_: &mut Native, _: &i32| {
            assert!(!moments.iter().any(|then| is_after(*then)));
            moments.push(now());
            Outcome::Go(())
        };
        scope.spawn(|| window.work(&mut Native, |_| {}, run).unwrap()).join().unwrap();
    });
    assert!(moments.len() == 2 && !moments.iter().any(|then| is_after(*then)));
    assert!(window.wait_idle(&mut Native, Deadline::NEVER).unwrap());
    assert!(moments.into_iter().all(is_after));
}

#[test]
fn two_tasks_of_one_worker_are_not_ordered_but_for_the_end_of_the_pool() {
    on();
    let pool = Pool::new(1);
    let moments = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..2 {
        let moments = Arc::clone(&moments);
        drop(pool.spawn(move || {
            let mut moments = moments.lock().unwrap();
            assert!(!moments.iter().any(|then| is_after(*then)));
            moments.push(now());
        }));
    }
    drop(pool);
    let moments = moments.lock().unwrap();
    assert!(moments.len() == 2 && moments.iter().all(|then| is_after(*then)));
}

#[test]
fn what_waits_for_the_workers_of_a_stream_comes_after_their_ends() {
    let window = Window::<(), ()>::new(Settings::new(1));
    window.close();
    orders(
        || {
            let run = |_: &mut Native, (): &()| Outcome::Go(());
            let left = window.work_for(None, &mut Native, |_| {}, run).unwrap();
            assert_eq!(left, Left::Over);
        },
        || assert!(window.wait_idle(&mut Native, Deadline::NEVER).unwrap()),
    );
}
