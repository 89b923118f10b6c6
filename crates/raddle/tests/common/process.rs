//! Children made by `fork`, and what they report back.

use std::time::Instant;

use super::PATIENCE;

/// A forked child that has not been waited for.
#[derive(Debug)]
pub struct Child(libc::pid_t);

/// Runs `body` in a forked child, whose exit status is 0 if it returns `true`.
///
/// The child never unwinds into the test harness: a panic ends it with status 101.
pub fn in_child(body: impl FnOnce() -> bool) -> Child {
    // SAFETY: the child only runs `body` and leaves by `_exit`.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => {
            let body = std::panic::AssertUnwindSafe(body);
            let status = match std::panic::catch_unwind(body) {
                Ok(true) => 0,
                Ok(false) => 1,
                Err(_) => 101,
            };
            // SAFETY: ends the process at once.
            unsafe { libc::_exit(status) }
        }
        pid => Child(pid),
    }
}

/// Waits for the child and returns its exit status; a signal that ended it counts negative.
///
/// # Panics
/// If the child hangs.
#[track_caller]
pub fn exit_status(child: Child) -> i32 {
    let end = Instant::now() + PATIENCE;
    let mut status = 0;
    loop {
        // SAFETY: `status` is a valid place for the answer.
        match unsafe { libc::waitpid(child.0, &mut status, libc::WNOHANG) } {
            0 if Instant::now() > end => {
                // SAFETY: the child is ours and was not waited for yet.
                unsafe { libc::kill(child.0, libc::SIGKILL) };
                // SAFETY: as above.
                unsafe { libc::waitpid(child.0, &mut status, 0) };
                panic!("the child hangs");
            }
            0 => std::thread::yield_now(),
            -1 => panic!("waitpid: {}", std::io::Error::last_os_error()),
            _ if libc::WIFEXITED(status) => return libc::WEXITSTATUS(status),
            _ => return -libc::WTERMSIG(status),
        }
    }
}
