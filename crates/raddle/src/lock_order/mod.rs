//! In which order locks are nested, and whether two orders contradict: switched on, for locks that
//! have a [`Card`].
//!
//! `held` knows what each thread holds, and `graph` in which order locks were taken inside one
//! another.
//!
//! ```
//! use raddle::{Lock, lock_order};
//!
//! lock_order::check_order(true);
//! let (accounts, audit) = (Lock::checked("accounts", ()), Lock::checked("audit", ()));
//! {
//!     let _accounts = accounts.acquire();
//!     let _audit = audit.acquire();
//! }
//! {
//!     let _audit = audit.acquire();
//!     let _accounts = accounts.acquire(); // no hang: another thread is missing
//! }
//! assert_eq!(lock_order::inversions().len(), 1);
//! ```

mod graph;
mod held;
mod known;

pub use graph::inversions;

pub use crate::card::{Card, LockInfo};
use crate::card::{LOCK_ORDER, LockOrder};
pub use crate::wait::{Inversion, Link, Site};

/// Switches the checking of lock orders on or off, for locks that have a [`Card`].
pub fn check_order(on: bool) {
    static ORDER: LockOrder = LockOrder {
        before: graph::before,
        taken: held::push,
        released: held::remove,
        lent: graph::forget,
        gone: graph::gone,
    };
    LOCK_ORDER.set(&ORDER, on);
}

/// Whether lock orders are checked.
#[must_use]
pub fn checks_order() -> bool {
    LOCK_ORDER.is_on()
}

/// Whether the calling thread holds no lock that is looked at.
#[must_use]
pub fn holds_nothing() -> bool {
    held::with(|_| ()).is_none()
}
