//! `threading.Condition`.

use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyFloat, PyInt, PyString, PyTuple};
use raddle::{Condition as Core, Deadline};

use crate::blocking::attached::Attached;
use crate::blocking::scope;
use crate::locks::lock::Lock;
use crate::locks::mutex::Mutex;
use crate::locks::name;
use crate::locks::padded::Padded;
use crate::locks::rlock::RLock;
use crate::python::arguments::Arg;
use crate::python::call::{self, OwnedPy};
use crate::python::errors;
use crate::python::interned::intern;
use crate::python::once::OnceBox;
use crate::python::timeout;

/// Lets threads wait, with a lock released, until another thread notifies them.
///
/// `lock` is a Lock, an RLock, or any object with their methods; a new RLock if left out. `name`
/// is what reports call the condition. raddle only.
#[pyclass(frozen, subclass, dict, weakref, module = "threading")]
pub(crate) struct Condition {
    core: Padded<Core>,
    /// Empty until `__init__` has run; replaced when it runs again.
    lock: OnceBox<ConditionLock>,
}

/// The condition's lock, by how it is released and taken back.
enum ConditionLock {
    Plain(Py<Lock>),
    Reentrant(Py<RLock>),
    /// A subclass, or a lock from somewhere else: only its methods are known.
    Foreign(OwnedPy),
}

impl ConditionLock {
    /// Raises AttributeError for what is no lock.
    fn of(lock: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(plain) = lock.cast_exact::<Lock>() {
            return Ok(Self::Plain(plain.clone().unbind()));
        }
        if let Ok(reentrant) = lock.cast_exact::<RLock>() {
            return Ok(Self::Reentrant(reentrant.clone().unbind()));
        }
        call::getattr(lock, intern!(lock.py(), "acquire"))?;
        call::getattr(lock, intern!(lock.py(), "release"))?;
        Ok(Self::Foreign(OwnedPy::new(lock.clone().unbind())))
    }

    /// Whether it is the lock that `__init__` is given, or as good as the new one that it makes.
    fn serves_as(&self, py: Python<'_>, lock: Option<&Bound<'_, PyAny>>) -> bool {
        match (lock, self) {
            (Some(lock), _) => lock.is(self.object().bind(py)),
            (None, Self::Reentrant(own)) => {
                // SAFETY: a live object, and attached.
                let nobody_else_has_it = unsafe { pyo3::ffi::Py_REFCNT(own.as_ptr()) } == 1;
                nobody_else_has_it && !own.get().core().is_locked()
            }
            (None, _) => false,
        }
    }

    fn object(&self) -> &Py<PyAny> {
        match self {
            Self::Plain(lock) => lock.as_any(),
            Self::Reentrant(lock) => lock.as_any(),
            Self::Foreign(lock) => lock.get(),
        }
    }
}

impl Condition {
    /// A condition on a plain lock, as the standard library's Event has inside.
    pub(crate) fn plain(py: Python<'_>) -> PyResult<Self> {
        let lock = ConditionLock::Plain(Lock::object(py)?);
        Ok(Self { core: Padded::new(Core::new()), lock: OnceBox::filled(lock) })
    }

    /// A condition on an RLock of its own, as `Condition()` makes.
    pub(crate) fn reentrant(py: Python<'_>) -> PyResult<Self> {
        let lock = ConditionLock::Reentrant(RLock::object(py)?);
        Ok(Self { core: Padded::new(Core::new()), lock: OnceBox::filled(lock) })
    }

    /// A condition on a lock that others may share.
    pub(crate) fn over(lock: Py<Lock>) -> Self {
        Self {
            core: Padded::new(Core::new()),
            lock: OnceBox::filled(ConditionLock::Plain(lock)),
        }
    }

    /// Where the condition's name is.
    pub(crate) fn named(&self) -> &name::Name {
        &self.core.name
    }

    fn inner(&self) -> PyResult<&ConditionLock> {
        self.lock.get().ok_or_else(|| errors::misuse("Condition.__init__() was not called"))
    }

    fn lock<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        Ok(self.inner()?.object().bind(py))
    }

    pub(crate) fn reset_after_fork(&self, py: Python<'_>) {
        match self.lock.get() {
            // SAFETY: Python calls this in a forked child, which has one thread.
            Some(ConditionLock::Plain(lock)) => unsafe { lock.get().core().reset_after_fork() },
            // SAFETY: as above.
            Some(ConditionLock::Reentrant(lock)) => unsafe {
                lock.get().core().reset_after_fork()
            },
            Some(ConditionLock::Foreign(lock)) => {
                let lock = lock.get().bind(py);
                if let Err(error) = call::method0(lock, intern!(py, "_at_fork_reinit")) {
                    call::report_unraisable(error, lock);
                }
            }
            None => {}
        }
    }

    /// Whether the lock is held, by this thread as far as the lock can tell.
    fn is_owned(&self, py: Python<'_>) -> PyResult<bool> {
        match self.inner()? {
            ConditionLock::Plain(lock) => Ok(lock.get().core().is_locked()),
            ConditionLock::Reentrant(lock) => Ok(lock.get().core().is_owned()),
            ConditionLock::Foreign(lock) => foreign::is_owned(lock.get().bind(py)),
        }
    }

    fn wait_until(&self, py: Python<'_>, until: Deadline) -> PyResult<bool> {
        let mut attached = Attached::to_wait(py, until)?.on(self);
        match self.inner()? {
            ConditionLock::Plain(lock) => {
                self.core.wait_with(lock.get().core(), &mut attached, until)
            }
            ConditionLock::Reentrant(lock) => {
                self.core.wait_with(lock.get().core(), &mut attached, until)
            }
            ConditionLock::Foreign(lock) => {
                let lock = lock.get().bind(py);
                self.core.enroll(|ticket| {
                    let saved = foreign::release(lock)?;
                    let notified = ticket.wait_with(&mut attached, until);
                    attached.attach();
                    scope::outside(|| foreign::restore(lock, saved))?;
                    notified
                })
            }
        }
    }

    /// Wakes as many as `limit` says, which is asked once the lock is known to be held.
    fn wake(&self, py: Python<'_>, limit: impl FnOnce() -> PyResult<usize>) -> PyResult<()> {
        if !self.is_owned(py)? {
            return Err(errors::misuse(NOTIFY_UNOWNED));
        }
        self.core.notify(limit()?);
        Ok(())
    }

    /// How many threads notify(n) wakes: one more for as long as n, less one each time, is above
    /// zero. It is not looked at if nobody waits.
    fn count_to_wake(&self, n: &Bound<'_, PyAny>) -> PyResult<usize> {
        if n.is_exact_instance_of::<PyInt>() {
            return Ok(if n.lt(1)? { 0 } else { n.extract().unwrap_or(usize::MAX) });
        }
        let zero = PyInt::new(n.py(), 0);
        if self.core.waiting() == 0 || !call::greater(n, zero.as_any())? {
            return Ok(0);
        }
        Ok(call::float(n)?.ceil() as usize) // The cast saturates.
    }
}

/// Whether a function is one of the methods that an object has from Rust.
fn is_method_of(function: &Bound<'_, PyAny>, object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a built-in function, which lends what it is bound to.
    function.is_exact_instance_of::<PyCFunction>()
        && unsafe { ffi::PyCFunction_GetSelf(function.as_ptr()) == object.as_ptr() }
}

const WAIT_UNOWNED: &str =
    "cannot wait on un-acquired lock: call wait() inside 'with condition:'";
const NOTIFY_UNOWNED: &str =
    "cannot notify on un-acquired lock: call notify() inside 'with condition:'";

#[pymethods]
impl Condition {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(lock=None, *, name=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { core: Padded::new(Core::new()), lock: OnceBox::new() }
    }

    #[pyo3(signature = (lock = None, *, name = None))]
    fn __init__(
        &self,
        py: Python<'_>,
        lock: Option<&Bound<'_, PyAny>>,
        name: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let name = name::read(name, "Condition")?;
        // A second time, too: a thread that waits then stays in line, and takes its own lock back.
        if !self.lock.get().is_some_and(|old| old.serves_as(py, lock)) {
            self.lock.replace(match lock {
                Some(lock) => ConditionLock::of(lock)?,
                None => ConditionLock::Reentrant(RLock::object(py)?),
            });
        }
        self.core.name.set(name);
        if let (None, ConditionLock::Reentrant(own)) = (lock, self.inner()?) {
            own.get().named().set_part(py, &self.core.name, "_lock")?;
            own.get().note_name(py);
        }
        Ok(())
    }

    /// Takes the lock; the arguments, the answer and the errors are those of its acquire().
    #[pyo3(signature = (*args, **kwargs))]
    fn acquire<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let acquire = call::getattr(self.lock(py)?, intern!(py, "acquire"))?;
        call::call(&acquire, args, kwargs)
    }

    /// Releases the lock; the errors are those of its release().
    fn release<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        call::method0(self.lock(py)?, intern!(py, "release"))
    }

    /// Whether some thread holds the lock.
    fn locked<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        call::method0(self.lock(py)?, intern!(py, "locked"))
    }

    fn __enter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let taken = match self.inner()? {
            ConditionLock::Plain(lock) => lock.get().enter(py)?,
            ConditionLock::Reentrant(lock) => lock.get().enter(py)?,
            ConditionLock::Foreign(lock) => {
                return call::method0(lock.get().bind(py), intern!(py, "__enter__"));
            }
        };
        Ok(pyo3::types::PyBool::new(py, taken).to_owned().into_any())
    }

    #[pyo3(signature = (*args))]
    fn __exit__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.inner()? {
            ConditionLock::Plain(lock) => lock.get().exit()?,
            ConditionLock::Reentrant(lock) => lock.get().give()?,
            ConditionLock::Foreign(lock) => {
                let exit = call::getattr(lock.get().bind(py), intern!(py, "__exit__"))?;
                return call::call(&exit, args, None);
            }
        }
        Ok(py.None().into_bound(py))
    }

    /// Releases the lock, waits to be notified, for at most `timeout` seconds (None: no limit),
    /// and takes the lock back; returns whether it was notified.
    ///
    /// Raises RuntimeError if the lock is not held. A signal handler that raises ends the wait;
    /// the lock is held again when the exception arrives.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        if !self.is_owned(py)? {
            return Err(errors::misuse(WAIT_UNOWNED));
        }
        let until = timeout::of_wait(timeout)?;
        self.wait_until(py, until)
    }

    /// Waits until `predicate()` is true, for at most `timeout` seconds in all (None: no limit);
    /// returns the predicate's last value.
    ///
    /// Raises RuntimeError if the lock is not held, and whatever the predicate raises.
    #[pyo3(signature = (predicate, timeout = None))]
    fn wait_for<'py>(
        slf: &Bound<'py, Self>,
        predicate: &Bound<'py, PyAny>,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let timeout = timeout.filter(|timeout| !timeout.is_none());
        let none = py.None().into_bound(py);
        // The time begins once the predicate has been false, and only then is the timeout read.
        let mut until = None;
        let mut result = call::call0(predicate)?;
        while !call::truth(&result)? {
            let first = until.is_none();
            let until = *match &mut until {
                Some(until) => until,
                place => place.insert(timeout::of_timed(timeout)?),
            };
            if !first && until.has_passed() {
                break;
            }
            // A subclass, or a program, may have put another wait() in its place.
            let wait = call::getattr(slf.as_any(), intern!(py, "wait"))?;
            if is_method_of(&wait, slf.as_any()) {
                if !slf.get().is_owned(py)? {
                    return Err(errors::misuse(WAIT_UNOWNED));
                }
                slf.get().wait_until(py, until)?;
            } else {
                // What is left of the time; at first, what the caller has given.
                let left = match until.remaining() {
                    Some(left) if !first => PyFloat::new(py, left.as_secs_f64()).into_any(),
                    _ => timeout.unwrap_or(&none).clone(),
                };
                call::call1(&wait, &left)?;
            }
            result = call::call0(predicate)?;
        }
        Ok(result)
    }

    /// Wakes up to `n` (1) of the threads that wait, longest first.
    ///
    /// Raises RuntimeError if the lock is not held.
    #[pyo3(signature = (n = Arg::Missing), text_signature = "($self, n=1)")]
    fn notify(&self, py: Python<'_>, n: Arg<'_>) -> PyResult<()> {
        match n.given() {
            None => self.wake(py, || Ok(1)),
            Some(n) => self.wake(py, || self.count_to_wake(n)),
        }
    }

    /// Wakes all threads that wait. Raises RuntimeError if the lock is not held.
    fn notify_all(slf: &Bound<'_, Self>) -> PyResult<()> {
        if slf.is_exact_instance_of::<Self>() {
            return slf.get().wake(slf.py(), || Ok(usize::MAX));
        }
        // A subclass may have a notify() of its own.
        let notify = call::getattr(slf.as_any(), intern!(slf.py(), "notify"))?;
        let everyone = (slf.get().core.waiting(),).into_pyobject(slf.py())?;
        call::call(&notify, &everyone, None).map(|_| ())
    }

    /// A deprecated synonym of notify_all().
    #[pyo3(name = "notifyAll")]
    fn notify_all_camel(slf: &Bound<'_, Self>) -> PyResult<()> {
        errors::deprecated(slf.py(), c"notifyAll() is deprecated, use notify_all() instead")?;
        Self::notify_all(slf)
    }

    fn _is_owned(&self, py: Python<'_>) -> PyResult<bool> {
        self.is_owned(py)
    }

    fn _release_save<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let saved = foreign::release(self.lock(py)?)?;
        Ok(saved.unwrap_or_else(|| py.None().into_bound(py)))
    }

    fn _acquire_restore<'py>(&self, py: Python<'py>, state: Bound<'py, PyAny>) -> PyResult<()> {
        foreign::restore(self.lock(py)?, (!state.is_none()).then_some(state))
    }

    #[getter(_lock)]
    fn lock_object(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(self.inner()?.object().clone_ref(py))
    }

    /// As many numbers as threads wait: code that reaches in looks at the length.
    #[getter(_waiters)]
    fn waiters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(pyo3::types::PyRange::new(py, 0, self.core.waiting() as isize)?.into_any())
    }

    fn _at_fork_reinit(&self, py: Python<'_>) {
        self.reset_after_fork(py);
    }

    /// The number of threads waiting to be notified. raddle only.
    fn _waiting(&self) -> usize {
        self.core.waiting()
    }

    /// The `name=` that the program gave it, for reports, or None. raddle only.
    #[getter(_raddle_name)]
    fn name(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.core.name.get(py)
    }

    fn __repr__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        let lock = call::repr(self.lock(py)?)?;
        Ok(PyString::new(py, &format!("<Condition({lock}, {})>", self.core.waiting())))
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.lock.all().try_for_each(|lock| visit.call(lock.object()))
    }
}

/// What is asked of a lock that only its methods are known of.
mod foreign {
    use super::*;

    fn method<'py>(
        lock: &Bound<'py, PyAny>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match call::getattr(lock, name) {
            Ok(method) => Ok(Some(method)),
            Err(error)
                if error.is_instance_of::<pyo3::exceptions::PyAttributeError>(lock.py()) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Releases the lock, however often it is held; returns what it needs to be taken back.
    pub(super) fn release<'py>(
        lock: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = lock.py();
        if let Some(release_save) = method(lock, intern!(py, "_release_save"))? {
            return call::call0(&release_save).map(Some);
        }
        call::method0(lock, intern!(py, "release")).map(|_| None)
    }

    /// Takes the lock back as it was.
    pub(super) fn restore<'py>(
        lock: &Bound<'py, PyAny>,
        saved: Option<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let py = lock.py();
        if let Some(restore) = method(lock, intern!(py, "_acquire_restore"))? {
            let saved = saved.unwrap_or_else(|| py.None().into_bound(py));
            return call::call(&restore, &(saved,).into_pyobject(py)?, None).map(|_| ());
        }
        call::method0(lock, intern!(py, "acquire")).map(|_| ())
    }

    /// Whether the lock is held; one that cannot tell is tried.
    pub(super) fn is_owned(lock: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = lock.py();
        if let Some(is_owned) = method(lock, intern!(py, "_is_owned"))? {
            return call::truth(&call::call0(&is_owned)?);
        }
        let acquire = call::getattr(lock, intern!(py, "acquire"))?;
        if call::truth(&call::call(&acquire, &(false,).into_pyobject(py)?, None)?)? {
            call::method0(lock, intern!(py, "release"))?;
            return Ok(false);
        }
        Ok(true)
    }
}
