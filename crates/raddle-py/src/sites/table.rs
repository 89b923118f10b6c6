//! The table of sites: the lines of the program at which locks are made, taken and waited for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use raddle::lock_order::Site;

use super::frames::{Spot, line};
use super::innermost::Point;
use super::owner::{Owner, hands_over, owner};
use crate::python::interned::intern;

/// The sites that are known. Only attached threads lock it, and nothing under it detaches or runs
/// code: no fork and no collection meets it locked.
static TABLE: Mutex<Option<Table>> = Mutex::new(None);

#[derive(Default)]
struct Table {
    /// By code object and offset.
    numbers: HashMap<(usize, i32), NonZeroUsize>,
    /// By code object and line.
    lines: HashMap<(usize, i32), NonZeroUsize>,
    /// By the code object and line of what led there, and where that is.
    led: HashMap<(usize, i32, Spot, Point), NonZeroUsize>,
    /// By number less one. (A code object that is here is kept: its address stays its own.)
    known: Vec<KnownSite>,
}

pub(super) struct KnownSite {
    pub(super) code: Py<PyAny>,
    pub(super) line: i32,
    pub(super) owner: Owner,
    /// Where that led, if it is not all.
    pub(super) inner: Option<Reached>,
}

/// Where a site led to.
pub(super) struct Reached {
    pub(super) code: Py<PyAny>,
    pub(super) spot: Spot,
    /// What was called there, function after function, and made a lock: its code object and line.
    pub(super) origin: Option<(Py<PyAny>, i32)>,
    /// The class of whose object's `__init__` it is, where that is nobody's source.
    pub(super) class: Option<String>,
}

/// Sites that are told apart. (Each keeps its code object: a program that makes code as it goes
/// would otherwise grow.)
const MOST: usize = 1 << 16;

fn table() -> MutexGuard<'static, Option<Table>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of a site: a line. (While the interpreter learns what a call calls, the same call
/// is at one offset and then at another.)
pub(super) fn number(code: Bound<'_, PyAny>, at: i32) -> Option<NonZeroUsize> {
    let key = (code.as_ptr().addr(), at);
    if let Some(number) = table().get_or_insert_default().numbers.get(&key) {
        return Some(*number);
    }
    let (line, owner) = (line(&code, at), owner(&code));
    let hands_over = hands_over(&code);
    let mut table = table();
    let Table { numbers, lines, known, .. } = table.get_or_insert_default();
    if known.len() >= MOST {
        return None;
    }
    let number = match lines.entry((key.0, line)) {
        Entry::Occupied(number) => *number.get(),
        Entry::Vacant(vacant) => {
            known.push(KnownSite { code: code.unbind(), line, owner, inner: None });
            let number = NonZeroUsize::new(known.len())?;
            set_hands_over(number, hands_over);
            *vacant.insert(number)
        }
    };
    numbers.insert(key, number);
    Some(number)
}

/// The number of a site that led to another one.
pub(super) fn leading(code: Bound<'_, PyAny>, at: i32, inner: Reached) -> Option<NonZeroUsize> {
    let (line, owner) = (line(&code, at), owner(&code));
    let mut table = table();
    let Table { led, known, .. } = table.get_or_insert_default();
    let origin = inner.origin.as_ref();
    let origin = origin.map_or((0, 0), |(code, line)| (code.as_ptr().addr(), *line as usize));
    let key = (code.as_ptr().addr(), line, inner.spot, origin);
    if let Some(number) = led.get(&key) {
        return Some(*number);
    }
    if known.len() >= MOST {
        return None;
    }
    known.push(KnownSite { code: code.unbind(), line, owner, inner: Some(inner) });
    let number = NonZeroUsize::new(known.len())?;
    led.insert(key, number);
    Some(number)
}

/// Sites at which something may be handed from one thread to another unseen: a bit for each, by
/// number less one. It is read by threads that are not attached, and so without the lock.
static HANDS_OVER: [AtomicU64; MOST / 64] = [const { AtomicU64::new(0) }; MOST / 64];

fn set_hands_over(number: NonZeroUsize, does: bool) {
    let (word, bit) = ((number.get() - 1) / 64, 1 << ((number.get() - 1) % 64));
    if does {
        HANDS_OVER[word].fetch_or(bit, Ordering::Relaxed);
    } else {
        HANDS_OVER[word].fetch_and(!bit, Ordering::Relaxed);
    }
}

/// Whether what is done at a site may hand something from one thread to another unseen.
#[cfg_attr(not(Py_3_12), allow(dead_code, reason = "races are looked for from 3.12 on"))]
pub(crate) fn may_hand_over(site: Site) -> bool {
    let Site::Foreign(number) = site else { return false };
    let at = number.get() - 1;
    let word = HANDS_OVER.get(at / 64).map_or(0, |word| word.load(Ordering::Relaxed));
    word >> (at % 64) & 1 != 0
}

/// Finds out for all sites anew what may hand something over there: other folders are looked at.
#[cfg_attr(not(Py_3_12), allow(dead_code, reason = "races are looked for from 3.12 on"))]
pub(crate) fn renew(py: Python<'_>) {
    let mut number = NonZeroUsize::MIN;
    while let Some(code) = known(number, |known| known.code.clone_ref(py)) {
        set_hands_over(number, hands_over(code.bind(py)));
        number = number.saturating_add(1);
    }
}

/// What is known of the site with that number.
pub(super) fn known<R>(number: NonZeroUsize, look: impl FnOnce(&KnownSite) -> R) -> Option<R> {
    table().as_ref().and_then(|table| table.known.get(number.get() - 1)).map(look)
}

/// `(file, line, function)` of a site; None if nobody can tell. If that led to another one, it
/// has that one's code object, where in its source (line, column, last line, end column; -1 where
/// that is not known), and of which class it made an object, or None, as well.
pub(crate) fn told<'py>(py: Python<'py>, site: Site) -> PyResult<Bound<'py, PyAny>> {
    let Site::Foreign(number) = site else { return Ok(py.None().into_bound(py)) };
    let found = known(number, |known| {
        let inner = known.inner.as_ref();
        let inner = inner.map(|it| {
            let origin = it.origin.as_ref().map(|(code, line)| (code.clone_ref(py), *line));
            (it.code.clone_ref(py), it.spot.1, it.class.clone(), origin)
        });
        (known.code.clone_ref(py), known.line, inner)
    });
    let Some((code, line, inner)) = found else { return Ok(py.None().into_bound(py)) };
    let code = code.into_bound(py);
    let file = code.getattr(intern!(py, "co_filename"))?;
    let function = code.getattr(intern!(py, "co_qualname"))?;
    let Some((code, [first, column, last, end], class, origin)) = inner else {
        return Ok((file, line, function).into_pyobject(py)?.into_any());
    };
    let spot = (first, column, last, end);
    Ok((file, line, function, code, spot, class, origin).into_pyobject(py)?.into_any())
}
