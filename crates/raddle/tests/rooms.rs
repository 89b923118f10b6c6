//! The rooms of the source: what each may import, and how large each may be.
//!
//! Words are at the bottom, what is made of them above: a room imports those before it in
//! [`ORDER`], and no other. That is read in the sources, and a line that breaks it is named.
#![cfg(not(raddle_loom))]

#[path = "common/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use source::{Source, root, sources};

/// The rooms of `src`, from the bottom up. `lib.rs` is on top of all.
///
/// (`deadlock` is below the waits that it looks at: detection is on without anybody asking for it,
/// so that a wait has to call it by its name. What it needs to know of a wait is in `wait`.
/// `lock_order` and `contention` are called through what they hand down when they are switched
/// on, see `os/switch.rs`.)
const ORDER: [&str; 14] = [
    "os",
    "wait",
    "clock",
    "card",
    "deadlock",
    "waiters",
    "locks",
    "queue",
    "future",
    "thread",
    "pool",
    "lock_order",
    "contention",
    "race",
];

/// Files of one room that may import each other in a circle.
const CIRCLE: usize = 3;
/// Lines of a file.
const LINES: usize = 500;
/// Files and rooms in a folder.
const ENTRIES: usize = 15;

fn floor(room: &str) -> usize {
    let known = ORDER.iter().position(|name| *name == room);
    known.unwrap_or_else(|| panic!("the room `{room}` has no place in ORDER"))
}

#[test]
fn a_room_imports_only_those_below_it() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(room) = source.room() else { continue };
        for import in source.imports() {
            let other = import.target.room().expect("nothing imports lib.rs");
            if other != room && floor(&other) > floor(&room) {
                let line = import.line;
                wrong.push(format!("{}:{line}: `{other}` is above `{room}`", source.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Imports between entries of one folder, each with the line that makes it.
type Edges = BTreeMap<String, BTreeMap<String, String>>;

/// The entries that lead to each other, those with one left out.
fn circles(edges: &Edges) -> Vec<BTreeSet<String>> {
    let reach = |from: &String| {
        let (mut seen, mut ahead) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(at) = ahead.pop() {
            for next in edges.get(&at).into_iter().flat_map(BTreeMap::keys) {
                if seen.insert(next.clone()) {
                    ahead.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<_, _> = edges.keys().map(|name| (name, reach(name))).collect();
    let mut found: Vec<BTreeSet<String>> = reached
        .iter()
        .map(|(name, all)| {
            let back = |other: &&String| reached.get(other).is_some_and(|r| r.contains(*name));
            all.iter().filter(back).cloned().collect()
        })
        .filter(|circle: &BTreeSet<String>| circle.len() > 1)
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn no_rooms_and_no_more_than_three_files_import_each_other_in_a_circle() {
    let mut folders: BTreeMap<Vec<String>, Edges> = BTreeMap::new();
    for source in sources() {
        for import in source.imports() {
            let (from, to) = (&source.path, &import.target.path);
            let shared = from.iter().zip(to).take_while(|(one, other)| one == other).count();
            // What is in a folder's `mod.rs` counts as a file of that folder.
            let entry = |path: &[String]| match path.get(shared) {
                Some(name)
                    if path.len() > shared + 1
                        || sources().iter().any(|s| s.is_room(&path[..=shared])) =>
                {
                    format!("{name}/")
                }
                Some(name) => format!("{name}.rs"),
                None => "mod.rs".to_owned(),
            };
            let (from, to) = (entry(from), entry(to));
            if from != to {
                let line = format!("{}:{}", source.name(), import.line);
                let edges = folders.entry(source.path[..shared].to_vec()).or_default();
                edges.entry(from).or_default().entry(to).or_insert(line);
            }
        }
    }
    let mut wrong = Vec::new();
    for (folder, edges) in &folders {
        for circle in circles(edges) {
            let rooms = circle.iter().any(|name| name.ends_with('/'));
            if rooms || circle.len() > CIRCLE {
                let lines = circle.iter().flat_map(|from| {
                    edges[from]
                        .iter()
                        .filter(|(to, _)| circle.contains(*to))
                        .map(move |(to, line)| format!("\n  {line}: `{from}` imports `{to}`"))
                });
                wrong.push(format!(
                    "a circle in {}/:{}",
                    folder.join("/"),
                    lines.collect::<String>()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_and_no_folder_is_too_large() {
    let mut wrong = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        let entries: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        if entries.len() > ENTRIES {
            wrong.push(format!("{}: {} entries", folder.display(), entries.len()));
        }
        folders.extend(entries.into_iter().filter(|path| path.is_dir()));
    }
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > LINES {
            wrong.push(format!(
                "{}:{}: the file goes on for {lines} lines",
                source.name(),
                LINES + 1
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_os_asks_which_system_this_is() {
    let asks = |source: &Source| {
        let lines = source.text.lines().enumerate();
        let asks = lines.filter(|(_, line)| line.contains("target_"));
        asks.map(|(at, line)| format!("{}:{}: {line}", source.name(), at + 1))
            .collect::<Vec<_>>()
    };
    let above = sources().iter().filter(|source| source.room().as_deref() != Some("os"));
    let wrong: Vec<String> = above.flat_map(asks).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_line_that_imports_upwards_is_found_and_named() {
    let all = sources();
    let locks = all.iter().find(|source| source.name() == "src/locks/event.rs").unwrap();
    let text = "//! No use crate::pool::Pool;\n\
                use crate::os::{self, deadline::{Deadline, other}};\n\
                fn f() { crate::thread::spawn(|| \"crate::queue::Queue\"); }\n\
                mod inner { use super::super::RawLock; }\n";
    let read = Source { text: text.to_owned(), ..locks.clone() };
    let found: Vec<(usize, String)> =
        read.imports().into_iter().map(|i| (i.line, i.target.name())).collect();
    let named = |line, name: &str| (line, format!("src/{name}.rs"));
    assert_eq!(
        found,
        [
            named(2, "os/mod"),
            named(2, "os/deadline"),
            named(2, "os/deadline"),
            named(3, "thread/spawn"),
            named(4, "locks/raw"),
        ]
    );
}
