//! What a Queue is made of, and its two modes.
//!
//! A queue begins *native*: its items are in Rust, behind a gate of the crate `raddle`. A program
//! that reaches for what the standard library's queue is made of (`mutex`, `not_empty`,
//! `not_full`, `all_tasks_done`, `queue`, or a hook such as `_put`) *opens* it, for good: the
//! items move to a deque or a list, and every operation follows the protocol that the program
//! relies on, see `opened`. A subclass that overrides a hook is open from the start.
//!
//! | `mode`    | meaning                                        | changed by                    |
//! |-----------|------------------------------------------------|-------------------------------|
//! | `UNMADE`  | `__init__` has not run                         | `__init__`: to any other      |
//! | `NATIVE`  | the gate has the items                         | `open`: to `OPENING`          |
//! | `OPENING` | `open` is at work, and holds `lock`            | `open`: to `OPEN` or back     |
//! | `OPEN`    | Python's containers have them; the gate retired | nobody                       |

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyInt;
use raddle::queue::{Blocks, Deny, Gate, Heap, Inherited, Stack};

use super::errors;
use super::items::{Contents, Items};
use crate::locks::padded::Padded;
use crate::python::call::{self, OwnedPy};

pub(super) const UNMADE: u8 = 0;
pub(super) const NATIVE: u8 = 1;
pub(super) const OPENING: u8 = 2;
pub(super) const OPEN: u8 = 3;

/// The order in which a queue gives its items back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    First,
    Last,
    Least,
}

/// Why the native part did not do it.
pub(super) enum Denied {
    Now,
    ShutDown,
    /// The queue has been opened.
    Open,
}

impl From<Deny> for Denied {
    fn from(deny: Deny) -> Self {
        match deny {
            Deny::Later => Self::Now,
            Deny::ShutDown => Self::ShutDown,
            Deny::Retired => Self::Open,
        }
    }
}

/// A first-in first-out queue between threads.
///
/// `maxsize` is the most items that it holds; 0, which is the default, or less means any number,
/// as in the standard library. Raises TypeError if it is no number. `name` is what reports call
/// the queue. raddle only.
#[pyclass(frozen, subclass, dict, weakref, generic, module = "queue")]
pub(crate) struct Queue {
    /// Whether the rest is there yet; the collector may look before, at zeroes.
    pub(super) made: AtomicBool,
    /// See the module's table.
    pub(super) mode: AtomicU8,
    /// Whether this is an instance of one of the three classes, with its own put() and get().
    pub(super) plain: AtomicBool,
    /// What `is_shutdown` says while open.
    pub(super) shut: AtomicBool,
    pub(super) order: Order,
    /// The version of the class when it was last examined; 0 if never.
    pub(super) version: AtomicU32,
    /// Changed by attached threads only: the collector, while it runs, sees it at rest.
    pub(super) gate: Padded<Gate<Contents>>,
    /// Held while the queue is being opened and, by the thread that changes a heap, from the first
    /// comparison to the change.
    pub(super) lock: Inherited,
}

impl Queue {
    pub(super) fn with(order: Order) -> Self {
        let items = match order {
            Order::First => Items::Line(Blocks::new()),
            Order::Last => Items::Stack(Stack::new()),
            Order::Least => Items::Heap(Heap::new()),
        };
        Self {
            made: AtomicBool::new(true),
            mode: AtomicU8::new(UNMADE),
            plain: AtomicBool::new(false),
            shut: AtomicBool::new(false),
            order,
            version: AtomicU32::new(0),
            gate: Padded::new(Gate::new(Contents { items, maxsize: None }, usize::MAX)),
            lock: Inherited::new(),
        }
    }

    #[inline]
    pub(super) fn mode(&self) -> u8 {
        self.mode.load(Ordering::Acquire)
    }

    pub(super) fn is_native(&self) -> bool {
        self.mode() == NATIVE
    }

    /// Reads a `maxsize`: the most items, and the object itself if it is more than that says.
    fn limit(maxsize: &Bound<'_, PyAny>) -> PyResult<(usize, Option<OwnedPy>)> {
        let kept = || Some(OwnedPy::new(maxsize.clone().unbind()));
        if maxsize.cast_exact::<PyInt>().is_ok()
            && let Ok(number) = maxsize.extract::<i64>()
        {
            return match usize::try_from(number) {
                Ok(0) => Ok((usize::MAX, None)),
                Ok(number) => Ok((number, None)),
                Err(_) => Ok((usize::MAX, kept())),
            };
        }
        let zero = PyInt::new(maxsize.py(), 0);
        let limited = call::less(zero.as_any(), maxsize);
        let number = match limited.map_err(|error| {
            if !error.is_instance_of::<PyTypeError>(maxsize.py()) {
                return error;
            }
            let instead = "Queue(5) holds at most 5 items, Queue() any number";
            errors::no_number("maxsize", maxsize, instead)
        })? {
            true => match call::float(maxsize) {
                // Too large, or a number only to what it is compared with.
                Err(error)
                    if error.is_instance_of::<PyOverflowError>(maxsize.py())
                        || error.is_instance_of::<PyTypeError>(maxsize.py()) =>
                {
                    f64::INFINITY
                }
                number => number?,
            },
            false => 0.0,
        };
        // As many as it takes to reach it; the cast saturates.
        let limit = match number.ceil() as usize {
            0 => usize::MAX,
            limit => limit,
        };
        Ok((limit, kept()))
    }

    pub(super) fn set_limit(&self, maxsize: &Bound<'_, PyAny>) -> PyResult<()> {
        let (limit, kept) = Self::limit(maxsize)?;
        let old = self
            .gate
            .set_limit(limit, |contents| std::mem::replace(&mut contents.maxsize, kept));
        drop(old);
        Ok(())
    }
}
