//! raddle's pool beside rayon and `std::thread::scope`, on the same work in the same run.
//!
//! `cargo bench -p raddle --bench pool`. As in `locks`, they take turns round by round, and each
//! row shows the median round, and how many times faster raddle is than each of the others.

#[cfg(not(raddle_loom))]
fn main() {
    real::main();
}

#[cfg(raddle_loom)]
fn main() {}

#[cfg(not(raddle_loom))]
mod real {
    use std::collections::HashMap;
    use std::hint::black_box;
    use std::path::Path;
    use std::time::Instant;

    use rayon::prelude::*;

    /// The same work by raddle, rayon and `std::thread::scope`; how many items it is.
    type Row<'a> = (&'static str, usize, [Box<dyn Fn() + 'a>; 3]);

    pub fn main() {
        let rounds =
            if std::env::args().any(|argument| argument == "--bench") { 31 } else { 1 };
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let pool = raddle::Pool::new(workers);
        let rayon = rayon::ThreadPoolBuilder::new().num_threads(workers).build().unwrap();
        let numbers: Vec<u64> = (0..100_000).collect();
        let uneven: Vec<u64> = (0..500).map(|number| number % 50 * 100).collect();
        let sources = sources();
        let rows: [Row<'_>; 5] = [
            row(&pool, &rayon, workers, "map, 100,000 short items", &numbers, |n| n * 3),
            row(&pool, &rayon, workers, "map, 500 uneven items", &uneven, |n| collatz(*n)),
            row(&pool, &rayon, workers, "map, words of source files", &sources, words),
            row(&pool, &rayon, workers, "map, 8 items after a pause", &numbers[..8], |n| n * 3),
            spawn(&pool, &rayon),
        ];
        println!(
            "{:28} {:>12} {:>16} {:>20}",
            "ns per item", "raddle", "rayon", "std::thread::scope"
        );
        for (name, items, contestants) in &rows {
            let mut taken: [Vec<f64>; 3] = Default::default();
            for _ in 0..rounds {
                for (taken, contestant) in taken.iter_mut().zip(contestants) {
                    if name.ends_with("pause") {
                        std::thread::sleep(std::time::Duration::from_millis(5));
                    }
                    let start = Instant::now();
                    contestant();
                    taken.push(start.elapsed().as_secs_f64() * 1e9 / *items as f64);
                }
            }
            let [raddle, rayon, std] = taken.map(|mut taken| {
                taken.sort_by(f64::total_cmp);
                taken[taken.len() / 2]
            });
            let ratio = |other: f64| format!("{other:.0} ({:.2}x)", other / raddle);
            println!("{name:28} {raddle:12.0} {:>16} {:>20}", ratio(rayon), ratio(std));
        }
    }

    fn row<'a, T: Sync, R: Send>(
        pool: &'a raddle::Pool,
        rayon: &'a rayon::ThreadPool,
        workers: usize,
        name: &'static str,
        items: &'a [T],
        run: impl Fn(&T) -> R + Send + Sync + Copy + 'a,
    ) -> Row<'a> {
        let by_raddle = move || drop(black_box(pool.map(items, run)));
        let by_rayon = move || {
            drop(black_box(rayon.install(|| items.par_iter().map(run).collect::<Vec<R>>())));
        };
        let by_std = move || {
            let share = items.len().div_ceil(workers);
            let parts: Vec<Vec<R>> = std::thread::scope(|scope| {
                let part = |part: &'a [T]| move || part.iter().map(run).collect();
                let threads: Vec<_> =
                    items.chunks(share).map(|p| scope.spawn(part(p))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            drop(black_box(parts.into_iter().flatten().collect::<Vec<R>>()));
        };
        (name, items.len(), [Box::new(by_raddle), Box::new(by_rayon), Box::new(by_std)])
    }

    /// Tasks of their own, joined one by one; rayon's and std's count down instead of joining.
    fn spawn<'a>(pool: &'a raddle::Pool, rayon: &'a rayon::ThreadPool) -> Row<'a> {
        const TASKS: usize = 1000;
        let by_raddle = move || {
            let tasks: Vec<_> = (0..TASKS).map(|n| pool.spawn(move || black_box(n))).collect();
            tasks.into_iter().for_each(|task| drop(task.join()));
        };
        let by_rayon = move || {
            rayon.scope(|scope| {
                (0..TASKS).for_each(|n| {
                    scope.spawn(move |_| {
                        black_box(n);
                    });
                });
            });
        };
        let by_std = || {
            std::thread::scope(|scope| {
                (0..TASKS).for_each(|n| drop(scope.spawn(move || black_box(n))));
            });
        };
        (
            "spawn and join 1,000 tasks",
            TASKS,
            [Box::new(by_raddle), Box::new(by_rayon), Box::new(by_std)],
        )
    }

    fn collatz(rounds: u64) -> u64 {
        let (mut number, mut steps) = (rounds, 0);
        for _ in 0..rounds {
            number = if number % 2 == 0 { number / 2 } else { 3 * number + 1 };
            steps += black_box(number) & 1;
        }
        steps
    }

    #[allow(clippy::borrowed_box, reason = "what a slice of them lends")]
    fn words(text: &Box<str>) -> usize {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for word in text.split_whitespace() {
            *counts.entry(word).or_default() += 1;
        }
        counts.len()
    }

    /// This crate's own sources.
    fn sources() -> Vec<Box<str>> {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()];
        let mut texts = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    texts.push(std::fs::read_to_string(path).unwrap().into());
                }
            }
        }
        texts
    }
}
