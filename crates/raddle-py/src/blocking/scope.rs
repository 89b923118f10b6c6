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

    pub(crate) fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn was_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Enters it: it ends `after` nanoseconds from now at the latest, and with the scope around it
    /// unless it is shielded from that.
    ///
    /// # Safety
    /// It stays where it is until [`leave`](Self::leave) has returned `Ok`.
    pub(crate) unsafe fn enter(&self, after: Option<i64>) -> PyResult<()> {
        if self.used.swap(true, Ordering::Relaxed) {
            return Err(PyRuntimeError::new_err(
                "this scope has been entered before: make a new one for each 'with' block",
            ));
        }
        let outer = CURRENT.get();
        // SAFETY: the thread's innermost scope, which is entered.
        let around = unsafe { outer.as_ref() };
        if self.grace.load(Ordering::Relaxed) == AS_AROUND {
            let grace = around.map_or(GRACE, |around| around.grace.load(Ordering::Relaxed));
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
        self.outer.store(outer.cast_mut(), Ordering::Relaxed);
        self.thread.store(raddle::thread_id(), Ordering::Relaxed);
        put(self);
        Ok(())
    }

    /// Leaves it; `false` if it was not the innermost one.
    pub(crate) fn leave(&self) -> PyResult<bool> {
        if self.thread.load(Ordering::Relaxed) != raddle::thread_id() {
            return Err(PyRuntimeError::new_err(
                "this scope is left by a thread that has not entered it",
            ));
        }
        let outer = self.outer.load(Ordering::Relaxed);
        let innermost = ptr::eq(CURRENT.get(), self);
        if innermost {
            put(outer);
        } else {
            self.unlink(outer);
        }
        self.thread.store(0, Ordering::Relaxed);
        self.outer.store(ptr::null_mut(), Ordering::Relaxed);
        Ok(innermost)
    }

    /// Takes it out from under those that were entered in it, and are not left.
    fn unlink(&self, outer: *mut Scope) {
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

/// The calling thread's innermost scope is this one now, or none.
fn put(scope: *const Scope) {
    CURRENT.set(scope);
    inside::is_in(scope);
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

/// Runs `run` in no scope: for a step that has to be made, and does not take long.
pub(crate) fn outside<R>(run: impl FnOnce() -> R) -> R {
    struct Back(*const Scope);
    impl Drop for Back {
        fn drop(&mut self) {
            put(self.0);
        }
    }
    let _back = Back(CURRENT.get());
    put(ptr::null());
    run()
}

/// Why the calling thread's waits end at once, if they do.
pub(crate) fn ended() -> Option<Cancelled> {
    token()?.ended()
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
