//! The Rust crate carries no Python with it.
#![cfg(not(raddle_loom))]

use std::process::Command;

#[test]
fn no_python_is_in_the_dependency_tree() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "raddle", "--edges", "normal", "--prefix", "none"])
        .args([
            "--offline",
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"raddle") && names.contains(&"libc"), "not a tree: {tree}");
    let python: Vec<_> = names.iter().filter(|name| name.starts_with("pyo3")).collect();
    assert!(python.is_empty(), "{python:?}");
    let mut kinds: Vec<_> = names.clone();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(
        kinds,
        ["crossbeam-deque", "crossbeam-epoch", "crossbeam-utils", "libc", "raddle"],
        "a new dependency is a decision to be made here, too: {tree}"
    );
}
