//! What the primitives order, by the clocks of the threads.
//!
//! Each test has one thread note a moment and release something, and another one acquire it: that
//! one is ordered after the moment then, and was not before. The test itself stands on the standard
//! library's threads and channels, which order nothing here.
#![cfg(all(feature = "race", not(raddle_loom)))]

mod common;

use std::collections::HashSet;
use std::convert::Infallible;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use common::{eventually, exit_status, in_child, scope_within};
use raddle::future::{Access, Completion, Phase};
use raddle::pool::{Left, NextStep, Outcome, Seat, Settings, Tasks, Window};
use raddle::queue::{Blocks, Deny, Gate};
use raddle::race::probe::{Moment, is_after, now};
use raddle::thread;
use raddle::{
    Barrier, Blocking, BoundedSemaphore, Condition, Deadline, Event, GetError, Native, Parker,
    Pool, Queue, RLock, RawLock, Semaphore, Timer, Wake,
};

const LONG: Duration = Duration::from_secs(50);

fn on() {
    raddle::race::check(true, false);
}

/// One thread releases, then another one acquires.
#[track_caller]
fn orders<R, A>(release: impl FnOnce() -> R + Send, acquire: impl FnOnce() -> A + Send) {
    assert!(is_ordered(release, acquire), "it is ordered");
}

#[track_caller]
fn orders_nothing<R, A>(
    release: impl FnOnce() -> R + Send,
    acquire: impl FnOnce() -> A + Send,
) {
    assert!(!is_ordered(release, acquire), "it is not ordered");
}

fn is_ordered<R, A>(
    release: impl FnOnce() -> R + Send,
    acquire: impl FnOnce() -> A + Send,
) -> bool {
    on();
    let (tell, told) = mpsc::channel();
    scope_within(|scope| {
        let releasing = scope.spawn(move || {
            let then = now();
            drop(release());
            let later = now();
            tell.send((then, later)).unwrap();
        });
        let acquiring = scope.spawn(move || {
            let (then, later): (Moment, Moment) = told.recv().unwrap();
            assert!(!is_after(then), "not before it acquires");
            drop(acquire());
            assert!(!is_after(later), "nor after what comes after the release");
            is_after(then)
        });
        releasing.join().unwrap();
        acquiring.join().unwrap()
    })
}

/// One thread acquires, and waits for that; another one releases when it is seen to wait.
#[track_caller]
fn orders_what_waits<R, A>(
    release: impl FnOnce() -> R + Send,
    acquire: impl FnOnce() -> A + Send,
    waits: impl Fn() -> bool + Send,
) {
    on();
    let (tell, told) = mpsc::channel();
    scope_within(|scope| {
        scope.spawn(move || {
            drop(acquire());
            assert!(is_after(told.recv().unwrap()), "it is ordered");
        });
        scope.spawn(move || {
            eventually("it waits", waits);
            tell.send(now()).unwrap();
            drop(release());
        });
    });
}

#[test]
fn a_set_event_orders_those_that_see_it() {
    let event = Event::new();
    orders(|| event.set(), || assert!(event.is_set()));
    orders(|| event.set(), || event.wait());
    orders(|| event.set(), || assert!(event.wait_timeout(Duration::ZERO)));
    event.clear();
    orders_what_waits(|| event.set(), || event.wait(), || event.waiting() == 1);
    event.clear();
    orders_nothing(|| event.clear(), || assert!(!event.is_set()));
}

#[test]
fn a_permit_brings_what_was_done_before_its_release() {
    let permits = Semaphore::new(0);
    orders(|| permits.release(1).unwrap(), || assert!(permits.try_acquire()));
    orders(|| permits.release(1).unwrap(), || permits.acquire());
    orders(|| permits.release(1).unwrap(), || permits.hold());
    permits.acquire();
    orders_what_waits(
        || permits.release(1).unwrap(),
        || permits.acquire(),
        || permits.waiting() == 1,
    );
    orders_nothing(|| assert!(!permits.try_acquire()), || assert!(!permits.try_acquire()));

    let bounded = BoundedSemaphore::new(1);
    bounded.acquire();
    orders(|| bounded.release(1).unwrap(), || bounded.acquire());
}

#[test]
fn a_notification_orders_the_wait_that_it_ends() {
    // (A lock that is not checked orders nothing.)
    let (lock, changed) = (RawLock::new(), Condition::new());
    let wait = || {
        lock.acquire();
        assert!(changed.wait_with(&lock, &mut Native, Deadline::NEVER).unwrap());
        lock.release();
    };
    orders_what_waits(|| changed.notify_one(), wait, || changed.waiting() == 1);
    orders_what_waits(|| changed.notify_all(), wait, || changed.waiting() == 1);
    orders_nothing(
        || changed.notify_all(),
        || {
            lock.acquire();
            assert!(!changed.wait_with(&lock, &mut Native, Deadline::PAST).unwrap());
            lock.release();
        },
    );
}

#[test]
fn all_that_pass_a_barrier_come_after_all_that_have_arrived_and_the_action() {
    on();
    const PARTIES: usize = 3;
    let barrier = Barrier::new(PARTIES);
    for _round in 0..4 {
        let arrived = Mutex::new(Vec::new());
        scope_within(|scope| {
            for _ in 0..PARTIES {
                scope.spawn(|| {
                    arrived.lock().unwrap().push(now());
                    let action = |_: &mut Native| {
                        let mut arrived = arrived.lock().unwrap();
                        assert!(arrived.iter().all(|then| is_after(*then)), "the action");
                        arrived.push(now());
                        Ok(())
                    };
                    barrier.wait_with(&mut Native, Deadline::NEVER, action).unwrap();
                    assert!(arrived.lock().unwrap().iter().all(|then| is_after(*then)));
                });
            }
        });
    }
}

/// Says that it is about to sleep, and goes on only when it is told to.
struct Late(mpsc::Sender<()>, mpsc::Receiver<()>);

impl Blocking for Late {
    type Interrupt = Infallible;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        self.0.send(()).unwrap();
        let wake = Native.sleep(parker, until);
        self.1.recv().unwrap();
        wake
    }

    fn on_signal(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_thread_that_passes_a_barrier_late_does_not_come_after_the_next_round() {
    on();
    let barrier = &Barrier::new(2);
    let (asleep, falls_asleep) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel();
    let (tell, told) = mpsc::channel::<Moment>();
    scope_within(|scope| {
        let late = scope.spawn(move || {
            let mut late = Late(asleep, goes_on);
            barrier.wait_with(&mut late, Deadline::NEVER, |_| Ok(())).unwrap();
            !is_after(told.recv().unwrap())
        });
        falls_asleep.recv().unwrap();
        barrier.wait().unwrap();
        let next = scope.spawn(move || {
            tell.send(now()).unwrap();
            barrier.wait().unwrap_err();
        });
        eventually("it has arrived for the next round", || barrier.waiting() == 1);
        go_on.send(()).unwrap();
        assert!(late.join().unwrap());
        barrier.abort();
        next.join().unwrap();
    });
}

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

#[test]
fn a_thread_begins_after_its_start_and_its_end_comes_before_its_join() {
    on();
    let before = now();
    let thread = raddle::spawn(move || {
        assert!(is_after(before), "the start");
        now()
    });
    let later = now();
    let finished = raddle::spawn(move || {
        assert!(is_after(later));
        now()
    });
    let end = thread.join().unwrap();
    assert!(is_after(end), "the join");
    eventually("it has ended", || finished.is_finished());
    let end = finished.join_timeout(LONG).unwrap().unwrap();
    assert!(is_after(end));
}

#[test]
fn a_thread_is_not_ordered_after_what_its_starter_does_next() {
    on();
    let (tell, told) = mpsc::channel();
    let thread = raddle::spawn(move || {
        let next: Moment = told.recv().unwrap();
        !is_after(next)
    });
    tell.send(now()).unwrap();
    assert!(thread.join().unwrap());
}

#[test]
fn a_thread_that_was_seen_to_be_finished_is_one_that_this_comes_after() {
    on();
    let (tell, told) = mpsc::channel();
    let thread = raddle::spawn(move || tell.send(now()).unwrap());
    let end = told.recv().unwrap();
    assert!(!is_after(end));
    eventually("it has ended", || thread.is_finished());
    assert!(is_after(end));
}

#[test]
fn what_waits_for_the_beginning_of_a_thread_is_not_ordered_after_its_end() {
    unsafe extern "C-unwind" fn main(tell: *mut c_void) {
        // SAFETY: the box that is handed over below, once.
        let tell = unsafe { Box::from_raw(tell.cast::<mpsc::Sender<Moment>>()) };
        thread::settled();
        let begun = now();
        thread::begun();
        tell.send(begun).unwrap();
        tell.send(now()).unwrap();
    }
    on();
    let (tell, told) = mpsc::channel::<Moment>();
    let (handle, tell) = (Arc::new(thread::Handle::new()), Box::into_raw(Box::new(tell)));
    let before = now();
    // SAFETY: `main` takes the box over, settles, and does not panic.
    unsafe { thread::run_raw(&handle, true, 0, main, tell.cast()) }.unwrap();
    let (begun, end) = (told.recv().unwrap(), told.recv().unwrap());
    eventually("it has ended", || told.recv().is_err());
    assert!(is_after(before) && !is_after(begun));
    handle.wait_begun(&mut Native).unwrap();
    assert!(is_after(begun) && !is_after(end));
    assert_eq!(handle.join_with(&mut Native, Deadline::NEVER), Ok(thread::Reaped::Ended));
    assert!(is_after(end));
}

#[test]
fn what_waits_for_all_lasting_threads_comes_after_their_ends() {
    unsafe extern "C-unwind" fn main(tell: *mut c_void) {
        // SAFETY: the box that is handed over below, once.
        let tell = unsafe { Box::from_raw(tell.cast::<mpsc::Sender<Moment>>()) };
        thread::settled();
        tell.send(now()).unwrap();
        if EARLY.load(Ordering::SeqCst) {
            thread::finish_early();
        }
    }
    static EARLY: AtomicBool = AtomicBool::new(false);
    on();
    for early in [false, true] {
        EARLY.store(early, Ordering::SeqCst);
        let (tell, told) = mpsc::channel::<Moment>();
        let (handle, tell) = (Arc::new(thread::Handle::new()), Box::into_raw(Box::new(tell)));
        // SAFETY: as above.
        unsafe { thread::run_raw(&handle, true, 0, main, tell.cast()) }.unwrap();
        let end = told.recv().unwrap();
        assert!(!is_after(end));
        assert_eq!(thread::wait_for_lasting(&mut Native, Deadline::NEVER), Ok(true));
        assert!(is_after(end));
        eventually("it is done", || handle.is_done());
    }
}

#[test]
fn a_timer_is_a_thread() {
    on();
    let before = now();
    let timer = Timer::start(Duration::ZERO, move || {
        assert!(is_after(before));
        now()
    });
    let end = timer.join().unwrap().unwrap();
    assert!(is_after(end));
}

#[test]
fn a_scope_orders_its_threads() {
    on();
    let before = now();
    let (tell, told) = mpsc::channel();
    raddle::scope(|scope| {
        let tell = &tell;
        let joined = scope.spawn(move || {
            assert!(is_after(before), "the start");
            now()
        });
        let end = joined.join().unwrap();
        assert!(is_after(end), "the join");
        scope.spawn(move || {
            scope.spawn(move || tell.send(now()).unwrap());
        });
    });
    assert!(is_after(told.recv().unwrap()), "the end of the scope");
}

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

/// (Its slot is used again, or the tables of the threads would grow for ever.)
#[test]
fn threads_that_come_after_each_other_share_a_place_in_the_clocks() {
    on();
    let slots: HashSet<_> = {
        let slot = |moment: Moment| moment.slot().unwrap();
        (0..100).map(|_| slot(raddle::spawn(now).join().unwrap())).collect()
    };
    assert_eq!(slots.len(), 1);
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

#[test]
fn a_lock_that_is_used_as_a_signal_orders() {
    on();
    let lock = RawLock::new();
    let card = raddle::card::Card::new(
        raddle::deadlock::Kind::Lock,
        None,
        raddle::lock_order::Site::Unknown,
    );
    assert!(raddle::card::are_wanted() && lock.check(card.of_signal()));
    lock.acquire();
    orders(|| lock.release(), || lock.acquire());
}

#[test]
fn a_lock_by_itself_orders_nothing() {
    let lock = RLock::checked("accounts");
    let enter = || {
        lock.acquire();
        lock.release().unwrap();
    };
    orders_nothing(enter, enter);
}

#[test]
fn a_forked_child_goes_on_with_the_clock_of_the_thread_that_forked() {
    on();
    let event = Event::new();
    let then = scope_within(|scope| {
        scope
            .spawn(|| {
                let then = now();
                event.set();
                then
            })
            .join()
            .unwrap()
    });
    let mine = now();
    let child = in_child(|| {
        let known = is_after(mine) && !is_after(then);
        let end = raddle::spawn(move || {
            assert!(is_after(mine));
            now()
        });
        let end = end.join().unwrap();
        known && event.is_set() && is_after(then) && is_after(end)
    });
    assert_eq!(exit_status(child), 0);
}
