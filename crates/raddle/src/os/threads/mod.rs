//! Threads, as the operating system has them: made, joined, counted.

pub(crate) mod cores;
#[cfg(unix)]
mod stacks;
#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::ffi::c_void;

pub(crate) use system::{
    Blocked, Remains, alarm, clear, create, is_asleep, native_id, others_are_asleep, shrink,
    wants_room,
};

/// How many threads this process has; `None` if the system does not tell.
///
/// Those that libraries and the system itself have started are among them: on Windows its loader
/// has some, which go half a minute after the program's start.
#[must_use]
pub fn count() -> Option<usize> {
    system::count()
}

/// The numbers of this process's threads that the system's tools show; `None` if it does not tell.
#[must_use]
pub fn natives() -> Option<Vec<u64>> {
    system::natives()
}

/// When the thread of this process with that number was started, as the system counts time; `None`
/// if there is none, or the system does not tell.
///
/// `native`: the number that the system's tools show.
#[must_use]
pub fn started(native: u64) -> Option<u64> {
    system::started(native)
}

/// What a thread calls first and last.
pub(crate) type Entry = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;

/// The one right to join a thread of this process, which is done or is the calling one; in a forked
/// child it is dropped, and says nothing.
pub(crate) struct Joinable {
    thread: usize,
    remains: Option<Remains>,
}

impl Joinable {
    /// # Safety
    /// The caller has that right, and gives it up. The remains are the thread's.
    pub(crate) unsafe fn new(thread: usize, remains: Option<Remains>) -> Self {
        Self { thread, remains }
    }

    /// Whether it is the calling thread, which cannot join itself.
    pub(crate) fn is_mine(&self) -> bool {
        self.thread == super::thread_id()
    }

    /// Joins the thread if it has left; returns whether it had, and this can be [freed](Self::free).
    /// Where a system cannot be asked, it lets the thread go.
    pub(crate) fn try_join(&self) -> bool {
        // SAFETY: this is the right to do so.
        unsafe { system::try_join(self.thread, self.remains.as_ref()) }
    }

    /// Gives back what is left of it.
    ///
    /// # Safety
    /// [`try_join`](Self::try_join) has said that it can be.
    pub(crate) unsafe fn free(self) {
        if let Some(remains) = self.remains {
            // SAFETY: it was joined, says the caller. (Those that are let go have none.)
            unsafe { remains.free() };
        }
    }
}

#[cfg(all(test, any(target_os = "linux", windows)))]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::{count, native_id, natives, started};

    #[test]
    fn a_thread_is_counted_and_has_a_number_and_a_start_as_long_as_it_is_there() {
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let other = thread::spawn(move || {
            tell.send(u64::from(native_id())).unwrap();
            let _ = ended.recv();
        });
        let native = told.recv().unwrap();
        assert!(count().unwrap() >= 2);
        let seen = natives().unwrap();
        assert!(seen.contains(&native) && seen.contains(&native_id().into()));
        assert!(started(native).is_some());
        drop(end);
        other.join().unwrap();
        assert_eq!(started(u64::from(u32::MAX)), None);
    }
}
