//! `Stream`: the engine of `raddle.map` on threads.
//!
//! The algorithm is the core's [`Window`]; here are the steps that call Python: pulling an input,
//! running a task, asking for a worker, raising what a task raised.

use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{
    PyException, PyRuntimeError, PyStopIteration, PyTimeoutError, PyTypeError, PyValueError,
};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyList, PyString, PyTuple};
use raddle::Deadline;
use raddle::pool::{self, Consumer, Left, Outcome, Plan, Settings, Stay, Window};

use crate::arg::Truth;
use crate::attached::Attached;
use crate::errors;
use crate::outcall::{self, Held};
use crate::slot::Slot;
use crate::timeout;

/// How many results are delivered between two looks for signals: `list(stream)` does not look.
const DELIVERIES_A_LOOK: usize = 256;
/// The longest representation of an input in a note, in characters.
const LONGEST_REPR: usize = 200;

/// Runs a function over a stream of inputs in worker threads; iterate it for the results.
///
/// `inputs` is an iterator that only the iterating thread advances; with `star` its items are
/// tuples of arguments. At most `window` items are taken ahead of the results, and at most `reach`
/// while they are slow. Results come in
/// order, or as they are ready if not `ordered`. `on_error="raise"` hands nothing out any more
/// once a task raises, and raises that with a note that names the item; `"return"` yields the
/// exception in place; `"collect"` leaves it out and raises one ExceptionGroup at the end.
/// `timeout` is how many seconds from now results may be waited for. `name` is what notes call
/// the stream. `hire()` is called when work waits for workers: it is to have one more
/// thread call worker(), or to return False; it is not called while `crew` workers are there or
/// on their way. No counterpart in the standard library.
///
/// For subclasses there are two hooks. `_look()` is called by the iterating thread every `look`
/// seconds or so, as long as it returns that number anew. `_ended(how)` is called once, when there
/// is nothing more to come: how is "done", "closed", "failed" or "interrupted".
#[pyclass(frozen, subclass, weakref, module = "raddle._raddle")]
pub(crate) struct Stream {
    /// Filled by `__new__`; emptied of objects when the stream is dropped, whoever still works
    /// for it.
    inner: Slot<Arc<Inner>>,
}

struct Inner {
    window: Window<Held, Made>,
    function: Place,
    /// Empty once the input has ended; the consumer's.
    inputs: Place,
    /// Empty once it has declined; the consumer's.
    hire: Place,
    /// What the inputs raised, to be raised after the results; the consumer's.
    failure: Place,
    /// What `_cancel` was given, and whether anything is missing because of it.
    cancelled: Place,
    cut: AtomicBool,
    star: bool,
    on_error: OnError,
    /// A list of the exceptions that were left out, if any; the consumer's.
    collected: Place,
    /// What notes call the stream.
    name: String,
    until: Deadline,
    /// How many results were delivered or left out; the consumer's.
    deliveries: AtomicUsize,
    /// When `_look` is to be called next; the consumer's.
    next_look: Next,
    /// `_ended` was called.
    ended: AtomicBool,
}

/// What becomes of the exception of a task.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnError {
    Raise,
    Return,
    Collect,
}

/// When something is to be done next; handed on from consumer to consumer.
struct Next(Mutex<Deadline>);

impl Next {
    fn new(seconds: Option<f64>) -> Self {
        Self(Mutex::new(Self::after(seconds)))
    }

    fn after(seconds: Option<f64>) -> Deadline {
        seconds.map_or(Deadline::NEVER, |seconds| Deadline::after(duration(seconds)))
    }

    fn set(&self, seconds: Option<f64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Self::after(seconds);
    }

    fn get(&self) -> Deadline {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number of seconds, whatever it is; none if it is not a number.
fn duration(seconds: f64) -> Duration {
    let seconds = if seconds.is_nan() { 0.0 } else { seconds };
    Duration::from_secs_f64(seconds.clamp(0.0, 1e6))
}

/// What a task made.
enum Made {
    Value(Held),
    Error(Held),
}

impl Made {
    fn held(&self) -> &Held {
        match self {
            Self::Value(held) | Self::Error(held) => held,
        }
    }
}

/// A reference that can be given up early, and that the garbage collector sees.
struct Place(AtomicPtr<ffi::PyObject>);

impl Place {
    fn new(object: Option<Bound<'_, PyAny>>) -> Self {
        Self(AtomicPtr::new(object.map_or(ptr::null_mut(), Bound::into_ptr)))
    }

    /// The object, unless it was given up; nobody gives it up during the call.
    fn get<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: null, or a reference of this place's own.
        unsafe { Bound::from_borrowed_ptr_or_opt(py, self.0.load(Ordering::Acquire)) }
    }

    fn put(&self, object: Bound<'_, PyAny>) {
        drop(self.replace(object.into_ptr()));
    }

    fn take(&self) -> Option<Held> {
        self.replace(ptr::null_mut())
    }

    /// The calling thread is attached.
    fn replace(&self, object: *mut ffi::PyObject) -> Option<Held> {
        let old = self.0.swap(object, Ordering::AcqRel);
        // SAFETY: attached, says the caller; null, or a reference that this place owned.
        let old = unsafe { Bound::from_owned_ptr_or_opt(Python::assume_attached(), old) };
        old.map(|old| Held::new(old.unbind()))
    }

    fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let object = self.0.load(Ordering::Acquire);
        // SAFETY: null, or a reference that stays this place's own: it is not dropped here. The
        // collector calls this attached.
        let object = unsafe { Bound::from_owned_ptr_or_opt(Python::assume_attached(), object) };
        let object = ManuallyDrop::new(object);
        visit.call(object.as_ref().map(Bound::as_unbound))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.take());
    }
}

fn is_ordinary(error: &PyErr, py: Python<'_>) -> bool {
    error.is_instance_of::<PyException>(py)
}

impl Inner {
    fn places(&self) -> [&Place; 6] {
        let Self { function, inputs, hire, failure, cancelled, collected, .. } = self;
        [function, inputs, hire, failure, cancelled, collected]
    }

    /// Closes the stream and drops all that it holds, but for what a worker is at.
    fn forget(&self) {
        self.close();
        for place in self.places() {
            drop(place.take());
        }
    }

    /// Runs one task.
    fn run(&self, function: &Bound<'_, PyAny>, input: &Held) -> Outcome<Made> {
        let py = function.py();
        let result = if self.star {
            // SAFETY: `pull` lets tuples only into a window of such tasks.
            let arguments = unsafe { input.get().bind(py).cast_unchecked::<PyTuple>() };
            outcall::call(function, arguments, None)
        } else {
            outcall::call1(function, input.get().bind(py))
        };
        match result {
            Ok(value) => Outcome::Go(Made::Value(Held::new(value.unbind()))),
            Err(error) => {
                let stop = self.on_error == OnError::Raise || !is_ordinary(&error, py);
                let made = Made::Error(Held::new(error.into_value(py).into_any()));
                if stop { Outcome::Stop(made) } else { Outcome::Go(made) }
            }
        }
    }

    /// Does what the plan says until there is a result, with its input, or none to come.
    fn drive(
        &self,
        stream: &Bound<'_, Stream>,
        consumer: &mut Consumer<'_, Held, Made>,
        until: Deadline,
    ) -> PyResult<Option<(Held, Held)>> {
        let py = stream.py();
        loop {
            match consumer.plan() {
                Plan::Deliver(delivery) => {
                    self.count_delivery(stream)?;
                    match delivery.output {
                        Made::Value(value) => return Ok(Some((value, delivery.input))),
                        Made::Error(error) => {
                            let settled =
                                self.settle(py, error, delivery.input, delivery.number)?;
                            if settled.is_some() {
                                return Ok(settled);
                            }
                        }
                    }
                }
                Plan::Pull => self.pull(py, consumer)?,
                Plan::Hire => self.ask_for_worker(py, consumer)?,
                Plan::Wait => {
                    if self.until.has_passed() {
                        let next = self.deliveries.load(Ordering::Relaxed);
                        return Err(PyTimeoutError::new_err(format!(
                            "input {next} has no result yet, and the time of {} is over",
                            self.name
                        )));
                    }
                    if until.has_passed() {
                        return Err(PyTimeoutError::new_err("no result was ready in time"));
                    }
                    let look = self.next_look.get();
                    if look.has_passed() {
                        self.look(stream)?;
                        continue;
                    }
                    let until = until.or_sooner(self.until).or_sooner(look);
                    let mut attached = Attached::to_wait(py, until)?;
                    consumer.wait(&mut attached, until)?;
                    attached.attach();
                    py.check_signals()?;
                }
                Plan::Discard(input, output) => {
                    self.cut.store(true, Ordering::Relaxed);
                    drop((input, output));
                }
                Plan::Over => return self.conclude(py),
            }
        }
    }

    /// What is to be raised at the end, if anything.
    #[cold]
    fn conclude(&self, py: Python<'_>) -> PyResult<Option<(Held, Held)>> {
        if let Some(error) = self.cancelled.take() {
            // Not if all had begun by then.
            let mut missing = self.cut.load(Ordering::Relaxed);
            if let (false, Some(inputs)) = (missing, self.inputs.get(py)) {
                missing = match outcall::next(&inputs) {
                    Ok(more) => more.is_some(),
                    Err(error) if is_ordinary(&error, py) => true,
                    Err(error) => return Err(error),
                };
            }
            if missing {
                self.window.close();
                return Err(PyErr::from_value(error.into_inner().into_bound(py)));
            }
        }
        if self.window.is_closed() {
            return Ok(None);
        }
        self.window.close();
        if let Some(error) = self.failure.take() {
            return Err(PyErr::from_value(error.into_inner().into_bound(py)));
        }
        let Some(errors) = self.collected.take() else { return Ok(None) };
        let errors = errors.into_inner().into_bound(py);
        let (failed, all) = (errors.len()?, self.deliveries.load(Ordering::Relaxed));
        let text = format!("{}: {failed} of {all} inputs failed", self.name);
        let kind = py.import("builtins")?.getattr(intern!(py, "BaseExceptionGroup"))?;
        let group = outcall::call(&kind, &(text, errors).into_pyobject(py)?, None)?;
        Err(PyErr::from_value(group))
    }

    /// Every so often, looks for signals and calls `_look`; a result that was taken is not lost
    /// by that, since raising ends the stream.
    #[inline]
    fn count_delivery(&self, stream: &Bound<'_, Stream>) -> PyResult<()> {
        let count = self.deliveries.load(Ordering::Relaxed).wrapping_add(1);
        self.deliveries.store(count, Ordering::Relaxed);
        if count % DELIVERIES_A_LOOK != 0 {
            return Ok(());
        }
        let looked = stream.py().check_signals().and_then(|()| {
            if self.next_look.get().has_passed() { self.look(stream) } else { Ok(()) }
        });
        looked.inspect_err(|_| self.window.close())
    }

    #[cold]
    fn look(&self, stream: &Bound<'_, Stream>) -> PyResult<()> {
        let py = stream.py();
        let again = outcall::method0(stream.as_any(), intern!(py, "_look"))?;
        self.next_look.set(if again.is_none() { None } else { Some(again.extract()?) });
        Ok(())
    }

    /// Yields the exception of a task, leaves it out, or raises it.
    #[cold]
    fn settle(
        &self,
        py: Python<'_>,
        error: Held,
        input: Held,
        number: usize,
    ) -> PyResult<Option<(Held, Held)>> {
        let exception = error.get().bind(py);
        self.annotate(exception, input.get().bind(py), number);
        if self.on_error != OnError::Raise && exception.is_instance_of::<PyException>() {
            if self.on_error == OnError::Return {
                return Ok(Some((error, input)));
            }
            let list = match self.collected.get(py) {
                Some(list) => list,
                None => {
                    let list = PyList::empty(py).into_any();
                    self.collected.put(list.clone());
                    list
                }
            };
            list.cast::<PyList>()?.append(exception)?;
            return Ok(None);
        }
        self.window.close();
        drop(self.cancelled.take());
        let error = PyErr::from_value(exception.clone());
        if exception.is_instance_of::<PyStopIteration>() {
            // It would look like the end of the results.
            let stopped = PyRuntimeError::new_err("the function raised StopIteration");
            stopped.set_cause(py, Some(error));
            return Err(stopped);
        }
        Err(error)
    }

    /// Pulls inputs before anybody asks for a result.
    fn begin(
        &self,
        py: Python<'_>,
        consumer: &mut Consumer<'_, Held, Made>,
        count: usize,
    ) -> PyResult<()> {
        for _ in 0..count {
            if !consumer.may_pull() {
                break;
            }
            self.pull(py, consumer)?;
            while consumer.may_hire() {
                self.ask_for_worker(py, consumer)?;
            }
        }
        Ok(())
    }

    /// Pulls an input, or ends the stream.
    #[inline]
    fn pull(&self, py: Python<'_>, consumer: &mut Consumer<'_, Held, Made>) -> PyResult<()> {
        let item = match self.inputs.get(py) {
            Some(inputs) => outcall::next(&inputs),
            None => Ok(None),
        };
        let item = match item {
            Ok(Some(item)) if self.star && !item.is_instance_of::<PyTuple>() => {
                Err(PyTypeError::new_err("with star=True every input is a tuple of arguments"))
            }
            item => item,
        };
        match item {
            Ok(Some(item)) => consumer.publish(Held::new(item.unbind())),
            Ok(None) => {
                consumer.end();
                drop(self.inputs.take());
            }
            Err(error) if is_ordinary(&error, py) => {
                self.failure.put(error.into_value(py).into_bound(py).into_any());
                consumer.end();
                drop(self.inputs.take());
            }
            // Such as KeyboardInterrupt: not after results that may take long.
            Err(error) => {
                self.window.close();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Calls `hire`. That it fails is an error only while there is nobody to do the work.
    fn ask_for_worker(
        &self,
        py: Python<'_>,
        consumer: &mut Consumer<'_, Held, Made>,
    ) -> PyResult<()> {
        let hired = match self.hire.get(py) {
            None => Ok(false),
            Some(hire) => outcall::call0(&hire)
                .map(|answer| !answer.cast::<PyBool>().is_ok_and(|answer| !answer.is_true())),
        };
        let nobody = self.window.workers() == 0 && consumer.hires() == 0;
        match hired {
            Err(error) if nobody || !is_ordinary(&error, py) => return Err(error),
            Ok(true) => consumer.hired(true),
            Ok(false) | Err(_) => {
                consumer.hired(false);
                drop(self.hire.take());
            }
        }
        Ok(())
    }

    /// Adds a note to what a task raised: which input it was.
    fn annotate(&self, exception: &Bound<'_, PyAny>, input: &Bound<'_, PyAny>, number: usize) {
        let py = exception.py();
        let shown = outcall::repr(input).and_then(|text| text.extract::<String>());
        let shown = match shown {
            Ok(text) if text.chars().nth(LONGEST_REPR).is_none() => text,
            Ok(text) => text.chars().take(LONGEST_REPR - 1).chain(['…']).collect(),
            Err(_) => String::from("(its repr() failed)"),
        };
        let note = format!("{}: input {number}: {shown}", self.name);
        // An exception that cannot take a note is raised without.
        let _ = outcall::getattr(exception, intern!(py, "add_note"))
            .and_then(|add_note| outcall::call(&add_note, &(note,).into_pyobject(py)?, None));
    }

    fn close(&self) {
        self.window.close();
        if let Some(consumer) = self.window.consumer() {
            consumer.leave_nothing();
        }
    }
}

impl Stream {
    fn inner(&self) -> PyResult<&Arc<Inner>> {
        self.inner.get().ok_or_else(|| errors::misuse("Stream.__new__() was not called"))
    }

    #[inline]
    fn advance(slf: &Bound<'_, Self>, until: Deadline) -> PyResult<Option<Py<PyAny>>> {
        let (py, inner) = (slf.py(), slf.get().inner()?);
        if inner.window.is_orphaned() {
            return Err(PyRuntimeError::new_err(
                "this stream was made before fork(): its workers are in the parent process, so \
                 it is closed here; make a new one",
            ));
        }
        let outcome = match inner.window.consumer() {
            Some(mut consumer) => {
                let outcome = inner.drive(slf, &mut consumer, until);
                consumer.leave_nothing();
                outcome
            }
            // Whoever is at it discards what is left.
            None if inner.window.is_closed() => inner.conclude(py),
            None => {
                return Err(PyValueError::new_err(
                    "stream already executing: one thread at a time can iterate it, and its \
                     inputs and hire() cannot",
                ));
            }
        };
        match outcome {
            Ok(Some((output, _input))) => Ok(Some(output.into_inner())),
            Ok(None) => {
                Self::end(slf, inner, "done")?;
                Ok(None)
            }
            Err(error) => {
                let interrupted = !is_ordinary(&error, py);
                if interrupted || inner.until.has_passed() {
                    inner.window.close();
                }
                if inner.window.is_closed() {
                    let how = if interrupted { "interrupted" } else { "failed" };
                    if let Err(another) = Self::end(slf, inner, how) {
                        outcall::report_unraisable(another, slf.as_any());
                    }
                }
                Err(error)
            }
        }
    }

    /// Calls `_ended`, once.
    #[cold]
    fn end(slf: &Bound<'_, Self>, inner: &Inner, how: &str) -> PyResult<()> {
        if inner.ended.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let ended = outcall::getattr(slf.as_any(), intern!(slf.py(), "_ended"))?;
        outcall::call1(&ended, PyString::new(slf.py(), how).as_any()).map(drop)
    }
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
        let inner = Inner {
            window: Window::new(Settings { limit, reach, ordered: ordered.0, crew }),
            function: Place::new(Some(r#fn)),
            inputs: Place::new(Some(inputs)),
            hire: Place::new(hire),
            failure: Place::new(None),
            cancelled: Place::new(None),
            cut: AtomicBool::new(false),
            star: star.0,
            on_error,
            collected: Place::new(None),
            name,
            until,
            deliveries: AtomicUsize::new(0),
            next_look: Next::new(look),
            ended: AtomicBool::new(false),
        };
        Ok(Self { inner: Slot::filled(Arc::new(inner)) })
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    #[inline]
    fn __next__(slf: &Bound<'_, Self>) -> PyResult<Option<Py<PyAny>>> {
        Self::advance(slf, Deadline::NEVER)
    }

    /// Returns the next result, waiting for at most `timeout` seconds (None: no limit).
    ///
    /// Raises TimeoutError if none is ready in time (the stream can be used on; pulling an input
    /// is not cut short), StopIteration at the end, ValueError if another thread is iterating,
    /// and what a task or the inputs raised.
    #[pyo3(signature = (timeout = None))]
    fn next(slf: &Bound<'_, Self>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        let until = timeout::of_wait(timeout)?;
        Self::advance(slf, until)?.ok_or_else(|| PyStopIteration::new_err(()))
    }

    /// Returns what a thread calls to work for the stream. It does not keep the stream: when that
    /// is dropped, its workers end.
    fn worker(&self, py: Python<'_>) -> PyResult<StreamWorker> {
        let inner = self.inner()?;
        let function = inner.function.get(py).map(|function| Held::new(function.unbind()));
        Ok(StreamWorker { inner: Arc::clone(inner), function })
    }

    /// Pulls up to `count` inputs and hands them out, before anybody asks for a result.
    fn _begin(&self, py: Python<'_>, count: usize) -> PyResult<()> {
        let inner = self.inner()?;
        let Some(mut consumer) = inner.window.consumer() else { return Ok(()) };
        let begun = inner.begin(py, &mut consumer, count);
        consumer.leave_nothing();
        begun
    }

    /// Hands nothing out any more, drops what has not started and the results that were not
    /// delivered, and wakes all who wait. What is running comes to its end.
    fn close(slf: &Bound<'_, Self>) -> PyResult<()> {
        let inner = slf.get().inner()?;
        drop(inner.cancelled.take());
        inner.close();
        Self::end(slf, inner, "closed")
    }

    /// The hook of subclasses; see the class.
    fn _look(&self) {}

    /// The hook of subclasses; see the class.
    fn _ended(&self, how: &str) {
        let _ = how;
    }

    /// Has iteration raise `exception` once the results that are there were delivered, and hands
    /// nothing out any more.
    fn fail(&self, exception: Bound<'_, PyAny>) -> PyResult<()> {
        let inner = self.inner()?;
        inner.failure.put(exception);
        inner.window.stop();
        Ok(())
    }

    /// Hands nothing out any more, and has iteration raise `exception` in the place of what is
    /// missing because of that; with `now`, also of what has begun and was not delivered.
    fn _cancel(&self, exception: Bound<'_, PyAny>, now: bool) -> PyResult<()> {
        let inner = self.inner()?;
        inner.cancelled.put(exception);
        if now {
            inner.cut.store(true, Ordering::Relaxed);
            inner.close();
        } else {
            inner.window.stop();
        }
        Ok(())
    }

    /// The number of results that were delivered or left out.
    fn delivered(&self) -> PyResult<usize> {
        Ok(self.inner()?.deliveries.load(Ordering::Relaxed))
    }

    /// The number of threads that work for the stream.
    fn workers(&self) -> PyResult<usize> {
        Ok(self.inner()?.window.workers())
    }

    /// Waits until no thread works for the stream, for at most `timeout` seconds (None: no limit);
    /// returns whether that is so.
    #[pyo3(signature = (timeout = None))]
    fn wait_idle(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        let until = timeout::of_wait(timeout)?;
        self.inner()?.window.wait_idle(&mut Attached::to_wait(py, until)?, until)
    }

    /// Returns what the workers' clocks say: processor time and busy time, both summed over the
    /// workers, and the time since the first task, in seconds; and the most workers that were
    /// busy at once. Workers report every few milliseconds and when they rest.
    fn clocks(&self) -> PyResult<(f64, f64, f64, usize)> {
        let pool::Reading { cpu, busy, elapsed, most } = self.inner()?.window.clocks();
        Ok((cpu, busy, elapsed, most))
    }

    /// The number of workers with nothing to do, and of threads (0 or 1) that wait for a result.
    fn _waiting(&self) -> PyResult<(usize, usize)> {
        let window = &self.inner()?.window;
        Ok((window.resting(), window.waiting()))
    }

    fn __getstate__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(errors::cannot_pickle(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(inner) = self.inner.get() else { return Ok(()) };
        for place in inner.places() {
            place.visit(&visit)?;
        }
        // SAFETY: items come and go in attached threads only, at no point where such a thread
        // could stop for the collector; and the collector runs while no other is attached.
        unsafe {
            inner.window.for_each_held(|held| {
                visit.call(held.input.get())?;
                visit.call(held.output.map(|made| made.held().get()))
            })
        }
    }

    fn __clear__(&self) {
        if let Some(inner) = self.inner.get() {
            inner.forget();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.get() {
            inner.forget();
        }
    }
}

/// Works for a stream when called, and returns when that has ended or is closed.
#[pyclass(frozen, module = "raddle._raddle", name = "_StreamWorker")]
pub(crate) struct StreamWorker {
    /// The objects in it are the stream's, for the collector as well: this may outlive them.
    inner: Arc<Inner>,
    /// The function, or nothing if the stream had been cleared.
    function: Option<Held>,
}

#[pymethods]
impl StreamWorker {
    /// Returns None when there is nothing more to do. With `rest` and `work`, in seconds, also
    /// False after a rest of that length without anything to do (`hire()` is called when there
    /// is), and True after so much work: the thread is expected back, `again`.
    #[pyo3(signature = (rest = None, work = None, again = false))]
    fn __call__(
        &self,
        py: Python<'_>,
        rest: Option<f64>,
        work: Option<f64>,
        again: bool,
    ) -> PyResult<Option<bool>> {
        let Some(function) = &self.function else { return Ok(None) };
        let function = function.get().bind(py);
        let stay = rest.zip(work).map(|(rest, work)| Stay {
            rest: duration(rest),
            work: duration(work),
            again,
        });
        let mut attached = Attached::new(py);
        let run = |attached: &mut Attached<'_>, input: &Held| {
            attached.attach();
            self.inner.run(function, input)
        };
        let left = self.inner.window.work_for(stay, &mut attached, Attached::attach, run)?;
        Ok(match left {
            Left::Over => None,
            Left::Idle => Some(false),
            Left::Expired => Some(true),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.function.as_ref().map(Held::get))
    }
}
