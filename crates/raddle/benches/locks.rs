//! raddle beside `std` and `parking_lot`, on the same work in the same run.
//!
//! `cargo bench -p raddle`. The three take turns, round by round, so that a machine that slows
//! down slows all of them; each row shows the median round, and how many times faster raddle is
//! than each of the others. Rejected: criterion, which finishes one function before it begins
//! the next and so compares different minutes.

#[cfg(not(raddle_loom))]
mod work;

#[cfg(not(raddle_loom))]
fn main() {
    use std::time::Duration;

    // `cargo test --benches` runs this too, to see that it works.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 31 } else { 1 };
    println!("{:32} {:>12} {:>14} {:>20}", "ns per operation", "raddle", "std", "parking_lot");
    for (name, contestants) in work::rows() {
        let mut rounds_of: [Vec<f64>; 3] = Default::default();
        for _ in 0..rounds {
            for (taken, contestant) in rounds_of.iter_mut().zip(&contestants) {
                let (operations, elapsed): (u32, Duration) = contestant();
                taken.push(elapsed.as_secs_f64() * 1e9 / f64::from(operations));
            }
        }
        let [raddle, std, parking_lot] = rounds_of.map(|mut taken| {
            taken.sort_by(f64::total_cmp);
            taken[taken.len() / 2]
        });
        let ratio = |other: f64| format!("{other:.1} ({:.2}x)", other / raddle);
        println!("{name:32} {raddle:12.1} {:>14} {:>20}", ratio(std), ratio(parking_lot));
    }
}

#[cfg(raddle_loom)]
fn main() {}
