//! What a Queue keeps under its latch: its items, in the order of its class.

use pyo3::gc::{PyTraverseError, PyVisit};
use raddle::queue::{Blocks, Heap, Stack, Store};

use crate::python::call::OwnedPy;

/// The items, in the order that the class asks for, and what belongs to them.
pub(super) struct Contents {
    pub(super) items: Items,
    /// The `maxsize` that was given, if it is not the integer that the gate's limit says.
    pub(super) maxsize: Option<OwnedPy>,
}

pub(super) enum Items {
    /// `Queue`.
    Line(Blocks<OwnedPy>),
    /// `LifoQueue`.
    Stack(Stack<OwnedPy>),
    /// `PriorityQueue`. Changed only by threads that hold the queue's `lock` as well.
    Heap(Heap<OwnedPy>),
}

/// All items of a queue that ends or goes over to Python's own containers, in their order.
pub(super) enum Taken {
    Line(Blocks<OwnedPy>),
    Stack(Vec<OwnedPy>),
}

impl Items {
    #[inline]
    pub(super) fn push(&mut self, item: OwnedPy) {
        match self {
            Self::Line(line) => line.push(item),
            Self::Stack(stack) => stack.push(item),
            Self::Heap(_) => unreachable!("a heap is changed as planned"),
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> OwnedPy {
        let item = match self {
            Self::Line(line) => line.pop(),
            Self::Stack(stack) => stack.pop(),
            Self::Heap(_) => unreachable!("a heap is changed as planned"),
        };
        item.expect("the gate lets nobody get from an empty store")
    }

    /// Takes everything; the caller drops it, not under the latch.
    pub(super) fn take(&mut self) -> Taken {
        match self {
            Self::Line(line) => Taken::Line(std::mem::take(line)),
            Self::Stack(stack) => Taken::Stack(std::mem::take(stack).into_vec()),
            Self::Heap(heap) => Taken::Stack(heap.take().into_vec()),
        }
    }

    pub(super) fn allocated(&self) -> usize {
        match self {
            Self::Line(line) => line.allocated(),
            Self::Stack(stack) => stack.allocated(),
            Self::Heap(heap) => heap.allocated(),
        }
    }

    pub(super) fn heap(&self) -> &Heap<OwnedPy> {
        match self {
            Self::Heap(heap) => heap,
            _ => unreachable!("asked of priority queues only"),
        }
    }

    pub(super) fn heap_mut(&mut self) -> &mut Heap<OwnedPy> {
        match self {
            Self::Heap(heap) => heap,
            _ => unreachable!("asked of priority queues only"),
        }
    }
}

impl Contents {
    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.maxsize.as_ref().map(OwnedPy::get))?;
        let see = |item: &OwnedPy| visit.call(item.get());
        match &self.items {
            Items::Line(line) => line.iter().try_for_each(see),
            Items::Stack(stack) => stack.items().iter().try_for_each(see),
            Items::Heap(heap) => heap.items().iter().try_for_each(see),
        }
    }
}

impl Store for Contents {
    #[inline]
    fn count(&self) -> usize {
        match &self.items {
            Items::Line(line) => line.len(),
            Items::Stack(stack) => stack.count(),
            Items::Heap(heap) => heap.count(),
        }
    }

    fn forget(&mut self) {
        match &mut self.items {
            Items::Line(line) => line.forget(),
            Items::Stack(stack) => stack.forget(),
            Items::Heap(heap) => heap.forget(),
        }
    }
}

impl Taken {
    /// Hands each item over, in order.
    pub(super) fn try_for_each<E>(
        self,
        each: impl FnMut(OwnedPy) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Line(mut line) => line.try_for_each(each),
            Self::Stack(stack) => stack.into_iter().try_for_each(each),
        }
    }
}
