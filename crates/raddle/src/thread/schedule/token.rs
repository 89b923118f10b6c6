//! A schedule as a word: which choices differ from going on with the same thread.

use std::fmt::Write;

const FIRST: &str = "r1";

/// How many choices in a row may go on, and among how many threads it is chosen, at most.
const MOST: usize = 10_000_000;

/// The choices as a word, such as `r1-5.1-2.1`: after five that go on with the same thread, the
/// first other one; two more; the first other one again.
#[must_use]
pub fn encode(choices: &[usize]) -> String {
    let (mut word, mut since) = (String::from(FIRST), 0);
    for choice in choices {
        if *choice == 0 {
            since += 1;
        } else {
            let _ = write!(word, "-{since}.{choice}");
            since = 0;
        }
    }
    word
}

/// The choices that a word stands for; `None` if it is none.
#[must_use]
pub fn decode(word: &str) -> Option<Vec<usize>> {
    let mut parts = word.split('-');
    if parts.next() != Some(FIRST) {
        return None;
    }
    let mut choices = Vec::new();
    for part in parts {
        let (since, choice) = part.split_once('.')?;
        let number = |text: &str| {
            let digits = text.bytes().all(|each| each.is_ascii_digit());
            text.parse().ok().filter(|number| digits && *number <= MOST)
        };
        let (since, choice): (usize, usize) = (number(since)?, number(choice)?);
        if choice == 0 || choices.len() + since > MOST {
            return None;
        }
        choices.resize(choices.len() + since, 0);
        choices.push(choice);
    }
    Some(choices)
}
