//! Why a call of a group has no result, and why a group has none.

use std::error::Error;
use std::fmt;

use crate::wait::Cancelled;

/// Why a call of a group has no result: `?` makes it of [`Cancelled`], and
/// `map_err(Failure::Error)` of an error.
///
/// ```
/// use raddle::{Cancelled, Failure};
///
/// fn read(text: &str) -> Result<u32, Failure<std::num::ParseIntError>> {
///     text.parse().map_err(Failure::Error)
/// }
/// assert!(matches!(read("seven"), Err(Failure::Error(_))));
/// assert_eq!(Failure::<()>::from(Cancelled::Deadline), Failure::Cancelled(Cancelled::Deadline));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure<E> {
    /// One of its waits was ended: that is nobody's error.
    Cancelled(Cancelled),
    /// It has failed: that cancels the group, which returns the error.
    Error(E),
}

impl<E> From<Cancelled> for Failure<E> {
    fn from(why: Cancelled) -> Self {
        Self::Cancelled(why)
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled(why) => why.fmt(f),
            Self::Error(error) => error.fmt(f),
        }
    }
}

impl<E: Error> Error for Failure<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Cancelled(_) => None,
            Self::Error(error) => error.source(),
        }
    }
}

/// Why a [`group`](super::group()) has no result: errors, a deadline, both, or a cancellation.
///
/// ```
/// use raddle::{Deadline, Failure, GroupError, group};
///
/// let ended: Result<(), _> = group(Deadline::NEVER, |group| {
///     group.start(|_| Err::<(), _>(Failure::Error("no such page")));
///     Ok(())
/// });
/// assert_eq!(ended.unwrap_err().to_string(), "a call of a group has failed: no such page");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupError<E> {
    /// What the calls have failed with, in the order in which they ended; `body`'s is the last.
    pub errors: Vec<E>,
    /// [`Cancelled::Deadline`] if one has ended a wait; [`Cancelled::Requested`] if the body was
    /// cancelled, and not by an error, or if a thread was from outside.
    pub cancelled: Option<Cancelled>,
}

impl<E: fmt::Display> fmt::Display for GroupError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors.len() {
            0 => {}
            1 => f.write_str("a call of a group has failed")?,
            count => write!(f, "{count} calls of a group have failed")?,
        }
        let mut between = ": ";
        for error in &self.errors {
            write!(f, "{between}{error}")?;
            between = "; ";
        }
        match &self.cancelled {
            Some(why) if self.errors.is_empty() => write!(f, "the group was ended: {why}"),
            Some(why) => write!(f, "{between}{why}"),
            None => Ok(()),
        }
    }
}

impl<E: Error + 'static> Error for GroupError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.errors.first().map(|error| error as &dyn Error)
    }
}
