//! Real signals that end real waits; where a system has none, a wait looks once in a while, and what
//! it finds ends it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use raddle::{Blocking, Deadline, Parker, Wake};

use super::{Interrupted, eventually, scope_within};

/// How long a thread sleeps between two looks, where there are no signals.
const LOOK: Duration = Duration::from_millis(5);

/// Set by the signal's handler, for the one thread that a test sends it to.
static ARRIVED: AtomicBool = AtomicBool::new(false);

#[cfg(unix)]
extern "C" fn note_arrival(_: libc::c_int) {
    ARRIVED.store(true, Ordering::SeqCst);
}

/// Blocks as a plain thread does, and ends the wait when [`interrupted`] says so.
#[derive(Debug)]
pub struct Interruptible;

impl Blocking for Interruptible {
    type Interrupt = Interrupted;

    fn poll(&mut self) -> Result<(), Interrupted> {
        self.on_signal()
    }

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        if cfg!(unix) {
            return parker.park(until);
        }
        let look = Deadline::after(LOOK).or_sooner(until);
        match parker.park(look) {
            Wake::TimedOut if !until.has_passed() => Wake::Signal,
            woken => woken,
        }
    }

    fn on_signal(&mut self) -> Result<(), Interrupted> {
        if ARRIVED.swap(false, Ordering::SeqCst) { Err(Interrupted) } else { Ok(()) }
    }
}

/// Runs `wait` on a thread of its own, interrupts it once it is `in_line`, and returns what it
/// returned.
///
/// The signal is repeated until the wait ends: one that lands just before the sleep ends none.
pub fn interrupted<T: Send>(
    in_line: impl Fn() -> bool,
    wait: impl FnOnce(&mut Interruptible) -> T + Send,
) -> T {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    watch();
    let thread = OnceLock::new();
    scope_within(|scope| {
        let waiter = scope.spawn(|| {
            thread.set(system_thread()).unwrap();
            wait(&mut Interruptible)
        });
        eventually("the wait begins", in_line);
        eventually("the thread says which one it is", || thread.get().is_some());
        let thread = thread.get().copied().unwrap_or_default();
        eventually("the signal ends the wait", || {
            if !waiter.is_finished() {
                send(thread); // It is joined below, so its identifier is still valid.
            }
            waiter.is_finished()
        });
        let returned = waiter.join().unwrap();
        // Not before the thread is gone: the last signal may have come after the wait.
        ARRIVED.store(false, Ordering::SeqCst);
        returned
    })
}

/// What the system calls the calling thread: a number or, with musl and on macOS, an address.
#[cfg(unix)]
fn system_thread() -> usize {
    // SAFETY: no preconditions.
    unsafe { libc::pthread_self() as usize }
}

#[cfg(not(unix))]
fn system_thread() -> usize {
    0
}

#[cfg(unix)]
fn send(thread: usize) {
    // SAFETY: the thread is there, says the caller; it is what `system_thread` has said of it.
    unsafe { libc::pthread_kill(thread as libc::pthread_t, libc::SIGUSR1) };
}

#[cfg(not(unix))]
fn send(_thread: usize) {
    ARRIVED.store(true, Ordering::SeqCst);
}

#[cfg(not(unix))]
fn watch() {}

#[cfg(unix)]
fn watch() {
    // SAFETY: an all-zero sigaction is a valid one. No SA_RESTART, though a futex wait is not
    // restarted either way.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = note_arrival as extern "C" fn(libc::c_int) as usize;
    // SAFETY: the handler only stores to an atomic.
    let failed = unsafe { libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()) };
    assert_eq!(failed, 0);
}
