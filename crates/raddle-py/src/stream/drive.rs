//! What the thread that iterates a stream does: pulls inputs, asks for workers, waits, takes
//! results.

use std::sync::atomic::Ordering;

use pyo3::exceptions::{PyMemoryError, PyRuntimeError, PyTimeoutError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyTuple};
use raddle::Deadline;
use raddle::pool::{Consumer, Delivery, NextStep};

use super::outcome::is_ordinary;
use super::shared::Shared;
use super::stream::Stream;
use crate::blocking::attached::Attached;
use crate::python::call::{self, OwnedPy};
use crate::python::hooks;
use crate::python::interned::intern;

/// How many results are delivered between two looks for signals: `list(stream)` does not look.
pub(super) const DELIVERIES_A_LOOK: usize = 256;
/// How many inputs are offered to the workers together, of those that come at once.
const AT_ONCE: usize = 256;

impl Shared {
    /// Takes one step after the other until there is a result, with its input, or none to come.
    pub(super) fn drive(
        &self,
        stream: &Bound<'_, Stream>,
        consumer: &mut Consumer<'_, OwnedPy, OwnedPy>,
        until: Deadline,
    ) -> PyResult<Option<(OwnedPy, OwnedPy)>> {
        let py = stream.py();
        loop {
            match consumer.next_step() {
                NextStep::Deliver(delivery) => {
                    self.count_delivery(stream)?;
                    let Delivery { number, input, output, failed } = delivery;
                    if !failed {
                        return Ok(Some((output, input)));
                    }
                    let settled = self.settle(py, output, input, number)?;
                    if settled.is_some() {
                        return Ok(settled);
                    }
                }
                NextStep::Pull if self.plain => self.pull_some(py, consumer)?,
                NextStep::Pull => self.pull(py, consumer)?,
                NextStep::Hire => self.ask_for_worker(py, consumer)?,
                NextStep::Wait => {
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
                NextStep::Discard(input, output) => {
                    self.cut.store(true, Ordering::Relaxed);
                    drop((input, output));
                }
                NextStep::Over => return self.conclude(py),
            }
        }
    }

    /// Every so often, looks for signals and calls `_look`; a result that was taken is not lost
    /// by that, since raising ends the stream.
    #[inline]
    fn count_delivery(&self, stream: &Bound<'_, Stream>) -> PyResult<()> {
        let count = self.deliveries.load(Ordering::Relaxed).wrapping_add(1);
        self.deliveries.store(count, Ordering::Relaxed);
        if !count.is_multiple_of(DELIVERIES_A_LOOK) {
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
        let again = call::method0(stream.as_any(), intern!(py, "_look"))?;
        self.next_look.set(if again.is_none() { None } else { Some(again.extract()?) });
        Ok(())
    }

    /// Pulls inputs before anybody asks for a result.
    pub(super) fn begin(
        &self,
        py: Python<'_>,
        consumer: &mut Consumer<'_, OwnedPy, OwnedPy>,
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

    /// Pulls as many inputs as there is room for, or ends the stream.
    fn pull_some(
        &self,
        py: Python<'_>,
        consumer: &mut Consumer<'_, OwnedPy, OwnedPy>,
    ) -> PyResult<()> {
        let Some(inputs) = self.inputs.get(py).map(|inputs| inputs.into_bound(py)) else {
            return self.pull(py, consumer);
        };
        for _ in 0..consumer.may_stage().div_ceil(AT_ONCE) {
            for _ in 0..consumer.may_stage().min(AT_ONCE) {
                match call::next_plain(&inputs) {
                    Ok(Some(item)) => consumer.stage(OwnedPy::new(item.unbind())),
                    // It says so again.
                    Ok(None) => {
                        consumer.offer();
                        return self.pull(py, consumer);
                    }
                    Err(error) => {
                        consumer.offer();
                        return self.pulled(py, consumer, Err(error));
                    }
                }
            }
            consumer.offer();
        }
        Ok(())
    }

    /// Pulls an input, or ends the stream.
    #[inline]
    fn pull(
        &self,
        py: Python<'_>,
        consumer: &mut Consumer<'_, OwnedPy, OwnedPy>,
    ) -> PyResult<()> {
        let item = match self.inputs.get(py).map(|inputs| inputs.into_bound(py)) {
            Some(inputs) => call::next(&inputs),
            None => Ok(None),
        };
        let item = match item {
            Ok(Some(item)) if self.star && !item.is_instance_of::<PyTuple>() => {
                Err(PyTypeError::new_err("with star=True every input is a tuple of arguments"))
            }
            item => item,
        };
        self.pulled(py, consumer, item)
    }

    #[inline]
    fn pulled(
        &self,
        py: Python<'_>,
        consumer: &mut Consumer<'_, OwnedPy, OwnedPy>,
        item: PyResult<Option<Bound<'_, PyAny>>>,
    ) -> PyResult<()> {
        match item {
            Ok(Some(item)) => consumer.publish(OwnedPy::new(item.unbind())),
            Ok(None) => {
                consumer.end();
                drop(self.inputs.take());
            }
            Err(error) if is_ordinary(&error, py) => {
                drop(self.failure.replace(error.into_value(py).into_bound(py).into_any()));
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

    /// Calls `hire`. That no thread can be started is an error only while no worker is there.
    fn ask_for_worker(
        &self,
        py: Python<'_>,
        consumer: &mut Consumer<'_, OwnedPy, OwnedPy>,
    ) -> PyResult<()> {
        let hired = match self.hire.get(py) {
            None => Ok(false),
            Some(hire) => call::call0(hire.bind(py))
                .map(|answer| !answer.cast::<PyBool>().is_ok_and(|answer| !answer.is_true())),
        };
        match hired {
            Err(error) if consumer.is_alone() || !is_refusal(&error, py) => return Err(error),
            Ok(true) => consumer.hired(true),
            Ok(false) | Err(_) => consumer.hired(false),
        }
        Ok(())
    }
}

/// Whether a thread could not be had, and nothing else went wrong: a signal's handler may have
/// raised meanwhile.
fn is_refusal(error: &PyErr, py: Python<'_>) -> bool {
    error.is_instance_of::<PyRuntimeError>(py)
        || error.is_instance_of::<PyMemoryError>(py)
        || hooks::CANCELLED.get().is_some_and(|class| error.is_instance(py, class.bind(py)))
}
