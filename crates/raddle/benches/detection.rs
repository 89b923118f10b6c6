//! What a wait costs for being known to others: `cargo bench -p raddle --bench detection`.
//!
//! A wait that the waiting thread ends itself, where it would go to sleep: no kernel, no other
//! thread, so that the difference is what recording the wait and looking for a ring take. Behind
//! a lock there is somebody to look at; behind an event there is nobody.

#[cfg(not(raddle_loom))]
mod measured {
    use std::convert::Infallible;
    use std::time::Instant;

    use raddle::{Blocking, Deadline, Event, Parker, RawLock, Wake};

    /// Ends its own wait; `DETECT` says whether the wait is known.
    struct Ends<'a, const DETECT: bool>(&'a dyn Fn());

    impl<const DETECT: bool> Blocking for Ends<'_, DETECT> {
        type Interrupt = Infallible;
        const DETECT: bool = DETECT;

        fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
            (self.0)();
            parker.park(until)
        }

        fn on_signal(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }

    fn event<const DETECT: bool>(event: &Event) {
        event.clear();
        let _ = event.wait_with(&mut Ends::<DETECT>(&|| event.set()), Deadline::NEVER);
    }

    /// The lock is held by the thread that waits for it: a ring, if anybody looks.
    fn lock<const DETECT: bool>(lock: &RawLock) {
        assert!(lock.try_acquire());
        let _ = lock.acquire_with(&mut Ends::<DETECT>(&|| lock.release()), Deadline::NEVER);
        lock.release();
    }

    fn nanos(rounds: u32, run: impl Fn()) -> f64 {
        let began = Instant::now();
        (0..rounds).for_each(|_| run());
        began.elapsed().as_secs_f64() * 1e9 / f64::from(rounds)
    }

    pub fn print(rounds: u32) {
        let (ready, held) = (Event::new(), RawLock::new());
        println!("{:8} {:>10} {:>10} {:>8}", "ns", "unknown", "known", "more");
        row("event", rounds, || event::<false>(&ready), || event::<true>(&ready));
        row("lock", rounds, || lock::<false>(&held), || lock::<true>(&held));
    }

    fn row(name: &str, rounds: u32, unknown: impl Fn(), known: impl Fn()) {
        // In turns; the best of each, for what disturbs the machine only adds.
        let turns = (0..7).map(|_| [nanos(rounds, &unknown), nanos(rounds, &known)]);
        let [without, with] = turns
            .fold([f64::MAX; 2], |best, turn| [best[0].min(turn[0]), best[1].min(turn[1])]);
        println!("{name:8} {without:10.0} {with:10.0} {:8.0}", with - without);
    }
}

#[cfg(not(raddle_loom))]
fn main() {
    // `cargo test --benches` runs this too, to see that it works.
    let benching = std::env::args().any(|argument| argument == "--bench");
    measured::print(if benching { 20_000 } else { 1 });
}

#[cfg(raddle_loom)]
fn main() {}
