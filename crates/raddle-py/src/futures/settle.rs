//! A call begins and ends; then waiting threads are woken and callbacks called.

use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};
use raddle::deadlock::Provider;
use raddle::future::{Access, Changed, Phase, Refused};

use super::classes;
use super::extra::Extra;
use super::state::Future;
use crate::futures::first_completed::Completed;
use crate::python::call::{self, OwnedPy};
use crate::python::hooks;
use crate::python::interned::intern;
use crate::python::replaceable::{self, Replaceable};

/// How a call ended.
pub(crate) enum Outcome {
    Result(Py<PyAny>),
    Exception(Py<PyAny>),
}

impl Outcome {
    pub(crate) fn of(py: Python<'_>, result: PyResult<Bound<'_, PyAny>>) -> Self {
        match result {
            Ok(result) => Self::Result(result.unbind()),
            Err(error) => Self::Exception(error.into_value(py).into_any()),
        }
    }
}

/// What [`Future::try_settle`] came to.
#[must_use]
pub(crate) enum Settled {
    Quietly,
    /// [`Future::announce`] is still to be called, attached.
    Observed,
    Refused(Refused),
}

impl Future {
    /// Whether the end concerns others than the threads that wait for it.
    pub(crate) fn is_watched(&self) -> bool {
        self.core.is_watched()
    }

    /// The calling thread, which has begun, runs the task itself.
    pub(crate) fn run_here(&self) {
        self.core.run_here();
    }

    /// The call is in the queue of an executor, for its workers.
    pub(crate) fn queue_in(&self, pool: usize) {
        self.core.queue_in(pool);
    }

    /// Which thread or pool can end the call, as far as that is known.
    pub(crate) fn provider(&self) -> Provider {
        self.core.provider()
    }

    /// A worker begins; returns whether to run the task.
    pub(crate) fn begin(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let future = slf.get();
        let begun = match future.core.begin(Access::Free) {
            Err(Refused::Open) => {
                // (A beginning notifies no one; a cancellation that was noticed does.)
                Self::begin_opened(slf)?
            }
            begun => begun,
        };
        match begun {
            Ok(Ok(())) => Ok(true),
            Ok(Err(changed)) => {
                if changed.observed {
                    Self::announce(slf)?;
                }
                Ok(false)
            }
            Err(_) => {
                classes::log(slf.py(), "unexpected", slf.as_any(), None)?;
                Err(PyRuntimeError::new_err("Future in unexpected state"))
            }
        }
    }

    #[allow(clippy::type_complexity, reason = "what the core's begin returns")]
    fn begin_opened(slf: &Bound<'_, Self>) -> PyResult<Result<Result<(), Changed>, Refused>> {
        let py = slf.py();
        let cancelled = slf.get().core.phase() == Phase::Cancelled;
        let tell = cancelled.then(|| intern!(py, "add_cancelled"));
        Self::change_opened(slf, |future| future.core.begin(Access::Locked), tell)
    }

    /// Writes the value; the caller holds a claim, or the lock of an open future.
    fn store(&self, outcome: Outcome) {
        let old = match outcome {
            Outcome::Result(value) => self.result.put(Some(value)),
            Outcome::Exception(value) => self.exception.put(Some(value)),
        };
        self.retire(old);
    }

    /// The end of a call, by an attached thread.
    pub(crate) fn settle(slf: &Bound<'_, Self>, outcome: Outcome) -> PyResult<()> {
        let py = slf.py();
        let mut outcome = Some(outcome);
        match slf.get().try_settle(&mut outcome) {
            Settled::Quietly => Self::ended(slf, false),
            Settled::Observed => Self::ended(slf, true),
            Settled::Refused(Refused::Open) => {
                let tell = match outcome {
                    Some(Outcome::Result(_)) => intern!(py, "add_result"),
                    _ => intern!(py, "add_exception"),
                };
                let changed = Self::change_opened(
                    slf,
                    |future| {
                        let claim = future.core.claim(Access::Locked)?;
                        future.store(outcome.take().expect("it is settled once"));
                        Ok(claim.publish())
                    },
                    Some(tell),
                )?;
                match changed {
                    Ok(changed) => Self::ended(slf, changed.observed),
                    Err(_) => Err(Self::invalid_state(slf)),
                }
            }
            Settled::Refused(Refused::Phase(_)) => Err(Self::invalid_state(slf)),
        }
    }

    /// The end of a call, also by a detached thread, which has the rest done once attached.
    ///
    /// Takes the outcome if it is not refused.
    pub(crate) fn try_settle(&self, outcome: &mut Option<Outcome>) -> Settled {
        match self.core.claim(Access::Free) {
            Ok(claim) => {
                // Nothing is overwritten, so nothing retires: a claim comes once, and writing
                // `_result` opens the future.
                match outcome.take() {
                    Some(Outcome::Result(value)) => drop(self.result.put(Some(value))),
                    Some(Outcome::Exception(value)) => drop(self.exception.put(Some(value))),
                    None => {}
                }
                if claim.publish().observed { Settled::Observed } else { Settled::Quietly }
            }
            Err(refused) => Settled::Refused(refused),
        }
    }

    fn invalid_state(slf: &Bound<'_, Self>) -> PyErr {
        let make = || -> PyResult<PyErr> {
            let (py, state) = (slf.py(), slf.get().state());
            let text = PyString::new(py, &format!("{state}: {}", Self::__repr__(slf)?));
            let kind = match replaceable::look_up(py, Replaceable::InvalidStateError) {
                Some(kind) => kind,
                None => hooks::INVALID_STATE.need()?.bind(py).clone(),
            };
            call::call1(&kind, text.as_any()).map(call::raised)
        };
        make().unwrap_or_else(|error| error)
    }

    /// The future is done: does what is to be done then, by the method `_invoke_callbacks` of a
    /// subclass that has its own.
    #[inline]
    pub(super) fn ended(slf: &Bound<'_, Self>, observed: bool) -> PyResult<()> {
        if !classes::is_plain(slf) {
            return Self::subclass_ended(slf, observed);
        }
        if observed { Self::announce(slf) } else { Ok(()) }
    }

    #[cold]
    fn subclass_ended(slf: &Bound<'_, Self>, observed: bool) -> PyResult<()> {
        let py = slf.py();
        let name = intern!(py, "_invoke_callbacks");
        let own = PyType::new::<Self>(py).getattr(name)?;
        if call::getattr(slf.get_type().as_any(), name)?.is(&own) {
            return if observed { Self::announce(slf) } else { Ok(()) };
        }
        let future = slf.get();
        if let Some(extra) = future.extra.get() {
            future.tell_watches(slf, extra);
        }
        call::method0(slf.as_any(), name).map(drop)
    }

    fn tell_watches(&self, slf: &Bound<'_, Self>, extra: &Extra) {
        if self.core.phase() == Phase::Cancelled {
            return; // Not noticed yet.
        }
        let watches = self.core.with_list(|| {
            // SAFETY: under the latch.
            unsafe { extra.lists.with(|lists| std::mem::take(&mut lists.watches)) }
        });
        for watch in watches {
            watch.get().tell(slf);
            call::drop_ref(watch.into_any());
        }
    }

    /// Calls the callbacks and tells the watches of a future that is done.
    pub(crate) fn announce(slf: &Bound<'_, Self>) -> PyResult<()> {
        let future = slf.get();
        let Some(extra) = future.extra.get() else { return Ok(()) };
        future.tell_watches(slf, extra);
        let callbacks = future.core.with_list(|| {
            // SAFETY: under the latch.
            unsafe { extra.lists.with(|lists| std::mem::take(&mut lists.callbacks)) }
        });
        let mut result = Ok(());
        for callback in callbacks {
            let callback = OwnedPy::new(callback);
            if result.is_ok() {
                result = Self::call_back(slf, callback.get().bind(slf.py()));
            }
        }
        result
    }

    pub(super) fn call_back(
        slf: &Bound<'_, Self>,
        callback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = slf.py();
        match call::call1(callback, slf.as_any()) {
            Ok(_) => Ok(()),
            Err(error) if error.is_instance_of::<PyException>(py) => {
                let error = error.into_value(py).into_bound(py).into_any();
                classes::log(py, "callback", slf.as_any(), Some(&error))
            }
            Err(error) => Err(error),
        }
    }

    /// Has `watch` told when the future's end is noticed; returns false if it was already.
    pub(crate) fn watch(&self, watch: &Bound<'_, Completed>) -> bool {
        let extra = self.extra();
        let entry = watch.clone().unbind();
        // SAFETY: `add` runs under the latch.
        self.core.observe(
            |phase| matches!(phase, Phase::Notified | Phase::Finished),
            || unsafe { extra.lists.with(|lists| lists.watches.push(entry)) },
        )
    }

    /// Takes back what [`watch`](Self::watch) did.
    pub(crate) fn unwatch(&self, watch: &Bound<'_, Completed>) {
        let Some(extra) = self.extra.get() else { return };
        let entry = self.core.with_list(|| {
            // SAFETY: under the latch.
            unsafe {
                extra.lists.with(|lists| {
                    let at = lists.watches.iter().position(|entry| entry.is(watch))?;
                    Some(lists.watches.swap_remove(at))
                })
            }
        });
        if let Some(entry) = entry {
            call::drop_ref(entry.into_any());
        }
    }
}
