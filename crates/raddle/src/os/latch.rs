//! The tiny lock that guards one wait list for a few instructions at a time.
//!
//! It is never held across a sleep, a wake-up system call, or anything that could run foreign
//! code, so it may block by spinning a little and then sleeping on its own word.
//!
//! A `fork` can catch another thread inside the few guarded instructions; in the child nobody
//! would ever unlock, and the guarded list would name stacks that are gone. Each word therefore
//! carries the fork generation in which it was last locked: a word from an earlier generation is
//! taken over, and [`LatchGuard::stale`] tells the new holder to forget what it guards.
//!
//! | word                  | meaning                         | what leaves it, and how           |
//! |-----------------------|---------------------------------|-----------------------------------|
//! | `gen, -, -`           | free                            | any locker: compare-exchange      |
//! | `gen, HELD, -`        | held, nobody sleeps             | the holder: swap to free          |
//! | `gen, HELD, SLEEPERS` | held, somebody may sleep        | the holder: swap to free, wake 1  |
//! | `old gen, *, *`       | left behind by a parent process | any locker: compare-exchange      |
//!
//! # Looking closely or seldom
//! What a latch guards is in the cache of the thread that used it last. The latch of a queue that
//! many threads use all the time is locked with [`lock_seldom`](Latch::lock_seldom): a thread that
//! finds it held leaves it to the others for as long as some dozens of uses take, so that they
//! need not fetch everything anew at each use. (Two threads that put and get on one queue on
//! 3.14t: 97 ns a pair, where looking closely took 360 ns.) A thread that finds it held each time
//! sleeps for a while that nobody ends. Were it woken where the latch is unlocked, it would run
//! again a moment later, and compete with the threads that are in the middle of their uses. (Eight
//! threads on two cores: 64 to 68 ns a pair, where waking them took 73 to 92 ns, and a third more
//! CPU time.) Only after some such sleeps does it have itself woken, so that it does not starve.
//! Everything else is locked rarely, and is free a moment later.
//!
//! Rejected: a plain spin lock (a preempted holder would make every waiter burn its slice) and
//! the platform's mutex (40 bytes, and undefined in the child of a multi-threaded `fork`).

#[cfg(not(raddle_loom))]
pub(crate) use real::{Latch, LatchGuard};

#[cfg(raddle_loom)]
pub(crate) use model::{Latch, LatchGuard};

#[cfg(not(raddle_loom))]
mod real {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use crate::os::{Deadline, deadline, fork, park::futex};

    const HELD: u32 = 1;
    const SLEEPERS: u32 = 2;
    const GENERATION_SHIFT: u32 = 2;
    /// Pauses before a locker that looks closely sleeps, at least.
    const SPINS: u32 = 128;
    /// Its looks come at growing distances, up to this many pauses.
    const LONGEST_PAUSE: u32 = 32;
    /// How long a locker that looks seldom leaves the latch to the others, in nanoseconds.
    const GAP: i64 = 4_000;
    /// It naps after so many looks.
    const LOOKS: u32 = 3;
    /// How long a nap is: many times as long as the timer takes to end it.
    const NAP: Duration = Duration::from_micros(200);
    /// It sleeps until it is woken after so many naps.
    const NAPS: u32 = 5;

    /// What a locker does between its looks.
    enum Looks {
        Closely { spent: u32, pause: u32 },
        Seldom { looks: u32, naps: u32 },
    }

    impl Looks {
        const CLOSELY: Self = Self::Closely { spent: 0, pause: 1 };
        const SELDOM: Self = Self::Seldom { looks: 0, naps: 0 };

        /// The locker was woken: others are using the latch.
        fn begin_anew(&mut self) {
            if let Self::Seldom { .. } = self {
                *self = Self::SELDOM;
            }
        }

        /// Waits for the next look; `false` if it is time to sleep.
        fn wait(&mut self) -> bool {
            match self {
                Self::Closely { spent, pause } => {
                    for _ in 0..*pause {
                        std::hint::spin_loop();
                    }
                    *spent += *pause;
                    *pause = (2 * *pause).min(LONGEST_PAUSE);
                    *spent <= SPINS
                }
                Self::Seldom { looks, .. } if *looks < LOOKS => {
                    // Other threads that run on this core make no progress while this one looks.
                    *looks = if yield_for(GAP) { LOOKS } else { *looks + 1 };
                    true
                }
                Self::Seldom { naps, .. } => {
                    *naps += 1;
                    if *naps <= NAPS {
                        std::thread::sleep(NAP);
                    }
                    *naps <= NAPS
                }
            }
        }
    }

    /// Yields for `nanos` nanoseconds; returns whether other threads ran on this core meanwhile.
    fn yield_for(nanos: i64) -> bool {
        let end = deadline::now() + nanos;
        let mut yields = 0;
        while deadline::now() < end {
            std::thread::yield_now();
            yields += 1;
        }
        // A yield to nobody is over in a fraction of a microsecond.
        yields <= 2
    }

    #[derive(Debug)]
    pub(crate) struct Latch {
        word: AtomicU32,
    }

    /// Holds the latch until dropped.
    #[must_use]
    pub(crate) struct LatchGuard<'a> {
        latch: &'a Latch,
        /// What to leave in the word.
        free: u32,
        /// What was in it, if a parent process left that.
        before: u32,
        stale: bool,
        torn: bool,
    }

    impl Latch {
        pub(crate) const fn new() -> Self {
            Self { word: AtomicU32::new(0) }
        }

        /// Whether it was last locked in a parent process, or never.
        #[inline]
        pub(crate) fn is_stale(&self) -> bool {
            let free = fork::generation() << GENERATION_SHIFT;
            self.word.load(Ordering::Relaxed) & !(HELD | SLEEPERS) != free
        }

        #[inline]
        pub(crate) fn lock(&self) -> LatchGuard<'_> {
            self.lock_at(Looks::CLOSELY)
        }

        /// [`lock`](Self::lock) of a latch that many threads may use all the time.
        #[inline]
        pub(crate) fn lock_seldom(&self) -> LatchGuard<'_> {
            self.lock_at(Looks::SELDOM)
        }

        #[inline]
        fn lock_at(&self, looks: Looks) -> LatchGuard<'_> {
            let free = fork::generation() << GENERATION_SHIFT;
            match self.word.compare_exchange(
                free,
                free | HELD,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    LatchGuard { latch: self, free, before: free, stale: false, torn: false }
                }
                Err(_) => self.lock_slow(free, looks),
            }
        }

        #[cold]
        fn lock_slow(&self, free: u32, mut looks: Looks) -> LatchGuard<'_> {
            let mut held = HELD;
            loop {
                let seen = self.word.load(Ordering::Relaxed);
                let stale = seen & !(HELD | SLEEPERS) != free;
                if stale || seen & HELD == 0 {
                    let taken = self.word.compare_exchange_weak(
                        seen,
                        free | held,
                        Ordering::Acquire,
                        Ordering::Relaxed,
                    );
                    if taken.is_ok() {
                        let torn = stale && seen & HELD != 0;
                        let before = seen & !SLEEPERS;
                        return LatchGuard { latch: self, free, before, stale, torn };
                    }
                } else if !looks.wait() {
                    // Having slept once, this thread can no longer tell whether others still
                    // sleep, so from here on it takes the latch with SLEEPERS set.
                    held = HELD | SLEEPERS;
                    let marked = seen | SLEEPERS;
                    let known = seen == marked
                        || self
                            .word
                            .compare_exchange(
                                seen,
                                marked,
                                Ordering::Relaxed,
                                Ordering::Relaxed,
                            )
                            .is_ok();
                    if known {
                        let _ = futex::wait(&self.word, marked, Deadline::NEVER);
                        looks.begin_anew();
                    }
                }
            }
        }
    }

    impl LatchGuard<'_> {
        /// Whether the latch was taken over from a parent process (see the module's text).
        pub(crate) fn stale(&self) -> bool {
            self.stale
        }

        /// Whether it was held there: what it guards may be half changed.
        pub(crate) fn torn(&self) -> bool {
            self.torn
        }

        /// Unlocks a stale latch as the parent left it: the next holder is to be told, not this
        /// one.
        pub(crate) fn leave_stale(mut self) {
            self.free = self.before;
        }
    }

    impl Drop for LatchGuard<'_> {
        #[inline]
        fn drop(&mut self) {
            if self.latch.word.swap(self.free, Ordering::Release) & SLEEPERS != 0 {
                futex::wake_one(&raw const self.latch.word);
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_locker_that_looks_seldom_naps_before_it_sleeps_and_begins_anew_when_it_is_woken() {
            let mut looks = Looks::SELDOM;
            for _ in 0..2 {
                let count = (0..).take_while(|_| looks.wait()).count() as u32;
                // One look at least is before the naps, however busy the cores are.
                assert!((1 + NAPS..=LOOKS + NAPS).contains(&count), "{count} looks");
                assert!(!looks.wait(), "it sleeps until it is woken");
                looks.begin_anew();
            }
        }

        #[test]
        fn what_sleepers_of_both_kinds_guard_is_changed_by_one_at_a_time() {
            const THREADS: u32 = 8;
            const TIMES: u32 = 20_000;
            let (latch, count) = (Latch::new(), AtomicU32::new(0));
            let (latch, count) = (&latch, &count);
            std::thread::scope(|scope| {
                for thread in 0..THREADS {
                    scope.spawn(move || {
                        for _ in 0..TIMES {
                            let seldom = thread % 2 == 0;
                            let held = if seldom { latch.lock_seldom() } else { latch.lock() };
                            // In two steps: an increment between them would be lost.
                            let seen = count.load(Ordering::Relaxed);
                            count.store(seen + 1, Ordering::Relaxed);
                            drop(held);
                        }
                    });
                }
            });
            assert_eq!(count.load(Ordering::Relaxed), THREADS * TIMES);
        }
    }
}

#[cfg(raddle_loom)]
mod model {
    #[derive(Debug)]
    pub(crate) struct Latch {
        mutex: loom::sync::Mutex<()>,
    }

    #[must_use]
    pub(crate) struct LatchGuard<'a> {
        _guard: loom::sync::MutexGuard<'a, ()>,
    }

    impl Latch {
        pub(crate) fn new() -> Self {
            Self { mutex: loom::sync::Mutex::new(()) }
        }

        pub(crate) fn is_stale(&self) -> bool {
            false
        }

        pub(crate) fn lock(&self) -> LatchGuard<'_> {
            LatchGuard { _guard: self.mutex.lock().unwrap() }
        }

        pub(crate) fn lock_seldom(&self) -> LatchGuard<'_> {
            self.lock()
        }
    }

    impl LatchGuard<'_> {
        pub(crate) fn stale(&self) -> bool {
            false
        }

        pub(crate) fn torn(&self) -> bool {
            false
        }

        pub(crate) fn leave_stale(self) {}
    }
}
