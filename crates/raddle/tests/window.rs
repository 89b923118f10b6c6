//! The window of a stream, where a test has to hold a worker at one step of it.
#![cfg(not(raddle_loom))]

mod common;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use common::{eventually, scope_within};
use raddle::pool::{Left, NextStep, Outcome, Settings, Stay, Window};
use raddle::{Blocking, Deadline, Event, Native, Parker, RawLock, Wake};

/// Times out when told to, at its first sleep; then blocks as a plain thread does.
struct TimesOut<'a>(Option<&'a Event>);

impl Blocking for TimesOut<'_> {
    type Interrupt = Infallible;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        match self.0.take() {
            Some(now) => {
                now.wait();
                Wake::TimedOut
            }
            None => Native.sleep(parker, until),
        }
    }

    fn on_signal(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The first item waits for the second, which comes while one worker is being woken for the first
/// and the other one, which nobody wakes for that reason, is about to leave.
#[test]
fn a_worker_that_leaves_leaves_no_item_behind() {
    let window = Window::new(Settings { crew: 2, ..Settings::new(2) });
    let (leave, attend, second) = (Event::new(), Event::new(), Event::new());
    let run = |input: usize| {
        if input == 1 {
            second.wait();
        } else {
            second.set();
        }
        Outcome::Go(input * 10)
    };
    let results = scope_within(|scope| {
        let mut consumer = window.consumer().unwrap();
        consumer.hired(true);
        consumer.hired(true);
        scope.spawn(|| {
            let hour = Duration::from_secs(3600);
            let stay = Stay { rest: hour, work: hour, again: false };
            let run = |_: &mut TimesOut<'_>, input: &usize| run(*input);
            window.work_for(Some(stay), &mut TimesOut(Some(&leave)), |_| {}, run).unwrap()
        });
        eventually("the one that leaves rests", || window.resting() == 1);
        scope.spawn(|| {
            let run = |_: &mut Native, input: &usize| run(*input);
            window.work(&mut Native, |_| attend.wait(), run).unwrap();
        });
        eventually("the other one rests", || window.resting() == 2);
        let consuming = scope.spawn(|| {
            let mut consumer = consumer;
            let (mut inputs, mut results) = (1..=2, Vec::new());
            loop {
                match consumer.next_step() {
                    NextStep::Deliver(delivery) => results.push(delivery.output),
                    NextStep::Pull => match inputs.next() {
                        Some(input) => consumer.publish(input),
                        None => consumer.end(),
                    },
                    NextStep::Hire => consumer.hired(false),
                    NextStep::Wait => consumer.wait(&mut Native, Deadline::NEVER).unwrap(),
                    NextStep::Discard(..) => {}
                    NextStep::Over => break results,
                }
            }
        });
        eventually("the consumer waits", || window.waiting() == 1);
        leave.set();
        eventually("the one has left or claimed", || window.resting() == 0);
        attend.set();
        consuming.join().unwrap()
    });
    assert_eq!(results, [10, 20]);
}

/// The stream's owner may keep it for long after it was closed.
#[test]
fn an_item_that_comes_to_its_end_after_the_closing_is_dropped_then() {
    for ordered in [true, false] {
        let window = Window::new(Settings { ordered, crew: 1, ..Settings::new(4) });
        let (input, output) = (Arc::new(()), Arc::new(()));
        let (begun, end) = (Event::new(), Event::new());
        scope_within(|scope| {
            let worker = scope.spawn(|| {
                let run = |_: &mut Native, _: &Arc<()>| {
                    begun.set();
                    end.wait();
                    Outcome::Go(Arc::clone(&output))
                };
                window.work(&mut Native, |_| {}, run).unwrap();
            });
            let mut consumer = window.consumer().unwrap();
            for _ in 0..2 {
                consumer.publish(Arc::clone(&input));
            }
            begun.wait();
            window.close();
            consumer.leave_nothing();
            assert_eq!(Arc::strong_count(&input), 2, "the worker's is left");
            end.set();
            worker.join().unwrap();
        });
        assert_eq!((Arc::strong_count(&input), Arc::strong_count(&output)), (1, 1));
        drop(window);
    }
}

/// What could not be had while somebody was there is needed once nobody is.
#[test]
fn a_worker_is_asked_for_again_once_one_has_left() {
    let window = Window::new(Settings { crew: 2, ..Settings::new(2) });
    let mut consumer = window.consumer().unwrap();
    assert!(consumer.is_alone());
    consumer.hired(true);
    assert!(!consumer.is_alone(), "one is on the way");
    consumer.hired(false);
    consumer.publish(1);
    assert!(!consumer.may_hire());
    let stay =
        Stay { rest: Duration::from_millis(1), work: Duration::from_secs(3600), again: false };
    let run = |_: &mut Native, input: &usize| Outcome::Go(input * 10);
    let left = window.work_for(Some(stay), &mut Native, |_| {}, run).unwrap();
    assert_eq!(left, Left::Idle);
    assert!(consumer.is_alone(), "it has left");
    consumer.publish(2);
    assert!(consumer.may_hire());
}

/// Attached while it holds a lock that all threads have, as under a GIL.
struct Gil<'a> {
    lock: &'a RawLock,
    attached: bool,
}

impl<'a> Gil<'a> {
    fn new(lock: &'a RawLock) -> Self {
        let mut this = Self { lock, attached: false };
        this.attach();
        this
    }
}

impl Blocking for Gil<'_> {
    type Interrupt = Infallible;

    fn detach(&mut self) {
        if std::mem::take(&mut self.attached) {
            self.lock.release();
        }
    }

    fn attach(&mut self) {
        if !std::mem::replace(&mut self.attached, true) {
            self.lock.acquire();
        }
    }

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        Native.sleep(parker, until)
    }

    fn on_signal(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Drop for Gil<'_> {
    fn drop(&mut self) {
        self.detach();
    }
}

/// Under a GIL the two take turns. Whichever waits is woken, also where the consumer only asks
/// and gives way, and never waits.
#[test]
fn who_takes_turns_is_woken_each_time() {
    const ITEMS: usize = 20_000;
    for waits in [true, false] {
        let lock = RawLock::new();
        let settings = Settings { exclusive: true, at_once: true, ..Settings::new(256) };
        let window = Window::new(settings);
        let results = scope_within(|scope| {
            scope.spawn(|| {
                let tens = |_: &mut Gil<'_>, input: &usize| Outcome::Go(input * 10);
                window.work(&mut Gil::new(&lock), Gil::attach, tens).unwrap();
            });
            let mut gil = Gil::new(&lock);
            let (mut inputs, mut results) = (0..ITEMS, Vec::new());
            let mut consumer = window.consumer().unwrap();
            consumer.hired(true);
            loop {
                match consumer.next_step() {
                    NextStep::Deliver(delivery) => results.push(delivery.output),
                    NextStep::Pull => {
                        let room = consumer.may_stage();
                        let staged = inputs.by_ref().take(room);
                        if staged.map(|input| consumer.stage(input)).count() == 0 {
                            consumer.end();
                        }
                        consumer.offer();
                    }
                    NextStep::Hire => consumer.hired(false),
                    NextStep::Wait if waits => {
                        consumer.wait(&mut gil, Deadline::NEVER).unwrap()
                    }
                    NextStep::Wait => {
                        gil.detach();
                        std::thread::yield_now();
                        gil.attach();
                    }
                    NextStep::Discard(..) => unreachable!("nothing is left out"),
                    NextStep::Over => break,
                }
                gil.attach();
            }
            consumer.leave().unwrap();
            drop(gil);
            results
        });
        assert!(results.into_iter().eq((0..ITEMS).map(|input| input * 10)));
    }
}
