//! `Stream`: the engine of `raddle.map` on threads.
//!
//! The algorithm is the core's [`Window`]; here are the steps that call Python: pulling an input,
//! running a task, asking for a worker, raising what a task raised.

use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use pyo3::exceptions::{
    PyException, PyRuntimeError, PyTimeoutError, PyTypeError, PyValueError,
};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyTuple};
use raddle::Deadline;
use raddle::pool::{self, Consumer, Outcome, Plan, Settings, Window};

use crate::arg::Truth;
use crate::attached::Attached;
use crate::errors;
use crate::outcall::{self, Held};
use crate::slot::Slot;
use crate::timeout;

/// How many results are delivered between two looks for signals: `list(stream)` does not look.
const DELIVERIES_A_LOOK: u32 = 256;
/// The longest representation of an input in a note, in characters.
const LONGEST_REPR: usize = 200;

/// Runs a function over a stream of inputs in worker threads; iterate it for the results.
///
/// `inputs` is an iterator that only the iterating thread advances; with `star` its items are
/// tuples of arguments. At most `window` items are taken ahead of the results. Results come in
/// order, or as they are ready if not `ordered`. `on_error="raise"` hands nothing out any more
/// once a task raises, and raises that with a note that names the item; `"return"` yields the
/// exception in place. `hire()` is called when work waits for workers: it is to have one more
/// thread call work(), or to return False. No counterpart in the standard library.
#[pyclass(frozen, weakref, module = "raddle._raddle")]
pub(crate) struct Stream {
    /// Filled by `__new__`.
    inner: Slot<Inner>,
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
    star: bool,
    /// Exceptions are yielded in place.
    returns: bool,
    /// Counts towards a look for signals; the consumer's.
    deliveries: AtomicU32,
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
    /// Runs one task.
    fn run(&self, function: &Bound<'_, PyAny>, input: &Held) -> Outcome<Made> {
        let py = function.py();
        let result = if self.star {
            // SAFETY: `pull` lets tuples only into a window of such tasks.
            let arguments = unsafe { input.get().bind(py).cast_unchecked::<PyTuple>() };
            outcall::call(function, arguments, None)
        } else {
            outcall::call1(function, input.get())
        };
        match result {
            Ok(value) => Outcome::Go(Made::Value(Held::new(value.unbind()))),
            Err(error) => {
                let stop = !self.returns || !is_ordinary(&error, py);
                let made = Made::Error(Held::new(error.into_value(py).into_any()));
                if stop { Outcome::Stop(made) } else { Outcome::Go(made) }
            }
        }
    }

    /// Does what the plan says until there is a result, with its input, or none to come.
    fn drive(
        &self,
        py: Python<'_>,
        consumer: &mut Consumer<'_, Held, Made>,
        until: Deadline,
    ) -> PyResult<Option<(Held, Held)>> {
        loop {
            match consumer.plan() {
                Plan::Deliver(delivery) => {
                    self.look_for_signals(py)?;
                    return match delivery.output {
                        Made::Value(value) => Ok(Some((value, delivery.input))),
                        Made::Error(error) => {
                            self.settle(py, error, delivery.input, delivery.number)
                        }
                    };
                }
                Plan::Pull => self.pull(py, consumer)?,
                Plan::Hire => self.ask_for_worker(py, consumer)?,
                Plan::Wait => {
                    if until.has_passed() {
                        return Err(PyTimeoutError::new_err("no result was ready in time"));
                    }
                    let mut attached = Attached::to_wait(py, until)?;
                    consumer.wait(&mut attached, until)?;
                    attached.attach();
                    py.check_signals()?;
                }
                Plan::Discard(input, output) => drop((input, output)),
                Plan::Over => {
                    return match self.failure.take() {
                        Some(error) if !self.window.is_closed() => {
                            self.window.close();
                            Err(PyErr::from_value(error.into_inner().into_bound(py)))
                        }
                        _ => Ok(None),
                    };
                }
            }
        }
    }

    /// Every so often; a result that was taken is not lost by it: raising ends the stream.
    fn look_for_signals(&self, py: Python<'_>) -> PyResult<()> {
        let count = self.deliveries.load(Ordering::Relaxed).wrapping_add(1);
        self.deliveries.store(count, Ordering::Relaxed);
        if count % DELIVERIES_A_LOOK != 0 {
            return Ok(());
        }
        py.check_signals().inspect_err(|_| self.window.close())
    }

    /// Yields the exception of a task, or raises it.
    #[cold]
    fn settle(
        &self,
        py: Python<'_>,
        error: Held,
        input: Held,
        number: usize,
    ) -> PyResult<Option<(Held, Held)>> {
        let exception = error.get().bind(py);
        if self.returns && exception.is_instance_of::<PyException>() {
            return Ok(Some((error, input)));
        }
        self.window.close();
        annotate(exception, input.get().bind(py), number);
        Err(PyErr::from_value(exception.clone()))
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

    /// Stops being the consumer, and drops what a stream that was closed still held.
    #[inline]
    fn leave(&self, consumer: Consumer<'_, Held, Made>) {
        let mut left = consumer.leave();
        while let Err(mut consumer) = left {
            let mut leftovers = Vec::new();
            while let Plan::Discard(input, output) = consumer.plan() {
                leftovers.push((input, output));
            }
            left = consumer.leave();
            drop(leftovers); // Destructors may use the stream.
        }
    }

    fn close(&self) {
        self.window.close();
        if let Some(consumer) = self.window.consumer() {
            self.leave(consumer);
        }
    }
}

/// Adds a note to what a task raised: which item it was.
fn annotate(exception: &Bound<'_, PyAny>, input: &Bound<'_, PyAny>, number: usize) {
    let py = exception.py();
    let shown = outcall::repr(input).and_then(|text| text.extract::<String>());
    let shown = match shown {
        Ok(text) if text.chars().nth(LONGEST_REPR).is_none() => text,
        Ok(text) => text.chars().take(LONGEST_REPR - 1).chain(['…']).collect(),
        Err(_) => String::from("(its repr() failed)"),
    };
    let note = format!("raddle: item {number}, input: {shown}");
    // An exception that cannot take a note is raised without.
    let _ = outcall::getattr(exception, intern!(py, "add_note"))
        .and_then(|add_note| outcall::call(&add_note, &(note,).into_pyobject(py)?, None));
}

impl Stream {
    fn inner(&self) -> PyResult<&Inner> {
        self.inner.get().ok_or_else(|| errors::misuse("Stream.__new__() was not called"))
    }

    #[inline]
    fn advance(&self, py: Python<'_>, until: Deadline) -> PyResult<Option<Py<PyAny>>> {
        let inner = self.inner()?;
        if inner.window.is_orphaned() {
            return Err(PyRuntimeError::new_err(
                "this stream was made before fork(): its workers are in the parent process, so \
                 it is closed here; make a new one",
            ));
        }
        let Some(mut consumer) = inner.window.consumer() else {
            if inner.window.is_closed() {
                return Ok(None); // Whoever closes it discards what is left.
            }
            return Err(PyValueError::new_err(
                "stream already executing: one thread at a time can iterate it, and its inputs \
                 and hire() cannot",
            ));
        };
        let outcome = inner.drive(py, &mut consumer, until);
        inner.leave(consumer);
        outcome.map(|taken| taken.map(|(output, _input)| output.into_inner()))
    }
}

#[pymethods]
impl Stream {
    #[new]
    #[pyo3(
        signature = (
            r#fn, inputs, *, window = 1024, ordered = Truth(true), star = Truth(false),
            on_error = "raise", hire = None
        ),
        text_signature = "(fn, inputs, *, window=1024, ordered=True, star=False, \
                          on_error='raise', hire=None)"
    )]
    fn new(
        r#fn: Bound<'_, PyAny>,
        inputs: Bound<'_, PyAny>,
        window: isize,
        ordered: Truth,
        star: Truth,
        on_error: &str,
        hire: Option<Bound<'_, PyAny>>,
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
        let returns = match on_error {
            "raise" => false,
            "return" => true,
            other => {
                return Err(PyValueError::new_err(format!(
                    "on_error must be 'raise' or 'return', not {other:?}"
                )));
            }
        };
        let inner = Inner {
            window: Window::new(Settings { limit, ordered: ordered.0 }),
            function: Place::new(Some(r#fn)),
            inputs: Place::new(Some(inputs)),
            hire: Place::new(hire),
            failure: Place::new(None),
            star: star.0,
            returns,
            deliveries: AtomicU32::new(0),
        };
        Ok(Self { inner: Slot::filled(inner) })
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    #[inline]
    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.advance(py, Deadline::NEVER)
    }

    /// Returns the next result, waiting for at most `timeout` seconds (None: no limit).
    ///
    /// Raises TimeoutError if none is ready in time (the stream can be used on; pulling an input
    /// is not cut short), StopIteration at the end, ValueError if another thread is iterating,
    /// and what a task or the inputs raised.
    #[pyo3(signature = (timeout = None))]
    fn next(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        let until = timeout::of_wait(timeout)?;
        self.advance(py, until)?.ok_or_else(|| pyo3::exceptions::PyStopIteration::new_err(()))
    }

    /// Works for the stream, and returns when it has ended or is closed.
    fn work(&self, py: Python<'_>) -> PyResult<()> {
        let inner = self.inner()?;
        let Some(function) = inner.function.get(py) else { return Ok(()) };
        let mut attached = Attached::new(py);
        inner.window.work(&mut attached, Attached::attach, |attached, input| {
            attached.attach();
            inner.run(&function, input)
        })
    }

    /// Hands nothing out any more, drops what has not started and the results that were not
    /// delivered, and wakes all who wait. What is running comes to its end.
    fn close(&self) -> PyResult<()> {
        self.inner()?.close();
        Ok(())
    }

    /// The number of threads inside work().
    fn workers(&self) -> PyResult<usize> {
        Ok(self.inner()?.window.workers())
    }

    /// Waits until no thread is inside work(), for at most `timeout` seconds (None: no limit);
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
        for place in [&inner.function, &inner.inputs, &inner.hire, &inner.failure] {
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
            inner.close();
            for place in [&inner.function, &inner.inputs, &inner.hire, &inner.failure] {
                drop(place.take());
            }
        }
    }
}
