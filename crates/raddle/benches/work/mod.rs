//! The work: each function does one round and returns how many operations that were.

use std::hint::black_box;
use std::sync::{Barrier, Condvar, Mutex};
use std::time::{Duration, Instant};

/// One contestant's round: the number of operations, and how long they took.
type Round = fn() -> (u32, Duration);

/// Every row: its name, and raddle, `std` and `parking_lot`, in this order.
pub fn rows() -> Vec<(&'static str, [Round; 3])> {
    vec![
        (
            "lock, uncontended",
            [
                || uncontended(raddle::Lock::new(0), |lock| *lock.acquire() += 1),
                || uncontended(Mutex::new(0), |lock| *lock.lock().unwrap() += 1),
                || uncontended(parking_lot::Mutex::new(0), |lock| *lock.lock() += 1),
            ],
        ),
        (
            "lock, 2 threads, short sections",
            [
                || contended::<2, _>(raddle::Lock::new(0), |lock| *lock.acquire() += 1),
                || contended::<2, _>(Mutex::new(0), |lock| *lock.lock().unwrap() += 1),
                || contended::<2, _>(parking_lot::Mutex::new(0), |lock| *lock.lock() += 1),
            ],
        ),
        (
            "lock, 4 threads, longer sections",
            [
                || contended::<4, _>(raddle::Lock::new(0), |lock| work(&mut lock.acquire())),
                || contended::<4, _>(Mutex::new(0), |lock| work(&mut lock.lock().unwrap())),
                || contended::<4, _>(parking_lot::Mutex::new(0), |lock| work(&mut lock.lock())),
            ],
        ),
        (
            "condition, round trip",
            [
                || {
                    round_trip(
                        &(raddle::Lock::new(false), raddle::Condition::new()),
                        raddle_turn,
                    )
                },
                || round_trip(&(Mutex::new(false), Condvar::new()), std_turn),
                || {
                    let shared = (parking_lot::Mutex::new(false), parking_lot::Condvar::new());
                    round_trip(&shared, parking_lot_turn)
                },
            ],
        ),
        (
            "event, round trip (emulated)",
            [
                || round_trip(&[raddle::Event::new(), raddle::Event::new()], event_turn),
                || round_trip(&[StdFlag::default(), StdFlag::default()], StdFlag::turn),
                || {
                    round_trip(
                        &[ParkingLotFlag::default(), ParkingLotFlag::default()],
                        ParkingLotFlag::turn,
                    )
                },
            ],
        ),
        (
            "semaphore, uncontended (emulated)",
            [semaphore, std_semaphore, parking_lot_semaphore],
        ),
    ]
}

fn timed(operations: u32, body: impl FnOnce()) -> (u32, Duration) {
    let start = Instant::now();
    body();
    (operations, start.elapsed())
}

/// About a tenth of a microsecond.
fn work(value: &mut u32) {
    for _ in 0..50 {
        *value = black_box(value.wrapping_mul(747_796_405).wrapping_add(1));
    }
}

fn uncontended<L>(lock: L, operation: impl Fn(&L)) -> (u32, Duration) {
    const OPERATIONS: u32 = 100_000;
    timed(OPERATIONS, || (0..OPERATIONS).for_each(|_| operation(black_box(&lock))))
}

/// From the first thread's start to the last one's end, as they see it themselves: whoever
/// started them may get to run only when they are done.
fn contended<const THREADS: u32, L: Sync>(
    lock: L,
    operation: impl Fn(&L) + Sync,
) -> (u32, Duration) {
    const EACH: u32 = 50_000;
    let gate = Barrier::new(THREADS as usize);
    let run = || {
        gate.wait();
        let start = Instant::now();
        (0..EACH).for_each(|_| operation(&lock));
        (start, Instant::now())
    };
    let times: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let start = times.iter().map(|(start, _)| *start).min().unwrap();
    let end = times.iter().map(|(_, end)| *end).max().unwrap();
    (THREADS * EACH, end - start)
}

/// Two threads take turns; `turn` waits for the turn of its side and gives it to the other.
fn round_trip<S: Sync>(shared: &S, turn: fn(&S, bool)) -> (u32, Duration) {
    const TRIPS: u32 = 5_000;
    std::thread::scope(|scope| {
        let answerer = scope.spawn(|| (0..TRIPS).for_each(|_| turn(shared, true)));
        timed(TRIPS, || {
            // The other side waits first, so this one has to begin by giving the turn away.
            (0..TRIPS).for_each(|_| turn(shared, false));
            answerer.join().unwrap();
        })
    })
}

fn raddle_turn((turn, changed): &(raddle::Lock<bool>, raddle::Condition), side: bool) {
    let mut now = turn.acquire();
    changed.wait_while(&mut now, |now| *now != side);
    *now = !side;
    changed.notify_one();
}

fn std_turn((turn, changed): &(Mutex<bool>, Condvar), side: bool) {
    let now = turn.lock().unwrap();
    let mut now = changed.wait_while(now, |now| *now != side).unwrap();
    *now = !side;
    changed.notify_one();
}

fn parking_lot_turn(
    (turn, changed): &(parking_lot::Mutex<bool>, parking_lot::Condvar),
    side: bool,
) {
    let mut now = turn.lock();
    changed.wait_while(&mut now, |now| *now != side);
    *now = !side;
    changed.notify_one();
}

fn event_turn([ping, pong]: &[raddle::Event; 2], answers: bool) {
    if answers {
        ping.wait();
        ping.clear();
        pong.set();
    } else {
        ping.set();
        pong.wait();
        pong.clear();
    }
}

/// What one writes for want of an event: a flag and a condition variable.
#[derive(Default)]
struct StdFlag(Mutex<bool>, Condvar);

impl StdFlag {
    fn set(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    fn take(&self) {
        *self.1.wait_while(self.0.lock().unwrap(), |set| !*set).unwrap() = false;
    }

    fn turn([ping, pong]: &[Self; 2], answers: bool) {
        if answers {
            ping.take();
            pong.set();
        } else {
            ping.set();
            pong.take();
        }
    }
}

/// The same with `parking_lot`.
#[derive(Default)]
struct ParkingLotFlag(parking_lot::Mutex<bool>, parking_lot::Condvar);

impl ParkingLotFlag {
    fn set(&self) {
        *self.0.lock() = true;
        self.1.notify_all();
    }

    fn take(&self) {
        let mut set = self.0.lock();
        self.1.wait_while(&mut set, |set| !*set);
        *set = false;
    }

    fn turn([ping, pong]: &[Self; 2], answers: bool) {
        if answers {
            ping.take();
            pong.set();
        } else {
            ping.set();
            pong.take();
        }
    }
}

fn semaphore() -> (u32, Duration) {
    uncontended(raddle::Semaphore::new(1), |semaphore| drop(semaphore.hold()))
}

/// `std` has no semaphore: a counter and a condition variable.
fn std_semaphore() -> (u32, Duration) {
    uncontended((Mutex::new(1), Condvar::new()), |(permits, released)| {
        *released.wait_while(permits.lock().unwrap(), |permits| *permits == 0).unwrap() -= 1;
        *permits.lock().unwrap() += 1;
        released.notify_one();
    })
}

/// Nor has `parking_lot`.
fn parking_lot_semaphore() -> (u32, Duration) {
    let semaphore = (parking_lot::Mutex::new(1), parking_lot::Condvar::new());
    uncontended(semaphore, |(permits, released)| {
        let mut left = permits.lock();
        released.wait_while(&mut left, |left| *left == 0);
        *left -= 1;
        drop(left);
        *permits.lock() += 1;
        released.notify_one();
    })
}
