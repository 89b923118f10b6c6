//! What put() and get() do: at once if the queue lets them, else after a wait.

use pyo3::prelude::*;
use raddle::queue::{Deny, Turn};

use super::state::{Denied, Order, Queue};
use super::timeout::Timeout;
use super::{errors, opened, priority};
use crate::python::call::OwnedPy;

impl Queue {
    #[inline]
    pub(super) fn put_within(
        slf: &Bound<'_, Self>,
        item: Py<PyAny>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<()> {
        Self::ready(slf)?;
        let (this, item) = (slf.get(), OwnedPy::new(item));
        // (A queue without a limit never waits and does not look at the timeout.)
        if matches!(timeout, Timeout::Seconds(_))
            && this.gate.limit() != usize::MAX
            && matches!(this.gate.may_put(), Ok(()) | Err(Deny::Later))
        {
            timeout.check()?;
        }
        match this.put_now(slf.py(), item)? {
            Ok(()) => Ok(()),
            Err((item, not)) => Self::put_slow(slf, item, not, timeout),
        }
    }

    #[inline]
    pub(super) fn get_within(
        slf: &Bound<'_, Self>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        Self::ready(slf)?;
        let this = slf.get();
        if matches!(timeout, Timeout::Seconds(_))
            && matches!(this.gate.may_get(), Ok(()) | Err(Deny::Later))
        {
            timeout.check()?;
        }
        match this.get_now(slf.py())? {
            Ok(item) => Ok(item.into_inner()),
            Err(not) => Self::get_slow(slf, not, timeout),
        }
    }

    #[inline]
    pub(super) fn put_now(
        &self,
        py: Python<'_>,
        item: OwnedPy,
    ) -> PyResult<Result<(), (OwnedPy, Denied)>> {
        if self.order == Order::Least {
            return priority::put(self, py, item);
        }
        let put = self.gate.put_by(item, |contents, item| contents.items.push(item));
        Ok(put.map_err(|(item, deny)| (item, deny.into())))
    }

    #[inline]
    pub(super) fn get_now(&self, py: Python<'_>) -> PyResult<Result<OwnedPy, Denied>> {
        if self.order == Order::Least {
            return priority::get(self, py);
        }
        Ok(self.gate.get_by(|contents| contents.items.pop()).map_err(Denied::from))
    }

    #[cold]
    pub(super) fn put_slow(
        slf: &Bound<'_, Self>,
        item: OwnedPy,
        not: Denied,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        match (not, timeout) {
            (Denied::ShutDown, _) => return Err(errors::shut_down(py)),
            (Denied::Open, _) => return opened::put(slf, &item, timeout.remaining(py, None)?),
            (Denied::Now, Timeout::NoWait) => return Err(errors::full(py)),
            (Denied::Now, _) => {}
        }
        let until = timeout.deadline()?;
        let (mut item, mut turn) = (item, Turn::default());
        loop {
            if !priority::outside(this, py, until, |blocking| {
                this.gate.wait_to_put(blocking, until, &mut turn)
            })? {
                return Err(errors::full(py));
            }
            match this.put_now(py, item) {
                Ok(Ok(())) => return Ok(()),
                Ok(Err((back, Denied::Now))) => item = back,
                Ok(Err((_, Denied::ShutDown))) => return Err(errors::shut_down(py)),
                Ok(Err((item, Denied::Open))) => {
                    return opened::put(slf, &item, timeout.remaining(py, Some(until))?);
                }
                Err(error) => {
                    this.gate.nudge();
                    return Err(error);
                }
            }
        }
    }

    #[cold]
    pub(super) fn get_slow(
        slf: &Bound<'_, Self>,
        not: Denied,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let this = slf.get();
        match (not, timeout) {
            (Denied::ShutDown, _) => return Err(errors::shut_down(py)),
            (Denied::Open, _) => return opened::get(slf, timeout.remaining(py, None)?),
            (Denied::Now, Timeout::NoWait) => return Err(errors::empty(py)),
            (Denied::Now, _) => {}
        }
        let until = timeout.deadline()?;
        let mut turn = Turn::default();
        loop {
            if !priority::outside(this, py, until, |blocking| {
                this.gate.wait_to_get(blocking, until, &mut turn)
            })? {
                return Err(errors::empty(py));
            }
            match this.get_now(py) {
                Ok(Ok(item)) => return Ok(item.into_inner()),
                Ok(Err(Denied::Now)) => {}
                Ok(Err(Denied::ShutDown)) => return Err(errors::shut_down(py)),
                Ok(Err(Denied::Open)) => {
                    return opened::get(slf, timeout.remaining(py, Some(until))?);
                }
                Err(error) => {
                    this.gate.nudge();
                    return Err(error);
                }
            }
        }
    }
}
