//! A place in a program.

use std::fmt;
use std::num::NonZeroU32;
use std::panic::Location;

/// Where a lock was made or taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Site {
    /// Nobody can tell.
    #[default]
    Unknown,
    /// In Rust.
    Rust(&'static Location<'static>),
    /// Elsewhere: a number that whoever blocks knows the meaning of, see
    /// [`Blocking::site`](crate::Blocking::site).
    Foreign(NonZeroU32),
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
