//! What Lock and RLock have in common: how they are made, named, checked and taken.
//!
//! PyO3 wants the methods of a class in one `impl` that is not generic. So each class declares its
//! own, with their signatures and docstrings; what both do alike is here.

use std::sync::Arc;

use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::pyclass_init::PyClassInitializer;
use raddle::card::Card;
use raddle::deadlock::Kind;
use raddle::{Deadline, RLock, RawLock};

use crate::blocking::attached::Attached;
use crate::blocking::finalizing::{is_finalizing, seize_or_refuse};
use crate::locks::name::Name;
use crate::locks::padded::Padded;
use crate::python::call::OwnedPy;
use crate::sites::card;

/// A lock of the core, as checks and reports see it.
pub(crate) trait Checked {
    fn kind(&self) -> Kind;

    /// Gives the lock, which was just made, a card; returns whether it is checked.
    fn check(&self, card: Card) -> bool;

    /// The lock's card, if it is checked.
    fn card(&self) -> Option<Arc<Card>>;

    /// The identifier of the thread that holds it, 0 if none does.
    fn owner(&self) -> usize;
}

impl Checked for RawLock {
    fn kind(&self) -> Kind {
        Kind::Lock
    }

    fn check(&self, card: Card) -> bool {
        self.check(card)
    }

    fn card(&self) -> Option<Arc<Card>> {
        self.card()
    }

    fn owner(&self) -> usize {
        self.owner().unwrap_or(0)
    }
}

impl Checked for RLock {
    fn kind(&self) -> Kind {
        Kind::RLock
    }

    fn check(&self, card: Card) -> bool {
        self.check(card)
    }

    fn card(&self) -> Option<Arc<Card>> {
        self.card()
    }

    fn owner(&self) -> usize {
        self.owner()
    }
}

/// A class of locks: Lock or RLock.
pub(crate) trait Mutex:
    PyClass<Frozen = True> + Sync + Into<PyClassInitializer<Self>>
{
    /// The lock of the core that its objects have inside.
    type Core: Checked;

    /// A new lock that nobody holds, and that is not checked.
    fn create() -> Self;

    /// What is inside.
    fn padded(&self) -> &Padded<Self::Core>;

    #[inline]
    fn core(&self) -> &Self::Core {
        self.padded()
    }

    /// Where the lock's name is; [`note_name`](Self::note_name) once it is set.
    fn named(&self) -> &Name {
        &self.padded().name
    }

    /// A new lock that nobody holds.
    fn object(py: Python<'_>) -> PyResult<Py<Self>> {
        let lock = Py::new(py, Self::create())?;
        lock.get().check(py);
        Ok(lock)
    }

    /// Gives the lock, which was just made, a card if locks are checked.
    #[inline]
    fn check(&self, py: Python<'_>) {
        if card::are_on() {
            let core = self.core();
            card::give(py, core.kind(), |card| core.check(card));
        }
    }

    /// Gives the lock the name that its constructor was given.
    fn set_name(&self, py: Python<'_>, name: Option<OwnedPy>) {
        self.named().set(name);
        self.note_name(py);
    }

    /// Tells the lock's card, if it has one, the lock's name.
    fn note_name(&self, py: Python<'_>) {
        if let Some(card) = self.core().card() {
            self.named().note(py, &card);
        }
    }

    /// Takes the lock until `until`, in one of the core's ways: `fast` if it is surely free; at
    /// the interpreter's end `seize`, since no other thread will release it; else `wait`.
    #[inline]
    fn take_by<'py>(
        &self,
        py: Python<'py>,
        until: Deadline,
        fast: impl FnOnce(&Self::Core) -> bool,
        seize: impl FnOnce(&Self::Core) -> bool,
        wait: impl FnOnce(&Self::Core, &mut Attached<'py>, Deadline) -> PyResult<bool>,
    ) -> PyResult<bool> {
        if fast(self.core()) { Ok(true) } else { self.take_slow(py, until, seize, wait) }
    }

    #[cold]
    fn take_slow<'py>(
        &self,
        py: Python<'py>,
        until: Deadline,
        seize: impl FnOnce(&Self::Core) -> bool,
        wait: impl FnOnce(&Self::Core, &mut Attached<'py>, Deadline) -> PyResult<bool>,
    ) -> PyResult<bool> {
        let core = self.core();
        if is_finalizing() && seize_or_refuse(py, until, || seize(core))? {
            return Ok(true);
        }
        wait(core, &mut Attached::new(py).on(self).kind(core.kind()), until)
    }
}
