//! What a thread waits for.

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A lock that any thread may release.
    Lock,
    /// A lock that its holder releases.
    RLock,
    /// To be notified.
    Condition,
    /// A permit.
    Semaphore,
    /// An event to be set.
    Event,
    /// The other parties of a barrier.
    Barrier,
    /// An item in a queue.
    QueueGet,
    /// Room in a queue.
    QueuePut,
    /// The end of a queue's tasks.
    QueueJoin,
    /// The end of a thread.
    Thread,
    /// The end of a future.
    Future,
    /// The end of some of several futures.
    Futures,
    /// The results of a pool, or the end of its workers.
    Pool,
    /// Something to do, as a worker of a pool.
    Work,
    /// To read, or to write, what a lock protects.
    RwLock,
    /// A call that is made once.
    Once,
    /// That others have counted down.
    Latch,
    /// For a time to pass.
    Sleep,
    /// Something else.
    Other,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::RLock => "rlock",
            Self::Condition => "condition",
            Self::Semaphore => "semaphore",
            Self::Event => "event",
            Self::Barrier => "barrier",
            Self::QueueGet => "queue get",
            Self::QueuePut => "queue put",
            Self::QueueJoin => "queue join",
            Self::Thread => "thread join",
            Self::Future => "future",
            Self::Futures => "futures",
            Self::Pool => "pool",
            Self::Work => "work",
            Self::RwLock => "rwlock",
            Self::Once => "once",
            Self::Latch => "latch",
            Self::Sleep => "sleep",
            Self::Other => "other",
        }
    }
}
