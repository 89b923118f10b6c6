//! What a hand-off between two threads costs on this machine, with nothing of raddle in it.
//!
//! Two threads ask and answer in turns: the round trip is what two wake-ups take. "spinning":
//! each looks all the time; "parked": each sleeps until the other wakes it (`std::thread::park`).
//! Both have a core of their own (two that are not one core's two halves); with "one core" they
//! share one. (Left to itself, the system has both on one core or on two, as it happens, and a
//! wake-up costs ten times as much on two.)
//! Prints a line for each of them, with the median of nine runs in nanoseconds. The benchmarks
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

/// Has the calling thread run on that core alone, if the system lets it.
#[cfg(target_os = "linux")]
fn pin(core: usize) {
    // SAFETY: an all-zero set is a valid one, its size is given, and the core is one of `cores`,
    // for which it has room.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &set);
    }
}

#[cfg(not(target_os = "linux"))]
fn pin(_core: usize) {}

/// The cores that the process may use.
#[cfg(target_os = "linux")]
fn cores() -> Vec<usize> {
    // SAFETY: an all-zero set is a valid one, and its size is given.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of_val(&set), &mut set);
        (0..libc::CPU_SETSIZE as usize).filter(|core| libc::CPU_ISSET(*core, &set)).collect()
    }
}

#[cfg(not(target_os = "linux"))]
fn cores() -> Vec<usize> {
    (0..thread::available_parallelism().map_or(1, usize::from)).collect()
}

/// How two threads hand over.
#[derive(Clone, Copy)]
struct Way {
    wait: Wait,
    wakes: bool,
    cores: [usize; 2],
}

/// So many round trips, in nanoseconds.
fn trips(count: u32, Way { wait, wakes, cores }: Way) -> f64 {
    let turn = AtomicU32::new(0);
    let asking = thread::current();
    pin(cores[0]);
    thread::scope(|scope| {
        let answering = scope.spawn(|| {
            pin(cores[1]);
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
fn trip(way: Way) -> f64 {
    let mut count = 64;
    while trips(count, way) < LENGTH.as_secs_f64() * 1e9 {
        count *= 2;
    }
    let mut runs: Vec<f64> = (0..RUNS).map(|_| trips(count, way) / f64::from(count)).collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

/// Whether these are two halves of one core.
fn are_siblings(first: usize, second: usize) -> bool {
    let list = format!("/sys/devices/system/cpu/cpu{first}/topology/thread_siblings_list");
    let list = std::fs::read_to_string(list).unwrap_or_default();
    // ("0,64" or "0-1".)
    list.trim().split(',').any(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let within = |at: &str, sign: fn(&usize, &usize) -> bool| {
            at.parse().is_ok_and(|end| sign(&second, &end))
        };
        within(from, usize::ge) && within(to, usize::le)
    })
}

fn main() {
    let cores = cores();
    let first = cores[0];
    let apart = cores[1..].iter().find(|core| !are_siblings(first, **core));
    if let Some(second) = apart.or(cores.get(1)) {
        let cores = [first, *second];
        println!("spinning {:.1}", trip(Way { wait: spin, wakes: false, cores }));
        println!("parked {:.1}", trip(Way { wait: park, wakes: true, cores }));
    }
    let cores = [first; 2];
    println!("one core {:.1}", trip(Way { wait: park, wakes: true, cores }));
}
