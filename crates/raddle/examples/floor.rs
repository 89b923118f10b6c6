//! What a hand-off between two threads costs on this machine, with nothing of raddle in it.
//!
//! Two threads ask and answer in turns: the round trip is what two wake-ups take. "spinning":
//! each looks all the time; "parked": each sleeps until the other wakes it (`std::thread::park`).
//! Prints a line for each word given, with the median of nine runs in nanoseconds. The benchmarks
//! show raddle's hand-offs as multiples of these.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const RUNS: usize = 9;
const LENGTH: Duration = Duration::from_millis(30);

/// Waits until `turn` is what it says, or anything else.
type Wait = fn(&AtomicU32, u32);

fn spin(turn: &AtomicU32, mine: u32) {
    while turn.load(Ordering::Acquire) != mine {
        spin_loop();
    }
}

fn park(turn: &AtomicU32, mine: u32) {
    while turn.load(Ordering::Acquire) != mine {
        thread::park();
    }
}

/// So many round trips, in nanoseconds.
fn trips(count: u32, wait: Wait, wakes: bool) -> f64 {
    let turn = AtomicU32::new(0);
    let asking = thread::current();
    thread::scope(|scope| {
        let answering = scope.spawn(|| {
            for _ in 0..count {
                wait(&turn, 1);
                turn.store(0, Ordering::Release);
                if wakes {
                    asking.unpark();
                }
            }
        });
        let start = Instant::now();
        for _ in 0..count {
            turn.store(1, Ordering::Release);
            if wakes {
                answering.thread().unpark();
            }
            wait(&turn, 0);
        }
        start.elapsed().as_secs_f64() * 1e9
    })
}

/// What one round trip takes: the median of runs that are long enough.
fn trip(wait: Wait, wakes: bool) -> f64 {
    let mut count = 64;
    while trips(count, wait, wakes) < LENGTH.as_secs_f64() * 1e9 {
        count *= 2;
    }
    let mut runs: Vec<f64> =
        (0..RUNS).map(|_| trips(count, wait, wakes) / f64::from(count)).collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

fn main() {
    for word in std::env::args().skip(1) {
        let nanos = match word.as_str() {
            "spinning" => trip(spin, false),
            "parked" => trip(park, true),
            other => panic!("{other} is not known; there are: spinning, parked"),
        };
        println!("{word} {nanos:.1}");
    }
}
