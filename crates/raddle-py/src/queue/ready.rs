//! Whether a queue may be used as its mode says.

use std::sync::atomic::Ordering;

use pyo3::prelude::*;

use super::state::{Queue, UNMADE};
use super::{errors, opened, overridden};

impl Queue {
    /// Makes sure that the queue may be used as its mode says: that `__init__` has run, and that
    /// nobody has given its class other hooks since.
    #[inline]
    pub(super) fn ready(slf: &Bound<'_, Self>) -> PyResult<()> {
        if Self::is_ready(slf) { Ok(()) } else { Self::examine(slf) }
    }

    /// Whether the class is as it was when it was last examined, after `__init__`.
    #[inline]
    pub(super) fn is_ready(slf: &Bound<'_, Self>) -> bool {
        let version = overridden::version(slf);
        version != 0 && version == slf.get().version.load(Ordering::Relaxed)
    }

    #[cold]
    fn examine(slf: &Bound<'_, Self>) -> PyResult<()> {
        let this = slf.get();
        if this.mode() == UNMADE {
            return Err(errors::uninitialized(slf.as_any()));
        }
        let traits = overridden::examine(slf)?;
        if traits.hooked && this.is_native() {
            opened::open(slf)?;
        }
        this.plain.store(traits.plain, Ordering::Relaxed);
        this.version.store(overridden::version(slf), Ordering::Relaxed);
        Ok(())
    }

    /// Whether put_nowait() may do without asking for put(), which a subclass, or the instance,
    /// may have of its own.
    #[inline]
    pub(super) fn is_plain(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Self::ready(slf)?;
        Ok(slf.get().plain.load(Ordering::Relaxed) && overridden::dict_is_empty(slf))
    }
}
