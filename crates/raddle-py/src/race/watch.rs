//! What `sys.monitoring` calls before each instruction that is looked at.
//!
//! Rejected: to rewrite code objects at import, with a call before each access. On 3.13, with a C
//! function that does nothing, that makes code which does nothing but access 1.46 to 1.75 times as
//! slow, and these events 1.51 to 2.66 times; code that also computes 1.26 and 1.58. The call is
//! the cheaper one, and what is done in it costs more than both. But a rewritten code object has
//! other offsets, lines of coverage and a larger stack, and what holds the old one (a frame, a
//! generator, `copy.replace`) runs unseen.

use std::cell::Cell;
use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;
use raddle::race;
use raddle::thread::schedule;

use super::calls;
use super::containers;
use super::gone;
use super::libraries;
use super::operands::Frame;
use super::seen::Seen;
use super::sites::{self, Site, What};
use super::tell;
use super::variables;
use crate::diagnose::aside;
use crate::python::call::{self, OwnedPy};
use crate::python::hooks;

/// `sys.monitoring.DISABLE`, which has an instruction left alone from then on.
static DISABLE: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());
/// Whether the operands are only shown to a list, see [`probe`].
static PROBING: AtomicBool = AtomicBool::new(false);
static PROBED: std::sync::Mutex<Option<OwnedPy>> = std::sync::Mutex::new(None);

thread_local! {
    /// Whether it is telling what it has found: that is not looked at.
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// `_race_instruction(code, offset)`: the callback.
unsafe extern "C" fn instruction(
    _module: *mut ffi::PyObject,
    args: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this attached, with a code object and a number, before the
    // running frame executes the instruction there.
    unsafe {
        let disable = DISABLE.load(Ordering::Relaxed);
        if count != 2 || disable.is_null() || ffi::PyCode_Check(*args) == 0 {
            return new_reference(ffi::Py_None());
        }
        let (code, at) = (*args, *args.add(1));
        let Some(site) = sites::at(code, ffi::PyLong_AsLong(at) as usize) else {
            return new_reference(disable);
        };
        if site.is_point.load(Ordering::Relaxed) && schedule::takes_turns() {
            let py = Python::assume_attached();
            let (code, at) =
                (Bound::from_borrowed_ptr(py, code), Bound::from_borrowed_ptr(py, at));
            if let Err(error) = turn(&code, &at, site) {
                error.restore(py);
                return ptr::null_mut();
            }
        }
        let looks = race::checks() && race::is_shared() || PROBING.load(Ordering::Relaxed);
        if !looks {
            return new_reference(ffi::Py_None());
        }
        let py = Python::assume_attached();
        let keep = look(py, site) || site.is_point.load(Ordering::Relaxed);
        new_reference(if keep { ffi::Py_None() } else { disable })
    }
}

/// Comes to a point before an access: others may have their turns.
#[cold]
fn turn(code: &Bound<'_, PyAny>, at: &Bound<'_, PyAny>, site: &Site) -> PyResult<()> {
    let py = code.py();
    if BUSY.get() || aside::is_telling() {
        return Ok(());
    }
    // SAFETY: attached; a site's name is kept for ever, or null.
    let name = unsafe { Bound::from_borrowed_ptr_or_opt(py, site.name) };
    let told = (code, at, name, site.what.writes()).into_pyobject(py)?;
    call::call(hooks::TURN.need()?.bind(py), &told, None).map(drop)
}

unsafe fn new_reference(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: passed on to the caller: an object that is alive.
    unsafe {
        ffi::Py_INCREF(object);
    }
    object
}

/// Tells the core what the instruction does; returns whether to look at it again.
///
/// # Safety
/// The calling thread's running frame is at that site.
unsafe fn look(py: Python<'_>, site: &'static Site) -> bool {
    let Some(frame) = Frame::running(py) else { return true };
    if PROBING.load(Ordering::Relaxed) {
        // SAFETY: passed on to the caller.
        unsafe { show(py, frame, site) };
        return true;
    }
    if BUSY.get() || aside::is_telling() {
        return true;
    }
    let mut seen = Seen::before(frame);
    let seen_by = &mut seen;
    // SAFETY: passed on to the caller.
    let keep = unsafe {
        match site.what {
            What::LoadAttr | What::StoreAttr | What::DeleteAttr => {
                variables::attribute(py, frame, site, seen_by)
            }
            What::LoadGlobal | What::StoreGlobal | What::DeleteGlobal => {
                variables::global(py, frame, site, seen_by)
            }
            What::LoadDeref | What::StoreDeref => variables::cell(py, frame, site, seen_by),
            What::Imported => {
                race::has_imported();
                true
            }
            What::Entered => {
                race::flows();
                true
            }
            What::Made => {
                race::is_made();
                true
            }
            What::Call | What::CallNamed => calls::call(py, frame, site, seen_by),
            _ => containers::item(py, frame, site, seen_by),
        }
    };
    if let Some((found, subject)) = seen.found {
        BUSY.set(true);
        tell::tell(py, &found, &subject);
        BUSY.set(false);
    }
    keep
}

/// Adds the topmost operand to the list of [`probe`].
unsafe fn show(py: Python<'_>, frame: Frame, site: &Site) {
    let list =
        PROBED.lock().ok().and_then(|list| list.as_ref().map(|list| list.get().clone_ref(py)));
    // SAFETY: passed on to the caller.
    let operand = unsafe { Bound::from_borrowed_ptr_or_opt(py, frame.local(site.top)) };
    if let Some(list) = list
        && let Ok(list) = list.bind(py).cast::<PyList>()
    {
        let _ = list.append(operand);
    }
}

/// Has the callback only show the topmost operand of each instruction to a list: to see whether
/// the interpreter's frames are as they are known to be. None ends that.
#[pyfunction]
#[pyo3(name = "_race_probe", signature = (list))]
pub(crate) fn probe(list: Option<Bound<'_, PyList>>) {
    let new = list.map(|list| OwnedPy::new(list.into_any().unbind()));
    PROBING.store(new.is_some(), Ordering::Relaxed);
    let old = PROBED.lock().map(|mut probed| std::mem::replace(&mut *probed, new));
    drop(old); // (Outside of the lock: code may run where it goes.)
}

/// Switches the check on or off. `kinds` are the types of containers, and `disable` what
/// `sys.monitoring` takes for an instruction that is to be left alone.
#[pyfunction]
#[pyo3(name = "_race_check")]
#[allow(clippy::too_many_arguments, reason = "what the check is given")]
pub(crate) fn check(
    py: Python<'_>,
    on: bool,
    strict: bool,
    disable: Bound<'_, PyAny>,
    kinds: Vec<Bound<'_, PyAny>>,
    classes: (Bound<'_, PyAny>, Bound<'_, PyAny>),
    calls: Vec<(Bound<'_, PyAny>, String)>,
    folders: Vec<String>,
) {
    // (It is one object, which is kept.)
    if DISABLE.swap(disable.as_ptr(), Ordering::Relaxed).is_null() {
        std::mem::forget(disable);
    }
    if on {
        gone::prepare(&kinds, &classes.0, &classes.1);
        containers::prepare(&kinds);
        self::calls::prepare(calls);
    }
    libraries::watch(py, folders);
    race::run_at_once(cfg!(Py_GIL_DISABLED));
    race::check(on, strict);
}

const DOC: &CStr = c"_race_instruction(code, offset)\n--\n\nTell of an instruction.";

/// The method table's entry; the interpreter keeps its address.
static mut DEFINITION: ffi::PyMethodDef = ffi::PyMethodDef {
    ml_name: c"_race_instruction".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFast: instruction },
    ml_flags: ffi::METH_FASTCALL,
    ml_doc: DOC.as_ptr(),
};

/// What was told is told again.
#[pyfunction]
#[pyo3(name = "_race_tell_again")]
pub(crate) fn tell_again() {
    race::tell_again();
}

/// What the calling thread does from now on happens after what threads did that have ended.
#[pyfunction]
#[pyo3(name = "_race_ends")]
pub(crate) fn ends() {
    raddle::thread::follow_ends();
}

/// What a thread has done, for another one that it hands something to.
#[pyclass(frozen, module = "raddle._raddle", name = "_Sent")]
pub(crate) struct Sent(race::Sent);

#[pymethods]
impl Sent {
    #[new]
    fn new() -> Self {
        Self(race::Sent::now())
    }

    /// What the calling thread does from now on happens after that.
    fn receive(&self) {
        self.0.receive();
    }
}

/// Adds the callback to the module.
pub(crate) fn prepare(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // SAFETY: the definition is static and complete.
    let function = unsafe {
        let function =
            ffi::PyCFunction_NewEx(&raw mut DEFINITION, module.as_ptr(), ptr::null_mut());
        Bound::from_owned_ptr_or_err(module.py(), function)
    }?;
    module.add("_race_instruction", function)
}
