//! `queue.LifoQueue` and `queue.PriorityQueue`: a Queue with another order.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::opened;
use super::state::{Order, Queue};

/// A class of queues: how one is made, and the hooks that a subclass may override.
macro_rules! ordered {
    ($(#[$($about:tt)*])* $class:ident, $order:expr) => {
        $(#[$($about)*])*
        #[pyclass(frozen, subclass, extends = Queue, module = "queue")]
        pub(crate) struct $class;

        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (*_args, **_kwargs), text_signature = "(maxsize=0, *, name=None)")]
            fn new(
                _args: &Bound<'_, PyTuple>,
                _kwargs: Option<&Bound<'_, PyDict>>,
            ) -> PyClassInitializer<Self> {
                PyClassInitializer::from(Queue::with($order)).add_subclass(Self)
            }

            /// A hook for subclasses: makes the container of the items, `self.queue`.
            fn _init(slf: &Bound<'_, Self>, maxsize: &Bound<'_, PyAny>) -> PyResult<()> {
                let _ = maxsize;
                opened::make_container(slf.as_super(), $order)
            }

            /// A hook for subclasses: the number of items.
            fn _qsize<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                opened::hook_qsize(slf.as_super())
            }

            /// A hook for subclasses: adds an item.
            fn _put(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<()> {
                opened::hook_put(slf.as_super(), $order, item)
            }

            /// A hook for subclasses: removes and returns an item.
            fn _get<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                opened::hook_get(slf.as_super(), $order)
            }
        }
    };
}

ordered! {
    /// A queue that gives the newest item back first.
    ///
    /// `maxsize` is the most items that it holds; 0, which is the default, or less means any number.
    /// `name` is what reports call the queue. raddle only.
    LifoQueue, Order::Last
}

ordered! {
    /// A queue that gives the least item back first, often a tuple (priority, item).
    ///
    /// `maxsize` is the most items that it holds; 0, which is the default, or less means any number.
    /// `name` is what reports call the queue. raddle only.
    PriorityQueue, Order::Least
}
