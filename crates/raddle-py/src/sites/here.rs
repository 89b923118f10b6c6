//! Where the program is: where it takes locks, waits, and makes them.
//!
//! A site is where the innermost frame is that is not raddle's own. What that says may be little:
//! a library takes and makes locks for the program. So a site has, where there is time to look,
//! another one that led to it, the innermost of the program's own. There is time when a lock is
//! made, when a wait is counted, and when an order of locks is new; there is none when a lock is
//! taken.

use pyo3::prelude::*;
use raddle::lock_order::Site;

use super::frames::{Frame, file_of, frames, line, spot};
use super::innermost::{self, Point};
use super::owner::{IMPORTS, Owner, owner};
use super::recent;
use super::table::{Reached, known, leading, number};
use crate::python::interned::intern;

/// Frames that are looked at for one of the program's own.
const FAR: usize = 200;

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

/// Whether the calling thread runs a function of that name, in whichever of its frames.
#[cfg_attr(not(Py_3_12), allow(dead_code, reason = "races are looked for from 3.12 on"))]
pub(crate) fn runs(py: Python<'_>, name: &str) -> bool {
    let mut frames = frames(py);
    while let Some((code, _)) = frames.step() {
        let known = code.getattr(intern!(py, "co_name"));
        if known.is_ok_and(|known| known.extract::<&str>().is_ok_and(|known| known == name)) {
            return true;
        }
    }
    false
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
    let inner = Reached { code: assigned.code.unbind(), spot, origin, class };
    leading(code, at, inner).map_or(Site::Unknown, Site::Foreign)
}

/// The site of the program's own that led the calling thread to `site`, which is a library's.
pub(crate) fn led(py: Python<'_>, site: Site) -> Site {
    let Site::Foreign(number) = site else { return site };
    let Some((code, line)) = known(number, |known| {
        (known.owner == Owner::Library && known.inner.is_none())
            .then(|| (known.code.clone_ref(py), known.line))
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
    leading(led, at, Reached { code, spot, origin: None, class: None })
        .map_or(site, Site::Foreign)
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
const CODES: Option<Codes> = if cfg!(Py_3_16) {
    None
} else if cfg!(Py_3_15) {
    Some(Codes { cache: 0, call: 50, precall: None, back: 33 })
} else if cfg!(Py_3_14) {
    Some(Codes { cache: 0, call: 52, precall: None, back: 35 })
} else if cfg!(Py_3_13) {
    Some(Codes { cache: 0, call: 53, precall: None, back: 36 })
} else if cfg!(Py_3_12) {
    Some(Codes { cache: 0, call: 171, precall: None, back: 83 })
} else {
    Some(Codes { cache: 0, call: 171, precall: Some(166), back: 83 })
};

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
