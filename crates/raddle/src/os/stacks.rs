//! Stacks of the operating system's threads, used again.
//!
//! glibc keeps 40 MiB of stacks that are free: five of the usual size. Where ten threads are there
//! at a time, it unmaps and maps five of them each time; and every thread that ends gives the pages
//! that it has touched back to the system. Both interrupt the cores on which the process's other
//! threads run. (Ten threads started and then joined, two cores: 37 to 42 µs for each, with stacks
//! of this module 17 to 22 µs.)
//!
//! | a stack is      | what leaves that                                                    |
//! |-----------------|---------------------------------------------------------------------|
//! | free, in a list | [`Stack::take`], by who starts a thread                             |
//! | a thread's      | [`Stack::free`], by who has joined it, or could not start it        |
//!
//! In a forked child the free ones are still free. Those of the parent's other threads stay where
//! they are: nobody joins these.
//!
//! Only stacks of the default size are kept. A stack has the pages that the system gives it as it
//! is used; all but the first ones are given back when it becomes free.

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
pub(crate) use linux::Stack;

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
pub(crate) use others::Stack;

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
mod linux {
    use std::ffi::c_void;
    use std::ptr;

    use crate::os::guarded::Guarded;

    /// At most so many are free.
    const MOST: usize = 16;
    /// And these, in bytes.
    const MOST_BYTES: usize = 256 << 20;
    /// What a free one keeps of its pages, in bytes: more than most threads use.
    const KEPT: usize = 64 << 10;

    #[derive(Default)]
    struct Free {
        stacks: Vec<Stack>,
    }

    static FREE: Guarded<Free> = Guarded::new();

    /// A stack; it is for one thread at a time.
    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Place {
        /// The lowest address, that of the guard.
        base: usize,
        /// Without the guard, in bytes.
        size: usize,
        /// In bytes.
        guard: usize,
    }

    /// A stack that no other thread has. One that is dropped stays mapped for ever.
    pub(crate) struct Stack(Place);

    impl Stack {
        /// A stack as these attributes ask for, which have no size of their own; None for the
        /// system's.
        pub(crate) fn take(attributes: &libc::pthread_attr_t) -> Option<Self> {
            let (mut size, mut guard) = (0, 0);
            // SAFETY: the attributes are initialised, and the places are there to be written.
            unsafe {
                libc::pthread_attr_getstacksize(attributes, &raw mut size);
                libc::pthread_attr_getguardsize(attributes, &raw mut guard);
            }
            let fits = |each: &Self| (each.0.size, each.0.guard) == (size, guard);
            FREE.with(|free| free.stacks.pop_if(|last| fits(last)))
                .or_else(|| Self::map(size, guard))
        }

        fn map(size: usize, guard: usize) -> Option<Self> {
            if size == 0 || guard == 0 || size > MOST_BYTES / 2 {
                return None;
            }
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
            let (all, usable) = (guard.checked_add(size)?, libc::PROT_READ | libc::PROT_WRITE);
            // SAFETY: a new mapping, at a place that the system chooses; the second call is about
            // a part of it.
            unsafe {
                let base = libc::mmap(ptr::null_mut(), all, libc::PROT_NONE, flags, -1, 0);
                if base == libc::MAP_FAILED {
                    return None;
                }
                let stack = Self(Place { base: base as usize, size, guard });
                if libc::mprotect(base.byte_add(guard), size, usable) != 0 {
                    stack.unmap();
                    return None;
                }
                // A stack uses some pages, and none of 2 MiB. (It may not know the advice.)
                libc::madvise(base.byte_add(guard), size, libc::MADV_NOHUGEPAGE);
                Some(stack)
            }
        }

        /// Where the stack begins, and the guard before it ends.
        fn start(&self) -> *mut c_void {
            ptr::with_exposed_provenance_mut(self.0.base + self.0.guard)
        }

        /// Has a thread that is made with these attributes run on it; fails with an error number.
        pub(crate) fn lend(&self, attributes: &mut libc::pthread_attr_t) -> Result<(), i32> {
            // SAFETY: the attributes are initialised, and the place is a stack that is free.
            let error =
                unsafe { libc::pthread_attr_setstack(attributes, self.start(), self.0.size) };
            if error == 0 { Ok(()) } else { Err(error) }
        }

        /// Gives it back.
        ///
        /// # Safety
        /// No thread runs on it: the one that did was joined, or never made.
        pub(crate) unsafe fn free(self) {
            let Place { size, .. } = self.0;
            if size > KEPT {
                // SAFETY: nothing of what is there is needed any more.
                unsafe { libc::madvise(self.start(), size - KEPT, libc::MADV_DONTNEED) };
            }
            let left = FREE.with(|free| {
                let is_room = free.stacks.len() < MOST.min(MOST_BYTES / size);
                if is_room {
                    free.stacks.push(self);
                    return None;
                }
                Some(self)
            });
            if let Some(stack) = left {
                // SAFETY: the caller's promise.
                unsafe { stack.unmap() };
            }
        }

        /// # Safety
        /// As for [`free`](Self::free).
        unsafe fn unmap(self) {
            let base = ptr::with_exposed_provenance_mut(self.0.base);
            // SAFETY: a mapping of this module, which nobody uses.
            unsafe { libc::munmap(base, self.0.guard + self.0.size) };
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
mod others {
    /// There is none: threads have the system's.
    pub(crate) enum Stack {}

    impl Stack {
        pub(crate) fn take(_: &libc::pthread_attr_t) -> Option<Self> {
            None
        }

        pub(crate) fn lend(&self, _: &mut libc::pthread_attr_t) -> Result<(), i32> {
            match *self {}
        }

        /// # Safety
        /// Anything is safe with none.
        pub(crate) unsafe fn free(self) {
            match self {}
        }
    }
}
