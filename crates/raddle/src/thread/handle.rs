//! What others know of a thread: whether it has started, its identifier, whether it is done.
//!
//! | state      | meaning                            | left by                                |
//! |------------|------------------------------------|----------------------------------------|
//! | `NEW`      | not started                        | the starter: to `STARTING`             |
//! | `STARTING` | being created                      | the starter: to `RUNNING`, or `FAILED` |
//! | `RUNNING`  | exists; `done` tells when it ends  | nobody                                 |
//! | `FAILED`   | could not be created               | nobody                                 |
//!
//! A handle of a thread of the parent process is done in a forked child: its generation is old.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};

use crate::locks::Event;
use crate::os::{
    Deadline, Spin, fork,
    threads::{Joinable, Remains, native_id},
    turns,
};
use crate::thread::lingering;
use crate::wait::{Blocking, For, Kind, Provider, Subject};

const NEW: u8 = 0;
const STARTING: u8 = 1;
const RUNNING: u8 = 2;
const FAILED: u8 = 3;

/// How long a thread's turn is that has only just begun, in nanoseconds.
const TURN: u32 = 25_000;
/// How long to spin for a thread that is done to leave the kernel, in nanoseconds.
const LEAVING: u32 = 25_000;

/// What owns the operating system's record of a thread, and must join it.
const UNOWNED: u8 = 0;
const JOINABLE: u8 = 1;
const SETTLED: u8 = 2;

/// A thread as others see it; shared between the thread and those that wait for it.
pub struct Handle {
    state: AtomicU8,
    /// The identifier, 0 before the thread was created.
    ident: AtomicUsize,
    /// The fork generation in which the thread lives.
    generation: AtomicU32,
    /// `JOINABLE` until somebody takes the right to join the operating system's thread.
    ownership: AtomicU8,
    /// What the thread will leave: the starter's until the thread is created, then whoever makes this
    /// `SETTLED` has it.
    remains: UnsafeCell<Option<Remains>>,
    /// Set when the thread has got what it needs to run, or has ended without.
    begun: Event,
    /// Set when the thread has run its last line.
    done: Event,
    /// Whether exit waits for it; written before it starts.
    lasting: AtomicBool,
    /// Whether the thread said that it was done before its last line.
    early: AtomicBool,
    /// The operating system's own number of the thread, 0 until the thread has written it.
    native: AtomicU32,
}

// SAFETY: see `remains`; all else is.
unsafe impl Sync for Handle {}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle")
            .field("ident", &self.ident())
            .field("is_started", &self.is_started())
            .field("is_done", &self.is_done())
            .finish_non_exhaustive()
    }
}

/// What became of an attempt to wait for a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Reaped {
    /// The thread has ended, and the operating system has let go of it.
    Ended,
    /// The deadline passed first.
    TimedOut,
}

impl Handle {
    /// A handle of a thread that was not started.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: AtomicU8::new(NEW),
            ident: AtomicUsize::new(0),
            generation: AtomicU32::new(0),
            ownership: AtomicU8::new(UNOWNED),
            remains: UnsafeCell::new(None),
            begun: Event::new(),
            done: Event::new(),
            lasting: AtomicBool::new(false),
            early: AtomicBool::new(false),
            native: AtomicU32::new(0),
        }
    }

    /// A handle of a thread that runs already and was started by somebody else.
    #[must_use]
    pub fn adopt(ident: usize) -> Self {
        let handle = Self::new();
        handle.set_running(ident);
        handle
    }

    /// Claims the handle for a thread about to be started; `false` if it was used before.
    pub(super) fn claim(&self) -> bool {
        self.state.compare_exchange(NEW, STARTING, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Keeps what the thread, which does not run yet, will leave.
    ///
    /// # Safety
    /// The caller has [claimed](Self::claim) the handle. (Nobody can settle it before it is told that
    /// the thread exists.)
    pub(super) unsafe fn keep(&self, remains: Remains) {
        // SAFETY: the caller's promise.
        unsafe { *self.remains.get() = Some(remains) };
    }

    /// Takes that back: the thread could not be made.
    ///
    /// # Safety
    /// As for [`keep`](Self::keep).
    pub(super) unsafe fn free_remains(&self) {
        // SAFETY: the caller's promise: no thread was made.
        unsafe {
            if let Some(remains) = (*self.remains.get()).take() {
                remains.free();
            }
        }
    }

    /// Records that the thread exists. The starter and the thread itself both do so,
    /// since either may need the record before the other gets to run.
    pub(super) fn set_started(&self, ident: usize) {
        // Not a store: by now somebody may have joined the thread already.
        let (first, later) = (Ordering::Release, Ordering::Relaxed);
        let _ = self.ownership.compare_exchange(UNOWNED, JOINABLE, first, later);
        self.set_running(ident);
    }

    /// Records that the thread is one of the operating system that was used before: its record is
    /// not this handle's.
    pub(super) fn set_started_as(&self, ident: usize, native: u32) {
        self.native.store(native, Ordering::Relaxed);
        self.ownership.store(SETTLED, Ordering::Relaxed);
        self.set_running(ident);
    }

    fn set_running(&self, ident: usize) {
        self.ident.store(ident, Ordering::Relaxed);
        self.generation.store(fork::generation(), Ordering::Relaxed);
        self.state.store(RUNNING, Ordering::Release);
    }

    /// A second time changes nothing: who waits for the beginning is not ordered after the end.
    pub(super) fn set_begun(&self) {
        if !self.begun.is_set() {
            self.begun.set();
        }
    }

    /// Waits until the thread has said [`begun`](super::begun), or has ended.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub fn wait_begun<B: Blocking>(&self, blocking: &mut B) -> Result<(), B::Interrupt> {
        if turns::mine().is_some() {
            return Ok(()); // It begins when it is its turn.
        }
        if self.begun.is_set() {
            return Ok(());
        }
        blocking.detach();
        if Spin::yielding(B::JOIN_SPIN, || self.begun.is_set()) {
            // Until its end it may hold what the caller has to take back in order to go on. If that
            // is near, it comes sooner than a sleeping thread wakes up. (That orders nothing: a race
            // between the two is one.)
            Spin::yielding(TURN, || self.done.is_up_by_chance());
            return Ok(());
        }
        self.begun.wait_unless(blocking, Deadline::NEVER, || self.is_left_behind()).map(drop)
    }

    pub(super) fn set_failed(&self) {
        self.state.store(FAILED, Ordering::Release);
        self.done.set();
    }

    pub(super) fn survive_fork(&self, generation: u32) {
        self.generation.store(generation, Ordering::Relaxed);
        self.set_native_id(); // The fork gave it another.
        // It is the process's main thread now, which nobody can join.
        self.ownership.store(SETTLED, Ordering::Relaxed);
    }

    /// Marks the thread as ended, for all that wait; its own last act, or an embedder's word.
    pub fn set_done(&self) {
        self.done.set();
    }

    pub(super) fn set_done_early(&self) {
        self.early.store(true, Ordering::Relaxed);
        self.done.set();
    }

    pub(super) fn is_early(&self) -> bool {
        self.early.load(Ordering::Relaxed)
    }

    pub(crate) fn set_lasting(&self, lasting: bool) {
        self.lasting.store(lasting, Ordering::Relaxed);
    }

    pub(crate) fn is_lasting(&self) -> bool {
        self.lasting.load(Ordering::Relaxed)
    }

    /// The thread's identifier, 0 before it was started.
    #[must_use]
    pub fn ident(&self) -> usize {
        self.ident.load(Ordering::Acquire)
    }

    pub(super) fn set_native_id(&self) {
        self.native.store(native_id(), Ordering::Release);
    }

    /// The number by which the operating system's tools know the thread; waits for a thread
    /// that was just created to get that far. 0 if none was.
    ///
    /// The thread writes it before anything else, so this yields rather than sleeps.
    #[must_use]
    pub fn native_id(&self) -> u32 {
        loop {
            let native = self.native.load(Ordering::Acquire);
            let coming = self.is_started() && !self.is_done();
            if native != 0 || !coming || self.ownership.load(Ordering::Relaxed) == UNOWNED {
                return native;
            }
            std::thread::yield_now();
        }
    }

    /// Whether the handle was used to start a thread, successfully or not.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.state.load(Ordering::Acquire) != NEW
    }

    /// Whether a thread was created.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.state.load(Ordering::Acquire) == RUNNING
    }

    /// Whether the thread lived in a parent process.
    fn is_left_behind(&self) -> bool {
        if !self.is_started() {
            return false;
        }
        // (Not before: until it is started, its generation is none.)
        let generation = self.generation.load(Ordering::Relaxed);
        generation != fork::generation() && !fork::survived(self.ident(), generation)
    }

    /// Whether the thread has ended (or failed to start, or lived in a parent process).
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done.is_set() || self.is_left_behind()
    }

    /// Waits for the thread to end, until `until`.
    ///
    /// # Errors
    /// The interrupt with which `blocking` ended the wait.
    pub fn join_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<Reaped, B::Interrupt> {
        if !self.is_left_behind() {
            if !self.done.is_set() && until != Deadline::PAST {
                blocking.detach();
                Spin::yielding(B::JOIN_SPIN, || self.done.is_set());
            }
            // A signal handler may fork inside the wait: nobody in the child ends the thread.
            let gone = || self.is_left_behind();
            let mut joining = For { blocking, subject: self.subject() };
            if !self.done.wait_unless(&mut joining, until, gone)? {
                return Ok(Reaped::TimedOut);
            }
            self.reap(blocking);
        }
        Ok(Reaped::Ended)
    }

    /// A join is a wait for this thread, which nobody else can end.
    fn subject(&self) -> Subject {
        let provider = Provider::Thread { thread: self.ident(), surely: true };
        Subject { kind: Some(Kind::Thread), provider: Some(provider), object: 0 }
    }

    /// Lets the operating system's thread go, once it is done. It has nothing left to run, and is
    /// usually gone at once; if not, it is left to be joined later.
    fn reap<B: Blocking>(&self, blocking: &mut B) {
        if let Some(thread) = self.settle() {
            if thread.try_join() {
                // SAFETY: it was joined.
                return unsafe { thread.free() };
            }
            // What the thread still does may need what this one holds while attached.
            blocking.detach();
            let patience = if self.early.load(Ordering::Relaxed) { 0 } else { LEAVING };
            if Spin::yielding(patience, || thread.try_join()) {
                // SAFETY: it was joined.
                unsafe { thread.free() };
            } else {
                lingering::add(thread);
            }
        }
    }

    /// Takes the right to join the thread, which is done, or is the calling one; one caller gets
    /// it.
    pub(super) fn settle(&self) -> Option<Joinable> {
        if self.is_left_behind() {
            return None;
        }
        let (from, to) = (JOINABLE, SETTLED);
        let (won, lost) = (Ordering::AcqRel, Ordering::Relaxed);
        self.ownership.compare_exchange(from, to, won, lost).ok()?;
        // SAFETY: the right came with the exchange, and the remains with it. They were kept before the
        // thread ran, and so before anything that the thread has said.
        Some(unsafe { Joinable::new(self.ident(), (*self.remains.get()).take()) })
    }

    /// The number of threads waiting for the end; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.done.waiting()
    }
}

impl Default for Handle {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Nobody has joined it. The thread itself keeps its handle to its last line, so that it is
        // about to leave.
        if let Some(thread) = self.settle() {
            lingering::add(thread);
        }
    }
}
