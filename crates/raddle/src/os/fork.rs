//! What this process remembers across `fork`: how many forks lie between it and its ancestor.
//!
//! `fork` copies one thread. Whatever the others were doing is frozen half-way in the child:
//! wait lists name stacks that no longer exist, and thread handles name threads that are gone.
//! Nothing here keeps a table of live objects (such a table would itself need a lock that can be
//! caught mid-update). Instead everything that can go stale remembers the generation in which it
//! was last valid and compares it, when next used, with the current one.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The number of forks between this process and the one that first loaded the crate.
///
/// Relaxed is enough: it changes only in a child that has a single thread.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// The number of forks between this process and the one that first asked: what a thread that is
/// gone in a child may have left behind can be told by it.
///
/// ```
/// let at_first = raddle::fork_generation();
/// assert_eq!(raddle::fork_generation(), at_first, "this process was not forked meanwhile");
/// ```
#[must_use]
pub fn fork_generation() -> u32 {
    watch();
    generation()
}

#[cfg(not(raddle_loom))]
pub(crate) use survivor::survived;

/// A model's fork leaves one of its threads: the first that has asked for its identifier.
#[cfg(raddle_loom)]
pub(crate) fn survived(thread: usize, _generation: u32) -> bool {
    thread == crate::os::sync::FIRST_THREAD
}

/// The thread that forked this process, and so its first.
///
/// Its identifier alone would not do: identifiers are used again, and a thread that forks may
/// have that of a thread of the parent's parent, which is gone.
#[cfg(not(raddle_loom))]
mod survivor {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

    /// Its identifier; 0 in the first process.
    static THREAD: AtomicUsize = AtomicUsize::new(0);
    /// The generation in which it began to live.
    static SINCE: AtomicU32 = AtomicU32::new(0);

    thread_local! {
        /// Whether the calling thread has lived through a fork.
        static SURVIVED: Cell<bool> = const { Cell::new(false) };
    }

    /// In a forked child: the calling thread is the one; `parent` is the generation it is from.
    pub(super) fn is_me(parent: u32) {
        if !SURVIVED.replace(true) {
            SINCE.store(parent, Ordering::Relaxed);
        }
        THREAD.store(crate::os::thread_id(), Ordering::Relaxed);
    }

    /// Whether the thread that had this identifier in that generation lived on through all
    /// forks since.
    pub(crate) fn survived(thread: usize, generation: u32) -> bool {
        let age = generation.wrapping_sub(SINCE.load(Ordering::Relaxed)) as i32;
        thread != 0 && THREAD.load(Ordering::Relaxed) == thread && age >= 0
    }
}

/// Starts watching for forks; called before anything that a fork could make stale exists.
///
/// Not with `std::sync::Once`: a fork that catches another thread inside would leave it
/// unfinished in the child for ever. Threads that race here register more than once, which only
/// makes the generation grow in larger steps.
#[inline]
pub(crate) fn watch() {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if cfg!(all(unix, not(raddle_loom))) && !WATCHING.load(Ordering::Acquire) {
        #[cfg(unix)]
        // SAFETY: the code is never unloaded. What the handler calls may run between `fork` and
        // `exec`: see `InChild`. (A latch can be had in the child though a thread of the parent
        // held it, see `os::latch`.)
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child))
        };
        WATCHING.store(true, Ordering::Release);
    }
}

/// What is called in each child, with its generation. It may run between `fork` and `exec`: it
/// touches atomics and const-initialised thread-locals, and takes latches, no more.
pub(crate) type InChild = fn(generation: u32);

/// How many functions there are to be called: one for each room with a state of its own.
const ROOM: usize = 4;

/// Null, or from a `&'static InChild`; the first null one ends the list, and none is ever taken
/// out.
static IN_CHILD: [AtomicPtr<InChild>; ROOM] = [const { AtomicPtr::new(ptr::null_mut()) }; ROOM];

/// Has `call` called in each child from now on; once, however often this is said. A room says so
/// before it has anything that a fork would make stale.
///
/// (A list that rooms enter, so that this one need not know those that stand on it.)
#[cfg_attr(raddle_loom, allow(dead_code, reason = "a model does not fork"))]
pub(crate) fn tell(call: &'static InChild) {
    watch();
    let call = ptr::from_ref(call).cast_mut();
    let is_there = |place: &AtomicPtr<InChild>| {
        let (null, order) = (ptr::null_mut(), Ordering::AcqRel);
        let there = place.load(Ordering::Acquire) == call;
        there
            || match place.compare_exchange(null, call, order, Ordering::Acquire) {
                Ok(_) => true,
                Err(known) => known == call,
            }
    };
    let told = IN_CHILD.iter().any(is_there);
    assert!(told, "there is room for every function that is told of forks");
}

/// Runs in the child, on its only thread, before `fork` returns there.
#[cfg_attr(not(unix), allow(dead_code, reason = "there is no fork"))]
unsafe extern "C" fn in_child() {
    let parent = GENERATION.load(Ordering::Relaxed);
    let now = parent.wrapping_add(1);
    GENERATION.store(now, Ordering::Relaxed);
    #[cfg(not(raddle_loom))]
    survivor::is_me(parent);
    for place in &IN_CHILD {
        // SAFETY: null, or from a `&'static InChild`.
        let Some(call) = (unsafe { place.load(Ordering::Acquire).as_ref() }) else { break };
        call(now);
    }
}
