//! How long a wait spins before it sleeps, learnt per object.
//!
//! Waking a sleeping thread costs more than 15 µs; a peer that is about to answer usually does
//! so sooner. Each object keeps a budget: a spin that pays doubles it, one that does not halves
//! it, and every 16th wait spins for the full budget, so that an object whose peers became
//! quick is noticed. With one core there is nothing to wait for by spinning, and none is done.
//!
//! A lock is different: each look at it takes its cache line from the threads that use it, and
//! the thread that takes the lock also moves the cache lines of all that it guards. So what is
//! held briefly is looked at seldom, so that its holders go on for some dozens of times in
//! between, and what is held for longer a few times in that span. What is held for longer than
//! a wake-up takes is not spun for; nor, each other time, what nearly always is in use. See
//! [`Spin::watch`].
//!
//! Measured on two cores: a budget of 5 µs is bistable (shorter than a wake-up, so that one
//! sleep breeds the next), 50 µs gains nothing over 20 µs.

#[cfg(not(raddle_loom))]
pub(crate) use real::Spin;

#[cfg(raddle_loom)]
pub(crate) use model::Spin;

#[cfg(not(raddle_loom))]
mod real {
    use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

    use crate::os::{deadline, own_time, threads::cores as system};

    /// The longest spin, in nanoseconds.
    const FULL: u32 = 20_000;
    /// The shortest, about 60 pauses.
    const LEAST: u32 = 1_500;
    /// A stored budget counts in these.
    const UNIT: u32 = 8;
    /// Each how many waits the full budget is tried; a power of two, at most 16.
    const PROBE_EVERY: u16 = 16;
    /// What is held for up to so many nanoseconds is held briefly.
    const BRIEF: u32 = 2_500;
    /// How far apart to look at what is held briefly, in nanoseconds: as long as a few dozen
    /// uses.
    const BATCH: u32 = 10_000;
    /// How far apart to look at what is not known yet, in nanoseconds.
    const LOOK: u32 = 400;
    /// Pauses between two looks at the clock.
    const PAUSES: u32 = 8;

    /// What was learnt of one object, used in one of two ways: 12 bits of the budget for
    /// [`until`](Spin::until), or of the time for which it is held for [`watch`](Spin::watch);
    /// 4 bits that count waits.
    ///
    /// Updates race and may be lost; that costs a little time, never correctness.
    #[derive(Debug)]
    pub(crate) struct Spin {
        learnt: AtomicU16,
    }

    impl Spin {
        /// Of an object that nothing is known of: the first wait finds out.
        pub(crate) const fn new() -> Self {
            Self { learnt: AtomicU16::new(((FULL / UNIT) as u16) << 4 | (PROBE_EVERY - 1)) }
        }

        /// Spins until `ready`, for as long as the budget says; returns whether it was.
        #[inline]
        pub(crate) fn until(&self, ready: impl Fn() -> bool) -> bool {
            let learnt = self.learnt.load(Ordering::Relaxed);
            let waits = learnt.wrapping_add(1) % PROBE_EVERY;
            let budget = u32::from(learnt >> 4) * UNIT;
            let spend = if waits == 0 { FULL } else { budget };
            if is_vain(waits == 0) {
                self.learnt.store(learnt & !15 | waits, Ordering::Relaxed);
                return ready();
            }
            let paid = spin_for(spend, &ready);
            let budget = if paid { budget * 2 } else { budget / 2 }.clamp(LEAST, FULL);
            self.learnt.store(((budget / UNIT) as u16) << 4 | waits, Ordering::Relaxed);
            paid
        }

        /// Looks until `ready`, for [`FULL`] at most, as seldom as is good for those that use
        /// what is looked at; returns whether it was.
        ///
        /// What is learnt is how long that is held, seen from a thread that wants it. Each
        /// fourth wait for what is held briefly looks closely, to see whether it still is, and
        /// each 16th for what is held for longer. Each other wait does not look at all, unless
        /// the one before it was over soon: two threads that want one lock all the time would
        /// keep two cores busy, where one does the same work.
        pub(crate) fn watch(&self, ready: impl Fn() -> bool) -> bool {
            if ready() {
                return true;
            }
            let learnt = self.learnt.load(Ordering::Relaxed);
            let held = u32::from(learnt >> 4) * UNIT;
            let brief = held <= BRIEF;
            let turn = (learnt & 15) + 1;
            let probe = turn >= if brief { PROBE_EVERY / 4 } else { PROBE_EVERY };
            if is_vain(probe) {
                return false;
            }
            let (gap, looks) = match held {
                _ if probe => (LOOK, FULL / LOOK),
                _ if held >= FULL || turn % 2 == 1 => return self.note(held, turn, false),
                _ if brief => (BATCH, FULL / BATCH),
                _ => (held / 4, FULL / (held / 4)),
            };
            let start = deadline::now();
            let mut next = start;
            let came = (0..looks).any(|_| {
                next += i64::from(gap);
                while deadline::now() < next {
                    std::thread::yield_now();
                }
                ready()
            });
            let took = if came { (next - start) as u32 } else { 2 * FULL };
            let soon = took <= gap.max(held / 2);
            let turn = if probe { 0 } else { turn } + u16::from(soon);
            if brief && !probe {
                // Such distances say little: look closely the next time, if that was not
                // enough.
                return self.note(held, if came { turn } else { PROBE_EVERY }, came);
            }
            self.note((3 * held + took) / 4, turn, came)
        }

        /// Stores what a [`watch`](Self::watch) has learnt; returns `came`.
        fn note(&self, held: u32, turn: u16, came: bool) -> bool {
            let held = (held / UNIT).min(u32::from(u16::MAX >> 4)) as u16;
            self.learnt.store(held << 4 | turn.min(15), Ordering::Relaxed);
            came
        }

        /// Spins until `ready`, for `nanos` nanoseconds at most, learning nothing.
        pub(crate) fn briefly(nanos: u32, ready: impl Fn() -> bool) -> bool {
            if is_vain(false) { ready() } else { spin_for(nanos, &ready) }
        }

        /// [`briefly`](Self::briefly) for what a thread does that may have to run on this very core:
        /// the others are busy, and a spin would keep it from that for as long.
        pub(crate) fn yielding(nanos: u32, ready: impl Fn() -> bool) -> bool {
            if is_vain(false) {
                return ready();
            }
            let end = deadline::now() + i64::from(nanos);
            loop {
                if ready() {
                    return true;
                }
                if deadline::now() >= end {
                    return false;
                }
                std::thread::yield_now();
            }
        }

        /// [`briefly`](Self::briefly), also for a thread that takes turns.
        pub(crate) fn for_turn(nanos: u32, ready: impl Fn() -> bool) -> bool {
            if cores(false) < 2 { ready() } else { spin_for(nanos, &ready) }
        }
    }

    /// Whether what is spun for cannot come about meanwhile: there is no other core, or it is not
    /// the others' turn.
    fn is_vain(refresh: bool) -> bool {
        own_time::is_kept() || cores(refresh) < 2
    }

    fn spin_for(nanos: u32, ready: &impl Fn() -> bool) -> bool {
        if ready() {
            return true;
        }
        let end = deadline::now() + i64::from(nanos);
        loop {
            for _ in 0..PAUSES {
                std::hint::spin_loop();
                if ready() {
                    return true;
                }
            }
            if deadline::now() >= end {
                return false;
            }
        }
    }

    /// How many cores this process may run on; asked again when `refresh`.
    fn cores(refresh: bool) -> u32 {
        static CORES: AtomicU32 = AtomicU32::new(0);
        let known = CORES.load(Ordering::Relaxed);
        if known != 0 && !refresh {
            return known;
        }
        let counted = system::count();
        CORES.store(counted, Ordering::Relaxed);
        counted
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn budget(spin: &Spin) -> u32 {
            u32::from(spin.learnt.load(Ordering::Relaxed) >> 4) * UNIT
        }

        #[test]
        fn spins_that_do_not_pay_get_short_and_one_that_does_makes_them_longer() {
            if cores(true) < 2 {
                return;
            }
            let spin = Spin::new();
            for _ in 0..PROBE_EVERY - 1 {
                assert!(!spin.until(|| false));
            }
            let least = budget(&spin);
            assert!(least <= LEAST, "the budget must have shrunk, it is {least}");
            assert!(spin.until(|| true));
            assert!(budget(&spin) > least);
        }

        /// The number of looks in one watch of what is never ready, or is at the `last`.
        fn looks(spin: &Spin, last: u32) -> u32 {
            let looks = std::cell::Cell::new(0);
            let came = spin.watch(|| {
                looks.set(looks.get() + 1);
                looks.get() == last
            });
            assert_eq!(came, looks.get() == last);
            looks.get()
        }

        #[test]
        fn what_is_held_briefly_is_looked_at_seldom_and_what_is_held_for_long_only_once() {
            if cores(true) < 2 {
                return;
            }
            let spin = Spin::new();
            assert_eq!(looks(&spin, 0), 1 + FULL / LOOK, "nothing is known: look closely");
            assert_eq!(looks(&spin, 0), 1, "it is held for long: do not spin");
            for _ in 2..PROBE_EVERY {
                assert_eq!(looks(&spin, 0), 1);
            }
            // Free at the second look, whenever that is looked for closely.
            for _ in 0..50 * PROBE_EVERY {
                if budget(&spin) > BRIEF {
                    looks(&spin, 2);
                }
            }
            assert!(budget(&spin) <= BRIEF, "it is held briefly by now");
        }

        #[test]
        fn what_is_held_briefly_is_spun_for_each_other_time_unless_it_is_free_soon() {
            if cores(true) < 2 {
                return;
            }
            let (seldom, closely) = (1 + FULL / BATCH, 1 + FULL / LOOK);
            let brief = || Spin { learnt: AtomicU16::new(((1000 / UNIT) as u16) << 4) };
            let spin = brief();
            assert_eq!(looks(&spin, 0), 1, "sleep at once");
            assert_eq!(looks(&spin, 0), seldom, "look seldom");
            assert_eq!(looks(&spin, 0), closely, "that was not enough: look closely");
            let spin = brief();
            assert_eq!(looks(&spin, 0), 1, "sleep at once");
            assert_eq!(looks(&spin, 2), 2, "free at the first look");
            assert_eq!(looks(&spin, 2), 2, "the fourth: look closely");
            assert_eq!(looks(&spin, 0), seldom, "free at the first look: do not sleep");
        }
    }
}

#[cfg(raddle_loom)]
mod model {
    /// Spinning only repeats what sleeping already models, so the model looks once.
    #[derive(Debug)]
    pub(crate) struct Spin;

    impl Spin {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn until(&self, ready: impl Fn() -> bool) -> bool {
            ready()
        }

        pub(crate) fn watch(&self, ready: impl Fn() -> bool) -> bool {
            ready()
        }

        pub(crate) fn briefly(_nanos: u32, ready: impl Fn() -> bool) -> bool {
            ready()
        }
    }
}
