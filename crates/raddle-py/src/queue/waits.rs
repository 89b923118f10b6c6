//! What put() and get() do: at once if the queue lets them, else after a wait.

use pyo3::prelude::*;
use raddle::queue::{Deny, Turn};

use super::patience::Patience;
use super::{Order, Queue, opened, ordered, raised};
use crate::outcall::Held;

/// Why the native part did not do it.
pub(super) enum Not {
    Now,
    ShutDown,
    /// The queue has been opened.
    Open,
}

impl From<Deny> for Not {
    fn from(deny: Deny) -> Self {
        match deny {
            Deny::Later => Self::Now,
            Deny::ShutDown => Self::ShutDown,
            Deny::Retired => Self::Open,
        }
    }
}

impl Queue {
    #[inline]
    pub(super) fn put_now(
        &self,
        py: Python<'_>,
        item: Held,
    ) -> PyResult<Result<(), (Held, Not)>> {
        if self.order == Order::Least {
            return ordered::put(self, py, item);
        }
        let put = self.gate.put_by(item, |shelf, item| shelf.items.push(item));
        Ok(put.map_err(|(item, deny)| (item, deny.into())))
    }

    #[inline]
    pub(super) fn get_now(&self, py: Python<'_>) -> PyResult<Result<Held, Not>> {
        if self.order == Order::Least {
            return ordered::get(self, py);
        }
        Ok(self.gate.get_by(|shelf| shelf.items.pop()).map_err(Not::from))
    }

    #[cold]
    pub(super) fn put_slow(
        slf: &Bound<'_, Self>,
        item: Held,
        not: Not,
        patience: Patience<'_, '_>,
    ) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        match (not, patience) {
            (Not::ShutDown, _) => return Err(raised::shut_down(py)),
            (Not::Open, _) => return opened::put(slf, &item, patience.remaining(py, None)?),
            (Not::Now, Patience::None) => return Err(raised::full(py)),
            (Not::Now, _) => {}
        }
        let until = patience.deadline()?;
        let (mut item, mut turn) = (item, Turn::default());
        loop {
            if !ordered::outside(this, py, until, |blocking| {
                this.gate.wait_to_put(blocking, until, &mut turn)
            })? {
                return Err(raised::full(py));
            }
            match this.put_now(py, item) {
                Ok(Ok(())) => return Ok(()),
                Ok(Err((back, Not::Now))) => item = back,
                Ok(Err((_, Not::ShutDown))) => return Err(raised::shut_down(py)),
                Ok(Err((item, Not::Open))) => {
                    return opened::put(slf, &item, patience.remaining(py, Some(until))?);
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
        not: Not,
        patience: Patience<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let this = slf.get();
        match (not, patience) {
            (Not::ShutDown, _) => return Err(raised::shut_down(py)),
            (Not::Open, _) => return opened::get(slf, patience.remaining(py, None)?),
            (Not::Now, Patience::None) => return Err(raised::empty(py)),
            (Not::Now, _) => {}
        }
        let until = patience.deadline()?;
        let mut turn = Turn::default();
        loop {
            if !ordered::outside(this, py, until, |blocking| {
                this.gate.wait_to_get(blocking, until, &mut turn)
            })? {
                return Err(raised::empty(py));
            }
            match this.get_now(py) {
                Ok(Ok(item)) => return Ok(item.into_inner()),
                Ok(Err(Not::Now)) => {}
                Ok(Err(Not::ShutDown)) => return Err(raised::shut_down(py)),
                Ok(Err(Not::Open)) => {
                    return opened::get(slf, patience.remaining(py, Some(until))?);
                }
                Err(error) => {
                    this.gate.nudge();
                    return Err(error);
                }
            }
        }
    }
}
