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
//! 3.14t: 97 ns a pair, where looking closely took 360 ns.) Everything else is locked rarely, and
//! is free a moment later.
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
    /// It sleeps after so many looks.
    const LOOKS: u32 = 3;

    /// What a locker does between its looks.
    enum Looks {
        Closely { spent: u32, pause: u32 },
        Seldom { looks: u32 },
    }

    impl Looks {
        const CLOSELY: Self = Self::Closely { spent: 0, pause: 1 };
        const SELDOM: Self = Self::Seldom { looks: 0 };

        /// The locker was woken: others are using the latch.
        fn begin_anew(&mut self) {
            if let Self::Seldom { looks } = self {
                *looks = 0;
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
                Self::Seldom { looks } => {
                    let next = deadline::now() + GAP;
                    while *looks < LOOKS && deadline::now() < next {
                        std::thread::yield_now();
                    }
                    *looks += 1;
                    *looks <= LOOKS
                }
            }
        }
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
