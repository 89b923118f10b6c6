//! What an instruction has led to: the steps that it takes, and a race that one of them has found.

use std::cell::Cell;
use std::sync::Arc;

use pyo3::ffi;
use pyo3::prelude::*;
use raddle::race::{self, Flags, Found, Kind, Link, Step, Value};

use super::operands::Frame;
use super::sites::{Site, What};
use super::tell;
use crate::python::registry;
use crate::sites::here::runs;

thread_local! {
    /// Whether the calling thread has said what it is called.
    static NAMED: Cell<bool> = const { Cell::new(false) };
    /// See [`Across`].
    static ACROSS: Cell<Across> =
        const { Cell::new(Across { frame: 0, read: None, is_updated: false, links: &[] }) };
}

/// What one instruction has led to.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) found: Option<(Found, tell::Subject)>,
    across: Across,
}

/// What a function does for an instruction that has called it as if it were an attribute: a
/// property's, say.
#[derive(Clone, Copy, Default)]
struct Across {
    /// The frame that has the instruction.
    frame: usize,
    /// Where that reads, if a write belongs to it.
    read: Option<u32>,
    /// Whether what is written is made of that.
    is_updated: bool,
    /// The reads that what it writes may belong to.
    links: &'static [Link],
}

impl Seen {
    /// Nothing yet of the instruction that this frame is about to run.
    pub(super) fn before(frame: Frame) -> Self {
        let mut across = ACROSS.get();
        if across.frame == frame.number() {
            across = Across::default();
            ACROSS.set(across);
        }
        Self { across, ..Self::default() }
    }

    /// A variable is accessed: an attribute of `object`, a name of it, a cell.
    ///
    /// # Safety
    /// `object` is alive, and the thread attached.
    pub(super) unsafe fn variable(
        &mut self,
        py: Python<'_>,
        site: &Site,
        object: *mut ffi::PyObject,
        family: usize,
        kind: Kind,
        value: Value,
    ) {
        let name = if site.name.is_null() { 4 } else { site.name.addr() };
        let mut step = Step { kind, value, family, ..step(site, object, name) };
        if kind == Kind::Read {
            step.across = self.across.read;
            if self.across.is_updated {
                step.flags = step.flags.with(Flags::UPDATED);
            }
        } else if step.links.is_empty() {
            step.links = self.across.links;
        }
        // SAFETY: passed on to the caller.
        unsafe { self.step(py, &step, object, None) }
    }

    /// An attribute is accessed by a function that was given its name, `name`.
    ///
    /// # Safety
    /// `object` and `name`, an interned text, are alive, and the thread attached.
    pub(super) unsafe fn named(
        &mut self,
        py: Python<'_>,
        site: &Site,
        object: *mut ffi::PyObject,
        name: *mut ffi::PyObject,
        kind: Kind,
        value: Value,
    ) {
        // SAFETY: passed on to the caller.
        unsafe {
            let family = ffi::Py_TYPE(object).addr();
            let step = Step { kind, value, family, ..step(site, object, name.addr()) };
            self.step(py, &step, object, Some(name));
        }
    }

    /// The instruction calls a function, which reads or writes for it.
    pub(super) fn calls(&self, frame: Frame, site: &'static Site) {
        let is_read = site.what == What::LoadAttr;
        if if is_read { site.flags.has(Flags::LINKED) } else { !site.links.is_empty() } {
            ACROSS.set(Across {
                frame: frame.number(),
                read: is_read.then_some(site.number),
                is_updated: is_read && site.flags.has(Flags::UPDATED),
                links: if is_read { &[] } else { &site.links },
            });
        }
    }

    /// A variable of a class may be read in the place of an object's own.
    ///
    /// # Safety
    /// `class` is alive, and the thread attached.
    pub(super) unsafe fn inherited(
        &mut self,
        py: Python<'_>,
        site: &Site,
        class: *mut ffi::PyObject,
    ) {
        let plain = step(site, class, site.name.addr());
        let step =
            Step { flags: plain.flags.without(Flags::LINKED), family: class.addr(), ..plain };
        // SAFETY: passed on to the caller.
        unsafe { self.step(py, &step, class, None) }
    }

    /// A step is taken; `key` is the item's, if it is one.
    ///
    /// # Safety
    /// `object` and `key` are alive, and the thread attached.
    pub(super) unsafe fn step(
        &mut self,
        py: Python<'_>,
        step: &Step<'_>,
        object: *mut ffi::PyObject,
        key: Option<*mut ffi::PyObject>,
    ) {
        name_thread(py);
        if let Some(found) = race::access(step)
            && self.found.is_none()
            // SAFETY: passed on to the caller.
            && !unsafe { may_be_its_own(py, object, step.family) }
        {
            // SAFETY: passed on to the caller.
            self.found = Some((found, unsafe { tell::Subject::of(py, object, key, step) }));
        }
    }
}

/// An access of a place at a site; the caller says the rest.
pub(super) fn step(site: &Site, object: *mut ffi::PyObject, name: usize) -> Step<'_> {
    Step {
        object: object.addr(),
        name,
        kind: Kind::Read,
        site: site.number,
        value: Value::Other,
        flags: site.flags.with(Flags::REPLACING),
        links: &site.links,
        across: None,
        family: 0,
    }
}

/// Whether an access in the calling thread may be of what a dying object alone has, in its
/// `__del__`: nobody else has that any more, and the thread is ordered after all that was done to it
/// by the count of its references, which is not seen. Variables of classes and modules are
/// everybody's.
///
/// # Safety
/// `object` is alive, and the thread attached.
unsafe fn may_be_its_own(py: Python<'_>, object: *mut ffi::PyObject, family: usize) -> bool {
    // SAFETY: passed on to the caller.
    if family == object.addr() || unsafe { ffi::PyType_Check(object) } != 0 {
        return false;
    }
    runs(py, "__del__")
}

fn name_thread(py: Python<'_>) {
    if !NAMED.replace(true)
        && let Some(name) = registry::name(py, raddle::thread_id())
    {
        race::name_thread(Arc::from(name));
    }
}
