//! On which cores threads run.
//!
//! Of threads that take turns one runs at a time. Where all of them are on one core, the next one
//! goes on within a few microseconds; a core that sleeps has to be woken first, which takes some
//! twenty. So they share one, where the system offers that.

#[cfg(target_os = "linux")]
pub use shared::{before_sharing, choose_cores, on_all_cores};
#[cfg(target_os = "linux")]
pub(crate) use shared::{count, is_as_shared, is_shared, join, leave, share};

#[cfg(not(target_os = "linux"))]
pub use own::{before_sharing, choose_cores, on_all_cores};
#[cfg(not(target_os = "linux"))]
pub(crate) use own::{count, is_as_shared, is_shared, join, leave, share};

#[cfg(target_os = "linux")]
mod shared {
    use std::cell::Cell;
    use std::mem::size_of;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    /// After how many times another core is shared: something else may be busy on it.
    const STAYS: usize = 64;

    const WORDS: usize = size_of::<libc::cpu_set_t>() / size_of::<u64>();

    /// No core.
    const NONE: usize = usize::MAX;

    /// The cores of the threads that share one, before they did.
    static BEFORE: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];
    /// The one that they share.
    static SHARED: AtomicUsize = AtomicUsize::new(NONE);
    /// How many times one was.
    static TIMES: AtomicUsize = AtomicUsize::new(0);

    thread_local! {
        /// The core that the calling thread shares.
        static MINE: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// A set of cores.
    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Cores([u64; WORDS]);

    impl Cores {
        fn only(core: usize) -> Self {
            let mut set = [0; WORDS];
            set[core / 64] = 1 << (core % 64);
            Self(set)
        }

        /// Where the calling thread may run.
        fn mine() -> Option<Self> {
            let mut set = Self([0; WORDS]);
            // SAFETY: the set is of the size that is given; the kernel writes bits into it.
            let failed =
                unsafe { libc::sched_getaffinity(0, size_of::<Self>(), (&raw mut set).cast()) };
            (failed == 0).then_some(set)
        }

        /// The calling thread may run here from now on; returns whether that was granted.
        fn take(&self) -> bool {
            // SAFETY: the set is of the size that is given, and is only read.
            let failed = unsafe {
                libc::sched_setaffinity(0, size_of::<Self>(), (&raw const *self).cast())
            };
            failed == 0
        }

        fn count(&self) -> u32 {
            self.0.iter().map(|word| word.count_ones()).sum()
        }

        fn has(&self, core: usize) -> bool {
            self.0.get(core / 64).is_some_and(|word| word >> (core % 64) & 1 == 1)
        }

        /// The first one after `core`, round and round.
        fn after(&self, core: usize) -> usize {
            let all = WORDS * 64;
            (1..=all).map(|far| (core + far) % all).find(|each| self.has(*each)).unwrap_or(core)
        }

        fn before() -> Self {
            Self(std::array::from_fn(|at| BEFORE[at].load(Ordering::Relaxed)))
        }
    }

    /// How many cores the calling thread may run on; 2 where the system does not say.
    pub(crate) fn count() -> u32 {
        Cores::mine().map_or(2, |cores| cores.count())
    }

    /// The calling thread, and those that it will start, are on one core from now on.
    pub(crate) fn share() {
        SHARED.store(NONE, Ordering::Relaxed);
        // SAFETY: has no preconditions.
        let here = unsafe { libc::sched_getcpu() };
        let (Some(cores), Ok(here)) = (Cores::mine(), usize::try_from(here)) else { return };
        let moves = TIMES.fetch_add(1, Ordering::Relaxed) % STAYS == STAYS - 1;
        let core = if moves || !cores.has(here) { cores.after(here) } else { here };
        if cores.count() > 1 && Cores::only(core).take() {
            let words = BEFORE.iter().zip(cores.0);
            words.for_each(|(word, bits)| word.store(bits, Ordering::Relaxed));
            SHARED.store(core, Ordering::Relaxed);
            MINE.set(Some(core));
        }
    }

    /// The calling thread was started by one that shares a core, if any does: it does so too.
    pub(crate) fn join() {
        let core = SHARED.load(Ordering::Relaxed);
        if core != NONE && MINE.get() != Some(core) {
            MINE.set(Cores::only(core).take().then_some(core));
        }
    }

    /// Whether the calling thread shares a core.
    pub(crate) fn is_shared() -> bool {
        MINE.get().is_some()
    }

    /// The calling thread may run where it could before it shared a core, unless it has changed
    /// that itself.
    pub(crate) fn leave() {
        let shares = is_as_shared();
        if mine().is_some() && shares {
            Cores::before().take();
        }
    }

    /// Whether the calling thread has chosen no cores itself since it shares one.
    pub(crate) fn is_as_shared() -> bool {
        MINE.get().is_none_or(|core| Cores::mine() == Some(Cores::only(core)))
    }

    /// The numbers of the cores that the calling thread could run on before it shared one with the
    /// other threads of its run; None if it shares none, or has chosen others since.
    #[must_use]
    pub fn before_sharing() -> Option<Vec<usize>> {
        let before = Cores::before();
        let shares = is_shared() && is_as_shared();
        shares.then(|| (0..WORDS * 64).filter(|core| before.has(*core)).collect())
    }

    /// The calling thread has chosen its cores itself: it shares none any more.
    pub fn choose_cores() {
        let _ = mine();
    }

    /// The threads of a run share one core, where the system offers that: calls `call`, during which
    /// the calling one may run on all that it could before, as what it starts meanwhile may.
    pub fn on_all_cores<R>(call: impl FnOnce() -> R) -> R {
        let core = MINE.get().filter(|_| is_as_shared());
        leave();
        let result = call();
        MINE.set(core.filter(|core| Cores::only(*core).take()));
        result
    }

    /// The core that the calling thread shares no longer.
    fn mine() -> Option<usize> {
        MINE.try_with(Cell::take).ok().flatten()
    }
}

/// Where a thread cannot say on which cores it runs.
#[cfg(not(target_os = "linux"))]
mod own {
    /// How many cores this process may run on.
    pub(crate) fn count() -> u32 {
        std::thread::available_parallelism().map_or(2, |cores| cores.get() as u32)
    }

    pub(crate) fn share() {}

    pub(crate) fn join() {}

    pub(crate) fn is_as_shared() -> bool {
        true
    }

    pub(crate) fn is_shared() -> bool {
        false
    }

    /// None: no core is shared.
    #[must_use]
    pub fn before_sharing() -> Option<Vec<usize>> {
        None
    }

    pub(crate) fn leave() {}

    /// Nothing: no core is shared.
    pub fn choose_cores() {}

    /// Calls `call`.
    pub fn on_all_cores<R>(call: impl FnOnce() -> R) -> R {
        call()
    }
}
