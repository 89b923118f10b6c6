//! Threads for Rust programs: the standard library's, with a join that can time out.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::{self, Handoff};
use crate::locks::Event;
use crate::os::Deadline;
use crate::os::turns::{self, Expected};
use crate::wait::{Native, infallible};

/// What a joined thread returned, or the panic it ended with.
pub type Joined<T> = std::thread::Result<T>;

/// Settings of a thread to be started.
///
/// ```
/// let worker = raddle::thread::Builder::new().name("greeter").spawn(|| {
///     std::thread::current().name().map(String::from)
/// });
/// assert_eq!(worker.unwrap().join().unwrap().as_deref(), Some("greeter"));
/// ```
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
}

impl Builder {
    /// The default settings: no name, the platform's stack.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the thread; the operating system shows the first 15 bytes.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the size of the thread's stack, in bytes.
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Starts the thread.
    ///
    /// # Errors
    /// If the operating system cannot start it.
    ///
    /// # Panics
    /// If the name contains a null byte.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn spawn<T: Send + 'static>(
        self,
        main: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Thread<T>> {
        let mut builder = std::thread::Builder::new();
        if let Some(name) = self.name {
            builder = builder.name(name);
        }
        if let Some(bytes) = self.stack_size {
            builder = builder.stack_size(bytes);
        }
        let done = Arc::new(Event::new());
        let mine = SetOnDrop(Arc::clone(&done));
        let (before, place) = (Handoff::sent(), Expected::of(&*done, "spawn"));
        let inner = builder.spawn(move || {
            before.begin();
            let _turns = place.begin();
            let _mine = mine;
            main()
        })?;
        Ok(Thread { inner, done })
    }
}

/// Sets the event however the thread's function ends.
struct SetOnDrop(Arc<Event>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.put_up();
        clock::end();
    }
}

/// A started thread; dropping it lets the thread run on.
///
/// Python's `threading.Thread` after `start`, and `std::thread::JoinHandle` with timeouts.
///
/// ```
/// let worker = raddle::spawn(|| "done");
/// assert_eq!(worker.join().unwrap(), "done");
/// ```
#[derive(Debug)]
pub struct Thread<T> {
    inner: JoinHandle<T>,
    done: Arc<Event>,
}

impl<T> Thread<T> {
    /// The name given to the builder.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.inner.thread().name()
    }

    /// Whether the thread's function has ended.
    #[must_use]
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn is_finished(&self) -> bool {
        self.done.is_set()
    }

    /// Waits for the thread to end and returns what it returned.
    ///
    /// # Errors
    /// The panic with which it ended.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn join(self) -> Joined<T> {
        turns::about(&*self.done, "Thread.join");
        infallible(self.done.wait_unless(&mut Native, Deadline::NEVER, || false));
        self.inner.join()
    }

    /// [`join`](Self::join) for at most `timeout`.
    ///
    /// # Errors
    /// The thread itself, if it has not ended in time.
    #[cfg_attr(feature = "explore", track_caller)]
    pub fn join_timeout(self, timeout: Duration) -> Result<Joined<T>, Self> {
        turns::about(&*self.done, "Thread.join_timeout");
        let until = Deadline::after(timeout);
        let ended = infallible(self.done.wait_unless(&mut Native, until, || false));
        if ended { Ok(self.inner.join()) } else { Err(self) }
    }
}

/// Starts a thread with the default settings.
///
/// # Panics
/// If the operating system cannot start it.
///
/// ```
/// let sum = raddle::spawn(|| (1..=10).sum::<u32>());
/// assert_eq!(sum.join().unwrap(), 55);
/// ```
#[cfg_attr(feature = "explore", track_caller)]
pub fn spawn<T: Send + 'static>(main: impl FnOnce() -> T + Send + 'static) -> Thread<T> {
    Builder::new().spawn(main).expect("the operating system cannot start a thread")
}
