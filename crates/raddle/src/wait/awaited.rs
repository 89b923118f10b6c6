//! What a primitive says of a wait for it.

use super::{Kind, Provider};

/// What a primitive says of a wait for it, to other threads as well.
pub(crate) trait Awaited {
    /// What is waited for, for reports.
    fn kind(&self) -> Kind {
        Kind::Other
    }

    /// What can end the wait; asked by other threads, at any time during the wait.
    fn provider(&self) -> Provider {
        Provider::Anyone
    }
}
