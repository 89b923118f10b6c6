//! How much of the time that workers were busy they really ran.
//!
//! Under a GIL, two busy workers get no more processor time than one: their own clocks show it.
//! A thread's clock takes a system call, so a worker reads it when it begins, when it goes to
//! rest, and in between after a number of tasks that follows how long they take.

#[cfg(not(raddle_loom))]
pub(super) use real::{Clocks, Meter};

#[cfg(raddle_loom)]
pub(super) use model::{Clocks, Meter};

/// What the workers' clocks said; all zero before the first task.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Processor time used, summed over the workers, in seconds.
    pub cpu: f64,
    /// Time between taking a task and going to rest, summed over the workers, in seconds.
    pub busy: f64,
    /// From the first task to the latest reading, in seconds.
    pub elapsed: f64,
    /// The most workers that were busy at once.
    pub most: usize,
}

#[cfg(not(raddle_loom))]
mod real {
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

    use super::Reading;
    use crate::os::clock::thread_cpu;
    use crate::os::deadline;

    /// Workers read their clocks about this often while busy, in nanoseconds.
    const EVERY: i64 = 5_000_000;
    /// The most tasks between two readings.
    const MOST_TASKS: u32 = 4096;

    #[derive(Debug, Default)]
    pub(crate) struct Clocks {
        cpu: AtomicI64,
        busy: AtomicI64,
        /// When the first task was taken, 0 before.
        first: AtomicI64,
        /// When a clock was last read.
        latest: AtomicI64,
        running: AtomicUsize,
        most: AtomicUsize,
    }

    impl Clocks {
        pub(crate) fn new() -> Self {
            Self::default()
        }

        pub(crate) fn read(&self) -> Reading {
            let seconds = |nanos: i64| nanos.max(0) as f64 / 1e9;
            let latest = self.latest.load(Ordering::Relaxed);
            Reading {
                cpu: seconds(self.cpu.load(Ordering::Relaxed)),
                busy: seconds(self.busy.load(Ordering::Relaxed)),
                elapsed: seconds(latest - self.first.load(Ordering::Relaxed)),
                most: self.most.load(Ordering::Relaxed),
            }
        }
    }

    /// One worker's readings.
    #[derive(Debug)]
    pub(crate) struct Meter<'a> {
        clocks: &'a Clocks,
        busy: bool,
        cpu: i64,
        wall: i64,
        /// Tasks until the next reading, and how many there were between the last two.
        left: u32,
        every: u32,
    }

    impl<'a> Meter<'a> {
        pub(crate) fn new(clocks: &'a Clocks) -> Self {
            Self { clocks, busy: false, cpu: 0, wall: 0, left: 1, every: 1 }
        }

        /// The worker has taken a task.
        #[inline]
        pub(crate) fn busy(&mut self) {
            if !self.busy {
                self.begin();
            }
        }

        #[cold]
        fn begin(&mut self) {
            let clocks = self.clocks;
            self.busy = true;
            self.cpu = thread_cpu();
            self.wall = deadline::now();
            let running = clocks.running.fetch_add(1, Ordering::Relaxed) + 1;
            clocks.most.fetch_max(running, Ordering::Relaxed);
            let _ = clocks.first.compare_exchange(
                0,
                self.wall,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            clocks.latest.fetch_max(self.wall, Ordering::Relaxed);
        }

        /// So many tasks are done.
        #[inline]
        pub(crate) fn ran(&mut self, count: usize) {
            self.left = self.left.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
            if self.left == 0 {
                self.sample();
            }
        }

        #[cold]
        fn sample(&mut self) {
            let (cpu, wall) = (thread_cpu(), deadline::now());
            let took = wall - self.wall;
            self.clocks.cpu.fetch_add(cpu - self.cpu, Ordering::Relaxed);
            self.clocks.busy.fetch_add(took, Ordering::Relaxed);
            self.clocks.latest.fetch_max(wall, Ordering::Relaxed);
            (self.cpu, self.wall) = (cpu, wall);
            self.every = if self.left > 0 {
                self.every // It went to rest before its time.
            } else if took < EVERY / 2 {
                (self.every * 2).min(MOST_TASKS)
            } else {
                (self.every / 2).max(1)
            };
            self.left = self.every;
        }

        /// The worker has nothing to do.
        pub(crate) fn rest(&mut self) {
            if std::mem::take(&mut self.busy) {
                self.sample();
                self.clocks.running.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    impl Drop for Meter<'_> {
        fn drop(&mut self) {
            self.rest();
        }
    }
}

/// Time is not modelled.
#[cfg(raddle_loom)]
mod model {
    use super::Reading;

    #[derive(Debug)]
    pub(crate) struct Clocks;

    impl Clocks {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn read(&self) -> Reading {
            Reading::default()
        }
    }

    #[derive(Debug)]
    pub(crate) struct Meter;

    impl Meter {
        pub(crate) fn new(_: &Clocks) -> Self {
            Self
        }

        pub(crate) fn busy(&mut self) {}

        pub(crate) fn ran(&mut self, _: usize) {}

        pub(crate) fn rest(&mut self) {}
    }
}
