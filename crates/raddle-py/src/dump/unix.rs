//! A socket in a private folder, of mode 0600. (Linux has signals for that; there it is tested.)

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::answer;

/// How long an asker may take to read what comes next.
const PATIENCE: Duration = Duration::from_secs(10);

/// A socket that is listened at.
pub(super) struct Place {
    path: PathBuf,
    socket: UnixListener,
}

impl Place {
    /// Makes it, in the place of one that an earlier process of this number has left.
    pub(super) fn open(path: &str) -> io::Result<Self> {
        let path = PathBuf::from(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { path, socket })
    }

    /// Waits for an asker of this user.
    pub(super) fn accept(&self) -> io::Result<Asker> {
        loop {
            match self.socket.accept() {
                Ok((stream, _)) => {
                    // (Another user has other ways, if it is the superuser; and some have gone.)
                    if peer(&stream).is_ok_and(|peer| peer.user == own_user())
                        && stream.set_write_timeout(Some(PATIENCE)).is_ok()
                    {
                        return Ok(Asker(stream));
                    }
                }
                Err(error) => match error.raw_os_error() {
                    Some(libc::EINTR | libc::ECONNABORTED) => {}
                    Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM) => {
                        thread::sleep(Duration::from_millis(100));
                    }
                    _ => return Err(error),
                },
            }
        }
    }

    /// Has `accept` return.
    pub(super) fn wake(&self) {
        let _ = UnixStream::connect(&self.path);
    }

    /// Takes its name away.
    pub(super) fn leave(&self) {
        let _ = fs::remove_file(&self.path);
    }

    /// In a forked child: lets go of the parent's socket, whose name stays. (What it was open as stays
    /// open, as nothing: whoever still has this may close it.)
    pub(super) fn abandon(&self) {
        if let Ok(nothing) = fs::File::open("/dev/null") {
            // SAFETY: two open descriptors; the second is this one's own.
            unsafe { libc::dup2(nothing.as_raw_fd(), self.socket.as_raw_fd()) };
        }
    }
}

/// An asker that is connected, until it is dropped.
pub(super) struct Asker(UnixStream);

impl Asker {
    /// Gives it an answer.
    pub(super) fn give(&mut self, answer: &[u8]) -> io::Result<()> {
        answer::write(&mut self.0, answer)
    }
}

/// Asks whoever listens at `path`, which has to be process `pid` of this user.
pub(super) fn ask(path: &str, pid: u32) -> io::Result<impl Read + Send + 'static> {
    let stream = UnixStream::connect(path).map_err(|error| match error.kind() {
        // A process has left its socket behind.
        ErrorKind::ConnectionRefused => ErrorKind::NotFound.into(),
        _ => error,
    })?;
    let Peer { user, process } = peer(&stream)?;
    let right = user == own_user() && process.is_none_or(|process| process == pid);
    if right { Ok(stream) } else { Err(ErrorKind::PermissionDenied.into()) }
}

/// Whether there is a socket; who has left it may be gone.
pub(super) fn is_there(path: &str) -> bool {
    fs::exists(path).unwrap_or(false)
}

/// Who is at the other end of a connection.
struct Peer {
    user: libc::uid_t,
    /// Where the system tells it.
    process: Option<u32>,
}

#[cfg(target_os = "linux")]
fn peer(stream: &UnixStream) -> io::Result<Peer> {
    let mut found = libc::ucred { pid: 0, uid: 0, gid: 0 };
    option(stream, libc::SOL_SOCKET, libc::SO_PEERCRED, &mut found)?;
    Ok(Peer { user: found.uid, process: u32::try_from(found.pid).ok() })
}

#[cfg(target_os = "macos")]
fn peer(stream: &UnixStream) -> io::Result<Peer> {
    let mut pid: libc::pid_t = 0;
    option(stream, libc::SOL_LOCAL, libc::LOCAL_PEERPID, &mut pid)?;
    Ok(Peer { user: peer_user(stream)?, process: u32::try_from(pid).ok() })
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn peer(stream: &UnixStream) -> io::Result<Peer> {
    Ok(Peer { user: peer_user(stream)?, process: None })
}

#[cfg(not(target_os = "linux"))]
fn peer_user(stream: &UnixStream) -> io::Result<libc::uid_t> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: an open descriptor, and two places for what is found.
    match unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut user, &raw mut group) } {
        0 => Ok(user),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Reads an option of a socket into `value`.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn option<T>(stream: &UnixStream, level: i32, name: i32, value: &mut T) -> io::Result<()> {
    let mut size = libc::socklen_t::try_from(size_of::<T>()).expect("an option is small");
    // SAFETY: an open descriptor, and a place of that size for the option, which is plain data.
    let got = unsafe {
        let at = (&raw mut *value).cast();
        libc::getsockopt(stream.as_raw_fd(), level, name, at, &raw mut size)
    };
    if got == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn own_user() -> libc::uid_t {
    // SAFETY: it only reads.
    unsafe { libc::geteuid() }
}
