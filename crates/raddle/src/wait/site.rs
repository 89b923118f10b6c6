//! A place in a program.

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::Location;

/// Where a lock was made or taken.
///
/// (Both payloads are as wide as a word: so two registers hold any of them.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Site {
    /// Unknown.
    #[default]
    Unknown,
    /// In Rust.
    Rust(&'static Location<'static>),
    /// Elsewhere: a number whose meaning the embedder knows, see
    /// [`Blocking::site`](crate::Blocking::site).
    Foreign(NonZeroUsize),
}

impl Site {
    /// Where the caller of the calling function is.
    #[must_use]
    #[track_caller]
    pub fn caller() -> Self {
        Self::Rust(Location::caller())
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("an unknown place"),
            Self::Rust(location) => location.fmt(f),
            Self::Foreign(number) => write!(f, "place {number}"),
        }
    }
}
