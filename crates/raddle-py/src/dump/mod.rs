//! How another process of the same user asks this one for its dump, where no signal can: a place
//! that both know (a named pipe on Windows, a socket in a private folder on macOS), and a thread
//! that answers there.

pub(crate) mod answer;
pub(crate) mod asking;
pub(crate) mod listening;

#[cfg(unix)]
#[path = "unix.rs"]
pub(crate) mod place;

#[cfg(windows)]
#[path = "windows.rs"]
pub(crate) mod place;

#[cfg(windows)]
pub(crate) mod processes;
