//! raddle's queue beside `crossbeam-channel` and `std::sync::mpsc`, on the same work in the same
//! run, as in `locks.rs`.

#[cfg(not(raddle_loom))]
fn main() {
    use std::time::Duration;

    let rounds = if std::env::args().any(|argument| argument == "--bench") { 21 } else { 1 };
    println!("{:32} {:>12} {:>18} {:>20}", "ns per item", "raddle", "std", "crossbeam-channel");
    for (name, contestants) in work::rows() {
        let mut rounds_of: [Vec<f64>; 3] = Default::default();
        for _ in 0..rounds {
            for (taken, contestant) in rounds_of.iter_mut().zip(&contestants) {
                let Some(contestant) = contestant else { continue };
                let (items, elapsed): (u32, Duration) = contestant();
                taken.push(elapsed.as_secs_f64() * 1e9 / f64::from(items));
            }
        }
        let [raddle, std, crossbeam] = rounds_of.map(|mut taken| {
            taken.sort_by(f64::total_cmp);
            taken.get(taken.len() / 2).copied()
        });
        let raddle = raddle.unwrap_or(f64::NAN);
        let beside = |other: Option<f64>| {
            other.map_or("-".into(), |other| format!("{other:.1} ({:.2}x)", other / raddle))
        };
        println!("{name:32} {raddle:12.1} {:>18} {:>20}", beside(std), beside(crossbeam));
    }
}

#[cfg(raddle_loom)]
fn main() {}

#[cfg(not(raddle_loom))]
mod work {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use raddle::Queue;

    /// One contestant's round: the number of items, and how long they took.
    type Round = fn() -> (u32, Duration);

    const ITEMS: u32 = 100_000;
    /// The capacity of the bounded ones.
    const ROOM: usize = 100;

    /// Every row: its name, and raddle, `std` (one receiver only) and `crossbeam-channel`.
    pub fn rows() -> Vec<(&'static str, [Option<Round>; 3])> {
        vec![
            (
                "put+get, one thread",
                [
                    Some(|| alone(Queue::bounded(ROOM))),
                    Some(|| alone(mpsc::sync_channel(ROOM))),
                    Some(|| alone(crossbeam_channel::bounded(ROOM))),
                ],
            ),
            (
                "1 to 1, bounded",
                [
                    Some(|| flow(Queue::bounded(ROOM), 1)),
                    Some(|| flow_std(mpsc::sync_channel(ROOM))),
                    Some(|| flow(crossbeam_channel::bounded(ROOM), 1)),
                ],
            ),
            (
                "2 to 2, bounded",
                [
                    Some(|| flow(Queue::bounded(ROOM), 2)),
                    None,
                    Some(|| flow(crossbeam_channel::bounded(ROOM), 2)),
                ],
            ),
            (
                "1 to 1, unbounded",
                [
                    Some(|| flow(Queue::unbounded(), 1)),
                    None,
                    Some(|| flow(crossbeam_channel::unbounded(), 1)),
                ],
            ),
        ]
    }

    /// What the three have in common.
    trait Channel {
        fn put(&self, item: u32);
        fn get(&self) -> u32;
    }

    impl Channel for Queue<u32> {
        fn put(&self, item: u32) {
            Self::put(self, item).unwrap();
        }

        fn get(&self) -> u32 {
            Self::get(self).unwrap()
        }
    }

    impl Channel for (crossbeam_channel::Sender<u32>, crossbeam_channel::Receiver<u32>) {
        fn put(&self, item: u32) {
            self.0.send(item).unwrap();
        }

        fn get(&self) -> u32 {
            self.1.recv().unwrap()
        }
    }

    impl Channel for (mpsc::SyncSender<u32>, mpsc::Receiver<u32>) {
        fn put(&self, item: u32) {
            self.0.send(item).unwrap();
        }

        fn get(&self) -> u32 {
            self.1.recv().unwrap()
        }
    }

    fn timed(body: impl FnOnce()) -> (u32, Duration) {
        let start = Instant::now();
        body();
        (ITEMS, start.elapsed())
    }

    fn alone(channel: impl Channel) -> (u32, Duration) {
        timed(|| {
            for item in 0..ITEMS {
                channel.put(item);
                std::hint::black_box(channel.get());
            }
        })
    }

    fn flow(channel: impl Channel + Sync, sides: u32) -> (u32, Duration) {
        timed(|| {
            std::thread::scope(|scope| {
                for _ in 0..sides {
                    scope.spawn(|| (0..ITEMS / sides).for_each(|item| channel.put(item)));
                    scope.spawn(|| {
                        (0..ITEMS / sides).for_each(|_| {
                            std::hint::black_box(channel.get());
                        });
                    });
                }
            });
        })
    }

    /// `std`'s receiver belongs to one thread.
    fn flow_std(
        (sender, receiver): (mpsc::SyncSender<u32>, mpsc::Receiver<u32>),
    ) -> (u32, Duration) {
        timed(|| {
            let putter = std::thread::spawn(move || {
                (0..ITEMS).for_each(|item| sender.send(item).unwrap())
            });
            for _ in 0..ITEMS {
                std::hint::black_box(receiver.recv().unwrap());
            }
            putter.join().unwrap();
        })
    }
}
