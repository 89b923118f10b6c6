//! The quick half of `concurrent.futures.ThreadPoolExecutor`: `submit`.
//!
//! The slow half, which starts and ends workers, is in
//! `python/raddle/_futures/executor.py`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyTuple};

use crate::futures::classes;
use crate::futures::workqueue::{Pushed, WorkQueue};
use crate::python::atomic::AtomicPy;
use crate::python::call;
use crate::python::interned::intern;
use crate::python::once::OnceBox;

/// What an executor of threads is made of.
#[pyclass(frozen, subclass, module = "raddle._raddle", name = "_Executor")]
pub(crate) struct Executor {
    /// Set by `_begin`, once.
    queue: OnceBox<Py<WorkQueue>>,
    /// The class changes nothing that `submit` would have to ask it about.
    plain: AtomicBool,
    /// How many workers there may be, and how many were started.
    limit: AtomicUsize,
    started: AtomicUsize,
    shutdown: AtomicBool,
    /// Why no call is accepted, or False.
    broken: AtomicPy,
}

impl Executor {
    fn queue(&self) -> PyResult<&Py<WorkQueue>> {
        self.queue.get().ok_or_else(|| {
            PyRuntimeError::new_err("ThreadPoolExecutor.__init__() was not called")
        })
    }

    fn may_grow(&self) -> bool {
        self.started.load(Ordering::Relaxed) < self.limit.load(Ordering::Relaxed)
    }

    fn is_broken(&self, py: Python<'_>) -> PyResult<bool> {
        match self.broken.get(py) {
            Some(reason) => call::truth(reason.bind(py)),
            None => Ok(false),
        }
    }

    /// Whether `submit` has to raise.
    #[inline]
    fn refuses(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.shutdown.load(Ordering::Acquire)
            || self.is_broken(py)?
            || classes::is_shut_down(py)?)
    }
}

/// How many workers there may be: as many as it takes to reach `limit`, which may be any number.
fn whole(limit: &Bound<'_, PyAny>) -> PyResult<usize> {
    match limit.cast::<PyInt>() {
        Ok(limit) if limit.lt(0)? => Ok(0),
        Ok(limit) => Ok(limit.extract().unwrap_or(usize::MAX)),
        Err(_) => Ok(call::float(limit)?.ceil() as usize), // The cast saturates.
    }
}

/// Raises what says why no call is accepted.
#[cold]
fn refuse<'py, T>(slf: &Bound<'py, Executor>) -> PyResult<T> {
    call::method0(slf.as_any(), intern!(slf.py(), "_refuse"))?;
    Err(PyRuntimeError::new_err("cannot schedule new futures after shutdown"))
}

#[pymethods]
impl Executor {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            queue: OnceBox::new(),
            plain: AtomicBool::new(false),
            limit: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            shutdown: AtomicBool::new(false),
            broken: AtomicPy::new(),
        }
    }

    #[getter(_max_workers)]
    fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    #[setter(_max_workers)]
    fn set_limit(&self, limit: &Bound<'_, PyAny>) -> PyResult<()> {
        let limit = whole(limit)?;
        self.limit.store(limit, Ordering::Relaxed);
        if let Some(queue) = self.queue.get() {
            queue.get().unlimit(); // A program that changes it may do so again.
        }
        Ok(())
    }

    /// Sets the queue, the number of workers that there may be, and whether the class leaves
    /// `_adjust_thread_count` and `prepare_context` as they are.
    fn _begin(
        &self,
        queue: Py<WorkQueue>,
        limit: &Bound<'_, PyAny>,
        plain: bool,
    ) -> PyResult<()> {
        self.set_limit(limit)?;
        self.plain.store(plain, Ordering::Relaxed);
        if plain {
            queue.get().limit(self.limit.load(Ordering::Relaxed));
        }
        let _ = self.queue.set(queue);
        Ok(())
    }

    /// Says that a worker was started.
    fn _started(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    /// Says that a worker has left before the end.
    fn _left(&self) {
        self.started.fetch_sub(1, Ordering::Relaxed);
    }

    /// Has a worker call `fn(*args, **kwargs)`; returns the Future of the call.
    ///
    /// Raises RuntimeError after shutdown() and at the interpreter's exit, BrokenThreadPool if an
    /// initializer has failed.
    #[pyo3(signature = (r#fn, /, *args, **kwargs))]
    fn submit<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        r#fn: &Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let executor = slf.get();
        let queue = executor.queue()?.get();
        if executor.refuses(py)? {
            return refuse(slf);
        }
        if !executor.plain.load(Ordering::Relaxed) {
            let submit = call::getattr(slf.as_any(), intern!(py, "_submit"))?;
            let kwargs = kwargs.cloned().unwrap_or_else(|| PyDict::new(py));
            return call::call(&submit, &(r#fn, args, kwargs).into_pyobject(py)?, None);
        }
        let future = classes::make_future(py)?;
        match queue.push(&future, r#fn, args, kwargs)? {
            Pushed::Met => {}
            Pushed::Unmet => {
                if executor.may_grow() {
                    let grow = call::getattr(slf.as_any(), intern!(py, "_grow"))?;
                    call::call1(&grow, future.as_any())?;
                }
            }
            Pushed::Refused => return refuse(slf),
        }
        Ok(future.into_any())
    }

    #[getter(_shutdown)]
    fn is_shutdown(&self) -> bool {
        self.shutdown.load(Ordering::Acquire)
    }

    /// Once it is True, the queue accepts no calls.
    #[setter(_shutdown)]
    fn set_shutdown(&self, value: bool) {
        self.shutdown.store(value, Ordering::Release);
        if let (true, Some(queue)) = (value, self.queue.get()) {
            queue.get().close();
        }
    }

    #[getter(_broken)]
    fn broken(&self, py: Python<'_>) -> Py<PyAny> {
        self.broken.get(py).unwrap_or_else(|| {
            pyo3::types::PyBool::new(py, false).to_owned().into_any().unbind()
        })
    }

    /// Once it is a reason, the queue accepts no calls.
    #[setter(_broken)]
    fn set_broken(&self, py: Python<'_>, value: Py<PyAny>) -> PyResult<()> {
        let broken = call::truth(value.bind(py))?;
        // The text that was there, if any, may be in use: it stays for ever.
        std::mem::forget(self.broken.put(broken.then_some(value)));
        if let (true, Some(queue)) = (broken, self.queue.get()) {
            queue.get().close();
        }
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.queue.get())?;
        self.broken.traverse(&visit)
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.broken.put(None).into_iter().for_each(call::drop_ref);
    }
}
