//! Passes the interpreter's version and build flags (`Py_3_13`, `Py_GIL_DISABLED`) to the code,
//! and has the linker put the guards of `src/python/doors.rs` before the interpreter's functions.

use std::env;
use std::fs;

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    println!("cargo::rustc-check-cfg=cfg(raddle_doors)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/python/doors.rs");
    let minor = pyo3_build_config::get().version().minor;
    // Where a thread's end unwinds its stack.
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") && minor < 14 {
        println!("cargo::rustc-cfg=raddle_doors");
        let doors = fs::read_to_string("src/python/doors.rs").expect("the list is there");
        for name in names(&doors, minor) {
            // (A linker may look for what is to be wrapped before it has seen that it is used.)
            println!("cargo::rustc-cdylib-link-arg=-Wl,--undefined={name}");
            println!("cargo::rustc-cdylib-link-arg=-Wl,--wrap={name}");
        }
        // The guards are this library's own, whatever else is loaded.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-Bsymbolic-functions");
    }
}

/// The functions of the list that the version 3.`minor` has.
fn names(doors: &str, minor: u8) -> impl Iterator<Item = &str> {
    let (_, list) = doors.split_once("\ndoors! {\n").expect("the list begins so");
    let (list, _) = list.split_once("\n}\n").expect("the list ends so");
    let mut wanted = true;
    list.lines().map(str::trim).filter_map(move |line| {
        if let Some(condition) = line.strip_prefix("#[cfg(") {
            wanted = holds(condition.strip_suffix(")]").expect("a cfg alone"), minor);
            return None;
        }
        let function = line.strip_prefix("fn ")?;
        std::mem::replace(&mut wanted, true).then(|| function.split_once('(').expect("a fn").0)
    })
}

/// Whether `Py_3_X`, or `not(Py_3_X)`, holds.
fn holds(condition: &str, minor: u8) -> bool {
    let version = condition.strip_prefix("not(").and_then(|rest| rest.strip_suffix(')'));
    let since = version.unwrap_or(condition).strip_prefix("Py_3_").expect("a version");
    let since: u8 = since.parse().expect("a number");
    (minor >= since) != version.is_some()
}
