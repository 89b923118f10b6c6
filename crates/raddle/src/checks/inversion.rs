//! Orders of locks that contradict each other.

use std::fmt;
use std::sync::Arc;

use super::{Seen, Site};

/// Locks that were taken inside one another in orders that cannot all be kept: threads that do
/// so at the same time may wait for each other for ever.
#[derive(Clone, Debug)]
pub struct Inversion {
    /// Each lock was held while the next was taken; the last one's next is the first. The first
    /// link is the one that was seen last.
    pub links: Vec<Link>,
}

/// One lock of an inversion.
#[derive(Clone, Debug)]
pub struct Link {
    /// The lock that was held.
    pub lock: Seen,
    /// Where it had been taken.
    pub held: Site,
    /// Where the next was taken meanwhile.
    pub next: Site,
    /// The name of the thread that did so, when it was first seen.
    pub thread: Option<Arc<str>>,
}

impl fmt::Display for Inversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lock order:")?;
        for (at, link) in self.links.iter().enumerate() {
            let next = &self.links[(at + 1) % self.links.len()].lock;
            write!(
                f,
                "\n  {} (taken at {}) was held when {next} was taken at {}",
                link.lock, link.held, link.next
            )?;
        }
        Ok(())
    }
}
