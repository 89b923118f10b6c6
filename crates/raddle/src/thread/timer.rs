//! Something that a thread does later, unless it is called off.

use std::sync::Arc;
use std::time::Duration;

use crate::locks::Event;
use crate::thread::{Builder, Joined, Thread};

/// Runs a function on a thread of its own after a delay, unless cancelled before.
///
/// Python's `threading.Timer`.
///
/// ```
/// use std::time::Duration;
/// let timer = raddle::Timer::start(Duration::from_secs(3600), || unreachable!());
/// timer.cancel();
/// assert_eq!(timer.join().unwrap(), None);
/// ```
#[derive(Debug)]
pub struct Timer<T> {
    cancelled: Arc<Event>,
    thread: Thread<Option<T>>,
}

impl<T: Send + 'static> Timer<T> {
    /// Starts the delay; `action` runs when it is over.
    ///
    /// # Panics
    /// If the operating system cannot start a thread.
    pub fn start(delay: Duration, action: impl FnOnce() -> T + Send + 'static) -> Self {
        let cancelled = Arc::new(Event::new());
        let watched = Arc::clone(&cancelled);
        let thread = Builder::new()
            .name("raddle-timer")
            .spawn(move || (!watched.wait_timeout(delay)).then(action))
            .expect("the operating system cannot start a thread");
        Self { cancelled, thread }
    }

    /// Calls the action off, if it has not begun.
    pub fn cancel(&self) {
        self.cancelled.set();
    }

    /// Waits for the delay and the action to end, or for the cancellation to take effect;
    /// returns what the action did, `None` if it was called off.
    ///
    /// # Errors
    /// The panic with which the action ended.
    pub fn join(self) -> Joined<Option<T>> {
        self.thread.join()
    }
}
