//! How long waits for anything but locks take, for the contention profile.

use super::{Kind, Site};
use crate::os::{Switch, deadline};

/// Where waits are measured: what is called at the end of each, with its nanoseconds.
pub(crate) struct Measure {
    pub(crate) waited: fn(Kind, Site, u64),
}

/// Whether waits are measured.
pub(crate) static MEASURE: Switch<Measure> = Switch::new();

/// A wait for anything but a lock, until it is dropped.
pub(crate) struct Measured {
    kind: Kind,
    site: Site,
    since: i64,
}

impl Measured {
    #[cold]
    pub(crate) fn new(kind: Kind, site: impl FnOnce() -> Site) -> Option<Self> {
        if matches!(kind, Kind::Lock | Kind::RLock) {
            return None; // Its card counts.
        }
        let since = deadline::now(); // To find the place takes part of the wait.
        let site = site();
        let idle = kind == Kind::Work && site == Site::Unknown;
        (!idle).then(|| Self { kind, site, since })
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let waited = u64::try_from(deadline::now() - self.since).unwrap_or(0);
        if let Some(measure) = MEASURE.functions() {
            (measure.waited)(self.kind, self.site, waited);
        }
    }
}
