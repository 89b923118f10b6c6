//! What the tasks of a stream come to: values, exceptions, and what is raised at the end.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use pyo3::exceptions::{PyException, PyRuntimeError, PyStopIteration};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use raddle::pool::Outcome;

use super::shared::{OnError, Shared};
use crate::python::call::{self, Callee, OwnedPy};
use crate::python::context::Entered;
use crate::python::interned::intern;

/// The longest representation of an input in a note, in characters.
const LONGEST_REPR: usize = 200;

pub(super) fn is_ordinary(error: &PyErr, py: Python<'_>) -> bool {
    error.is_instance_of::<PyException>(py)
}

impl Shared {
    /// Runs one task, in a copy of the stream's context.
    #[inline]
    pub(super) fn run(
        &self,
        py: Python<'_>,
        function: &Callee,
        context: &mut Entered,
        input: &OwnedPy,
    ) -> Outcome<OwnedPy> {
        let call = || {
            if !self.star {
                return function.call1(input.get().bind(py));
            }
            // SAFETY: `pull` lets tuples only into a window of such tasks.
            function.call(unsafe { input.get().bind(py).cast_unchecked::<PyTuple>() })
        };
        match context.fresh(py).and_then(|()| call()) {
            Ok(value) => Outcome::Go(OwnedPy::new(value.unbind())),
            Err(error) => {
                let stop = self.on_error == OnError::Raise || !is_ordinary(&error, py);
                let error = OwnedPy::new(error.into_value(py).into_any());
                if stop { Outcome::Stop(error) } else { Outcome::Fail(error) }
            }
        }
    }

    /// Yields the exception of a task, leaves it out, or raises it.
    #[cold]
    pub(super) fn settle(
        &self,
        py: Python<'_>,
        error: OwnedPy,
        input: OwnedPy,
        number: usize,
    ) -> PyResult<Option<(OwnedPy, OwnedPy)>> {
        let exception = error.get().bind(py);
        self.annotate(exception, input.get().bind(py), number)?;
        if self.on_error != OnError::Raise && exception.is_instance_of::<PyException>() {
            if self.on_error == OnError::Return {
                return Ok(Some((error, input)));
            }
            let list = match self.collected.get(py) {
                Some(list) => list.into_bound(py),
                None => {
                    let list = PyList::empty(py).into_any();
                    drop(self.collected.replace(list.clone()));
                    list
                }
            };
            list.cast::<PyList>()?.append(exception)?;
            return Ok(None);
        }
        self.window.close();
        drop(self.cancelled.take());
        let error = call::raised(exception.clone());
        if exception.is_instance_of::<PyStopIteration>() {
            // It would look like the end of the results.
            let stopped = PyRuntimeError::new_err("the function raised StopIteration");
            self.annotate(stopped.value(py).as_any(), input.get().bind(py), number)?;
            stopped.set_cause(py, Some(error));
            return Err(stopped);
        }
        Err(error)
    }

    /// Adds a note to what a task raised: which input it was.
    ///
    /// # Errors
    /// Ctrl-C, say, while the program's `__repr__` runs.
    fn annotate(
        &self,
        exception: &Bound<'_, PyAny>,
        input: &Bound<'_, PyAny>,
        number: usize,
    ) -> PyResult<()> {
        let py = exception.py();
        let shown = call::repr(input).and_then(|text| text.extract::<String>());
        let shown = match shown {
            Ok(text) if text.chars().nth(LONGEST_REPR).is_none() => text,
            Ok(text) => text.chars().take(LONGEST_REPR - 1).chain(['…']).collect(),
            Err(error) if is_ordinary(&error, py) => String::from("(its repr() failed)"),
            Err(error) => return Err(error),
        };
        let note = format!("{}: input {number}: {shown}", self.name);
        let noted = call::getattr(exception, intern!(py, "add_note"))
            .and_then(|add_note| call::call(&add_note, &(note,).into_pyobject(py)?, None));
        match noted {
            Err(error) if !is_ordinary(&error, py) => Err(error),
            // An exception that cannot take a note is raised without.
            _ => Ok(()),
        }
    }

    /// What is to be raised at the end, if anything.
    #[cold]
    pub(super) fn conclude(&self, py: Python<'_>) -> PyResult<Option<(OwnedPy, OwnedPy)>> {
        if let Some(error) = self.cancelled.take() {
            // Not if all had begun by then.
            let mut missing = self.cut.load(Ordering::Relaxed);
            if let (false, Some(inputs)) = (missing, self.inputs.get(py)) {
                missing = match call::next(inputs.bind(py)) {
                    Ok(more) => more.is_some(),
                    Err(error) if is_ordinary(&error, py) => true,
                    Err(error) => return Err(error),
                };
            }
            if missing {
                self.window.close();
                return Err(call::raised(error.into_inner().into_bound(py)));
            }
        }
        if self.window.is_closed() {
            return Ok(None);
        }
        self.window.close();
        if let Some(error) = self.failure.take() {
            return Err(call::raised(error.into_inner().into_bound(py)));
        }
        self.collected(py)?.map_or(Ok(None), Err)
    }

    /// Makes what was collected the first context of the error that ends the stream.
    #[cold]
    pub(super) fn keep_collected(&self, py: Python<'_>, error: &PyErr) -> PyResult<()> {
        if let Some(group) = self.collected(py)? {
            let mut oldest = error.clone_ref(py);
            let mut seen = HashSet::from([oldest.value(py).as_ptr()]); // It may be a cycle.
            while let Some(context) = oldest.context(py)
                && seen.insert(context.value(py).as_ptr())
            {
                oldest = context;
            }
            oldest.set_context(py, Some(group));
        }
        Ok(())
    }

    /// A group of what was collected, if anything was; once.
    fn collected(&self, py: Python<'_>) -> PyResult<Option<PyErr>> {
        let Some(errors) = self.collected.take() else { return Ok(None) };
        let errors = errors.into_inner().into_bound(py);
        let (failed, all) = (errors.len()?, self.deliveries.load(Ordering::Relaxed));
        let text = format!("{}: {failed} of {all} inputs failed", self.name);
        let kind = py.import("builtins")?.getattr(intern!(py, "BaseExceptionGroup"))?;
        let group = call::call(&kind, &(text, errors).into_pyobject(py)?, None)?;
        Ok(Some(call::raised(group)))
    }
}
