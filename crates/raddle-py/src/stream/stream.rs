//! `Stream`: the engine of `raddle.map` on threads.
//!
//! The algorithm is the core's [`Window`]; here are the steps that call Python: pulling an
//! input and asking for a worker (`drive.rs`), running a task and raising what it raised
//! (`blocking.rs`, `outcome.rs`). A result that is there is handed over with little around it
//! (`fast.rs`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::exceptions::{PyRuntimeError, PyStopIteration, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};
use raddle::Deadline;
use raddle::pool::{self, Settings, Window};

use super::next::Next;
use super::outcome::is_ordinary;
use super::shared::{OnError, Shared};
use super::task::Task;
use super::worker::StreamWorker;
use crate::blocking::attached::Attached;
use crate::python::arguments::Truth;
use crate::python::atomic::AtomicPy;
use crate::python::call::{self, OwnedPy};
use crate::python::context;
use crate::python::errors;
use crate::python::interned::intern;
use crate::python::once::OnceBox;
use crate::python::timeout;

/// A list is given room for that many results at once, at most.
const MOST_HINTED: usize = 1 << 20;

/// Runs a function over a stream of inputs in worker threads; iterate it for the results.
///
/// `inputs` is an iterator that only the iterating thread advances; with `star` its items are
/// tuples of arguments. At most `window` items are taken ahead of the results, and at most
/// `reach` while they are slow. Results come in order, or as they are ready if not `ordered`.
/// `on_error="raise"` hands nothing out any more once a task raises, and raises that with a
/// note that names the item; `"return"` yields the exception in place; `"collect"` leaves it
/// out and raises one ExceptionGroup at the end. `timeout` is how many seconds from now results
/// may be waited for. `name` is what notes call the stream. `hire()` is called when work waits
/// for workers: it is to have one more thread call worker(), or to return False; it is not
/// called while `crew` workers are there or on their way. No counterpart in the standard
/// library.
///
/// For subclasses there are two hooks. `_look()` is called by the iterating thread every `look`
/// seconds or so, as long as it returns that number anew. `_ended(how)` is called once, when
/// there is nothing more to come: how is "done", "closed", "failed" or "interrupted".
#[pyclass(frozen, subclass, weakref, module = "raddle._raddle")]
pub(crate) struct Stream {
    /// Filled by `__new__`; emptied of objects when the stream is dropped, whatever thread
    /// still works for it.
    shared: OnceBox<Arc<Shared>>,
}

impl Stream {
    fn shared(&self) -> PyResult<&Arc<Shared>> {
        self.shared.get().ok_or_else(|| errors::misuse("Stream.__new__() was not called"))
    }

    /// The next result, if there is nothing to do but to hand it over.
    #[inline]
    pub(super) fn hand_over(&self) -> Option<OwnedPy> {
        let shared = self.shared.get()?;
        let count = shared.deliveries.load(Ordering::Relaxed).wrapping_add(1);
        if count.is_multiple_of(super::drive::DELIVERIES_A_LOOK) || shared.window.is_orphaned()
        {
            return None;
        }
        // (The input is dropped last: its destructor may use the stream.)
        let (_input, value) = shared.window.take_quickly()?;
        shared.deliveries.store(count, Ordering::Relaxed);
        Some(value)
    }

    #[inline]
    fn advance(slf: &Bound<'_, Self>, until: Deadline) -> PyResult<Option<Py<PyAny>>> {
        let (py, shared) = (slf.py(), slf.get().shared()?);
        if shared.window.is_orphaned() {
            return Err(PyRuntimeError::new_err(
                "this stream was made before fork(): its workers are in the parent process, so \
                 it is closed here; make a new one",
            ));
        }
        let outcome = match shared.window.consumer() {
            Some(mut consumer) => {
                let outcome = shared.drive(slf, &mut consumer, until);
                consumer.leave_nothing();
                outcome
            }
            // The thread that is at it discards what is left.
            None if shared.window.is_closed() => shared.conclude(py),
            None => {
                return Err(PyValueError::new_err(
                    "map already executing: one thread at a time can take its results, and what \
                     makes its inputs cannot",
                ));
            }
        };
        match outcome {
            Ok(Some((output, _input))) => Ok(Some(output.into_inner())),
            Ok(None) => {
                Self::end(slf, shared, "done")?;
                Ok(None)
            }
            Err(error) => {
                let interrupted = !is_ordinary(&error, py);
                if interrupted || shared.until.has_passed() {
                    shared.window.close();
                }
                if shared.window.is_closed() {
                    let how = if interrupted { "interrupted" } else { "failed" };
                    match Self::end(slf, shared, how) {
                        // Such as KeyboardInterrupt, which nobody may miss.
                        Err(another) if !interrupted && !is_ordinary(&another, py) => {
                            another.set_context(py, Some(error));
                            return Err(another);
                        }
                        Err(another) => call::report_unraisable(another, slf.as_any()),
                        Ok(()) => {}
                    }
                    shared.keep_collected(py, &error)?;
                }
                Err(error)
            }
        }
    }

    /// Calls `_ended`, once.
    #[cold]
    fn end(slf: &Bound<'_, Self>, shared: &Shared, how: &str) -> PyResult<()> {
        if shared.ended.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let ended = call::getattr(slf.as_any(), intern!(slf.py(), "_ended"))?;
        call::call1(&ended, PyString::new(slf.py(), how).as_any()).map(drop)
    }
}

/// Whether an iterator runs no Python code, and never waits: several of its items may then be
/// taken before the first is handed out.
fn is_plain(inputs: &Bound<'_, PyAny>) -> bool {
    let kind = inputs.get_type_ptr();
    // SAFETY: the addresses of types that are never changed.
    [
        &raw mut ffi::PyRangeIter_Type,
        &raw mut ffi::PyListIter_Type,
        &raw mut ffi::PyTupleIter_Type,
    ]
    .contains(&kind)
}

#[pymethods]
impl Stream {
    #[new]
    #[pyo3(
        signature = (
            r#fn, inputs, *, window = 1024, ordered = Truth(true), star = Truth(false),
            on_error = "raise", hire = None, timeout = None, look = None,
            name = String::from("raddle"), crew = usize::MAX, reach = usize::MAX
        ),
        text_signature = "(fn, inputs, *, window=1024, ordered=True, star=False, \
                          on_error='raise', hire=None, timeout=None, look=None, \
                          name='raddle', crew=..., reach=...)"
    )]
    #[allow(clippy::too_many_arguments, reason = "keywords, from Python")]
    fn new(
        r#fn: Bound<'_, PyAny>,
        inputs: Bound<'_, PyAny>,
        window: isize,
        ordered: Truth,
        star: Truth,
        on_error: &str,
        hire: Option<Bound<'_, PyAny>>,
        timeout: Option<Bound<'_, PyAny>>,
        look: Option<f64>,
        name: String,
        crew: usize,
        reach: usize,
    ) -> PyResult<Self> {
        if !r#fn.is_callable() {
            return Err(PyTypeError::new_err("fn must be callable"));
        }
        // SAFETY: the reference is live, and the thread is attached.
        if unsafe { ffi::PyIter_Check(inputs.as_ptr()) } == 0 {
            return Err(PyTypeError::new_err("inputs must be an iterator: pass iter(inputs)"));
        }
        let limit = usize::try_from(window).unwrap_or(0);
        if limit == 0 {
            return Err(PyValueError::new_err(format!(
                "window must be at least 1, not {window}"
            )));
        }
        let on_error = match on_error {
            "raise" => OnError::Raise,
            "return" => OnError::Return,
            "collect" => OnError::Collect,
            other => {
                return Err(PyValueError::new_err(format!(
                    "on_error must be 'raise', 'return' or 'collect', not {other:?}"
                )));
            }
        };
        let until = match timeout {
            Some(timeout) => timeout::of_wait(Some(&timeout))?,
            None => Deadline::NEVER,
        };
        let context = context::copy_current(r#fn.py())?;
        let plain = !star.0 && is_plain(&inputs);
        let shared = Shared {
            window: Window::new(Settings {
                reach,
                ordered: ordered.0,
                crew,
                // Each step on a window but a worker's rest is made while attached.
                exclusive: cfg!(not(Py_GIL_DISABLED)),
                at_once: plain,
                ..Settings::new(limit)
            }),
            plain,
            task: Task::new(r#fn, context),
            inputs: AtomicPy::filled(inputs),
            hire: hire.map_or_else(AtomicPy::new, AtomicPy::filled),
            failure: AtomicPy::new(),
            cancelled: AtomicPy::new(),
            cut: AtomicBool::new(false),
            star: star.0,
            on_error,
            collected: AtomicPy::new(),
            name,
            until,
            deliveries: AtomicUsize::new(0),
            next_look: Next::new(look),
            ended: AtomicBool::new(false),
        };
        Ok(Self { shared: OnceBox::filled(Arc::new(shared)) })
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    #[inline]
    fn __next__(slf: &Bound<'_, Self>) -> PyResult<Option<Py<PyAny>>> {
        Self::advance(slf, Deadline::NEVER)
    }

    /// About how many results are still to come, so that a list that is made of them need not
    /// grow. NotImplemented, that is unknown, unless the inputs are in memory already, and where
    /// there are very many, since not all of them may come.
    fn __length_hint__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let shared = self.shared()?;
        let unknown = || Ok(py.NotImplemented().into_bound(py));
        if shared.window.is_closed() {
            return Ok(PyInt::new(py, 0).into_any());
        }
        if !shared.plain {
            return unknown();
        }
        let inputs: usize = match shared.inputs.get(py) {
            Some(inputs) => {
                call::method0(inputs.bind(py), intern!(py, "__length_hint__"))?.extract()?
            }
            None => 0,
        };
        let delivered = shared.deliveries.load(Ordering::Relaxed);
        let left = shared.window.published().saturating_sub(delivered).saturating_add(inputs);
        if left > MOST_HINTED { unknown() } else { Ok(PyInt::new(py, left).into_any()) }
    }

    /// Returns the next result, waiting for at most `timeout` seconds (None: no limit).
    ///
    /// Raises TimeoutError if none is ready in time (the stream can be used on; pulling an
    /// input is not cut short), StopIteration at the end, ValueError if another thread is
    /// iterating, and what a task or the inputs raised.
    #[pyo3(signature = (timeout = None))]
    fn next(slf: &Bound<'_, Self>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        let until = timeout::of_wait(timeout)?;
        Self::advance(slf, until)?.ok_or_else(|| PyStopIteration::new_err(()))
    }

    /// Returns what a thread calls to work for the stream. It does not keep the stream: when
    /// that is dropped, its workers end.
    fn worker(&self) -> PyResult<StreamWorker> {
        Ok(StreamWorker { shared: Arc::clone(self.shared()?) })
    }

    /// Pulls up to `count` inputs and hands them out, before anybody asks for a result.
    fn _begin(&self, py: Python<'_>, count: usize) -> PyResult<()> {
        let shared = self.shared()?;
        let Some(mut consumer) = shared.window.consumer() else { return Ok(()) };
        let begun = shared.begin(py, &mut consumer, count);
        consumer.leave_nothing();
        begun
    }

    /// Hands nothing out any more, drops what has not started and the results that were not
    /// delivered, and wakes all threads that wait. What is running comes to its end.
    fn close(slf: &Bound<'_, Self>) -> PyResult<()> {
        let shared = slf.get().shared()?;
        drop(shared.cancelled.take());
        shared.close();
        Self::end(slf, shared, "closed")
    }

    /// The hook of subclasses; see the class.
    fn _look(&self) {}

    /// The hook of subclasses; see the class.
    fn _ended(&self, how: &str) {
        let _ = how;
    }

    /// Has iteration raise `exception` once the results that are there were delivered, and
    /// hands nothing out any more.
    fn fail(&self, exception: Bound<'_, PyAny>) -> PyResult<()> {
        let shared = self.shared()?;
        drop(shared.failure.replace(exception));
        shared.window.stop();
        Ok(())
    }

    /// Hands nothing out any more, and has iteration raise `exception` in the place of what is
    /// missing because of that; with `now`, also of what has begun and was not delivered.
    fn _cancel(&self, exception: Bound<'_, PyAny>, now: bool) -> PyResult<()> {
        let shared = self.shared()?;
        if shared.window.is_closed() {
            return Ok(()); // It has ended.
        }
        drop(shared.cancelled.replace(exception));
        if now {
            shared.cut.store(true, Ordering::Relaxed);
            shared.close();
        } else {
            shared.window.stop();
        }
        Ok(())
    }

    /// The number of results that were delivered or left out.
    fn delivered(&self) -> PyResult<usize> {
        Ok(self.shared()?.deliveries.load(Ordering::Relaxed))
    }

    /// The number of threads that work for the stream.
    fn workers(&self) -> PyResult<usize> {
        Ok(self.shared()?.window.workers())
    }

    /// Waits until no thread works for the stream, for at most `timeout` seconds (None: no
    /// limit); returns whether that is so.
    #[pyo3(signature = (timeout = None))]
    fn wait_idle(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        let until = timeout::of_wait(timeout)?;
        self.shared()?.window.wait_idle(&mut Attached::to_wait(py, until)?, until)
    }

    /// Returns what the workers' clocks say: processor time and busy time, both summed over the
    /// workers, and the time since the first task, in seconds; and the most workers that were
    /// busy at once. Workers report every few milliseconds and when they rest.
    fn clocks(&self) -> PyResult<(f64, f64, f64, usize)> {
        let pool::Reading { cpu, busy, elapsed, most } = self.shared()?.window.clocks();
        Ok((cpu, busy, elapsed, most))
    }

    /// The number of workers with nothing to do, and of threads (0 or 1) that wait for a
    /// result.
    fn _waiting(&self) -> PyResult<(usize, usize)> {
        let window = &self.shared()?.window;
        Ok((window.resting(), window.waiting()))
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(shared) = self.shared.get() else { return Ok(()) };
        shared.task.traverse(&visit)?;
        for place in shared.places() {
            place.traverse(&visit)?;
        }
        // SAFETY: items come and go in attached threads only, at no point where such a thread
        // could stop for the collector; and the collector runs while no other is attached.
        unsafe {
            shared.window.for_each_held(|held| {
                visit.call(held.input.get())?;
                visit.call(held.output.map(OwnedPy::get))
            })
        }
    }

    fn __clear__(&self) {
        if let Some(shared) = self.shared.get() {
            shared.forget();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.get() {
            shared.forget();
        }
    }
}
