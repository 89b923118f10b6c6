//! The window of a stream under loom: claim, publish and close; every sleep against every wake.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::{Interrupted, Scripted, Step, check};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use raddle::pool::{NextStep, Outcome, Settings, Window};
use raddle::{Blocking, Deadline, Event, Native};

type Tens = Window<usize, usize>;

fn window(limit: usize, ordered: bool) -> Arc<Tens> {
    Arc::new(Window::new(Settings { ordered, ..Settings::new(limit) }))
}

/// A worker that multiplies by ten.
fn worker(window: &Arc<Tens>) -> thread::JoinHandle<()> {
    let window = Arc::clone(window);
    thread::spawn(move || {
        let tens = |_: &mut Native, input: &usize| Outcome::Go(input * 10);
        window.work(&mut Native, |_| {}, tens).unwrap();
    })
}

/// The next result, `None` at the end; takes inputs as the steps ask for them.
fn next<B: Blocking>(
    window: &Tens,
    inputs: &mut impl Iterator<Item = usize>,
    blocking: &mut B,
    until: Deadline,
) -> Result<Option<usize>, B::Interrupt> {
    let Some(mut consumer) = window.consumer() else {
        assert!(window.is_closed(), "only a closer is consumer besides");
        return Ok(None);
    };
    let outcome = loop {
        match consumer.next_step() {
            NextStep::Deliver(delivery) => break Ok(Some(delivery.output)),
            NextStep::Pull => match inputs.next() {
                Some(input) => consumer.publish(input),
                None => consumer.end(),
            },
            NextStep::Hire => consumer.hired(false),
            NextStep::Wait => {
                if let Err(interrupt) = consumer.wait(blocking, until) {
                    break Err(interrupt);
                }
            }
            NextStep::Discard(..) => {}
            NextStep::Over => break Ok(None),
        }
    };
    discard(consumer.leave());
    outcome
}

/// Drops what a closed window still holds.
fn discard(left: Result<(), raddle::pool::Consumer<'_, usize, usize>>) {
    if let Err(mut consumer) = left {
        while !matches!(consumer.next_step(), NextStep::Over) {}
        discard(consumer.leave());
    }
}

fn all(window: &Tens, inputs: usize) -> Vec<usize> {
    let mut inputs = 1..=inputs;
    let mut results = Vec::new();
    while let Some(result) =
        next(window, &mut inputs, &mut Native, Deadline::NEVER).unwrap_or(None)
    {
        results.push(result);
    }
    results
}

#[test]
fn every_item_is_delivered_in_order() {
    for limit in [1, 2] {
        check(2, move || {
            let window = window(limit, true);
            let worker = worker(&window);
            assert_eq!(all(&window, 2), [10, 20]);
            worker.join().unwrap();
            assert_eq!((window.workers(), window.resting(), window.waiting()), (0, 0, 0));
        });
    }
}

#[test]
fn a_window_of_one_is_used_again_and_again() {
    check(2, || {
        let window = window(1, true);
        let worker = worker(&window);
        assert_eq!(all(&window, 3), [10, 20, 30]);
        worker.join().unwrap();
    });
}

#[test]
fn two_workers_claim_every_item_once() {
    for ordered in [true, false] {
        check(1, move || {
            let window = window(2, ordered);
            let workers = [worker(&window), worker(&window)];
            let mut results = all(&window, 2);
            results.sort_unstable();
            assert_eq!(results, [10, 20]);
            for worker in workers {
                worker.join().unwrap();
            }
        });
    }
}

/// The first item waits for the second: somebody else has to be woken for that.
#[test]
fn a_woken_worker_wakes_another_while_items_are_left() {
    check(1, || {
        let window = window(2, true);
        let second = Arc::new(Event::new());
        let workers = [(); 2].map(|()| {
            let (window, second) = (Arc::clone(&window), Arc::clone(&second));
            thread::spawn(move || {
                let run = |_: &mut Native, input: &usize| {
                    if *input == 1 {
                        second.wait()
                    } else {
                        second.set()
                    }
                    Outcome::Go(input * 10)
                };
                window.work(&mut Native, |_| {}, run).unwrap();
            })
        });
        assert_eq!(all(&window, 2), [10, 20]);
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

#[test]
fn close_wakes_a_consumer_and_a_worker_wherever_they_are() {
    check(2, || {
        let window = window(1, true);
        let worker = worker(&window);
        let closer = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                window.close();
                if let Some(consumer) = window.consumer() {
                    discard(consumer.leave());
                }
            })
        };
        let results = all(&window, 1);
        assert!([10].starts_with(&results), "{results:?}");
        worker.join().unwrap();
        closer.join().unwrap();
        assert_eq!((window.resting(), window.waiting()), (0, 0));
    });
}

#[test]
fn what_was_published_is_claimed_or_discarded_never_both_or_neither() {
    check(3, || {
        let (window, ran) = (window(2, true), Arc::new(AtomicUsize::new(0)));
        let mut consumer = window.consumer().expect("one consumer");
        for input in [1, 2] {
            assert!(matches!(consumer.next_step(), NextStep::Hire | NextStep::Pull));
            consumer.hired(false);
            consumer.publish(input);
        }
        let worker = {
            let (window, ran) = (Arc::clone(&window), Arc::clone(&ran));
            thread::spawn(move || {
                let run = |_: &mut Native, _: &usize| {
                    ran.fetch_add(1, Ordering::Relaxed);
                    Outcome::Go(0)
                };
                window.work(&mut Native, |_| {}, run).unwrap();
            })
        };
        window.stop();
        let mut ended = 0;
        loop {
            match consumer.next_step() {
                NextStep::Deliver(_) => ended += 1,
                NextStep::Discard(_, None) => ended += 1,
                NextStep::Wait => consumer.wait(&mut Native, Deadline::NEVER).unwrap(),
                NextStep::Over => break,
                step => panic!("{step:?}"),
            }
        }
        drop(consumer);
        assert_eq!(ended, 2);
        worker.join().unwrap();
        assert!(ran.load(Ordering::Relaxed) <= 2);
    });
}

#[test]
fn after_a_stop_the_results_before_it_are_delivered_and_no_more() {
    check(3, || {
        let window = window(2, true);
        let worker = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                let stop = |_: &mut Native, input: &usize| Outcome::Stop(input * 10);
                window.work(&mut Native, |_| {}, stop).unwrap();
            })
        };
        assert_eq!(all(&window, 3), [10]);
        worker.join().unwrap();
    });
}

#[test]
fn a_consumer_that_gives_up_finds_the_result_later() {
    for step in [Step::TimeOut, Step::Interrupt, Step::Handle] {
        check(2, move || {
            let window = window(2, true);
            let worker = worker(&window);
            let mut inputs = 1..=2;
            let mut results = Vec::new();
            let mut scripted = Scripted::new(&[step]);
            loop {
                let until = Deadline::after_nanos(i64::MAX / 2);
                match next(&window, &mut inputs, &mut scripted, until) {
                    Ok(Some(result)) => results.push(result),
                    Ok(None) => break,
                    Err(Interrupted) => assert_eq!(step, Step::Interrupt),
                }
            }
            assert_eq!(results, [10, 20]);
            worker.join().unwrap();
            assert_eq!(window.waiting(), 0);
        });
    }
}

/// Interrupted when it had been woken for an item: the other one has to look for that.
#[test]
fn an_interrupted_worker_leaves_no_item_behind() {
    check(1, || {
        let window = window(2, true);
        let interrupted = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                let tens = |_: &mut Scripted, input: &usize| Outcome::Go(input * 10);
                let _ = window.work(&mut Scripted::new(&[Step::Interrupt]), |_| {}, tens);
            })
        };
        let worker = worker(&window);
        assert_eq!(all(&window, 2), [10, 20]);
        interrupted.join().unwrap();
        worker.join().unwrap();
        assert_eq!(window.resting(), 0);
    });
}

#[test]
fn the_last_worker_to_leave_wakes_those_who_wait_for_that() {
    check(3, || {
        let window = window(1, true);
        let worker = worker(&window);
        window.close();
        assert_eq!(window.wait_idle(&mut Native, Deadline::NEVER), Ok(true));
        worker.join().unwrap();
    });
}

#[test]
fn nothing_is_left_in_a_closed_window_once_its_worker_has_left() {
    for ordered in [true, false] {
        check(3, move || {
            let window = window(2, ordered);
            let worker = worker(&window);
            let mut consumer = window.consumer().unwrap();
            consumer.publish(1);
            consumer.publish(2);
            window.close();
            discard(consumer.leave());
            worker.join().unwrap();
            // SAFETY: nobody else is there.
            let held = unsafe { window.for_each_held(|held| Err(*held.input)) };
            assert_eq!(held, Ok(()));
        });
    }
}

/// A window whose workers claim `range` items at once from the beginning.
fn ranging(limit: usize, range: usize) -> Arc<Tens> {
    Arc::new(Window::new(Settings { range: (range, range), ..Settings::new(limit) }))
}

/// Offers all inputs at once, and says that there are no more.
fn offer(window: &Tens, inputs: impl Iterator<Item = usize>) {
    let mut consumer = window.consumer().expect("one consumer");
    inputs.for_each(|input| consumer.stage(input));
    consumer.offer();
    consumer.end();
    discard(consumer.leave());
}

#[test]
fn the_results_of_a_range_are_delivered_in_order() {
    check(1, || {
        let window = ranging(4, 2);
        let worker = worker(&window);
        assert_eq!(all(&window, 3), [10, 20, 30]);
        worker.join().unwrap();
        assert_eq!((window.workers(), window.resting(), window.waiting()), (0, 0, 0));
    });
}

/// The first item waits for the second, which its worker has claimed as well: the consumer, which
/// has waited for long, cuts it off, and the other worker is there for it.
#[test]
fn what_a_range_has_not_begun_is_cut_off_for_others() {
    check(1, || {
        let window = ranging(2, 2);
        offer(&window, 1..=2);
        let (first, second) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let workers = [(); 2].map(|()| {
            let (window, first, second) =
                (Arc::clone(&window), Arc::clone(&first), Arc::clone(&second));
            thread::spawn(move || {
                let run = |_: &mut Native, input: &usize| {
                    if *input == 1 {
                        first.set();
                        second.wait()
                    } else {
                        second.set()
                    }
                    Outcome::Go(input * 10)
                };
                window.work(&mut Native, |_| {}, run).unwrap();
            })
        });
        first.wait();
        let until = Deadline::after_nanos(i64::MAX / 2);
        let mut steps = Scripted::new(&[Step::TimeOut]);
        for result in [10, 20] {
            let next = next(&window, &mut std::iter::empty(), &mut steps, until);
            assert_eq!(next, Ok(Some(result)));
        }
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

#[test]
fn a_cut_and_a_step_give_each_item_to_one_worker() {
    check(1, || {
        let (window, ran) = (ranging(3, 3), Arc::new(AtomicUsize::new(0)));
        offer(&window, 1..=3);
        let worker = {
            let (window, ran) = (Arc::clone(&window), Arc::clone(&ran));
            thread::spawn(move || {
                let run = |_: &mut Native, input: &usize| {
                    ran.fetch_add(1, Ordering::Relaxed);
                    Outcome::Go(input * 10)
                };
                window.work(&mut Native, |_| {}, run).unwrap();
            })
        };
        let mut results = Vec::new();
        let until = Deadline::after_nanos(i64::MAX / 2);
        let mut steps = Scripted::new(&[Step::TimeOut]);
        while let Ok(Some(result)) = next(&window, &mut std::iter::empty(), &mut steps, until) {
            results.push(result);
        }
        assert_eq!(results, [10, 20, 30]);
        worker.join().unwrap();
        assert_eq!(ran.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn after_a_stop_in_a_range_the_results_before_it_are_delivered_and_no_more() {
    check(1, || {
        let window = ranging(3, 3);
        offer(&window, 1..=3);
        let worker = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                let stop = |_: &mut Native, input: &usize| match input {
                    2 => Outcome::Stop(20),
                    _ => Outcome::Go(input * 10),
                };
                window.work(&mut Native, |_| {}, stop).unwrap();
            })
        };
        assert_eq!(all(&window, 0), [10, 20]);
        worker.join().unwrap();
        // SAFETY: nobody else is there.
        let held = unsafe { window.for_each_held(|held| Err(*held.input)) };
        assert_eq!(held, Ok(()));
    });
}

#[test]
fn nothing_is_left_of_a_range_in_a_closed_window_once_its_worker_has_left() {
    check(1, || {
        let window = ranging(3, 3);
        offer(&window, 1..=3);
        let worker = worker(&window);
        window.close();
        discard(window.consumer().expect("nobody else is").leave());
        worker.join().unwrap();
        // SAFETY: nobody else is there.
        let held = unsafe { window.for_each_held(|held| Err(*held.input)) };
        assert_eq!(held, Ok(()));
    });
}

/// It stays as long as something might be cut off, and leaves then.
#[test]
fn a_worker_that_finds_all_claimed_leaves_after_the_last_range() {
    check(1, || {
        let window = ranging(2, 2);
        offer(&window, 1..=2);
        let workers = [worker(&window), worker(&window)];
        for worker in workers {
            worker.join().unwrap();
        }
        assert_eq!(all(&window, 0), [10, 20]);
    });
}
