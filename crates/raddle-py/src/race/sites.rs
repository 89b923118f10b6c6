//! The instructions that are looked at, by code object and offset.
//!
//! What is known of a code object hangs on it, and is kept for ever, as are the code objects: a
//! report may name them long after. Past [`MOST`] sites, code is left alone.

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;
use raddle::race::{Flags, Flow, Link};

/// Sites that are looked at, at most.
const MOST: usize = 1 << 17;

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    LoadAttr,
    StoreAttr,
    DeleteAttr,
    LoadGlobal,
    StoreGlobal,
    DeleteGlobal,
    LoadDeref,
    StoreDeref,
    LoadItem,
    StoreItem,
    DeleteItem,
    Contains,
    Slice,
    StoreSlice,
    Iterate,
    Next,
    Gather,
    Call,
    CallNamed,
    Test,
    /// Something was imported before.
    Imported,
    /// The body of a module ends.
    Made,
    /// A method begins that C code calls.
    Entered,
}

impl What {
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "load_attr" => Self::LoadAttr,
            "store_attr" => Self::StoreAttr,
            "delete_attr" => Self::DeleteAttr,
            "load_global" | "load_name" => Self::LoadGlobal,
            "store_global" | "store_name" => Self::StoreGlobal,
            "delete_global" | "delete_name" => Self::DeleteGlobal,
            "load_deref" => Self::LoadDeref,
            "store_deref" => Self::StoreDeref,
            "load_item" => Self::LoadItem,
            "store_item" => Self::StoreItem,
            "delete_item" => Self::DeleteItem,
            "contains" => Self::Contains,
            "slice" => Self::Slice,
            "store_slice" => Self::StoreSlice,
            "iterate" => Self::Iterate,
            "next" => Self::Next,
            "gather" => Self::Gather,
            "call" => Self::Call,
            "call_named" => Self::CallNamed,
            "imported" => Self::Imported,
            "entered" => Self::Entered,
            "made" => Self::Made,
            "test" => Self::Test,
            _ => return None,
        })
    }
}

impl What {
    /// Whether it is told as a change.
    pub(super) fn writes(self) -> bool {
        matches!(
            self,
            Self::StoreAttr
                | Self::DeleteAttr
                | Self::StoreGlobal
                | Self::DeleteGlobal
                | Self::StoreDeref
                | Self::StoreItem
                | Self::DeleteItem
                | Self::StoreSlice
        )
    }
}

/// An instruction that is looked at.
pub(super) struct Site {
    pub(super) number: u32,
    pub(super) what: What,
    /// Where its topmost operand is, among the frame's local variables and the stack.
    pub(super) top: usize,
    pub(super) arg: usize,
    /// The name of the variable, interned; or null.
    pub(super) name: *mut ffi::PyObject,
    pub(super) flags: Flags,
    pub(super) links: Box<[Link]>,
    code: *mut ffi::PyObject,
    offset: i32,
    /// What is known of the type that was here last, see `variables`.
    pub(super) known_type: AtomicU64,
    /// Whether a thread that takes turns comes to a point here.
    pub(super) is_point: AtomicBool,
}

// SAFETY: what the pointers lead to is kept for ever, and used by attached threads only.
unsafe impl Send for Site {}
// SAFETY: as above.
unsafe impl Sync for Site {}

/// What hangs on a code object.
struct CodeSites {
    /// By half the offset.
    at: Box<[Option<&'static Site>]>,
}

/// All sites, by their numbers. Only attached threads lock it, and nothing under it detaches or
/// runs code.
static SITES: Mutex<Vec<&'static Site>> = Mutex::new(Vec::new());
/// Where code objects have what hangs on them; -1 before it is settled.
static EXTRA: AtomicI64 = AtomicI64::new(-1);

mod raw {
    use super::{c_int, c_void, ffi};

    interpreter! {
        #[link_name = "PyUnstable_Eval_RequestCodeExtraIndex"]
        pub(super) fn request(free: Option<unsafe extern "C" fn(*mut c_void)>) -> isize;
        #[link_name = "PyUnstable_Code_GetExtra"]
        pub(super) fn get(
            code: *mut ffi::PyObject,
            index: isize,
            extra: *mut *mut c_void,
        ) -> c_int;
        #[link_name = "PyUnstable_Code_SetExtra"]
        pub(super) fn set(code: *mut ffi::PyObject, index: isize, extra: *mut c_void) -> c_int;
    }
}

fn sites() -> MutexGuard<'static, Vec<&'static Site>> {
    SITES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The site at that offset of a code object; None if it is not looked at.
///
/// # Safety
/// `code` is a code object, and the thread attached.
#[inline]
pub(super) unsafe fn at(code: *mut ffi::PyObject, offset: usize) -> Option<&'static Site> {
    // SAFETY: passed on to the caller.
    unsafe { on(code) }.and_then(|sites| sites.at.get(offset / 2).copied().flatten())
}

/// Whether a code object is looked at.
///
/// # Safety
/// `code` is a code object, and the thread attached.
pub(super) unsafe fn is_known(code: *mut ffi::PyObject) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { on(code) }.is_some()
}

#[inline]
unsafe fn on(code: *mut ffi::PyObject) -> Option<&'static CodeSites> {
    let index = EXTRA.load(Ordering::Relaxed);
    let mut extra = ptr::null_mut();
    // SAFETY: a code object, attached, as the callers say; what hangs there is from a box that
    // is kept for ever, or null.
    unsafe {
        if index < 0 || raw::get(code, index as isize, &raw mut extra) != 0 {
            return None;
        }
        extra.cast::<CodeSites>().as_ref()
    }
}

/// The code object and the offset of a site.
pub(super) fn place_of(py: Python<'_>, number: u32) -> Option<(Bound<'_, PyAny>, i32)> {
    let site = *sites().get(number as usize)?;
    // SAFETY: attached; the code object is kept for ever.
    Some((unsafe { Bound::from_borrowed_ptr(py, site.code) }, site.offset))
}

/// The site of that number.
pub(super) fn numbered(number: u32) -> Option<&'static Site> {
    sites().get(number as usize).copied()
}

/// Has threads that take turns come to a point at these offsets of a code object, and at no others
/// of it.
#[pyfunction]
#[pyo3(name = "_race_points")]
#[allow(clippy::needless_pass_by_value, reason = "from Python")]
pub(crate) fn make_points(code: &Bound<'_, PyAny>, offsets: Vec<u32>) {
    // SAFETY: attached, and only code objects hang on.
    let known =
        unsafe { if ffi::PyCode_Check(code.as_ptr()) == 0 { None } else { on(code.as_ptr()) } };
    for site in known.into_iter().flat_map(|known| known.at.iter().flatten()) {
        let is_point = offsets.contains(&(site.offset as u32));
        site.is_point.store(is_point, Ordering::Relaxed);
    }
}

/// An access: `(offset, what, depth, arg, name, flags, links)`, see accesses.py.
type Entry<'py> =
    (u32, String, usize, usize, Option<Bound<'py, PyString>>, u16, Vec<(u32, u8)>);

/// Has the accesses of a code object looked at from now on; returns whether there is room.
///
/// `locals` is how many local variables its frames have.
#[pyfunction]
#[pyo3(name = "_race_code")]
pub(crate) fn look_at(
    code: &Bound<'_, PyAny>,
    size: usize,
    locals: usize,
    entries: Vec<Entry<'_>>,
) -> PyResult<bool> {
    if EXTRA.load(Ordering::Relaxed) < 0 {
        // SAFETY: attached; nothing is to be freed.
        let index = unsafe { raw::request(None) };
        if index < 0 {
            return Err(PyRuntimeError::new_err("no room is left on code objects"));
        }
        EXTRA.store(index as i64, Ordering::Relaxed);
    }
    let words = entries.iter().map(|entry| What::named(&entry.1).ok_or(&entry.1));
    let words = words.collect::<Result<Vec<_>, _>>();
    let words = words.map_err(|word| PyValueError::new_err(word.clone()))?;
    let mut all = sites();
    if all.len() + entries.len() > MOST {
        return Ok(false);
    }
    let first = all.len() as u32;
    let numbers: HashMap<u32, u32> =
        entries.iter().zip(first..).map(|(entry, number)| (entry.0, number)).collect();
    let mut at = vec![None; size / 2].into_boxed_slice();
    let mut made = Vec::with_capacity(entries.len());
    for ((number, what), entry) in (first..).zip(words).zip(entries) {
        let (offset, _, depth, arg, name, flags, links) = entry;
        let links = links.into_iter().filter_map(|(offset, how)| {
            let flow = [Flow::Absent, Flow::Check, Flow::Update];
            Some(Link { site: *numbers.get(&offset)?, flow: *flow.get(how as usize)? })
        });
        let site: &'static Site = Box::leak(Box::new(Site {
            number,
            what,
            top: (locals + depth).wrapping_sub(1),
            arg,
            name: name.map_or(ptr::null_mut(), Bound::into_ptr),
            flags: Flags::from_bits(flags),
            links: links.collect(),
            code: code.as_ptr(),
            offset: offset as i32,
            known_type: AtomicU64::new(0),
            is_point: AtomicBool::new(false),
        }));
        made.push(site);
        if let Some(place) = at.get_mut(offset as usize / 2) {
            *place = Some(site);
        }
    }
    all.extend(made);
    drop(all);
    let sites = Box::into_raw(Box::new(CodeSites { at }));
    let index = EXTRA.load(Ordering::Relaxed) as isize;
    // SAFETY: a code object, which is kept from now on; the index is ours; attached.
    unsafe {
        ffi::Py_INCREF(code.as_ptr());
        if raw::set(code.as_ptr(), index, sites.cast()) != 0 {
            return Err(PyErr::fetch(code.py()));
        }
    }
    Ok(true)
}
