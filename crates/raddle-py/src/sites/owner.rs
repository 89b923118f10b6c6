//! Whose code something is: raddle's, a library's, or the program's own.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use super::frames::file_of;
use crate::python::interned::intern;
use crate::python::registry;

/// Whose code something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Raddle's, or of the modules that it stands for.
    Raddle,
    Library,
    Program,
}

/// What is known of whose code is what. Only attached threads lock it, and nothing under it
/// detaches or runs code: no fork and no collection meets it locked.
static OWNERS: Mutex<Option<Owners>> = Mutex::new(None);

#[derive(Default)]
struct Owners {
    /// By the address of a code object, which is kept: the address stays its own.
    known: HashMap<usize, (Py<PyAny>, Owner)>,
    /// The folders of raddle and of the standard library.
    homes: Vec<String>,
}

/// Code objects that are kept, at most: a program that makes code as it goes would otherwise grow.
const MOST: usize = 1 << 16;

/// How the files of the import system begin.
pub(super) const IMPORTS: &str = "<frozen importlib";

/// Modules of the standard library that raddle stands for, and one that takes the locks that it is
/// given (`ExitStack`): where it does so is where it was called.
const SEEN_THROUGH: [&str; 5] = [
    "threading.py",
    "queue.py",
    "concurrent/futures/_base.py",
    "concurrent/futures/thread.py",
    "contextlib.py",
];

fn owners() -> MutexGuard<'static, Option<Owners>> {
    OWNERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whose a code object is.
pub(crate) fn owner(code: &Bound<'_, PyAny>) -> Owner {
    let key = code.as_ptr().addr();
    let mut homes = match &*owners() {
        Some(owners) => match owners.known.get(&key) {
            Some((_, owner)) => return *owner,
            None => owners.homes.clone(),
        },
        None => Vec::new(),
    };
    if homes.is_empty() {
        homes = find_homes(code.py());
    }
    let owner = whose(&file_of(code), &homes);
    let mut owners = owners();
    let owners = owners.get_or_insert_default();
    owners.homes = homes;
    if owners.known.len() < MOST {
        owners.known.insert(key, (code.clone().unbind(), owner));
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

/// Parts of the standard library that hand nothing from one thread to another under their locks:
/// a program that logs is not ordered by that.
const HAND_NOTHING: [&str; 4] = ["/logging/", "/warnings.py", "/_warnings.py", "/linecache.py"];

/// Folders and files of packages that are looked at for races. Only attached threads lock it, and
/// nothing under it detaches or runs code.
static LOOKED_AT: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Has those folders be looked at, besides the program's own code.
#[cfg_attr(not(Py_3_12), allow(dead_code, reason = "races are looked for from 3.12 on"))]
pub(crate) fn look_at(folders: Vec<String>) {
    *LOOKED_AT.lock().unwrap_or_else(PoisonError::into_inner) = folders;
}

/// Whether code may hand something from one thread to another without being looked at.
pub(super) fn hands_over(code: &Bound<'_, PyAny>) -> bool {
    if owner(code) != Owner::Library {
        return false;
    }
    let file = file_of(code);
    let folders = LOOKED_AT.lock().unwrap_or_else(PoisonError::into_inner);
    !folders.iter().any(|folder| file.starts_with(folder.as_str()))
        && !HAND_NOTHING.iter().any(|part| file.contains(part))
}
