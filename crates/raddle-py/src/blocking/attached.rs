//! `Attached`: how a Python thread blocks, detached from its interpreter and handling signals.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use pyo3::PyClass;
use pyo3::exceptions::PySystemExit;
use pyo3::ffi;
use pyo3::prelude::*;
use raddle::deadlock::{Deadlock, Kind, Provider, Subject, Verdict};
use raddle::lock_order::{Inversion, Site};
use raddle::thread::schedule;
use raddle::{Blocking, CancelToken, Deadline, Parker, Wake};

use super::finalizing::{is_finalizing, refuse};
use super::main_thread::is_main_thread;
use super::report::{self, Answer};
use super::{bystanders, handover, scope};
use crate::python::allocate;
use crate::python::registry;
use crate::sites::here;

/// A main thread's first sleep lasts at most this many nanoseconds, to look for signals: one
/// that lands while it spins, or just before the kernel puts it to sleep, interrupts nothing.
const FIRST_LOOK: i64 = 20_000_000;

/// Where no signal ends a sleep, that is how long each of a main thread's lasts at most.
const LATER_LOOKS: Option<i64> = if cfg!(windows) { Some(FIRST_LOOK) } else { None };

/// Whether the thread's scope can end a wait.
#[derive(Clone, Copy)]
enum Reach {
    Full,
    /// From then on: what it has to take is needed to clean up.
    After(Deadline),
    /// The step has to be made, or the scope has done what it can.
    None,
}

/// One blocking operation of a thread that is attached to its interpreter.
///
/// Detaches when the wait first needs to block and re-attaches when dropped, so that a
/// condition can release, wait and re-acquire in one go. A thread that re-attaches while the
/// interpreter finalizes never returns: from 3.14 the interpreter hangs it, before that the
/// `pthread_exit` that it asks for is caught by a guard (in `ffi::PyEval_RestoreThread`) that
/// hangs.
pub(crate) struct Attached<'py> {
    py: Python<'py>,
    /// The thread state while detached, null while attached.
    detached: *mut ffi::PyThreadState,
    /// Whether the next sleep is the first one of a main thread.
    first_look: bool,
    /// The object that is waited for, for reports, or 0; and of what kind the wait is, if
    /// that is known better than the primitive does.
    object: usize,
    kind: Option<Kind>,
    /// Of what kind the primitive says that it is.
    primitive: Option<Kind>,
    /// Which thread or pool can end the wait, likewise.
    provider: Option<Provider>,
    /// Where the program is, if locks are checked.
    site: Site,
    /// Whether a scope can end the wait.
    reach: Reach,
    /// Reporting a deadlock gave an exception that was to end a wait.
    refused: bool,
    /// It was ended since all threads that take turns were stuck.
    stuck: bool,
}

/// A thread that is to end and catches all that is raised is let go at last.
const MOST_ENDS: u32 = 1_000;

thread_local! {
    /// How many more waits of the thread are ended, since one was when all were stuck: it may have
    /// caught what was raised, and go on for ever.
    static ENDS: Cell<u32> = const { Cell::new(0) };
}

impl<'py> Attached<'py> {
    #[inline]
    pub(crate) fn new(py: Python<'py>) -> Self {
        let detached = ptr::null_mut();
        Self {
            py,
            detached,
            first_look: true,
            object: 0,
            kind: None,
            primitive: None,
            provider: None,
            site: Site::Unknown,
            reach: Reach::Full,
            refused: false,
            stuck: false,
        }
    }

    /// For a wait that only another thread can end. Raises when the interpreter is finalizing:
    /// no other thread will run again, so the process would hang.
    ///
    /// The interpreter's own locks do so from 3.15 on, whatever the timeout; before that, a
    /// wait with a timeout is left to time out.
    pub(crate) fn to_wait(py: Python<'py>, until: Deadline) -> PyResult<Self> {
        if is_finalizing() {
            refuse(py, until)?;
        }
        Ok(Self::new(py))
    }

    /// The wait is for `value`'s object, which outlives it.
    #[inline]
    pub(crate) fn on<T: PyClass>(mut self, value: &T) -> Self {
        self.object = allocate::object_of(value);
        self
    }

    /// The wait is for something of this kind.
    #[inline]
    pub(crate) fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The wait can be ended by this one.
    #[inline]
    pub(crate) fn provided_by(mut self, provider: Provider) -> Self {
        self.provider = Some(provider);
        self
    }

    /// No scope ends the wait: the step has to be made.
    #[inline]
    pub(crate) fn shielded(mut self) -> Self {
        self.reach = Reach::None;
        self
    }

    pub(crate) fn attach(&mut self) {
        if !self.detached.is_null() {
            let state = std::mem::replace(&mut self.detached, ptr::null_mut());
            // SAFETY: this thread saved `state` in `detach` and is not attached.
            unsafe { ffi::PyEval_RestoreThread(state) };
        }
    }

    /// The interpreter's token, attaching first if need be.
    pub(crate) fn py(&mut self) -> Python<'py> {
        self.attach();
        self.py
    }

    /// The interpreter's token while the thread is attached.
    pub(crate) fn token(&self) -> Option<Python<'py>> {
        self.detached.is_null().then_some(self.py)
    }

    /// (A condition that takes its lock back asks when it is detached.)
    #[inline]
    fn note_site(&mut self) -> Site {
        let mut site = self.site;
        if site == Site::Unknown && self.detached.is_null() {
            site = here::here(self.py);
            self.site = site;
        }
        site
    }

    fn run_handlers(&mut self) -> PyResult<()> {
        self.py().check_signals()
    }

    /// Sleeps until notified, until `until`, until a signal or until the thread's scope ends.
    fn park(&self, parker: &Parker, until: Deadline) -> Wake {
        match (self.reach, scope::token()) {
            (Reach::Full, Some(token)) => token.park(parker, until),
            (Reach::After(later), Some(_)) if later < until => match parker.park(later) {
                Wake::TimedOut => Wake::Signal,
                wake => wake,
            },
            _ => parker.park(until),
        }
    }

    /// Ends the wait if its scope has ended. That is tried once: a condition has to take its lock
    /// back first, and goes on.
    fn look_at_scope(&mut self) -> PyResult<()> {
        if scope::ended().is_none() {
            return Ok(());
        }
        let Some(why) = scope::really_ended(self.py()) else { return Ok(()) };
        match self.reach {
            Reach::None => return Ok(()),
            Reach::After(later) if !later.has_passed() => return Ok(()),
            Reach::After(_) => {}
            Reach::Full => {
                let kind = self.kind;
                if let Some(later) = scope::patience(self.py(), kind) {
                    self.reach = Reach::After(later);
                    return Ok(());
                }
            }
        }
        self.reach = Reach::None;
        let subject = Subject { kind: self.kind.or(self.primitive), ..self.subject() };
        Err(scope::cut(self.py(), why, subject))
    }
}

impl Blocking for Attached<'_> {
    type Interrupt = PyErr;

    /// Without a GIL, what an earlier thread still does when it is done (see
    /// `threads::finish_early`) needs the core more than the joiner does.
    const JOIN_SPIN: u32 = if cfg!(Py_GIL_DISABLED) { 0 } else { 60_000 };

    /// Under a GIL there is that to wait for as well, and looking for the lock gained nothing.
    const RELEASE_SPIN: u32 = if cfg!(Py_GIL_DISABLED) { 5_000 } else { 0 };

    fn detach(&mut self) {
        if self.detached.is_null() {
            if raddle::card::are_wanted() {
                self.note_site();
            }
            scope::drop_forgotten(self.py);
            // SAFETY: this thread is attached: `py` says so, and nothing was saved since.
            self.detached = unsafe { ffi::PyEval_SaveThread() };
            handover::announce();
        }
    }

    fn attach(&mut self) {
        Self::attach(self);
    }

    fn woken_spinning(&mut self) {
        if !self.detached.is_null() {
            handover::await_waker();
        }
    }

    /// Under a GIL, takes it back first: the thread that notified a condition holds its lock
    /// and the GIL, and gives both up at the same moment. Waiting for the lock first would mean
    /// being woken twice.
    fn woken_sleeping(&mut self) {
        if cfg!(not(Py_GIL_DISABLED)) {
            self.attach();
        }
    }

    /// Without a GIL, looks for signals between spin and sleep. Under a GIL that look would
    /// force the running thread to hand the GIL over for each wait of the main thread; there,
    /// the look after `FIRST_LOOK` must suffice.
    fn poll(&mut self) -> PyResult<()> {
        if cfg!(Py_GIL_DISABLED) && is_main_thread() {
            return self.run_handlers();
        }
        Ok(())
    }

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        if ENDS.get() > 0 && !self.stuck {
            return Wake::Signal;
        }
        self.detach();
        let first = std::mem::take(&mut self.first_look).then_some(FIRST_LOOK);
        let Some(look) = first.or(LATER_LOOKS).filter(|_| is_main_thread()) else {
            return self.park(parker, until);
        };
        let look = Deadline::after_nanos(look);
        if until <= look {
            return self.park(parker, until);
        }
        match self.park(parker, look) {
            Wake::TimedOut => Wake::Signal,
            wake => wake,
        }
    }

    fn on_signal(&mut self) -> PyResult<()> {
        let (py, mut told) = (self.py(), None);
        if schedule::when_stuck(|| told = Some(report::stuck(py, true))) {
            // (The first thread has what it calls next to tidy up.)
            ENDS.set(if schedule::is_first() { 0 } else { MOST_ENDS });
            self.stuck = true;
            return Err(told.unwrap_or_else(|| report::stuck(py, false)));
        }
        if !self.stuck && ENDS.get() > 0 {
            ENDS.set(ENDS.get() - 1);
            self.stuck = true;
            // (Which `except Exception:` does not catch, and nobody is told of.)
            return Err(PySystemExit::new_err(()));
        }
        self.run_handlers()?;
        bystanders::ask(self.py())?;
        self.look_at_scope()
    }

    fn is_for(&mut self, kind: Kind) {
        self.primitive = Some(kind);
    }

    fn ends_by(&self) -> Deadline {
        match self.reach {
            Reach::Full => scope::token().map_or(Deadline::NEVER, CancelToken::deadline),
            Reach::After(later) => later,
            Reach::None => Deadline::NEVER,
        }
    }

    fn site(&mut self) -> Site {
        self.note_site()
    }

    fn led(&mut self, site: Site) -> Site {
        if self.detached.is_null() { here::led(self.py, site) } else { site }
    }

    fn thread_name(&mut self) -> Option<Arc<str>> {
        registry::name(self.py(), raddle::thread_id()).map(Arc::from)
    }

    fn on_inversion(&mut self, found: &Inversion) -> PyResult<()> {
        report::inversion(self.py(), found)?.map_or(Ok(()), Err)
    }

    fn subject(&self) -> Subject {
        Subject { kind: self.kind, provider: self.provider, object: self.object }
    }

    /// If all are asleep, the main thread is. (Elsewhere it is not known which one that is.)
    fn keeps_watch(&self) -> bool {
        cfg!(any(target_os = "linux", windows)) && is_main_thread()
    }

    /// Threads that are not Python's count, because they might wake one, except those that are
    /// known not to.
    fn threads(&self) -> Option<usize> {
        bystanders::others()
    }

    /// An exception that could not end the wait is not asked for again: a condition has to take
    /// its lock back first, and repeated attempts would keep the thread busy.
    fn on_deadlock(&mut self, found: &Deadlock) -> PyResult<Verdict> {
        let may_raise = !self.refused;
        match report::deadlock(self.py(), found, may_raise)? {
            Answer::Verdict(verdict) => Ok(verdict),
            Answer::Raise(error) => {
                self.refused = true;
                if may_raise { Err(error) } else { Ok(Verdict::Told) }
            }
        }
    }
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        self.attach();
    }
}
