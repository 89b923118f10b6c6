//! Passes the interpreter's version and build flags (`Py_3_13`, `Py_GIL_DISABLED`) to the code,
//! and has the linker put the guards of `src/python/exit_guards.rs` before the interpreter's functions.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    println!("cargo::rustc-check-cfg=cfg(raddle_exit_guards)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/python/exit_guards.rs");
    link_the_c_librarys_unwinder();
    let minor = pyo3_build_config::get().version().minor;
    say_which_library_has_the_interpreter();
    // Where a thread's end unwinds its stack.
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") && minor < 14 {
        println!("cargo::rustc-cfg=raddle_exit_guards");
        let list = fs::read_to_string("src/python/exit_guards.rs").expect("the list is there");
        for name in names(&list, minor) {
            // (A linker may look for what is to be wrapped before it has seen that it is used.)
            println!("cargo::rustc-cdylib-link-arg=-Wl,--undefined={name}");
            println!("cargo::rustc-cdylib-link-arg=-Wl,--wrap={name}");
        }
        // The guards are this library's own, whatever else is loaded. (Functions are all that it
        // exports, but zig's linker, which wheels are built with, has no `-Bsymbolic-functions`.)
        println!("cargo::rustc-cdylib-link-arg=-Wl,-Bsymbolic");
    }
}

/// For the blocks of `interpreter!`, on Windows.
fn say_which_library_has_the_interpreter() {
    println!("cargo::rustc-check-cfg=cfg(raddle_dll, values(any()))");
    if let Some(name) = pyo3_build_config::get().lib_name() {
        println!("cargo::rustc-cfg=raddle_dll=\"{name}\"");
    }
}

/// What Rust's standard library asks of an unwinder, by the version of libgcc that has it.
const UNWINDER: [(&str, &str); 3] = [
    (
        "GCC_3.0",
        "DeleteException FindEnclosingFunction ForcedUnwind GetDataRelBase GetGR GetIP \
         GetLanguageSpecificData GetRegionStart GetTextRelBase RaiseException Resume SetGR SetIP",
    ),
    ("GCC_3.3", "Backtrace GetCFA Resume_or_Rethrow"),
    ("GCC_4.2.0", "GetIPInfo"),
];

/// Has zig's linker take the unwinder from libgcc, as every other linker does.
///
/// glibc's `pthread_exit` unwinds with libgcc, and hands what is libgcc's to the code that runs
/// the drops of our frames. zig links another unwinder into the library, and that would read it
/// as its own: each exit with a daemon thread would crash.
fn link_the_c_librarys_unwinder() {
    println!("cargo::rerun-if-env-changed=CARGO_ZIGBUILD_TARGET");
    let gnu = env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu");
    let linker = env::var("RUSTC_LINKER").unwrap_or_default();
    if !gnu || !linker.contains("zig") {
        return;
    }
    // Only its names count: what is loaded in the end is the system's. And a link line with the
    // system's own would be of no use to a build for another machine.
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let [source, script, library] =
        ["unwinder.c", "unwinder.map", "libgcc_s.so.1"].map(|name| out.join(name));
    let (mut functions, mut versions) = (String::new(), String::new());
    for (version, names) in UNWINDER {
        let names: Vec<_> = names.split(' ').map(|name| format!("_Unwind_{name}")).collect();
        functions.extend(names.iter().map(|name| format!("void {name}(void) {{}}\n")));
        versions += &format!("{version} {{ {}; }};\n", names.join("; "));
    }
    fs::write(&source, functions).expect("OUT_DIR can be written");
    fs::write(&script, versions).expect("OUT_DIR can be written");
    let built = Command::new(linker)
        .args(["-shared", "-nostdlib", "-Wl,-soname,libgcc_s.so.1"])
        .arg(format!("-Wl,--version-script={}", script.display()))
        .args([source.as_os_str(), "-o".as_ref(), library.as_os_str()])
        .status();
    assert!(
        built.is_ok_and(|status| status.success()),
        "zig builds a library of empty functions"
    );
    println!("cargo::rustc-cdylib-link-arg={}", library.display());
}

/// The functions of the list that the version 3.`minor` has.
fn names(source: &str, minor: u8) -> impl Iterator<Item = &str> {
    let (_, list) = source.split_once("\nexit_guards! {\n").expect("the list begins so");
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
