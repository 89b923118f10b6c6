//! Whose code something is: raddle's, a library's, or the program's own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    homes: Option<Homes>,
}

/// Where raddle and the standard library are.
#[derive(Clone)]
struct Homes {
    raddle: PathBuf,
    library: PathBuf,
    /// The names of the library's modules, if its files' names are without their folder: where
    /// it is in an archive (CPython's embeddable package for Windows, PyInstaller).
    packed: Option<Arc<Py<PyAny>>>,
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
    let homes = match &*owners() {
        Some(owners) => match owners.known.get(&key) {
            Some((_, owner)) => return *owner,
            None => owners.homes.clone(),
        },
        None => None,
    };
    let Some(homes) = homes.or_else(|| find_homes(code.py())) else { return Owner::Program };
    let owner = whose(code.py(), &file_of(code), &homes);
    let mut owners = owners();
    let owners = owners.get_or_insert_default();
    if owners.homes.is_none() {
        owners.homes = Some(homes.clone());
    }
    if owners.known.len() < MOST {
        owners.known.insert(key, (code.clone().unbind(), owner));
    }
    owner
}

fn find_homes(py: Python<'_>) -> Option<Homes> {
    let home = |module| {
        let file = registry::module(py, module)?.getattr(intern!(py, "__file__")).ok()?;
        let file: String = file.extract().ok()?;
        Some(Path::new(&file).parent()?.to_owned())
    };
    Some(Homes { raddle: home("raddle")?, library: home("os")?, packed: find_packed(py) })
}

/// See [`Homes::packed`]. (Each interpreter has loaded `encodings`, which is never frozen.)
fn find_packed(py: Python<'_>) -> Option<Arc<Py<PyAny>>> {
    let code = registry::module(py, "encodings")?
        .getattr("normalize_encoding")
        .and_then(|function| function.getattr("__code__"))
        .ok()?;
    if Path::new(&*file_of(&code)).is_absolute() {
        return None;
    }
    let names = registry::module(py, "sys")?.getattr("stdlib_module_names").ok()?;
    Some(Arc::new(names.unbind()))
}

fn whose(py: Python<'_>, file: &str, homes: &Homes) -> Owner {
    if file.starts_with('<') {
        return match file {
            _ if file.starts_with(IMPORTS) => Owner::Raddle,
            _ if file.starts_with("<frozen ") => Owner::Library,
            _ => Owner::Program,
        };
    }
    let path = Path::new(file);
    let standard = path
        .strip_prefix(&homes.library)
        .ok()
        .or_else(|| is_packed(py, path, homes).then_some(path));
    let seen_through = |rest: &Path| SEEN_THROUGH.iter().any(|each| rest == Path::new(each));
    if path.starts_with(&homes.raddle) || standard.is_some_and(seen_through) {
        return Owner::Raddle;
    }
    let packages = ["site-packages", "dist-packages"].iter().any(|each| file.contains(each));
    if standard.is_some() || packages { Owner::Library } else { Owner::Program }
}

/// Whether this is a file of a standard library that is in an archive.
fn is_packed(py: Python<'_>, path: &Path, homes: &Homes) -> bool {
    let (Some(names), false) = (&homes.packed, path.is_absolute()) else { return false };
    let first = path.iter().next().map(Path::new).and_then(Path::file_stem);
    first
        .and_then(|name| name.to_str())
        .is_some_and(|name| names.bind(py).contains(name).unwrap_or(false))
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
    if folders.iter().any(|folder| file.starts_with(folder.as_str())) {
        return false;
    }
    let path = format!("/{}", if cfg!(windows) { file.replace('\\', "/") } else { file });
    !HAND_NOTHING.iter().any(|part| path.contains(part))
}
