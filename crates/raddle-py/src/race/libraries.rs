//! Libraries whose code is not looked at: what they read under their locks is not seen.

use pyo3::Python;
use raddle::race::{self, Site};

use crate::sites::{owner, table};

/// Has those folders be looked at, besides the program's own code.
pub(super) fn watch(py: Python<'_>, folders: Vec<String>) {
    owner::look_at(folders);
    table::renew(py);
    race::watched_by(is_watched);
}

/// Whether what a thread does with a lock that it takes at a site is seen. (It need not be
/// attached.)
fn is_watched(site: Site) -> bool {
    !table::may_hand_over(site)
}
