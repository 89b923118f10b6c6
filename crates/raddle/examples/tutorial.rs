//! The five programs with which threads are usually introduced.
//!
//! `cargo run --example tutorial` prints the same lines every time, whatever the scheduler does:
//! what threads report is joined or sorted before it is printed.

use std::collections::VecDeque;
use std::sync::Arc;

use raddle::thread::Builder;
use raddle::{Condition, Lock, RawLock, Thread, spawn};

fn main() {
    greet();
    ten_tasks();
    worker_pool();
    count_together();
    many_inputs();
}

/// (a) One thread that greets with its own name.
fn greet() {
    let greeter = Builder::new().name("Alice").spawn(|| {
        let thread = std::thread::current();
        println!("(a) Hello from the thread {}!", thread.name().unwrap_or("without a name"));
    });
    greeter.expect("a thread can be started").join().expect("greeting does not panic");
}

/// (b) Ten tasks, a thread for each, all of them joined.
fn ten_tasks() {
    let tasks: Vec<Thread<String>> =
        (1..=10).map(|number| spawn(move || format!("task {number}"))).collect();
    let done: Vec<String> = tasks.into_iter().map(|task| task.join().unwrap()).collect();
    println!("(b) {} are done: {}", done.len(), done.join(", "));
}

/// The tasks that wait for a free worker.
struct TaskQueue {
    /// `None` in line tells one worker to go home.
    tasks: Lock<VecDeque<Option<u32>>>,
    added: Condition,
}

impl TaskQueue {
    fn put(&self, task: Option<u32>) {
        self.tasks.acquire().push_back(task);
        self.added.notify_one();
    }

    fn take(&self) -> Option<u32> {
        let mut tasks = self.tasks.acquire();
        self.added.wait_while(&mut tasks, |tasks| tasks.is_empty());
        tasks.pop_front().flatten()
    }
}

/// (c) Three workers that are given twelve tasks as they become free.
fn worker_pool() {
    const WORKERS: usize = 3;
    let queue = Arc::new(TaskQueue { tasks: Lock::default(), added: Condition::new() });
    let workers: Vec<Thread<Vec<(u32, u32)>>> = (0..WORKERS)
        .map(|_| {
            let queue = Arc::clone(&queue);
            spawn(move || std::iter::from_fn(|| queue.take()).map(|n| (n, n * n)).collect())
        })
        .collect();
    for task in 1..=12 {
        queue.put(Some(task));
    }
    for _ in 0..WORKERS {
        queue.put(None);
    }
    let mut squares: Vec<(u32, u32)> =
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
    squares.sort_unstable();
    let squares: Vec<String> = squares.iter().map(|(_, square)| square.to_string()).collect();
    println!("(c) {WORKERS} workers squared {} numbers: {}", squares.len(), squares.join(" "));
}

/// (d) Two threads add 10,000 each to one counter: the answer is 20,000, always.
fn count_together() {
    // With a guard, which releases at the end of the scope and holds what it protects.
    let counter = Lock::new(0);
    raddle::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    *counter.acquire() += 1;
                }
            });
        }
    });
    println!("(d) with a guard: {}", counter.into_inner());

    // With acquire and release, as two calls; what the lock protects is then a convention, so
    // the counter is an atomic read and written in two steps.
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    let (lock, counter) = (RawLock::new(), AtomicUsize::new(0));
    raddle::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    lock.acquire();
                    counter.store(counter.load(Relaxed) + 1, Relaxed);
                    lock.release();
                }
            });
        }
    });
    println!("    with acquire and release: {}", counter.into_inner());
}

/// (e) One function over many inputs, by as many threads as take the next input when free.
fn many_inputs() {
    let inputs: Vec<u64> = (1..=20).collect();
    let next = Lock::new(inputs.iter().enumerate());
    let outputs = Lock::new(vec![0; inputs.len()]);
    raddle::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                // The first lock is released before the work begins.
                while let Some((index, &input)) = { next.acquire().next() } {
                    let output = sum_of_digits(input.pow(5));
                    outputs.acquire()[index] = output;
                }
            });
        }
    });
    let outputs: Vec<String> = outputs.into_inner().iter().map(u64::to_string).collect();
    println!("(e) sums of digits of fifth powers: {}", outputs.join(" "));
}

fn sum_of_digits(number: u64) -> u64 {
    number.to_string().bytes().map(|digit| u64::from(digit - b'0')).sum()
}
