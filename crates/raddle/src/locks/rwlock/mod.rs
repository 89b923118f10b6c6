//! A lock that many may hold to read, and one to write.
//!
//! The word counts those that read, above two bits: `WRITER` says that one writes, and `QUEUED` that
//! somebody is in line.
//!
//! | state               | meaning                       | what changes it, and how                |
//! |---------------------|-------------------------------|-----------------------------------------|
//! | `0`                 | free                          | any: to `READER`, or to `WRITER`        |
//! | `n·READER`          | read by n                     | one more, one less                      |
//! | `WRITER`            | written by one                | that one: to `0`                        |
//! | any, with `QUEUED`  | so, and somebody is in line   | holders: one less, and then serve the   |
//! |                     |                               | line; a thread that reads already: one  |
//! |                     |                               | more; under the latch: serve the line   |
//!
//! `QUEUED` keeps everybody who comes new off the fast path, so a writer waits for those that read
//! when it comes, and for no others. The line is served in its order, under its latch: the lock is
//! taken for the first in line, and for the readers behind it if that one reads, before they are
//! woken. So whoever is chosen has the lock; one that gives up then gives it back.
//!
//! A thread that reads and waits for a writer that waits for it would wait for ever, so a thread's
//! second `read` does not queue, and its `write` is refused. What a thread reads is known to itself.
//!
//! Beside the word, `reader` names one of those that read, for reports: it is written by readers that
//! have the lock, so whoever it names has it.
//!
//! Rejected: a counter for each core, which lets readers scale further and makes each writer visit
//! them all, and a lock some hundred bytes larger.

mod misuse;
mod reading;
mod value;

use std::sync::Arc;

pub use self::misuse::{Misuse, RwLockError};
#[cfg(not(raddle_loom))]
pub(crate) use self::reading::reads_nothing;
pub use self::value::{ReadGuard, RwLock, WriteGuard};
use crate::card::{self, Card, CardCell};
use crate::clock::Edge;
use crate::os::sync::{AtomicUsize, Ordering, maybe_const};
use crate::os::{self, Deadline};
use crate::wait::{Awaited, Blocking, Kind, Provider, Site};
use crate::waiters::{Abandoned, Choice, Locked, Passed, WaitList, Waiter, Why};

const QUEUED: usize = 1;
const WRITER: usize = 2;
const READER: usize = 4;

/// What a waiter wants, and what it was given.
const READ: u8 = 1;
const WRITE: u8 = 2;

/// A lock that many threads may hold to read, or one to write; without a value inside.
///
/// The standard library of Python has none. Readers do not starve writers: who comes while a writer
/// waits, waits behind it.
///
/// ```
/// use raddle::RawRwLock;
///
/// let lock = RawRwLock::new();
/// assert_eq!(lock.try_read(), Ok(true));
/// assert_eq!(lock.try_read(), Ok(true), "by the same thread, or by others");
/// lock.end_read().unwrap();
/// lock.end_read().unwrap();
/// assert_eq!(lock.try_write(), Ok(true));
/// lock.end_write().unwrap();
/// ```
#[derive(Debug)]
pub struct RawRwLock {
    /// See the module's table.
    state: AtomicUsize,
    /// The thread that writes, or 0.
    owner: AtomicUsize,
    /// One of those that read, or 0: the last that has begun, unless that has ended. Whoever waits
    /// to write waits for it, among others; and so do the readers behind.
    reader: std::sync::atomic::AtomicUsize, // (Models need not look at it.)
    line: WaitList,
    /// Filled if the orders in which it is taken are checked.
    card: CardCell,
    /// From what writes end, to all that come later.
    written: Edge,
    /// From what reads end, to the writes that come later.
    read: Edge,
}

impl RawRwLock {
    maybe_const! {
        /// A lock that nobody holds.
        #[must_use]
        pub fn new() -> Self {
            Self {
                state: AtomicUsize::new(0),
                owner: AtomicUsize::new(0),
                reader: std::sync::atomic::AtomicUsize::new(0),
                line: WaitList::new(),
                card: CardCell::new(),
                written: Edge::new(),
                read: Edge::new(),
            }
        }
    }

    /// Gives the lock a card: from now on, orders in which it and others are taken are checked (see
    /// [`lock_order`](crate::lock_order)), to read as well as to write: readers wait behind a writer
    /// in line. Returns whether they are.
    ///
    /// Called once, before the lock is used.
    pub fn check(&self, card: Card) -> bool {
        let checks = cfg!(feature = "deadlock");
        if checks {
            self.card.set(card);
        }
        checks
    }

    /// The lock's card, if it is checked.
    pub fn card(&self) -> Option<Arc<Card>> {
        self.card.get()
    }

    /// Whether [`try_read`](Self::try_read) and [`try_write`](Self::try_write) do without being told
    /// where the program is.
    #[inline]
    pub fn is_unchecked(&self) -> bool {
        !self.card.is_filled()
    }

    /// Takes the lock to read if that can be done at once, and says whether it did.
    ///
    /// # Errors
    /// [`Misuse::Writes`].
    #[inline]
    #[track_caller]
    pub fn try_read(&self) -> Result<bool, Misuse> {
        self.try_at(READ, Site::caller())
    }

    /// Takes the lock to write if nobody holds it, and says whether it did.
    ///
    /// # Errors
    /// [`Misuse::Writes`], [`Misuse::Upgrade`].
    #[inline]
    #[track_caller]
    pub fn try_write(&self) -> Result<bool, Misuse> {
        self.try_at(WRITE, Site::caller())
    }

    #[inline]
    fn try_at(&self, wants: u8, site: Site) -> Result<bool, Misuse> {
        let taken = self.try_take(wants)?;
        if taken && self.card.is_filled() {
            self.note(wants, site);
        }
        Ok(taken)
    }

    #[inline]
    fn try_take(&self, wants: u8) -> Result<bool, Misuse> {
        if wants == READ { self.try_take_to_read() } else { self.try_take_to_write() }
    }

    #[inline]
    fn try_take_to_read(&self) -> Result<bool, Misuse> {
        let reads = reading::count(self);
        let blocked = if reads > 0 { WRITER } else { WRITER | QUEUED };
        let more = |state: usize| (state & blocked == 0).then(|| state + READER);
        let taken = self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, more).is_ok();
        if taken {
            self.reads();
        } else if self.is_owner() {
            return Err(Misuse::Writes);
        }
        Ok(taken)
    }

    #[inline]
    fn try_take_to_write(&self) -> Result<bool, Misuse> {
        let taken = self
            .state
            .compare_exchange(0, WRITER, Ordering::Acquire, Ordering::Relaxed)
            .is_ok();
        if taken {
            self.writes();
        } else if self.is_owner() {
            return Err(Misuse::Writes);
        } else if reading::count(self) > 0 {
            return Err(Misuse::Upgrade);
        }
        Ok(taken)
    }

    /// Takes the lock to read, waiting for that until `until`; returns whether it did.
    ///
    /// # Errors
    /// [`Misuse::Writes`], and the interrupt with which `blocking` ended the wait.
    #[inline]
    pub fn read_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, RwLockError<B::Interrupt>> {
        self.take_with(READ, blocking, until)
    }

    /// Takes the lock to write, waiting for that until `until`; returns whether it did.
    ///
    /// # Errors
    /// As [`try_write`](Self::try_write), and the interrupt with which `blocking` ended the wait.
    #[inline]
    pub fn write_with<B: Blocking>(
        &self,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, RwLockError<B::Interrupt>> {
        self.take_with(WRITE, blocking, until)
    }

    #[inline]
    fn take_with<B: Blocking>(
        &self,
        wants: u8,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, RwLockError<B::Interrupt>> {
        if self.card.is_filled() {
            return self.take_checked(wants, blocking, until);
        }
        Ok(self.try_take(wants)? || self.take_slow(wants, blocking, until)?)
    }

    #[cold]
    fn take_checked<B: Blocking>(
        &self,
        wants: u8,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, RwLockError<B::Interrupt>> {
        let site = blocking.site();
        if until.is_never()
            && reading::count(self) == 0
            && !self.is_owner()
            && let Some(card) = self.card.borrow()
            && let Some(found) = card::before(&card, site, blocking)
        {
            blocking.on_inversion(&found).map_err(RwLockError::Interrupted)?;
        }
        let taken = self.try_take(wants)? || self.take_slow(wants, blocking, until)?;
        if taken {
            self.note(wants, site);
        }
        Ok(taken)
    }

    /// The calling thread has taken the lock: a read inside a read says nothing new.
    #[cold]
    fn note(&self, how: u8, site: Site) {
        if let Some(card) = self.card.borrow()
            && (how == WRITE || reading::count(self) == 1)
        {
            card::entered(&card, site, how == WRITE);
        }
    }

    /// It is about to give it back.
    #[cold]
    fn note_end(&self, how: u8) {
        if let Some(card) = self.card.borrow()
            && (how == WRITE || reading::count(self) == 0)
        {
            card::left(&card);
        }
    }

    #[cold]
    fn take_slow<B: Blocking>(
        &self,
        wants: u8,
        blocking: &mut B,
        until: Deadline,
    ) -> Result<bool, RwLockError<B::Interrupt>> {
        if until == Deadline::PAST {
            return Ok(false);
        }
        loop {
            let join = |waiter: &Waiter| {
                let locked = self.line.lock();
                let at_once = self.take_or_queue(&locked, wants);
                if !at_once {
                    locked.push_back(waiter);
                }
                !at_once
            };
            let waiter = Waiter::with_token(usize::from(wants));
            let passed = self
                .line
                .wait_as(waiter, true, blocking, until, self, join)
                .map_err(RwLockError::Interrupted)?;
            match passed {
                Passed::AtOnce | Passed::Chosen(_) => {
                    if wants == READ {
                        self.reads()
                    } else {
                        self.writes()
                    }
                    return Ok(true);
                }
                Passed::TimedOut => return Ok(false),
                Passed::Forked => {}
            }
        }
    }

    /// Under the latch: takes the lock if nobody is in line before and it can be had, or marks that
    /// somebody is in line; returns whether it was taken.
    fn take_or_queue(&self, locked: &Locked<'_>, wants: u8) -> bool {
        if locked.is_empty() {
            self.state.fetch_and(!QUEUED, Ordering::Relaxed); // Also what a parent process left.
        }
        let free = locked.is_empty();
        let next = |state: usize| {
            let (held, more) = if wants == READ { (WRITER, READER) } else { (!QUEUED, WRITER) };
            Some(if free && state & held == 0 { state + more } else { state | QUEUED })
        };
        let seen = self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, next);
        let held = if wants == READ { WRITER } else { !QUEUED };
        seen.is_ok_and(|state| free && state & held == 0)
    }

    /// Gives up one hold to read.
    ///
    /// # Errors
    /// [`Misuse::NotHeld`]: the thread does not read.
    #[inline]
    pub fn end_read(&self) -> Result<(), Misuse> {
        if !reading::end(self) {
            return Err(Misuse::NotHeld);
        }
        if self.card.is_filled() {
            self.note_end(READ);
        }
        if self.reader.load(Ordering::Relaxed) == os::thread_id() && reading::count(self) == 0 {
            self.reader.store(0, Ordering::Relaxed);
        }
        self.read.release();
        self.give_back(READ);
        Ok(())
    }

    /// Gives up the hold to write.
    ///
    /// # Errors
    /// [`Misuse::NotHeld`]: the thread does not write.
    #[inline]
    pub fn end_write(&self) -> Result<(), Misuse> {
        if !self.is_owner() {
            return Err(Misuse::NotHeld);
        }
        if self.card.is_filled() {
            self.note_end(WRITE);
        }
        self.owner.store(0, Ordering::Relaxed);
        self.written.release();
        self.give_back(WRITE);
        Ok(())
    }

    fn give_back(&self, what: u8) {
        let less = if what == READ { READER } else { WRITER };
        let left = self.state.fetch_sub(less, Ordering::AcqRel) - less;
        if left == QUEUED {
            self.serve();
        }
    }

    #[cold]
    fn serve(&self) {
        let locked = self.line.lock();
        let last = self.serve_locked(&locked);
        drop(locked);
        if let Some(last) = last {
            last.wake();
        }
    }

    /// Takes the lock for those that are first in line, as far as it can be had; returns the last
    /// of them, which is still to be woken.
    fn serve_locked(&self, locked: &Locked<'_>) -> Option<Choice> {
        let mut last = None;
        while let Some(wants) = locked.first_token() {
            let (held, more) =
                if wants == usize::from(READ) { (WRITER, READER) } else { (!QUEUED, WRITER) };
            let take = |state: usize| (state & held == 0).then(|| state + more);
            if self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, take).is_err() {
                break;
            }
            let front = locked.take_front().expect("it was looked at");
            if let Some(earlier) = last.replace(front.choose(wants as u8)) {
                earlier.wake();
            }
        }
        if locked.is_empty() {
            self.state.fetch_and(!QUEUED, Ordering::Relaxed);
        }
        last
    }

    fn reads(&self) {
        reading::begin(self);
        self.reader.store(os::thread_id(), Ordering::Relaxed);
        self.written.acquire();
    }

    fn writes(&self) {
        self.owner.store(os::thread_id(), Ordering::Relaxed);
        self.written.acquire();
        self.read.acquire();
    }

    fn is_owner(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == os::thread_id()
    }

    /// The thread that writes, if one does; out of date once returned.
    #[must_use]
    pub fn writer(&self) -> Option<usize> {
        Some(self.owner.load(Ordering::Relaxed)).filter(|owner| *owner != 0)
    }

    /// How many hold it to read; out of date once returned.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.state.load(Ordering::Relaxed) / READER
    }

    /// The number of threads in line; for reports and tests.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.line.count()
    }
}

impl Default for RawRwLock {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for RawRwLock {
    fn drop(&mut self) {
        reading::forget(self);
    }
}

impl Awaited for RawRwLock {
    fn kind(&self) -> Kind {
        Kind::RwLock
    }

    fn provider(&self) -> Provider {
        let reader = Some(self.reader.load(Ordering::Relaxed)).filter(|reader| *reader != 0);
        match self.writer().or(reader) {
            Some(thread) => Provider::Thread { thread, surely: true },
            None => Provider::Anyone,
        }
    }
}

impl Abandoned for RawRwLock {
    /// Those behind a writer that has left may read.
    fn left(&self, locked: &Locked<'_>, _: Why) {
        if let Some(last) = self.serve_locked(locked) {
            last.wake();
        }
    }

    fn pass_on(&self, verdict: u8) {
        self.give_back(verdict);
    }
}
