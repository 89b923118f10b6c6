//! Places in the program: where it takes locks, waits, and makes them.
//!
//! A place is where the innermost frame is that is not raddle's own. What that says may be little:
//! a library takes and makes locks for the program. So a place has, where there is time to look,
//! another one that led to it, the innermost of the program's own. There is time when a lock is
//! made, when a wait is counted, and when an order of locks is new; there is none when a lock is
//! taken.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::ffi;
use pyo3::prelude::*;
use raddle::lock_order::Site;

use crate::python::interned::intern;
use crate::python::registry;
use crate::sites::innermost::{self, Point};

/// The places that locks were made and taken at. Only attached threads lock it, and nothing under
/// it detaches or runs code: no fork and no collection meets it locked.
static PLACES: Mutex<Option<Places>> = Mutex::new(None);

#[derive(Default)]
struct Places {
    /// By code object and offset.
    numbers: HashMap<(usize, i32), NonZeroUsize>,
    /// By code object and line.
    lines: HashMap<(usize, i32), NonZeroUsize>,
    /// By the code object and line of what led there, and where that is.
    led: HashMap<(usize, i32, Spot, Point), NonZeroUsize>,
    /// By number less one. (A code object that is here is kept: its address stays its own.)
    known: Vec<Place>,
    /// Whose code objects are, by address.
    owners: HashMap<usize, (Py<PyAny>, Owner)>,
    /// The folders of raddle and of the standard library.
    homes: Vec<String>,
}

struct Place {
    code: Py<PyAny>,
    line: i32,
    owner: Owner,
    /// Where that led, if it is not all.
    inner: Option<Inner>,
}

/// A place that another one led to.
struct Inner {
    code: Py<PyAny>,
    spot: Spot,
    /// What was called there, function after function, and made a lock: its code object and line.
    origin: Option<(Py<PyAny>, i32)>,
    /// The class of whose object's `__init__` it is, where that is nobody's source.
    class: Option<String>,
}

/// A part of the source of a code object, by its address: from line and column to line and column.
type Spot = (usize, [i32; 4]);

/// Whose code something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// Raddle's, or of the modules that it stands for.
    Raddle,
    Library,
    Program,
}

/// Places that are told apart. (Each keeps its code object: a program that makes code as it goes
/// would otherwise grow.)
const MOST: usize = 1 << 16;
/// Frames that are looked at for one of the program's own.
const FAR: usize = 200;

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

/// Whether the import system is what runs.
pub(crate) fn is_importing(py: Python<'_>) -> bool {
    let Some((code, _)) = frames(py).step() else { return false };
    file_of(&code).starts_with(IMPORTS)
}

/// Where the program is: in the innermost frame that is not raddle's own.
#[inline]
pub(crate) fn here(py: Python<'_>) -> Site {
    let point = innermost::innermost(py);
    match point.and_then(recent::get) {
        Some(number) => Site::Foreign(number),
        None => search(py, point),
    }
}

/// [`here`], by the frames' objects; `point` is where the innermost one is.
#[cold]
fn search(py: Python<'_>, point: Option<Point>) -> Site {
    let mut last = None;
    let mut frames = frames(py);
    while let Some((code, at)) = frames.step() {
        let key = (code.as_ptr().addr(), at as usize);
        if let Some(number) = recent::get(key) {
            return Site::Foreign(number);
        }
        if owner(&code) != Owner::Raddle {
            let Some(number) = number(code, at) else { return Site::Unknown };
            // (Of one of raddle's own frames it depends on its caller where the program is.)
            recent::put(point.filter(|(code, _)| *code == key.0).unwrap_or(key), number);
            return Site::Foreign(number);
        }
        last = Some((code, at));
    }
    last.filter(|(code, _)| is_exit(code))
        .and_then(|(code, at)| number(code, at))
        .map_or(Site::Unknown, Site::Foreign)
}

/// Whether this is what the interpreter calls when the program has ended.
fn is_exit(code: &Bound<'_, PyAny>) -> bool {
    let name = code.getattr(intern!(code.py(), "co_name"));
    name.is_ok_and(|name| name.extract::<&str>().is_ok_and(|name| name == "_shutdown"))
}

/// Where a lock is made: by what assigns it to something, and by the program's own code that led
/// there. (A function that returns it at once assigns nothing; its caller does.)
pub(crate) fn making(py: Python<'_>) -> Site {
    let mut outer = frames(py).take(FAR).filter(|frame| owner(&frame.code) != Owner::Raddle);
    let Some(mut assigned) = outer.next() else { return Site::Unknown };
    let mut origin = None;
    while returns(&assigned) {
        let Some(frame) = outer.next() else { break };
        let inner = std::mem::replace(&mut assigned, frame);
        origin.get_or_insert_with(|| (line(&inner.code, inner.at), inner.code.unbind()));
    }
    let origin = origin.map(|(line, code)| (code, line));
    let class = class_of(py, &assigned);
    let mut led = None;
    if owner(&assigned.code) != Owner::Program || class.is_some() {
        led = outer.find(|frame| owner(&frame.code) == Owner::Program);
    }
    let Some(spot) = spot(&assigned) else { return Site::Unknown };
    let Frame { code, at, .. } = led.unwrap_or_else(|| assigned.clone());
    let inner = Inner { code: assigned.code.unbind(), spot, origin, class };
    leading(code, at, inner).map_or(Site::Unknown, Site::Foreign)
}

/// The place of the program's own that led the calling thread to `site`, which is a library's.
pub(crate) fn led(py: Python<'_>, site: Site) -> Site {
    let Site::Foreign(number) = site else { return site };
    let Some((code, line)) = known(number, |place| {
        (place.owner == Owner::Library && place.inner.is_none())
            .then(|| (place.code.clone_ref(py), place.line))
    })
    .flatten() else {
        return site;
    };
    let mut outer = frames(py).take(FAR).skip_while(|frame| !frame.code.is(&code));
    let Some(Frame { code: led, at, .. }) =
        outer.find(|frame| owner(&frame.code) == Owner::Program)
    else {
        return site;
    };
    let spot = (code.as_ptr().addr(), [line, -1, line, -1]);
    leading(led, at, Inner { code, spot, origin: None, class: None })
        .map_or(site, Site::Foreign)
}

/// The number of a place that led to another one.
fn leading(code: Bound<'_, PyAny>, at: i32, inner: Inner) -> Option<NonZeroUsize> {
    let (line, owner) = (line(&code, at), owner(&code));
    let mut places = places();
    let Places { led, known, .. } = places.get_or_insert_default();
    let origin = inner.origin.as_ref();
    let origin = origin.map_or((0, 0), |(code, line)| (code.as_ptr().addr(), *line as usize));
    let key = (code.as_ptr().addr(), line, inner.spot, origin);
    if let Some(number) = led.get(&key) {
        return Some(*number);
    }
    if known.len() >= MOST {
        return None;
    }
    known.push(Place { code: code.unbind(), line, owner, inner: Some(inner) });
    let number = NonZeroUsize::new(known.len())?;
    led.insert(key, number);
    Some(number)
}

/// Whether a frame returns what it has just called for, and has no other use for it.
fn returns(frame: &Frame<'_>) -> bool {
    let Some(Codes { cache, call, precall, back }) = CODES else { return false };
    let Ok(code) = frame.code.getattr(intern!(frame.code.py(), "co_code")) else {
        return false;
    };
    let Ok(code) = code.extract::<&[u8]>() else { return false };
    let Ok(mut at) = usize::try_from(frame.at) else { return false };
    // (Up to 3.11, a frame that has called another is at the end of what belongs to the call.)
    while at >= 2 && code.get(at) == Some(&cache) {
        at -= 2;
    }
    let Some(rest) = code.get(at..) else { return false };
    let mut operations = rest.chunks_exact(2).map(|unit| unit[0]).filter(|it| *it != cache);
    let mut now = operations.next();
    if now.is_some() && now == precall {
        now = operations.next();
    }
    now == Some(call) && operations.next() == Some(back)
}

/// The numbers of some operations of the interpreter.
#[derive(Clone, Copy)]
struct Codes {
    cache: u8,
    call: u8,
    precall: Option<u8>,
    back: u8,
}

/// Those of this version; None where they are not known.
const CODES: Option<Codes> = if cfg!(Py_3_15) {
    None
} else if cfg!(Py_3_14) {
    Some(Codes { cache: 0, call: 52, precall: None, back: 35 })
} else if cfg!(Py_3_13) {
    Some(Codes { cache: 0, call: 53, precall: None, back: 36 })
} else if cfg!(Py_3_12) {
    Some(Codes { cache: 0, call: 171, precall: None, back: 83 })
} else {
    Some(Codes { cache: 0, call: 171, precall: Some(166), back: 83 })
};

/// Where in its source a frame is.
fn spot(frame: &Frame<'_>) -> Option<Spot> {
    let [mut line, mut column, mut last, mut end] = [-1; 4];
    // SAFETY: a code object, an offset that a frame of it has, and room for what is told.
    let told = unsafe {
        raw::PyCode_Addr2Location(
            frame.code.as_ptr(),
            frame.at,
            &raw mut line,
            &raw mut column,
            &raw mut last,
            &raw mut end,
        )
    };
    (told != 0).then(|| (frame.code.as_ptr().addr(), [line, column, last, end]))
}

/// The class for whose objects a frame runs an `__init__` that was made as text, as that of a
/// dataclass; None for any other.
fn class_of(py: Python<'_>, frame: &Frame<'_>) -> Option<String> {
    let name = frame.code.getattr(intern!(py, "co_name")).ok()?;
    if !file_of(&frame.code).starts_with('<') || name.extract::<&str>().ok()? != "__init__" {
        return None;
    }
    let locals = frame.object.getattr(intern!(py, "f_locals")).ok()?;
    let object = locals.get_item(intern!(py, "self")).ok()?;
    object.get_type().name().ok()?.extract().ok()
}

/// A frame of the calling thread.
#[derive(Clone)]
struct Frame<'py> {
    object: Bound<'py, PyAny>,
    code: Bound<'py, PyAny>,
    /// The offset of its instruction.
    at: i32,
}

/// The frames of the calling thread, from the innermost one out.
struct Frames<'py> {
    py: Python<'py>,
    /// The one that was looked at last.
    last: Option<Bound<'py, PyAny>>,
}

fn frames(py: Python<'_>) -> Frames<'_> {
    Frames { py, last: None }
}

impl<'py> Frames<'py> {
    /// The code object of the next frame, and the offset of its instruction. (Each step makes an
    /// object of a frame, which costs: not before it is asked for.)
    #[inline]
    fn step(&mut self) -> Option<(Bound<'py, PyAny>, i32)> {
        let py = self.py;
        let object = match &self.last {
            // SAFETY: attached; the frame is borrowed from the running one, and made one's own.
            None => unsafe { Bound::from_borrowed_ptr_or_opt(py, raw::PyEval_GetFrame()) },
            // SAFETY: a frame; the outer one is a new reference, or null.
            Some(inner) => unsafe {
                Bound::from_owned_ptr_or_opt(py, raw::PyFrame_GetBack(inner.as_ptr()))
            },
        }?;
        // SAFETY: a frame; its code is a new reference.
        let code = unsafe { Bound::from_owned_ptr(py, raw::PyFrame_GetCode(object.as_ptr())) };
        // SAFETY: a frame.
        let at = unsafe { raw::PyFrame_GetLasti(object.as_ptr()) };
        self.last = Some(object);
        Some((code, at))
    }
}

impl<'py> Iterator for Frames<'py> {
    type Item = Frame<'py>;

    fn next(&mut self) -> Option<Frame<'py>> {
        let (code, at) = self.step()?;
        Some(Frame { object: self.last.clone()?, code, at })
    }
}

/// The places that the calling thread was at lately: looking there needs no lock.
mod recent {
    use std::cell::Cell;
    use std::num::NonZeroUsize;

    use crate::sites::innermost::Point;

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
    let (line, owner) = (line(&code, at), owner(&code));
    let mut places = places();
    let Places { numbers, lines, known, .. } = places.get_or_insert_default();
    if known.len() >= MOST {
        return None;
    }
    let number = match lines.entry((key.0, line)) {
        Entry::Occupied(number) => *number.get(),
        Entry::Vacant(vacant) => {
            known.push(Place { code: code.unbind(), line, owner, inner: None });
            *vacant.insert(NonZeroUsize::new(known.len())?)
        }
    };
    numbers.insert(key, number);
    Some(number)
}

fn line(code: &Bound<'_, PyAny>, at: i32) -> i32 {
    // SAFETY: a code object, and an offset that a frame of it had.
    unsafe { raw::PyCode_Addr2Line(code.as_ptr(), at) }
}

fn file_of(code: &Bound<'_, PyAny>) -> String {
    let name = code.getattr(intern!(code.py(), "co_filename"));
    name.and_then(|name| name.extract::<String>()).unwrap_or_default()
}

fn owner(code: &Bound<'_, PyAny>) -> Owner {
    let key = code.as_ptr().addr();
    let mut homes = match &*places() {
        Some(places) => match places.owners.get(&key) {
            Some((_, owner)) => return *owner,
            None => places.homes.clone(),
        },
        None => Vec::new(),
    };
    if homes.is_empty() {
        homes = find_homes(code.py());
    }
    let owner = whose(&file_of(code), &homes);
    let mut places = places();
    let places = places.get_or_insert_default();
    places.homes = homes;
    if places.owners.len() < MOST {
        places.owners.insert(key, (code.clone().unbind(), owner));
    }
    owner
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

fn whose(file: &str, homes: &[String]) -> Owner {
    let below = |home: &String| file.strip_prefix(home.as_str())?.strip_prefix('/');
    let [own, library] = homes else { return Owner::Program };
    let standard = below(library);
    if below(own).is_some()
        || standard.is_some_and(|rest| SEEN_THROUGH.contains(&rest))
        || file.starts_with(IMPORTS)
    {
        return Owner::Raddle;
    }
    let packages = ["site-packages", "dist-packages"].iter().any(|each| file.contains(each));
    if standard.is_some() || packages || file.starts_with("<frozen ") {
        Owner::Library
    } else {
        Owner::Program
    }
}

/// What is known of the place with that number.
fn known<R>(number: NonZeroUsize, look: impl FnOnce(&Place) -> R) -> Option<R> {
    places().as_ref().and_then(|places| places.known.get(number.get() - 1)).map(look)
}

/// `(file, line, function)` of a place; None if nobody can tell. If that led to another one, it
/// has that one's code object, where in its source (line, column, last line, end column; -1 where
/// that is not known), and of which class it made an object, or None, as well.
pub(crate) fn told<'py>(py: Python<'py>, site: Site) -> PyResult<Bound<'py, PyAny>> {
    let Site::Foreign(number) = site else { return Ok(py.None().into_bound(py)) };
    let place = known(number, |place| {
        let inner = place.inner.as_ref();
        let inner = inner.map(|it| {
            let origin = it.origin.as_ref().map(|(code, line)| (code.clone_ref(py), *line));
            (it.code.clone_ref(py), it.spot.1, it.class.clone(), origin)
        });
        (place.code.clone_ref(py), place.line, inner)
    });
    let Some((code, line, inner)) = place else { return Ok(py.None().into_bound(py)) };
    let code = code.into_bound(py);
    let file = code.getattr(intern!(py, "co_filename"))?;
    let function = code.getattr(intern!(py, "co_qualname"))?;
    let Some((code, [first, column, last, end], class, origin)) = inner else {
        return Ok((file, line, function).into_pyobject(py)?.into_any());
    };
    let spot = (first, column, last, end);
    Ok((file, line, function, code, spot, class, origin).into_pyobject(py)?.into_any())
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
        pub(super) fn PyCode_Addr2Location(
            code: *mut PyObject,
            offset: c_int,
            line: *mut c_int,
            column: *mut c_int,
            last: *mut c_int,
            end: *mut c_int,
        ) -> c_int;
    }
}
