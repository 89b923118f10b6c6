//! Python's C interface as this crate uses it: calls out, arguments, errors, and what has to be
//! made with the module. Knows nothing of what is above it.

/// Declares what the interpreter has, and PyO3 does not name. (A library of Windows is told which other
/// one has it: `build.rs` says which interpreter this is for.)
macro_rules! interpreter {
    ($abi:literal: $($item:tt)*) => {
        #[cfg_attr(
            all(windows, raddle_dll = "python311"),
            link(name = "python311", kind = "raw-dylib")
        )]
        #[cfg_attr(
            all(windows, raddle_dll = "python312"),
            link(name = "python312", kind = "raw-dylib")
        )]
        #[cfg_attr(
            all(windows, raddle_dll = "python313"),
            link(name = "python313", kind = "raw-dylib")
        )]
        #[cfg_attr(
            all(windows, raddle_dll = "python314"),
            link(name = "python314", kind = "raw-dylib")
        )]
        #[cfg_attr(
            all(windows, raddle_dll = "python314t"),
            link(name = "python314t", kind = "raw-dylib")
        )]
        #[cfg_attr(
            all(windows, raddle_dll = "python315"),
            link(name = "python315", kind = "raw-dylib")
        )]
        #[cfg_attr(
            all(windows, raddle_dll = "python315t"),
            link(name = "python315t", kind = "raw-dylib")
        )]
        unsafe extern $abi { $($item)* }
    };
    ($($item:tt)*) => { interpreter! { "C": $($item)* } };
}

pub(crate) mod allocate;
pub(crate) mod arguments;
pub(crate) mod atomic;
pub(crate) mod call;
pub(crate) mod context;
pub(crate) mod errors;
pub(crate) mod exit_guards;
pub(crate) mod hooks;
#[cfg(raddle_exit_guards)]
pub(crate) mod instances;
pub(crate) mod interned;
pub(crate) mod once;
pub(crate) mod registry;
pub(crate) mod replaceable;
pub(crate) mod timeout;
