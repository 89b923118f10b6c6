//! How a failure came about: the steps of its run, a column for each thread.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::table::Step;

/// Columns of text that one thread takes, at most; and steps that are shown.
const WIDTH: usize = 48;
const MOST: usize = 60;

/// The lines of the table.
pub(super) fn columns(steps: &[Step]) -> String {
    let mut widths = BTreeMap::new();
    let texts: Vec<_> = steps.iter().map(text).collect();
    for (step, text) in steps.iter().zip(&texts) {
        let width = widths.entry(step.place).or_insert_with(|| head(step).chars().count());
        *width = text.chars().count().max(*width).min(WIDTH);
    }
    let mut out = String::new();
    let mut row = |cell: &dyn Fn(usize) -> String| {
        let mut line = String::new();
        for (place, width) in &widths {
            let text: String = cell(*place).chars().take(*width).collect();
            let _ = write!(line, "  {text:<width$}");
        }
        out += line.trim_end();
        out.push('\n');
    };
    let heads: BTreeMap<_, _> = steps.iter().map(|step| (step.place, head(step))).collect();
    row(&|place| heads[&place].clone());
    let hidden = steps.len().saturating_sub(MOST);
    if hidden > 0 {
        row(&|place| if place == 0 { format!("({hidden} before)") } else { String::new() });
    }
    for (step, text) in steps.iter().zip(&texts).skip(hidden) {
        row(&|place| if place == step.place { text.clone() } else { String::new() });
    }
    out
}

fn head(step: &Step) -> String {
    match &step.thread {
        Some(name) => name.clone(),
        None => format!("thread {}", step.place),
    }
}

fn text(step: &Step) -> String {
    let (call, file) = (step.call, step.at.file().rsplit('/').next().unwrap_or_default());
    // (Where something is dropped, nobody is told.)
    if call.ends_with("drop") {
        call.into()
    } else {
        format!("{call} {file}:{}", step.at.line())
    }
}
