//! Children made by `fork`, and what they report back.

/// How many seconds a child may take.
const ALARM: u32 = 20;

/// A forked child that has not been waited for.
#[derive(Debug)]
pub struct Child(libc::pid_t);

/// Runs `body` in a forked child, whose exit status is 0 if it returns `true`.
///
/// The child never unwinds into the test harness: a panic ends it with status 101. If it hangs,
/// an alarm ends it.
pub fn in_child(body: impl FnOnce() -> bool) -> Child {
    // SAFETY: the child only runs `body` and leaves by `_exit`.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => {
            // SAFETY: `alarm` has no preconditions.
            unsafe { libc::alarm(ALARM) };
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

/// Waits for the child and returns its exit status; a signal that ended it counts negative, so
/// -14 (`SIGALRM`) is a child that hung.
#[track_caller]
pub fn exit_status(child: Child) -> i32 {
    exit_status_of(child.0)
}

/// [`exit_status`] of a child that the caller made.
#[track_caller]
pub fn exit_status_of(child: libc::pid_t) -> i32 {
    let mut status = 0;
    // SAFETY: `status` is a valid place for the answer.
    let waited = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!(waited, child, "waitpid: {}", std::io::Error::last_os_error());
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -libc::WTERMSIG(status) }
}
