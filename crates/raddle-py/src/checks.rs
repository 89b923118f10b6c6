//! The checking modes, as Python sees them: places in the program, and telling of lock orders.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use raddle::checks::{self, Card, Inversion, Seen, Site};
use raddle::deadlock::Kind;

use crate::aside;
use crate::frame::{self, Point};
use crate::interned::intern;
use crate::lock::Lock;
use crate::outcall;
use crate::registry;
use crate::rlock::RLock;
use crate::slot::Slot;

/// Handed in by `raddle.order`, see `_equip_order`.
static CALLBACK: Slot<Py<PyAny>> = Slot::new();

/// The places that locks were made and taken at. Only attached threads lock it, and nothing under
/// it detaches or runs code: no fork and no collection meets it locked.
static PLACES: Mutex<Option<Places>> = Mutex::new(None);

#[derive(Default)]
struct Places {
    /// By code object and offset.
    numbers: HashMap<(usize, i32), NonZeroUsize>,
    /// By code object and line.
    lines: HashMap<(usize, i32), NonZeroUsize>,
    /// By number less one. (A code object that is here is kept: its address stays its own.)
    known: Vec<Place>,
    /// Which code objects, by address, are raddle's own or of the modules that it stands for.
    inner: HashMap<usize, (Py<PyAny>, bool)>,
    /// The folders of raddle and of the standard library.
    homes: Vec<String>,
}

struct Place {
    code: Py<PyAny>,
    line: i32,
}

/// Places that are told apart. (Each keeps its code object: a program that makes code as it goes
/// would otherwise grow.)
const MOST: usize = 1 << 16;

/// How the files of the import system begin.
const IMPORTS: &str = "<frozen importlib";

/// Modules of the standard library that raddle stands for, and one that takes the locks that it is
/// given (`ExitStack`): where it does so is where it was called.
const SEEN_THROUGH: [&str; 5] = [
    "threading.py",
    "queue.py",
    "concurrent/futures/_base.py",
    "concurrent/futures/thread.py",
    "contextlib.py",
];

/// What RADDLE_LOCK_ORDER in the environment says is in force from the start.
pub(crate) fn prepare() {
    checks::check_order(std::env::var_os("RADDLE_LOCK_ORDER").is_some_and(|word| word == "1"));
}

/// Whether locks that are made now are to have cards.
#[inline]
pub(crate) fn are_on() -> bool {
    checks::are_on()
}

/// Makes the card of a lock that is being made. (Those of the import system, which makes one for
/// each module, are nobody's business.)
#[cold]
#[inline(never)]
pub(crate) fn give_card(py: Python<'_>, kind: Kind, give: impl FnOnce(Card) -> bool) {
    if !is_importing(py) {
        give(Card::new(kind, None, here(py)));
    }
}

fn is_importing(py: Python<'_>) -> bool {
    // SAFETY: attached; the running frame, or null.
    let Some(frame) = (unsafe { Bound::from_borrowed_ptr_or_opt(py, raw::PyEval_GetFrame()) })
    else {
        return false;
    };
    // SAFETY: a frame; its code is a new reference.
    let code = unsafe { Bound::from_owned_ptr(py, raw::PyFrame_GetCode(frame.as_ptr())) };
    let file = code.getattr(intern!(py, "co_filename"));
    file.is_ok_and(|file| file.extract::<String>().is_ok_and(|file| file.starts_with(IMPORTS)))
}

/// Where the program is: in the innermost frame that is not raddle's own.
#[inline]
pub(crate) fn here(py: Python<'_>) -> Site {
    let point = frame::innermost(py);
    match point.and_then(recent::get) {
        Some(number) => Site::Foreign(number),
        None => search(py, point),
    }
}

/// [`here`], by the frames' objects; `point` is where the innermost one is.
#[cold]
fn search(py: Python<'_>, point: Option<Point>) -> Site {
    // SAFETY: attached; the frame is borrowed from the running one, and made one's own.
    let mut frame = unsafe { Bound::from_borrowed_ptr_or_opt(py, raw::PyEval_GetFrame()) };
    while let Some(this) = frame {
        // SAFETY: a frame; its code is a new reference.
        let code = unsafe { Bound::from_owned_ptr(py, raw::PyFrame_GetCode(this.as_ptr())) };
        // SAFETY: a frame.
        let at = unsafe { raw::PyFrame_GetLasti(this.as_ptr()) };
        let key = (code.as_ptr().addr(), at as usize);
        if let Some(number) = recent::get(key) {
            return Site::Foreign(number);
        }
        if !is_inner(&code) {
            let Some(number) = number(code, at) else { return Site::Unknown };
            // (Of one of raddle's own frames it depends on its caller where the program is.)
            recent::put(point.filter(|(code, _)| *code == key.0).unwrap_or(key), number);
            return Site::Foreign(number);
        }
        // SAFETY: a frame; the outer one is a new reference, or null.
        frame =
            unsafe { Bound::from_owned_ptr_or_opt(py, raw::PyFrame_GetBack(this.as_ptr())) };
    }
    Site::Unknown
}

/// The places that the calling thread was at lately: looking there needs no lock.
mod recent {
    use std::cell::Cell;
    use std::num::NonZeroUsize;

    use crate::frame::Point;

    const ROOM: usize = 64;

    type Entry = (Point, Option<NonZeroUsize>);

    thread_local! {
        static RECENT: [Cell<Entry>; ROOM] =
            const { [const { Cell::new(((0, 0), None)) }; ROOM] };
    }

    fn slot((code, at): Point) -> usize {
        // (Code objects are some hundred bytes long and instructions two.)
        ((code >> 5) ^ (code >> 11) ^ (at >> 1)) % ROOM
    }

    /// The number of the place. (Code objects that have one are kept: their addresses, too.)
    #[inline]
    pub(super) fn get(key: Point) -> Option<NonZeroUsize> {
        let (known, number) = RECENT.with(|recent| recent[slot(key)].get());
        number.filter(|_| known == key)
    }

    pub(super) fn put(key: Point, number: NonZeroUsize) {
        RECENT.with(|recent| recent[slot(key)].set((key, Some(number))));
    }
}

fn places() -> MutexGuard<'static, Option<Places>> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of a place: a line. (While the interpreter learns what a call calls, the same call
/// is at one offset and then at another.)
fn number(code: Bound<'_, PyAny>, at: i32) -> Option<NonZeroUsize> {
    let key = (code.as_ptr().addr(), at);
    if let Some(number) = places().get_or_insert_default().numbers.get(&key) {
        return Some(*number);
    }
    // SAFETY: a code object, and an offset that a frame of it had.
    let line = unsafe { raw::PyCode_Addr2Line(code.as_ptr(), at) };
    let mut places = places();
    let Places { numbers, lines, known, .. } = places.get_or_insert_default();
    if known.len() >= MOST {
        return None;
    }
    let number = match lines.entry((key.0, line)) {
        Entry::Occupied(number) => *number.get(),
        Entry::Vacant(vacant) => {
            known.push(Place { code: code.unbind(), line });
            *vacant.insert(NonZeroUsize::new(known.len())?)
        }
    };
    numbers.insert(key, number);
    Some(number)
}

fn is_inner(code: &Bound<'_, PyAny>) -> bool {
    let key = code.as_ptr().addr();
    let mut homes = match &*places() {
        Some(places) => match places.inner.get(&key) {
            Some((_, inner)) => return *inner,
            None => places.homes.clone(),
        },
        None => Vec::new(),
    };
    if homes.is_empty() {
        homes = find_homes(code.py());
    }
    let name = code.getattr(intern!(code.py(), "co_filename"));
    let name = name.and_then(|name| name.extract::<String>()).unwrap_or_default();
    let inner = belongs(&name, &homes);
    let mut places = places();
    let places = places.get_or_insert_default();
    places.homes = homes;
    if places.inner.len() < MOST {
        places.inner.insert(key, (code.clone().unbind(), inner));
    }
    inner
}

/// The folders of raddle and of the standard library.
fn find_homes(py: Python<'_>) -> Vec<String> {
    let home = |module| {
        let file = registry::module(py, module)?.getattr(intern!(py, "__file__")).ok()?;
        let file: String = file.extract().ok()?;
        Some(Path::new(&file).parent()?.to_string_lossy().into_owned())
    };
    ["raddle", "os"].into_iter().filter_map(home).collect()
}

fn belongs(file: &str, homes: &[String]) -> bool {
    let below = |home: &String| file.strip_prefix(home.as_str())?.strip_prefix('/');
    match homes {
        [own, library] => {
            below(own).is_some()
                || below(library).is_some_and(|rest| SEEN_THROUGH.contains(&rest))
                || file.starts_with(IMPORTS)
        }
        _ => false,
    }
}

/// `(file, line, function)` of a place; None if nobody can tell.
pub(crate) fn told<'py>(py: Python<'py>, site: Site) -> PyResult<Bound<'py, PyAny>> {
    let Site::Foreign(number) = site else { return Ok(py.None().into_bound(py)) };
    let place = {
        let places = places();
        let known = places.as_ref().and_then(|p| p.known.get(number.get() - 1));
        known.map(|place| (place.code.clone_ref(py), place.line))
    };
    let Some((code, line)) = place else { return Ok(py.None().into_bound(py)) };
    let code = code.into_bound(py);
    let file = code.getattr(intern!(py, "co_filename"))?;
    let function = code.getattr(intern!(py, "co_qualname"))?;
    Ok((file, line, function).into_pyobject(py)?.into_any())
}

/// `(number, kind, name, where it was made)` of a lock.
fn described<'py>(py: Python<'py>, lock: &Seen) -> PyResult<Bound<'py, PyTuple>> {
    let name = lock.name.as_deref();
    (lock.id, lock.kind.word(), name, told(py, lock.made)?).into_pyobject(py)
}

/// `(file, line, function)` of where a Lock or RLock was made, if it is checked; else None.
#[pyfunction]
#[pyo3(name = "_made")]
pub(crate) fn made<'py>(lock: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    told(lock.py(), with_card(lock, |card| card.seen().made).unwrap_or_default())
}

/// Calls `look` with the card of a Lock or RLock that has one.
pub(crate) fn with_card<R>(
    lock: &Bound<'_, PyAny>,
    look: impl FnOnce(&Card) -> R,
) -> Option<R> {
    if let Ok(lock) = lock.cast::<Lock>() {
        lock.get().raw().card().map(|card| look(&card))
    } else if let Ok(lock) = lock.cast::<RLock>() {
        lock.get().core().card().map(|card| look(&card))
    } else {
        None
    }
}

/// Tells of a lock order that contradicts another; returns the exception that is to be raised for
/// it, if any.
///
/// # Errors
/// What a signal's handler raised meanwhile.
pub(crate) fn tell(py: Python<'_>, found: &Inversion) -> PyResult<Option<PyErr>> {
    if aside::is_telling() {
        return Ok(None); // What tells of one has an order of its own.
    }
    let links = PyList::empty(py);
    for link in &found.links {
        let (held, next) = (told(py, link.held)?, told(py, link.next)?);
        links.append((described(py, &link.lock)?, held, next, link.thread.as_deref()))?;
    }
    let arguments = (raddle::thread_id(), links).into_pyobject(py)?;
    Ok(aside::tell(py, "raddle.order", &CALLBACK, arguments)?.map(outcall::raised))
}

/// Hands in what is called for a lock order that contradicts another: `callback(finder,
/// links)`, a link being `((number, kind, name, made), held, next, thread)`. What it returns counts
/// as with `_equip_deadlock`. Later calls change nothing.
#[pyfunction]
#[pyo3(name = "_equip_order")]
pub(crate) fn equip_order(callback: Py<PyAny>) {
    let _ = CALLBACK.set(callback);
}

/// Switches the checking of lock orders on or off, for locks that are made from then on.
#[pyfunction]
#[pyo3(name = "_check_order")]
pub(crate) fn check_order(on: bool) {
    checks::check_order(on);
}

mod raw {
    use std::ffi::c_int;

    use super::ffi::PyObject;

    unsafe extern "C" {
        pub(super) fn PyEval_GetFrame() -> *mut PyObject;
        pub(super) fn PyFrame_GetCode(frame: *mut PyObject) -> *mut PyObject;
        pub(super) fn PyFrame_GetBack(frame: *mut PyObject) -> *mut PyObject;
        pub(super) fn PyFrame_GetLasti(frame: *mut PyObject) -> c_int;
        pub(super) fn PyCode_Addr2Line(code: *mut PyObject, offset: c_int) -> c_int;
    }
}
