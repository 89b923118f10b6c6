//! How another process of the same user asks this one for its dump, where no signal can: a place
//! that both know (a named pipe on Windows, a socket in a private folder on macOS), and a thread
//! that answers there.

mod answer;
pub(crate) mod asking;
pub(crate) mod listening;

#[cfg(unix)]
#[path = "unix.rs"]
mod place;

#[cfg(windows)]
#[path = "windows.rs"]
mod place;

#[cfg(windows)]
pub(crate) mod processes;
