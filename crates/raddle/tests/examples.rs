//! Whoever meets a word of the crate finds an example there, which is a test as well.
#![cfg(not(raddle_loom))]

#[path = "common/source.rs"]
#[allow(dead_code)]
mod source;

use std::fs;

use source::{root, sources};

/// A function without arguments, and one of the standard library's.
const PLAIN: [&str; 2] = ["thread_id", "scope"];

/// What `lib.rs` has after `start`, up to the end of the statement; models have more.
fn exports(start: &str) -> Vec<String> {
    let library = fs::read_to_string(root().join("lib.rs")).unwrap();
    let mut parts = library.split("\n#[cfg(raddle_loom)]\n");
    let first = parts.next().unwrap().to_owned();
    let library =
        parts.fold(first, |all, part| format!("{all}\n{}", part.split_once(';').unwrap().1));
    library
        .split(start)
        .skip(1)
        .map(|rest| rest.split(';').next().unwrap().to_owned())
        .collect()
}

/// Whether an example is right before the definition of a word, or one of several, as there are
/// of what differs between systems.
fn has_example(word: &str) -> bool {
    let defined = |line: &str| {
        ["pub struct ", "pub enum ", "pub trait ", "pub fn "].iter().any(|start| {
            let rest = line.strip_prefix(start).and_then(|rest| rest.strip_prefix(word));
            rest.is_some_and(|rest| {
                !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            })
        })
    };
    sources().iter().any(|source| {
        let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
        (0..lines.len()).filter(|&at| defined(lines[at])).any(|at| {
            let above = lines[..at].iter().rev();
            above
                .take_while(|line| line.starts_with("///") || line.starts_with("#["))
                .any(|line| line.starts_with("/// ```"))
        })
    })
}

#[test]
fn each_word_of_the_root_has_an_example() {
    let mut words = Vec::new();
    for statement in exports("\npub use ") {
        let names = statement.rsplit("::").next().unwrap();
        let names = names.trim_matches(|c: char| c == '{' || c == '}' || c.is_whitespace());
        words.extend(
            names.split(',').map(str::trim).filter(|n| !n.is_empty()).map(String::from),
        );
    }
    assert!(words.len() > 30, "{words:?}");
    words.retain(|word| !PLAIN.contains(&word.as_str()));
    words.retain(|word| !has_example(word));
    assert_eq!(words, Vec::<String>::new());
}

#[test]
fn each_public_room_has_an_example() {
    let mut rooms = exports("\npub mod ");
    assert!(rooms.len() > 5, "{rooms:?}");
    rooms.retain(|room| {
        let mut inside = sources().iter().filter(|source| source.path.first() == Some(room));
        !inside.any(|source| source.text.contains("//! ```") || source.text.contains("/// ```"))
    });
    assert_eq!(rooms, Vec::<String>::new());
}
