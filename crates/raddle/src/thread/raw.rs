//! A thread of the operating system with nothing of Rust's runtime around it.
//!
//! CPython up to 3.13 ends daemon threads by `pthread_exit` when the interpreter finalizes. That
//! unwinds the stack, and an unwinding that reaches `std::thread`'s `catch_unwind` aborts the
//! process ("FATAL: exception not rethrown"). So the entry here is `extern "C-unwind"`, catches
//! nothing, and calls the embedder's function directly; the embedder keeps a guard in its own
//! innermost frame.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::spare::{self, Spare};
use super::{Handle, lingering, roster};
use crate::clock::{self, Handoff};
use crate::locks;
use crate::os::threads::{self, Blocked, Joinable, cores};
use crate::os::turns::{self, Turns};
use crate::os::{fork, thread_id};

static IN_CHILD: fork::InChild = after_fork;

thread_local! {
    /// The handle of the calling thread if it was started here; the thread owns a reference.
    static CURRENT: Cell<*const Handle> = const { Cell::new(ptr::null()) };
    /// Whether the calling thread is like others that take turns, see [`Boot`].
    static IS_PLAIN: Cell<bool> = const { Cell::new(false) };
    /// What the calling thread calls before it leaves, if it is kept.
    static KEPT: Cell<Option<Leave>> = const { Cell::new(None) };
}

/// What a raw thread runs: `argument` is handed over as given to [`run_raw`].
pub type Main = unsafe extern "C-unwind" fn(argument: *mut c_void);

/// What a raw thread runs that was kept, before it leaves.
pub type Leave = unsafe extern "C-unwind" fn();

/// Why a thread was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The handle was used before.
    AlreadyStarted,
    /// The operating system refused; its error number.
    Refused(i32),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AlreadyStarted => f.write_str("the thread was started before"),
            Self::Refused(errno) => std::io::Error::from_raw_os_error(*errno).fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

struct Boot {
    handle: Arc<Handle>,
    main: Main,
    argument: *mut c_void,
    /// What its starter has done before.
    before: Handoff,
    /// Its place among threads that take turns, if its starter is one.
    place: Option<usize>,
    /// Whether it is like others that take turns: nothing was asked for it.
    is_plain: bool,
    /// Where its stack begins, if that is not the system's.
    stack: Option<usize>,
    /// The signals that its starter blocks, for a thread that does not inherit that.
    blocked: Option<Blocked>,
}

/// Starts a thread that calls `main(argument)` and then marks `handle` done.
///
/// A `lasting` thread keeps [`wait_for_lasting`](super::wait_for_lasting) waiting until then.
/// `stack_size` is in bytes, 0 for the system's default. When this returns, the thread exists and
/// `handle` knows its identifier; it may or may not have begun to run.
///
/// # Errors
/// [`StartError`]; `main` is then never called.
///
/// # Safety
/// `main` may be called with `argument` on another thread, once. It must call
/// [`settled`](super::settled) once, and neither panic nor let a forced unwinding pass.
pub unsafe fn run_raw(
    handle: &Arc<Handle>,
    lasting: bool,
    stack_size: usize,
    main: Main,
    argument: *mut c_void,
) -> Result<(), StartError> {
    fork::tell(&IN_CHILD);
    if !handle.claim() {
        return Err(StartError::AlreadyStarted);
    }
    handle.set_lasting(lasting);
    roster::enter(lasting);
    let place = turns::mine().map(Turns::expect);
    let is_plain = place.is_some() && stack_size == 0;
    let spare = if is_plain { spare::take() } else { None };
    let boot = Box::into_raw(Box::new(Boot {
        handle: Arc::clone(handle),
        main,
        argument,
        before: Handoff::sent(),
        place,
        is_plain,
        stack: None,
        blocked: spare.as_ref().map(|_| Blocked::mine()),
    }));
    if let Some(spare) = spare {
        handle.set_started_as(spare.ident, spare.native);
        spare.boot(boot.cast());
        return Ok(());
    }
    match create(handle, stack_size, boot) {
        Ok(ident) => {
            handle.set_started(ident);
            Ok(())
        }
        Err(errno) => {
            // SAFETY: no thread was created, so the record is still this one's alone.
            drop(unsafe { Box::from_raw(boot) });
            if let (Some(turns), Some(place)) = (turns::mine(), place) {
                turns.cancel(place);
            }
            roster::never_started(lasting);
            handle.set_failed();
            Err(StartError::Refused(errno))
        }
    }
}

/// Creates the thread that boots from this, on a stack of the crate's if it may have any.
fn create(handle: &Handle, stack_size: usize, boot: *mut Boot) -> Result<usize, i32> {
    let created = create_on(stack_size == 0, handle, stack_size, boot);
    let (Err(error), 0) = (created, stack_size) else { return created };
    // Those that are kept may have the room that it needs.
    threads::clear();
    // SAFETY: there is no thread, and the record is this call's.
    unsafe {
        handle.free_remains();
        (*boot).stack = None;
    }
    if threads::wants_room(error) {
        create_on(false, handle, stack_size, boot)
    } else {
        created
    }
}

fn create_on(
    own: bool,
    handle: &Handle,
    stack_size: usize,
    boot: *mut Boot,
) -> Result<usize, i32> {
    // SAFETY: `enter` takes `boot` over. Before there is a thread, the record is this call's, and the
    // handle is claimed.
    unsafe {
        threads::create(own, stack_size, enter, boot.cast(), |remains| {
            (*boot).stack = remains.stack();
            handle.keep(remains);
        })
    }
}

/// The thread's first and last frame.
unsafe extern "C-unwind" fn enter(boot: *mut c_void) -> *mut c_void {
    let (mut next, mut own, mut stack) = (Some(boot), None, None);
    while let Some(boot) = next {
        // SAFETY: `run_raw` handed the record over to this thread alone.
        let boot = unsafe { Box::from_raw(boot.cast::<Boot>()) };
        stack = stack.or(boot.stack);
        let Some((spare, leave)) = live(*boot, &mut own) else { break };
        next = spare.wait();
        if next.is_none() {
            // SAFETY: the promise made to `keep`.
            unsafe { leave() };
            break; // Whoever has ended it joins it.
        }
        own = spare.joinable();
    }
    if let Some(own) = own {
        lingering::add(own);
    }
    if let Some(stack) = stack {
        // SAFETY: the first record was the one that it was made with.
        unsafe { threads::shrink(stack) };
    }
    ptr::null_mut()
}

/// Is a thread, from its first step to its last; returns how it waits to be another, if it does.
/// `own`: the right to join it, if that is its own; it goes with the thread if it waits.
fn live(boot: Boot, own: &mut Option<Joinable>) -> Option<(Arc<Spare>, Leave)> {
    let Boot { handle, main, argument, before, place, is_plain, blocked, .. } = boot;
    if let Some(blocked) = blocked {
        blocked.block();
    }
    IS_PLAIN.set(is_plain);
    before.begin();
    handle.set_native_id();
    handle.set_started(thread_id());
    turns::assign(place);
    let handle = Arc::into_raw(handle);
    CURRENT.set(handle);
    // SAFETY: the promise made to `run_raw`.
    unsafe { main(argument) };
    CURRENT.set(ptr::null());
    // SAFETY: the reference taken by `into_raw` above, given back once.
    let handle = unsafe { Arc::from_raw(handle) };
    clock::is_same_thread();
    if !handle.is_early() {
        roster::done();
    }
    roster::leave(handle.is_lasting());
    // (Those that join it are not to join the system's thread.)
    let kept = KEPT.take().map(|leave| {
        let joinable = handle.settle().or_else(|| own.take());
        (Spare::of_this(joinable), leave)
    });
    handle.set_begun(); // If it never got that far, its starter is not to wait for it.
    handle.set_done();
    clock::end();
    if let Some((spare, _)) = &kept {
        spare::add(spare); // While it has the turn: the next start in the run finds it.
    }
    turns::end();
    kept
}

/// Whether [`keep`] would be granted: the calling raw thread takes turns and reads no
/// [`RwLock`](crate::RwLock), and [reuse](super::schedule::reuse) is on.
#[must_use]
pub fn can_be_kept() -> bool {
    turns::is_mine()
        && spare::are_kept()
        && IS_PLAIN.get()
        && cores::is_as_shared()
        && locks::reads_nothing()
}

/// Says that the calling raw thread, whose `main` is about to return, may be used again: `main` is
/// called in it again then, and `leave` before it ends. Returns whether that [can be](can_be_kept).
///
/// # Safety
/// `leave` may be called in this thread, and neither panics nor lets a forced unwinding pass.
pub unsafe fn keep(leave: Leave) -> bool {
    let kept = can_be_kept();
    KEPT.set(kept.then_some(leave));
    kept
}

/// Says that the calling raw thread has got all that it needs to run its embedder's code.
pub fn begun() {
    current(Handle::set_begun);
}

/// Says that the calling raw thread is done, before its last line: the threads that join it may go
/// on.
///
/// For a thread whose last steps are long and concern nobody but its runtime. A thread that waits
/// with [`wait_for_lasting`](super::wait_for_lasting) still waits for the last line.
pub fn finish_early() {
    current(|handle| {
        if !handle.is_early() {
            clock::is_same_thread();
            roster::done();
            roster::release();
            handle.set_done_early();
            clock::end();
        }
    });
}

/// Says that the calling raw thread does nothing more that others could see, to those that
/// [follow ends](super::follow_ends): before it lets them know that it has ended.
pub fn tell_end() {
    current(|_| roster::release());
}

/// Calls `with` with the handle of the calling thread, if it was started by [`run_raw`].
pub fn current<R>(with: impl FnOnce(&Handle) -> R) -> Option<R> {
    let handle = CURRENT.get();
    // SAFETY: non-null only while the thread's own reference keeps the handle alive.
    (!handle.is_null()).then(|| with(unsafe { &*handle }))
}

/// In the child of a fork: the calling thread is the only one, and it is still itself.
fn after_fork(generation: u32) {
    let survivor = current(|handle| {
        handle.survive_fork(generation);
        handle.is_lasting()
    });
    roster::after_fork(survivor);
}
