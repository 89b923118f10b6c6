//! Where tasks wait: a queue for all, and one for each worker that the others steal from.

#[cfg(not(raddle_loom))]
pub(super) use real::{OwnQueue, Queues};

#[cfg(raddle_loom)]
pub(super) use model::{OwnQueue, Queues};

#[cfg(not(raddle_loom))]
mod real {
    use crossbeam_deque::{Injector, Steal, Stealer, Worker};

    #[derive(Debug)]
    pub(crate) struct Queues<T> {
        injector: Injector<T>,
        stealers: Box<[Stealer<T>]>,
    }

    /// One worker's own queue.
    #[derive(Debug)]
    pub(crate) struct OwnQueue<T> {
        queue: Worker<T>,
        index: usize,
    }

    impl<T> Queues<T> {
        pub(crate) fn new(workers: usize) -> (Self, Vec<OwnQueue<T>>) {
            let owned: Vec<_> = (0..workers)
                .map(|index| OwnQueue { queue: Worker::new_lifo(), index })
                .collect();
            let stealers = owned.iter().map(|own| own.queue.stealer()).collect();
            (Self { injector: Injector::new(), stealers }, owned)
        }

        /// Leaves a task for the worker whose queue is `own`, which takes its latest first, or
        /// for all.
        pub(crate) fn push(&self, task: T, own: Option<&OwnQueue<T>>) {
            match own {
                Some(own) => own.queue.push(task),
                None => self.injector.push(task),
            }
        }

        /// Takes a task: the worker's own latest, the oldest for all, another's oldest.
        pub(crate) fn take(&self, own: &OwnQueue<T>) -> Option<T> {
            if let Some(task) = own.queue.pop() {
                return Some(task);
            }
            loop {
                let (before, from) = self.stealers.split_at(own.index);
                let others = from.iter().skip(1).chain(before);
                let stolen = self
                    .injector
                    .steal_batch_and_pop(&own.queue)
                    .or_else(|| others.map(Stealer::steal).collect());
                match stolen {
                    Steal::Success(task) => return Some(task),
                    Steal::Empty => return None,
                    Steal::Retry => std::hint::spin_loop(),
                }
            }
        }

        pub(crate) fn is_empty(&self) -> bool {
            self.injector.is_empty() && self.stealers.iter().all(Stealer::is_empty)
        }
    }
}

/// One queue under loom's mutex: which workers sleep and wake is what is modelled.
#[cfg(raddle_loom)]
mod model {
    use std::collections::VecDeque;

    use loom::sync::Mutex;

    #[derive(Debug)]
    pub(crate) struct Queues<T>(Mutex<VecDeque<T>>);

    #[derive(Debug)]
    pub(crate) struct OwnQueue<T>(std::marker::PhantomData<fn() -> T>);

    impl<T> Queues<T> {
        pub(crate) fn new(workers: usize) -> (Self, Vec<OwnQueue<T>>) {
            let owned = (0..workers).map(|_| OwnQueue(std::marker::PhantomData)).collect();
            (Self(Mutex::new(VecDeque::new())), owned)
        }

        pub(crate) fn push(&self, task: T, _: Option<&OwnQueue<T>>) {
            self.0.lock().unwrap().push_back(task);
        }

        pub(crate) fn take(&self, _: &OwnQueue<T>) -> Option<T> {
            self.0.lock().unwrap().pop_front()
        }

        pub(crate) fn is_empty(&self) -> bool {
            self.0.lock().unwrap().is_empty()
        }
    }
}
