//! The most frequent words of a folder's Rust sources, counted on all cores.
//!
//! `cargo run --release -p raddle --example words -- [FOLDER]`

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use raddle::Pool;

type Counts = HashMap<String, usize>;

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut files = Vec::new();
    find(Path::new(&folder), &mut files);

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = Pool::new(cores);
    let start = Instant::now();
    let total = merge(pool.map(&files, |file| count(file)));
    let pooled = start.elapsed();

    let start = Instant::now();
    let alone = merge(files.iter().map(|file| count(file)));
    let single = start.elapsed();
    assert_eq!(total, alone, "the same answer, however many count");

    let mut words: Vec<_> = total.iter().collect();
    words.sort_by_key(|(word, count)| (usize::MAX - **count, word.as_str()));
    for (word, count) in words.iter().take(10) {
        println!("{count:8} {word}");
    }
    println!("{} files: {pooled:.1?} on {cores} cores, {single:.1?} on one", files.len());
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn count(file: &Path) -> Counts {
    let mut counts = Counts::new();
    let text = std::fs::read_to_string(file).unwrap_or_default();
    for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|w| !w.is_empty()) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    counts
}

fn merge(parts: impl IntoIterator<Item = Counts>) -> Counts {
    let mut total = Counts::new();
    for (word, count) in parts.into_iter().flatten() {
        *total.entry(word).or_default() += count;
    }
    total
}
