//! Whose scopes a thread is in: what can end its waits.
//!
//! A thread's scopes are nested, and its innermost one is in a thread-local: a wait that goes to
//! sleep looks there, and no fast path does. A scope belongs to the thread that has entered it, and
//! not to the context (`contextvars`): a thread that a library starts inside lives longer than the
//! scope, and must not inherit it.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicUsize, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use raddle::deadlock::{Kind, Subject};
use raddle::{CancelToken, Cancelled, Deadline};

use super::inside;
use crate::python::call;
use crate::python::hooks;
use crate::python::once::OnceBox;

/// How long a lock is waited for in the cleaning up that follows a cut, in nanoseconds.
const CLEANUP: i64 = 1_000_000_000;
/// Exceptions that are looked at for the cut that led to the one that is being handled.
const CHAIN: usize = 16;

/// How many scopes were entered.
static ENTERED: AtomicUsize = AtomicUsize::new(1);
/// How long a thread that computes is left alone once its scope has ended, in nanoseconds.
pub(crate) const GRACE: i64 = 100_000_000;

thread_local! {
    /// The innermost scope of the calling thread, or null.
    static CURRENT: Cell<*const Scope> = const { Cell::new(ptr::null()) };
}

/// A scope, as threads know it; it lives in a Python object that is kept while it is entered.
pub(crate) struct Scope {
    token: OnceBox<CancelToken>,
    /// The scope around it, while it is entered.
    outer: AtomicPtr<Scope>,
    /// The object that it is in, while it is entered; null for one of [`outside`].
    object: AtomicPtr<ffi::PyObject>,
    /// Which of all it is, once it is entered.
    number: AtomicUsize,
    /// Which thread is in it, 0 for none.
    thread: AtomicUsize,
    /// It was entered, and may not be again.
    used: AtomicBool,
    /// A wait was cut in it.
    cut: AtomicBool,
    /// How long a thread that computes in it is left alone once it has ended, in nanoseconds;
    /// [`FOR_EVER`], or [`AS_AROUND`] until it is entered.
    grace: AtomicI64,
    /// What ends those around it does not end it.
    shielded: bool,
}

const FOR_EVER: i64 = -1;
const AS_AROUND: i64 = -2;

/// How long a thread that computes is left alone once its scope has ended.
#[derive(Clone, Copy)]
pub(crate) enum Grace {
    AsAround,
    ForEver,
    Nanos(i64),
}

impl Scope {
    pub(crate) const fn new(grace: Grace, shielded: bool) -> Self {
        let grace = match grace {
            Grace::AsAround => AS_AROUND,
            Grace::ForEver => FOR_EVER,
            Grace::Nanos(nanos) => nanos,
        };
        Self {
            token: OnceBox::new(),
            outer: AtomicPtr::new(ptr::null_mut()),
            object: AtomicPtr::new(ptr::null_mut()),
            number: AtomicUsize::new(0),
            thread: AtomicUsize::new(0),
            used: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            grace: AtomicI64::new(grace),
            shielded,
        }
    }

    /// A scope whose token is made already: it can be cancelled before it is entered.
    pub(crate) fn with(token: CancelToken, grace: Grace) -> Self {
        Self { token: OnceBox::filled(token), ..Self::new(grace, false) }
    }

    pub(crate) fn is_shielded(&self) -> bool {
        self.shielded
    }

    /// How long a thread that computes in it is left alone once it has ended, in nanoseconds; for
    /// ever, if this is none.
    pub(crate) fn grace(&self) -> Option<i64> {
        let grace = self.grace.load(Ordering::Relaxed);
        (grace >= 0).then_some(grace)
    }

    pub(crate) fn token(&self) -> Option<&CancelToken> {
        self.token.get()
    }

    /// Which of all scopes it is.
    pub(crate) fn number(&self) -> usize {
        self.number.load(Ordering::Relaxed)
    }

    pub(crate) fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn was_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Enters it: it ends `after` nanoseconds from now at the latest, and with the scope around it
    /// unless it is shielded from that. It keeps `object` until it is left.
    ///
    /// # Safety
    /// It is the value of `object`, where it stays.
    pub(crate) unsafe fn enter(
        &self,
        object: &Bound<'_, PyAny>,
        after: Option<i64>,
    ) -> PyResult<()> {
        if self.used.swap(true, Ordering::Relaxed) {
            return Err(PyRuntimeError::new_err(
                "this scope has been entered before: make a new one for each 'with' block",
            ));
        }
        drop_forgotten(object.py());
        let outer = CURRENT.get();
        // SAFETY: the thread's innermost scope, which is entered.
        let around = unsafe { outer.as_ref() };
        if self.grace.load(Ordering::Relaxed) == AS_AROUND {
            let grace = around
                .and_then(Scope::real)
                .map_or(GRACE, |around| around.grace.load(Ordering::Relaxed));
            self.grace.store(grace, Ordering::Relaxed);
        }
        if self.token().is_none() {
            let never = Deadline::NEVER;
            let until = after.map_or(never, |nanos| Deadline::after_nanos(nanos.max(1)));
            let token = match around.filter(|_| !self.shielded).and_then(Scope::token) {
                Some(around) => around.child(until),
                None => CancelToken::new(until),
            };
            let _ = self.token.set(token);
        }
        self.number.store(ENTERED.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        self.outer.store(outer.cast_mut(), Ordering::Relaxed);
        self.thread.store(raddle::thread_id(), Ordering::Relaxed);
        self.object.store(object.clone().into_ptr(), Ordering::Relaxed);
        CURRENT.set(self);
        inside::is_in(self);
        Ok(())
    }

    /// Whether the calling thread is the one that has entered it.
    pub(crate) fn is_of_this_thread(&self) -> bool {
        self.thread.load(Ordering::Relaxed) == raddle::thread_id()
    }

    /// Leaves it; `false` if it was not the innermost one.
    pub(crate) fn leave(&self, py: Python<'_>) -> PyResult<bool> {
        if !self.is_of_this_thread() {
            return Err(PyRuntimeError::new_err(
                "this scope is left by a thread that has not entered it",
            ));
        }
        drop_forgotten(py);
        Ok(self.take_out(py))
    }

    /// Takes it out of the thread's scopes, and lets its object go; returns whether it was the
    /// innermost one.
    fn take_out(&self, py: Python<'_>) -> bool {
        let innermost = ptr::eq(CURRENT.get(), self);
        self.unlink();
        inside::is_in(CURRENT.get());
        self.thread.store(0, Ordering::Relaxed);
        let object = self.object.swap(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: the reference that `enter` has kept, or null; the caller has another one, or
        // nobody has any more, and nothing of this scope is used after this.
        drop(unsafe { Bound::from_owned_ptr_or_opt(py, object) });
        innermost
    }

    /// Takes it out from among the calling thread's scopes, those of [`outside`] included.
    fn unlink(&self) {
        let outer = self.outer.swap(ptr::null_mut(), Ordering::Relaxed);
        if ptr::eq(CURRENT.get(), self) {
            CURRENT.set(outer);
            return;
        }
        let mut scope = CURRENT.get();
        // SAFETY: scopes that are entered, by this thread.
        while let Some(inner) = unsafe { scope.as_ref() } {
            scope = inner.outer.load(Ordering::Relaxed);
            if ptr::eq(scope, self) {
                inner.outer.store(outer, Ordering::Relaxed);
                return;
            }
        }
    }

    /// The innermost one from this on that is a program's.
    pub(super) fn real(&self) -> Option<&Self> {
        let mut scope = self;
        while scope.token().is_none() {
            // SAFETY: as in `unlink`.
            scope = unsafe { scope.outer.load(Ordering::Relaxed).as_ref() }?;
        }
        Some(scope)
    }

    /// Whether the calling thread is in it, or in one below it.
    pub(crate) fn is_around(&self) -> bool {
        let Some(token) = self.token() else { return false };
        let mut scope = CURRENT.get();
        // SAFETY: as in `unlink`.
        while let Some(inner) = unsafe { scope.as_ref() } {
            if inner.token().is_some_and(|inner| inner.is_within(token)) {
                return true;
            }
            scope = inner.outer.load(Ordering::Relaxed);
        }
        false
    }
}

/// The innermost scope of the calling thread.
fn current<'a>() -> Option<&'a Scope> {
    // SAFETY: it is entered, and only this thread leaves it: not during the caller's wait, whose
    // handlers of signals leave what they enter, and who asks anew after them.
    unsafe { CURRENT.get().as_ref() }
}

/// What ends the waits of the calling thread, if it is in a scope.
#[inline]
pub(crate) fn token<'a>() -> Option<&'a CancelToken> {
    current()?.token()
}

/// Which scope the calling thread is in, if it is in one.
pub(crate) fn number() -> Option<usize> {
    current().filter(|scope| scope.token().is_some()).map(Scope::number)
}

/// Runs `run` in no scope: for a step that has to be made.
///
/// The thread's scopes stay where they are, below one that nothing ends: what is run may leave them.
pub(crate) fn outside<R>(run: impl FnOnce() -> R) -> R {
    struct Within<'a>(&'a Scope);
    impl Drop for Within<'_> {
        fn drop(&mut self) {
            self.0.unlink();
        }
    }
    let shield = Scope::new(Grace::ForEver, true);
    shield.outer.store(CURRENT.get().cast_mut(), Ordering::Relaxed);
    CURRENT.set(&raw const shield);
    let _within = Within(&shield);
    run()
}

/// [`outside`] for a step that lasts: the thread is not one that does not stop.
pub(crate) fn resting<R>(run: impl FnOnce() -> R) -> R {
    struct Awake;
    impl Drop for Awake {
        fn drop(&mut self) {
            inside::rests(false);
        }
    }
    inside::rests(true);
    let _awake = Awake;
    outside(run)
}

/// Takes out those of the thread's innermost scopes that nobody can leave any more: a signal's
/// handler has raised between the call of `__enter__` and the block.
#[inline]
pub(crate) fn drop_forgotten(py: Python<'_>) {
    while let Some(scope) = current() {
        let object = scope.object.load(Ordering::Relaxed);
        // SAFETY: the object is kept by the scope, and attached threads may look at its count.
        if object.is_null() || unsafe { ffi::Py_REFCNT(object) } != 1 {
            return;
        }
        scope.take_out(py);
    }
}

/// In a forked child: says again which scope the thread is in; returns whether it is in one.
pub(crate) fn has_forked() -> bool {
    let scope = CURRENT.get();
    if !scope.is_null() {
        inside::is_in(scope);
    }
    !scope.is_null()
}

/// The thread is in no scope any more: the call that has entered one is over, and has kept it.
#[inline]
pub(crate) fn none_is_left() {
    if !CURRENT.get().is_null() {
        CURRENT.set(ptr::null());
        inside::is_in(ptr::null());
    }
}

/// Why the calling thread's waits end at once, if they do.
pub(crate) fn ended() -> Option<Cancelled> {
    token()?.ended()
}

/// [`ended`], and that for a scope which is not one that nobody can leave.
pub(crate) fn really_ended(py: Python<'_>) -> Option<Cancelled> {
    ended()?;
    drop_forgotten(py);
    ended()
}

/// Something was raised in the calling thread's scope because it has ended.
pub(crate) fn mark_cut() {
    if let Some(scope) = current() {
        scope.cut.store(true, Ordering::Relaxed);
    }
}

/// What a wait, or a point that looks for it, raises because its scope has ended.
#[cold]
pub(crate) fn cut(py: Python<'_>, why: Cancelled, subject: Subject) -> PyErr {
    mark_cut();
    outside(|| error(py, why, subject)).unwrap_or_else(|error| error)
}

fn error(py: Python<'_>, why: Cancelled, subject: Subject) -> PyResult<PyErr> {
    let late = why == Cancelled::Deadline;
    let kind = subject.kind.unwrap_or(Kind::Other).word();
    // SAFETY: the object that is waited for, which the wait's caller keeps alive, or 0.
    let object = unsafe { Bound::from_borrowed_ptr_or_opt(py, subject.object as *mut _) };
    let hook = hooks::CUT.import(py)?.bind(py);
    let given = (late, kind, object).into_pyobject(py)?;
    Ok(call::raised(call::call(hook, &given, None)?))
}

/// Until when a lock is waited for nevertheless: for a while, where what is being handled comes
/// from a cut. What is guarded by a lock could not be put in order otherwise.
pub(crate) fn patience(py: Python<'_>, kind: Option<Kind>) -> Option<Deadline> {
    let mutex = matches!(kind, Some(Kind::Lock | Kind::RLock));
    (mutex && is_cleaning_up(py)).then(|| Deadline::after_nanos(CLEANUP))
}

fn is_cleaning_up(py: Python<'_>) -> bool {
    let Some(class) = hooks::SCOPE_CANCELLED.get() else { return false };
    // SAFETY: the caller is attached; a new reference, or null.
    let handled = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyErr_GetHandledException()) };
    let mut next = handled;
    for _ in 0..CHAIN {
        let Some(error) = next else { return false };
        // SAFETY: both are objects, and the second is a class; its own `__instancecheck__` is not
        // asked.
        let is_cut = unsafe {
            ffi::PyType_IsSubtype(ffi::Py_TYPE(error.as_ptr()), class.as_ptr().cast()) != 0
        };
        if is_cut {
            return true;
        }
        // SAFETY: what is handled is an exception; a new reference, or null.
        next = unsafe {
            Bound::from_owned_ptr_or_opt(py, ffi::PyException_GetContext(error.as_ptr()))
        };
    }
    false
}
