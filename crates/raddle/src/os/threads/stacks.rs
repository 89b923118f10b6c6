//! Stacks of the operating system's threads, used again.
//!
//! glibc keeps 40 MiB of stacks that are free: five of the usual size. Where ten threads are there
//! at a time, it unmaps and maps five of them each time, which interrupts the cores on which the
//! process's other threads run. (Ten threads started and then joined, two cores: 37 to 42 µs for
//! each, with stacks of this module 17 to 22 µs.)
//!
//! | a stack is      | what leaves that                                                    |
//! |-----------------|---------------------------------------------------------------------|
//! | free, in a list | [`Stack::take`], by who starts a thread                             |
//! | a thread's      | [`Stack::free`], by who has joined it, or could not start it; in a  |
//! |                 | forked child, the first `take`, for all but the calling thread's    |
//!
//! Only stacks of the default size are kept. A thread that ends gives most of its pages back
//! ([`shrink`]), as glibc's do.
//!
//! glibc makes its own stacks executable when a library is loaded that wants that. Since then
//! threads have glibc's again. One that is running then has a stack that is not.

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
pub(crate) use linux::{Stack, clear, shrink};

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
pub(crate) use others::{Stack, clear, shrink};

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
mod linux {
    use std::ffi::{c_int, c_void};
    use std::ptr;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use crate::os::fork;
    use crate::os::guarded::Guarded;

    /// At most so many are free.
    const MOST: usize = 16;
    /// And these, in bytes.
    const MOST_BYTES: usize = 128 << 20;
    /// What one keeps of its pages, in bytes: more than most threads use.
    const KEPT: usize = 64 << 10;

    #[derive(Default)]
    struct Stacks {
        free: Vec<Place>,
        /// Those that threads have.
        used: Vec<Place>,
        /// The fork generation in which they have them.
        generation: u32,
    }

    static STACKS: Guarded<Stacks> = Guarded::new();

    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Place {
        /// The lowest address, that of the guard.
        base: usize,
        /// Without the guard, in bytes.
        size: usize,
        /// In bytes.
        guard: usize,
    }

    /// A stack that no other thread has. One that is dropped stays mapped.
    pub(crate) struct Stack(Place);

    impl Stacks {
        /// Makes a stack free; returns it if there are enough.
        fn put(&mut self, place: Place) -> Option<Place> {
            let is_room = self.free.len() < MOST.min(MOST_BYTES / place.size);
            if is_room {
                self.free.push(place);
            }
            (!is_room).then_some(place)
        }

        /// In a forked child: the threads that had them are gone, but for the calling one. Returns
        /// those that are too many.
        fn reclaim(&mut self) -> Vec<Place> {
            let here = ptr::from_ref(&self).addr();
            let (mine, gone): (Vec<_>, _) =
                std::mem::take(&mut self.used).into_iter().partition(|each| each.has(here));
            self.used = mine;
            self.generation = fork::generation();
            gone.into_iter().filter_map(|each| self.put(each.emptied())).collect()
        }
    }

    impl Place {
        fn has(&self, address: usize) -> bool {
            (self.base..self.base + self.guard + self.size).contains(&address)
        }

        /// Where the stack begins, and the guard before it ends.
        fn start(&self) -> *mut c_void {
            ptr::with_exposed_provenance_mut(self.base + self.guard)
        }

        /// Gives back its pages but for the first ones: its thread has not [shrunk](shrink) it, and
        /// never will.
        fn emptied(self) -> Self {
            if self.size > KEPT {
                let unused = self.size - KEPT;
                // SAFETY: nothing of what is there is needed any more.
                unsafe { libc::madvise(self.start(), unused, libc::MADV_DONTNEED) };
            }
            self
        }

        /// # Safety
        /// A mapping of this module, which nobody uses or will.
        unsafe fn unmap(self) {
            let base = ptr::with_exposed_provenance_mut(self.base);
            // SAFETY: passed on to the caller.
            unsafe { libc::munmap(base, self.guard + self.size) };
        }
    }

    impl Stack {
        /// A stack as these attributes ask for, which have no size of their own; None for the
        /// system's.
        pub(crate) fn take(attributes: &libc::pthread_attr_t) -> Option<Self> {
            if wants_code() {
                clear();
                return None;
            }
            let (mut size, mut guard) = (0, 0);
            // SAFETY: the attributes are initialised, and the places are there to be written.
            unsafe {
                libc::pthread_attr_getstacksize(attributes, &raw mut size);
                libc::pthread_attr_getguardsize(attributes, &raw mut guard);
            }
            let (found, gone) = STACKS.with(|stacks| {
                let is_child = stacks.generation != fork::generation();
                let gone = if is_child { stacks.reclaim() } else { Vec::new() };
                let fits = |each: &Place| (each.size, each.guard) == (size, guard);
                let found = stacks.free.iter().rposition(fits);
                let found = found.map(|at| stacks.free.swap_remove(at));
                stacks.used.extend(found);
                (found, gone)
            });
            // SAFETY: no thread has them, and they are in no list.
            gone.into_iter().for_each(|each| unsafe { each.unmap() });
            let place = found.or_else(|| {
                let made = map(size, guard)?;
                STACKS.with(|stacks| stacks.used.push(made));
                Some(made)
            })?;
            Some(Self(place))
        }

        /// Where it begins, for [`shrink`].
        pub(crate) fn start(&self) -> usize {
            self.0.start().addr()
        }

        /// Has a thread that is made with these attributes run on it; returns whether it will.
        pub(crate) fn lend(&self, attributes: &mut libc::pthread_attr_t) -> bool {
            // SAFETY: the attributes are initialised, and the place is a stack that nobody uses.
            unsafe { libc::pthread_attr_setstack(attributes, self.0.start(), self.0.size) == 0 }
        }

        /// Gives it back.
        ///
        /// # Safety
        /// No thread runs on it: the one that did was joined, or never made.
        pub(crate) unsafe fn free(self) {
            let left = STACKS.with(|stacks| {
                // (In a forked child that has reclaimed it, it is another's now.)
                let at = stacks.used.iter().rposition(|each| *each == self.0)?;
                stacks.used.swap_remove(at);
                stacks.put(self.0)
            });
            if let Some(place) = left {
                // SAFETY: the caller's promise; and it is in no list.
                unsafe { place.unmap() };
            }
        }
    }

    fn map(size: usize, guard: usize) -> Option<Place> {
        if size == 0 || guard == 0 || size > MOST_BYTES {
            return None;
        }
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
        let (all, usable) = (guard.checked_add(size)?, libc::PROT_READ | libc::PROT_WRITE);
        // SAFETY: a new mapping, at a place that the system chooses; the other calls are about a
        // part of it.
        unsafe {
            let base = libc::mmap(ptr::null_mut(), all, libc::PROT_NONE, flags, -1, 0);
            if base == libc::MAP_FAILED {
                return None;
            }
            let place = Place { base: base.expose_provenance(), size, guard };
            if libc::mprotect(place.start(), size, usable) != 0 {
                place.unmap();
                return None;
            }
            // A stack uses some pages, and none of 2 MiB. (It may not know the advice.)
            libc::madvise(place.start(), size, libc::MADV_NOHUGEPAGE);
            Some(place)
        }
    }

    /// Unmaps those that are free: their room may be needed.
    pub(crate) fn clear() {
        let free = STACKS.with(|stacks| std::mem::take(&mut stacks.free));
        // SAFETY: no thread has them, and they are in no list any more.
        free.into_iter().for_each(|each| unsafe { each.unmap() });
    }

    /// Gives the pages of the calling thread's stack back that are not needed to end: those from
    /// where it begins to some way below this call.
    ///
    /// # Safety
    /// `start` is that of the stack that the thread runs on.
    pub(crate) unsafe fn shrink(start: usize) {
        let here = ptr::from_ref(&start).addr();
        let unused = here.saturating_sub(KEPT).saturating_sub(start) & !(KEPT - 1);
        if unused > 0 {
            let start = ptr::with_exposed_provenance_mut(start);
            // SAFETY: nothing is there: a stack grows down, and this is its end.
            unsafe { libc::madvise(start, unused, libc::MADV_DONTNEED) };
        }
    }

    /// Whether a library that was loaded wants to run code on stacks. (Asked again when others have
    /// been loaded since; but not in a forked child, where nobody may answer.)
    fn wants_code() -> bool {
        /// How many libraries had been loaded at the last look.
        static LOADED: AtomicU64 = AtomicU64::new(0);
        static WANTS: AtomicBool = AtomicBool::new(false);

        unsafe extern "C" fn look(
            info: *mut libc::dl_phdr_info,
            _: usize,
            _: *mut c_void,
        ) -> c_int {
            // SAFETY: what the loader gives is there until this returns.
            let info = unsafe { &*info };
            if info.dlpi_adds == LOADED.load(Ordering::Relaxed) {
                return 1;
            }
            let headers = if info.dlpi_phdr.is_null() || info.dlpi_phnum == 0 {
                &[][..]
            } else {
                // SAFETY: so many headers are there.
                unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) }
            };
            let flags = headers.iter().find(|each| each.p_type == libc::PT_GNU_STACK);
            if flags.is_some_and(|each| each.p_flags & libc::PF_X != 0) {
                WANTS.store(true, Ordering::Relaxed);
            }
            ADDS.store(info.dlpi_adds, Ordering::Relaxed);
            0
        }
        /// What the look in progress has seen: all of one look have the same.
        static ADDS: AtomicU64 = AtomicU64::new(0);

        if fork::generation() == 0 && !WANTS.load(Ordering::Relaxed) {
            // SAFETY: the function keeps to what it is given.
            let ended = unsafe { libc::dl_iterate_phdr(Some(look), ptr::null_mut()) };
            if ended == 0 {
                LOADED.store(ADDS.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        }
        WANTS.load(Ordering::Relaxed)
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

        pub(crate) fn start(&self) -> usize {
            match *self {}
        }

        pub(crate) fn lend(&self, _: &mut libc::pthread_attr_t) -> bool {
            match *self {}
        }

        /// # Safety
        /// Anything is safe with none.
        pub(crate) unsafe fn free(self) {
            match self {}
        }
    }

    pub(crate) fn clear() {}

    /// # Safety
    /// Anything is safe with none.
    pub(crate) unsafe fn shrink(_: usize) {}
}
