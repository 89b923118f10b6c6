//! What the crate's source files import from each other, as far as that can be read in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A file of `src`.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its module's path; that of `locks/mod.rs` is `locks`.
    pub path: Vec<String>,
    pub file: PathBuf,
    pub text: String,
}

/// A place in a file at which something of another one is named.
#[derive(Debug)]
pub struct Import {
    /// From 1.
    pub line: usize,
    pub target: &'static Source,
}

/// The folder of the sources.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All of them, in order.
pub fn sources() -> &'static [Source] {
    static ALL: OnceLock<Vec<Source>> = OnceLock::new();
    ALL.get_or_init(|| {
        let (mut found, mut folders) = (Vec::new(), vec![root()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let file = entry.unwrap().path();
                if file.is_dir() {
                    folders.push(file);
                } else if file.extension().is_some_and(|suffix| suffix == "rs") {
                    found.push(Source::read(file));
                }
            }
        }
        found.sort_by(|one, other| one.file.cmp(&other.file));
        found
    })
}

fn of(path: &[String]) -> Option<&'static Source> {
    sources().iter().find(|source| source.path == path)
}

impl Source {
    fn read(file: PathBuf) -> Self {
        let inside = file.strip_prefix(root()).unwrap().with_extension("");
        let mut path: Vec<String> =
            inside.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
        if matches!(path.last().map(String::as_str), Some("mod" | "lib")) {
            path.pop();
        }
        let text = fs::read_to_string(&file).unwrap();
        Self { path, file, text }
    }

    /// The file, from the crate's folder.
    pub fn name(&self) -> String {
        let inside = self.file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
        inside.to_str().unwrap().replace(std::path::MAIN_SEPARATOR, "/")
    }

    /// The room of `src` that it is in; `None` for `lib.rs`.
    pub fn room(&self) -> Option<String> {
        self.path.first().cloned()
    }

    /// Whether this is the `mod.rs` of the room with that path.
    pub fn is_room(&self, path: &[String]) -> bool {
        self.path == path && self.is_folder()
    }

    fn is_folder(&self) -> bool {
        self.file.file_name().is_some_and(|name| name == "mod.rs" || name == "lib.rs")
    }

    /// The module that `super` is in the file.
    fn parent(&self) -> &[String] {
        &self.path[..self.path.len().saturating_sub(1)]
    }

    /// What the file imports, and what else it names of others by a path.
    pub fn imports(&self) -> Vec<Import> {
        let mut found = Vec::new();
        self.each_path(|line, is_public, path| {
            // What a room hands on is not what its own lines need.
            let hands_on = is_public && self.is_folder();
            let target = self.target(&path).filter(|target| target.path != self.path);
            if let Some(target) = target.filter(|_| !hands_on || path[0] == "crate") {
                found.push(Import { line, target });
            }
        });
        found
    }

    /// The file in which that is which a path of this one names.
    fn target(&self, path: &[String]) -> Option<&'static Source> {
        let mut module = match path[0].as_str() {
            "crate" => Vec::new(),
            "super" => self.parent().to_vec(),
            "self" => self.path.clone(),
            // A module that the file itself has.
            name => {
                let child: Vec<String> =
                    self.path.iter().cloned().chain([name.to_owned()]).collect();
                of(&child).filter(|_| self.is_folder())?;
                child
            }
        };
        for name in &path[1..] {
            if name == "super" {
                module.pop();
                continue;
            }
            let child: Vec<String> = module.iter().cloned().chain([name.clone()]).collect();
            if of(&child).is_some() {
                module = child;
                continue;
            }
            let here = of(&module)?;
            let handed_on = here.handed_on().get(name).cloned();
            return handed_on.and_then(|from| here.target(&from)).or(Some(here));
        }
        of(&module)
    }

    /// The paths of what the module hands on, by its name there.
    fn handed_on(&self) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        self.each_path(|_, is_public, path| {
            if is_public && path.len() > 1 {
                found.insert(path[path.len() - 1].clone(), path);
            }
        });
        found
    }

    /// Calls `visit` with the line, whether it is a public `use`, and each path in the file that
    /// begins with `crate`, `super`, `self` or, in a `use`, with any name; relative to the file,
    /// wherever in it that is.
    fn each_path(&self, mut visit: impl FnMut(usize, bool, Vec<String>)) {
        let tokens = tokens(&self.text);
        // How deep in braces the modules are that are written within the file.
        let (mut depth, mut modules) = (0, Vec::new());
        let word = |at: usize| tokens.get(at).map_or("", |(_, token)| token.as_str());
        let mut at = 0;
        while at < tokens.len() {
            let line = tokens[at].0;
            match word(at) {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    modules.pop_if(|module| *module == depth);
                }
                "mod" if word(at + 2) == "{" => modules.push(depth),
                "use" => {
                    let start =
                        (0..at).rev().find(|at| matches!(word(*at), ";" | "{" | "}" | "]"));
                    let is_public =
                        (start.map_or(0, |start| start + 1)..at).any(|at| word(at) == "pub");
                    let mut leaves = Vec::new();
                    at = tree(&tokens, at + 1, &[], &mut leaves);
                    for (line, leaf) in leaves {
                        if let Some(path) = relative(leaf, modules.len()) {
                            visit(line, is_public, path);
                        }
                    }
                }
                // (A path in `pub(in ...)` says what may use it, and imports nothing.)
                "in" if word(at.wrapping_sub(1)) == "(" => {
                    while word(at) != ")" {
                        at += 1;
                    }
                }
                name if is_name(name)
                    && word(at + 1) == "::"
                    && word(at.wrapping_sub(1)) != "::" =>
                {
                    let mut path = vec![name.to_owned()];
                    while word(at + 1) == "::" && is_name(word(at + 2)) {
                        path.push(word(at + 2).to_owned());
                        at += 2;
                    }
                    if let Some(path) = relative(path, modules.len()) {
                        visit(line, false, path);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// A path as it would be written outside of so many modules of the file; `None` if it does not
/// leave them.
fn relative(mut path: Vec<String>, modules: usize) -> Option<Vec<String>> {
    if path[0] == "crate" || modules == 0 {
        return Some(path);
    }
    let up = path.iter().take_while(|name| *name == "super").count();
    if up <= modules {
        return None;
    }
    path.drain(..modules);
    Some(path)
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Reads one tree of a `use`, whose beginning is `prefix`; returns where it ends.
fn tree(
    tokens: &[(usize, String)],
    mut at: usize,
    prefix: &[String],
    leaves: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    let mut path = prefix.to_vec();
    let mut line = tokens[at].0;
    while let Some((here, token)) = tokens.get(at) {
        match token.as_str() {
            "{" => {
                at += 1;
                while tokens[at].1 != "}" {
                    at = tree(tokens, at, &path, leaves);
                    if tokens[at].1 == "," {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "," | "}" | ";" => break,
            "as" => at += 1,
            "self" if !path.is_empty() => line = *here,
            name if is_name(name) => {
                line = *here;
                path.push(name.to_owned());
            }
            _ => {}
        }
        at += 1;
    }
    leaves.push((line, path));
    at
}

/// The names and signs of a text with their lines, without its comments, strings and characters.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut line) = (Vec::new(), 1);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("'\"'") || rest.starts_with("'{'") || rest.starts_with("'}'")
        {
            3
        } else if rest.starts_with("::") {
            found.push((line, "::".to_owned()));
            2
        } else if first.is_alphanumeric() || first == '_' {
            let is_inside = |c: char| c.is_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
            found.push((line, rest[..length].to_owned()));
            length
        } else {
            if !first.is_whitespace() {
                found.push((line, first.to_string()));
            }
            first.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}
