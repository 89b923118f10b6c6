//! The Rust crate carries no Python with it.
#![cfg(not(raddle_loom))]

use std::process::Command;

#[test]
fn no_python_is_in_the_dependency_tree() {
    if cfg!(windows) && env!("CARGO").starts_with('/') {
        return; // Built on another system, where the same was asked.
    }
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
    assert!(
        names.contains(&"raddle") && names.contains(&"crossbeam-utils"),
        "not a tree: {tree}"
    );
    let python: Vec<_> = names.iter().filter(|name| name.starts_with("pyo3")).collect();
    assert!(python.is_empty(), "{python:?}");
    let mut kinds: Vec<_> = names.clone();
    kinds.sort_unstable();
    kinds.dedup();
    let of_system =
        if cfg!(windows) { ["windows-link", "windows-sys"].as_slice() } else { &["libc"] };
    let mut expected =
        ["crossbeam-deque", "crossbeam-epoch", "crossbeam-utils", "raddle"].to_vec();
    expected.extend(of_system);
    expected.sort_unstable();
    assert_eq!(kinds, expected, "a new dependency is a decision to be made here, too: {tree}");
}
