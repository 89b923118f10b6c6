//! Waiting for what can be observed, with a deadline that only a hang reaches.

use std::time::{Duration, Instant};

/// How long a test waits for what must happen before it calls it a hang.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `state` holds.
///
/// # Panics
/// If it does not within [`PATIENCE`]; `what` says what was waited for.
#[track_caller]
pub fn eventually(what: &str, mut state: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !state() {
        assert!(Instant::now() < end, "still waiting for this: {what}");
        std::thread::yield_now();
    }
}

/// [`std::thread::scope`], but a hang inside fails the test binary instead of wedging it.
pub fn scope_within<'env, T>(
    body: impl for<'scope> FnOnce(&'scope std::thread::Scope<'scope, 'env>) -> T,
) -> T {
    let (done, watched) = std::sync::mpsc::channel::<()>();
    let test = std::thread::current().name().unwrap_or("main").to_owned();
    let dog = std::thread::spawn(move || {
        use std::sync::mpsc::RecvTimeoutError::Timeout;
        if watched.recv_timeout(PATIENCE) == Err(Timeout) {
            eprintln!("{test}: hung for {PATIENCE:?}");
            std::process::abort();
        }
    });
    let result = std::thread::scope(body);
    drop(done);
    dog.join().unwrap();
    result
}

/// Runs `wait` with a timeout and asserts that it did not end before that was over, except by
/// success: `wait` says whether it succeeded.
#[track_caller]
pub fn not_early(timeout: Duration, wait: impl FnOnce(Duration) -> bool) -> bool {
    let start = Instant::now();
    let succeeded = wait(timeout);
    let took = start.elapsed();
    assert!(succeeded || took >= timeout, "gave up {:?} early", timeout - took);
    succeeded
}
