//! The operating system's clocks, in nanoseconds.

#[cfg(unix)]
pub(crate) use unix::{now, thread_cpu};

#[cfg(windows)]
pub(crate) use windows::{now, thread_cpu};

/// The monotonic clock, a few milliseconds coarse but read in a tenth of the time.
#[cfg(target_os = "linux")]
pub(crate) fn coarse() -> i64 {
    unix::read(libc::CLOCK_MONOTONIC_COARSE)
}

/// The monotonic clock.
#[cfg(not(target_os = "linux"))]
pub(crate) use now as coarse;

#[cfg(unix)]
mod unix {
    /// The monotonic clock.
    pub(crate) fn now() -> i64 {
        read(libc::CLOCK_MONOTONIC)
    }

    /// The processor time that the calling thread has used.
    pub(crate) fn thread_cpu() -> i64 {
        read(libc::CLOCK_THREAD_CPUTIME_ID)
    }

    #[inline]
    #[allow(clippy::useless_conversion, reason = "the fields are narrower on 32-bit systems")]
    pub(super) fn read(clock: libc::clockid_t) -> i64 {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is a valid place for the answer, and these clocks always exist.
        unsafe { libc::clock_gettime(clock, &raw mut time) };
        i64::from(time.tv_sec) * 1_000_000_000 + i64::from(time.tv_nsec)
    }
}

#[cfg(windows)]
mod windows {
    use std::sync::atomic::{AtomicI64, Ordering};

    use windows_sys::Win32::Foundation::FILETIME;
    use windows_sys::Win32::System::Performance::{
        QueryPerformanceCounter, QueryPerformanceFrequency,
    };
    use windows_sys::Win32::System::Threading::{GetCurrentThread, GetThreadTimes};

    const SECOND: i64 = 1_000_000_000;

    /// The monotonic clock.
    pub(crate) fn now() -> i64 {
        /// How often it ticks in a second: that never changes.
        static FREQUENCY: AtomicI64 = AtomicI64::new(0);
        let mut frequency = FREQUENCY.load(Ordering::Relaxed);
        if frequency == 0 {
            // SAFETY: a valid place for the answer; cannot fail since Windows XP.
            unsafe { QueryPerformanceFrequency(&raw mut frequency) };
            FREQUENCY.store(frequency, Ordering::Relaxed);
        }
        let mut ticks = 0;
        // SAFETY: as above.
        unsafe { QueryPerformanceCounter(&raw mut ticks) };
        ticks / frequency * SECOND + ticks % frequency * SECOND / frequency
    }

    /// The processor time that the calling thread has used.
    pub(crate) fn thread_cpu() -> i64 {
        let none = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
        let (mut begun, mut ended, mut kernel, mut user) = (none, none, none, none);
        // SAFETY: valid places for the answers; the handle is good for the calling thread.
        unsafe {
            GetThreadTimes(
                GetCurrentThread(),
                &raw mut begun,
                &raw mut ended,
                &raw mut kernel,
                &raw mut user,
            );
        }
        let nanos = |time: FILETIME| {
            let (low, high) = (i64::from(time.dwLowDateTime), i64::from(time.dwHighDateTime));
            (high << 32 | low) * 100
        };
        nanos(kernel) + nanos(user)
    }
}
