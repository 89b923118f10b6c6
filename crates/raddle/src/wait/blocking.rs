//! `Blocking`: how a wait blocks, chosen by the caller of each algorithm.
//!
//! The lock types stay plain; each call says how its own wait is to sleep. A Rust program
//! sleeps ([`Native`]); Python first detaches from the interpreter and runs signal handlers
//! when a signal ends the sleep; a model interrupts or times out the n-th sleep. Fast paths
//! never get here.

use std::convert::Infallible;
use std::sync::Arc;

use super::{Deadlock, Inversion, Kind, Site, Subject, Verdict};
use crate::os::{Deadline, Parker, Wake};

/// How one wait of one thread blocks.
///
/// The methods are called in this order: `detach`, then, unless spinning was enough, `poll`
/// once and `sleep` with `on_signal` as often as needed. No lock of raddle's own is held during
/// any of them.
///
/// ```
/// use raddle::{Blocking, Deadline, Event, Parker, Wake};
/// use std::time::Duration;
///
/// /// Gives up when it is about to sleep for the third time.
/// struct Impatient(u32);
///
/// impl Blocking for Impatient {
///     type Interrupt = &'static str;
///
///     fn sleep(&mut self, parker: &Parker, _until: Deadline) -> Wake {
///         match parker.park(Deadline::after(Duration::from_millis(1))) {
///             Wake::TimedOut => Wake::Signal, // look up, as after a signal
///             other => other,
///         }
///     }
///
///     fn on_signal(&mut self) -> Result<(), Self::Interrupt> {
///         self.0 += 1;
///         if self.0 < 3 { Ok(()) } else { Err("no patience left") }
///     }
/// }
///
/// let event = Event::new();
/// let ended = event.wait_with(&mut Impatient(0), Deadline::NEVER);
/// assert_eq!(ended, Err("no patience left"));
/// ```
pub trait Blocking {
    /// What a signal handler can end a wait with; [`Infallible`] if nothing can.
    type Interrupt;

    /// How long to spin for the end of a thread before sleeping, in nanoseconds.
    ///
    /// Creating a thread, giving it its first turn on another core and ending it takes about as
    /// long as the default. There is nothing to learn, since a thread ends once, and little to
    /// lose, since the spin costs no more than the thread.
    const JOIN_SPIN: u32 = 60_000;

    /// How long a notified thread spins for the notifier to release the lock, in nanoseconds,
    /// before it waits for that as for any lock; 0 for not at all.
    const RELEASE_SPIN: u32 = 2_000;

    /// Whether its sleeps are known to others, and deadlocks looked for.
    const DETECT: bool = cfg!(not(raddle_loom));

    /// Prepares to block, before the first spin: gives up whatever others need in order to run.
    fn detach(&mut self) {}

    /// Whether `detach` may run foreign code: what others wait for is told before that, then.
    fn is_burdened(&self) -> bool {
        false
    }

    /// Takes back what `detach` gave up, before something is touched that may only be touched
    /// with it. Called at the end of a wait; the next one detaches anew.
    fn attach(&mut self) {}

    /// Called when a spinning thread saw its wake-up, before it takes anything back.
    fn woken_spinning(&mut self) {}

    /// Called when a sleeping thread was woken, before it takes anything back.
    fn woken_sleeping(&mut self) {}

    /// Handles signals that landed during the spin, which no sleep will report.
    ///
    /// # Errors
    /// The wait is to end with this interrupt.
    fn poll(&mut self) -> Result<(), Self::Interrupt> {
        Ok(())
    }

    /// Sleeps on `parker` until notified, until `until`, or until a signal.
    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake;

    /// Handles the signal that ended a sleep; the wait goes on if this returns `Ok`.
    ///
    /// # Errors
    /// The wait is to end with this interrupt.
    fn on_signal(&mut self) -> Result<(), Self::Interrupt>;

    /// Where the program is, for a lock that is checked and for the profile; asked before
    /// `detach`, and once more after it.
    fn site(&mut self) -> Site {
        Site::Unknown
    }

    /// The place that led to `site`, which may say little by itself, and so to both: for what
    /// is told of a wait, or of an order that is new. Asked before `detach`.
    fn led(&mut self, site: Site) -> Site {
        site
    }

    /// What the thread is called, for reports of locks that are checked.
    fn thread_name(&mut self) -> Option<Arc<str>> {
        std::thread::current().name().map(Arc::from)
    }

    /// Reports a lock order that contradicts another, before the lock is taken.
    ///
    /// # Errors
    /// The lock is not to be taken.
    fn on_inversion(&mut self, _found: &Inversion) -> Result<(), Self::Interrupt> {
        Ok(())
    }

    /// Called when the wait goes to sleep first: what kind of thing it is for, as the primitive
    /// has it.
    fn is_for(&mut self, _kind: Kind) {}

    /// When the wait ends at the latest, whatever its own deadline; [`Deadline::NEVER`] if nothing
    /// but that ends it. (No deadlock is looked for if something else will.)
    fn ends_by(&self) -> Deadline {
        Deadline::NEVER
    }

    /// What is waited for, as far as the primitive does not know.
    fn subject(&self) -> Subject {
        Subject::UNKNOWN
    }

    /// Whether this thread is to look each second whether all are asleep.
    fn keeps_watch(&self) -> bool {
        false
    }

    /// How many threads there are, if that can be told.
    fn threads(&self) -> Option<usize> {
        None
    }

    /// Reports a deadlock that the wait is part of, or says that this is none.
    ///
    /// # Errors
    /// The wait is to end with this interrupt; it goes on if this returns `Ok`. A condition that
    /// takes its lock back has to go on, and reports again: return `Ok` then, or it is kept busy.
    fn on_deadlock(&mut self, _found: &Deadlock) -> Result<Verdict, Self::Interrupt> {
        Ok(Verdict::Told)
    }
}

/// Blocks as a plain Rust thread does, and ignores signals.
///
/// ```
/// use raddle::{Deadline, Event, Native};
///
/// let event = Event::new();
/// event.set();
/// assert_eq!(event.wait_with(&mut Native, Deadline::NEVER), Ok(true));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Blocking for Native {
    type Interrupt = Infallible;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        parker.park(until)
    }

    fn on_signal(&mut self) -> Result<(), Infallible> {
        give_up_if_stuck();
        Ok(())
    }
}

/// Ends the process of threads that take turns, see the module `schedule`, if none can go on: this
/// wait has no other end. (A panic would leave what others rely on, such as tasks that borrow.)
pub(super) fn give_up_if_stuck() {
    #[cfg(not(raddle_loom))]
    if crate::os::turns::has_given_up() {
        let word = crate::os::turns::word();
        eprintln!("raddle: all threads wait for each other, and none for a time to pass");
        eprintln!("Again: RADDLE_REPLAY={word}");
        std::process::abort();
    }
}

/// [`Native`], for a lock that is taken in Rust: it knows where.
pub(crate) struct Here(Site);

impl Here {
    #[inline]
    #[track_caller]
    pub(crate) fn new() -> Self {
        Self(Site::caller())
    }
}

impl Blocking for Here {
    type Interrupt = Infallible;

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        parker.park(until)
    }

    fn on_signal(&mut self) -> Result<(), Infallible> {
        give_up_if_stuck();
        Ok(())
    }

    fn site(&mut self) -> Site {
        self.0
    }
}

/// The value of a result that cannot be an error.
pub(crate) fn infallible<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}
