//! What goes wrong in taking the lock.

/// What a thread may not do with a lock that it holds, or does not.
///
/// ```
/// use raddle::{Misuse, RwLock};
///
/// let lock = RwLock::new(0);
/// let reading = lock.read().unwrap();
/// assert_eq!(lock.write().err(), Some(Misuse::Upgrade));
/// # drop(reading);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// It reads, and wants to write: two that did so would wait for each other.
    Upgrade,
    /// It writes already.
    Writes,
    /// It does not hold the lock so.
    NotHeld,
}

impl std::fmt::Display for Misuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Upgrade => {
                "this thread holds the lock to read, and cannot wait to write: two that did would \
                 wait for each other; end the read first, and look again once it writes"
            }
            Self::Writes => {
                "this thread holds the lock to write, which lets it read as well: it need not, and \
                 cannot, take it again"
            }
            Self::NotHeld => "this thread does not hold the lock so",
        })
    }
}

impl std::error::Error for Misuse {}

/// How an attempt to take a [`RawRwLock`](super::RawRwLock) ended otherwise than by taking it or by its
/// deadline.
///
/// ```
/// use raddle::{Deadline, Misuse, Native, RawRwLock, RwLockError};
///
/// let lock = RawRwLock::new();
/// assert_eq!(lock.write_with(&mut Native, Deadline::NEVER), Ok(true));
/// let again = lock.write_with(&mut Native, Deadline::NEVER);
/// assert_eq!(again, Err(RwLockError::Misuse(Misuse::Writes)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RwLockError<I> {
    /// The thread may not take it.
    Misuse(Misuse),
    /// `Blocking` ended the wait.
    Interrupted(I),
}

impl<I> From<Misuse> for RwLockError<I> {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}
