//! Where tasks wait: a queue for all, and one for each worker that the others steal from.

#[cfg(not(raddle_loom))]
pub(super) use real::{Queues, Seat};

#[cfg(raddle_loom)]
pub(super) use model::{Queues, Seat};

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
    pub(crate) struct Seat<T> {
        own: Worker<T>,
        index: usize,
    }

    impl<T> Queues<T> {
        pub(crate) fn new(workers: usize) -> (Self, Vec<Seat<T>>) {
            let seats: Vec<_> =
                (0..workers).map(|index| Seat { own: Worker::new_lifo(), index }).collect();
            let stealers = seats.iter().map(|seat| seat.own.stealer()).collect();
            (Self { injector: Injector::new(), stealers }, seats)
        }

        /// Leaves a task for the worker in `seat`, who takes its latest first, or for all.
        pub(crate) fn push(&self, task: T, seat: Option<&Seat<T>>) {
            match seat {
                Some(seat) => seat.own.push(task),
                None => self.injector.push(task),
            }
        }

        /// Takes a task: the worker's own latest, the oldest for all, another's oldest.
        pub(crate) fn take(&self, seat: &Seat<T>) -> Option<T> {
            if let Some(task) = seat.own.pop() {
                return Some(task);
            }
            loop {
                let (before, from) = self.stealers.split_at(seat.index);
                let others = from.iter().skip(1).chain(before);
                let stolen = self
                    .injector
                    .steal_batch_and_pop(&seat.own)
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

/// One queue under loom's mutex: who sleeps and who wakes is what is modelled.
#[cfg(raddle_loom)]
mod model {
    use std::collections::VecDeque;

    use loom::sync::Mutex;

    #[derive(Debug)]
    pub(crate) struct Queues<T>(Mutex<VecDeque<T>>);

    #[derive(Debug)]
    pub(crate) struct Seat<T>(std::marker::PhantomData<fn() -> T>);

    impl<T> Queues<T> {
        pub(crate) fn new(workers: usize) -> (Self, Vec<Seat<T>>) {
            let seats = (0..workers).map(|_| Seat(std::marker::PhantomData)).collect();
            (Self(Mutex::new(VecDeque::new())), seats)
        }

        pub(crate) fn push(&self, task: T, _: Option<&Seat<T>>) {
            self.0.lock().unwrap().push_back(task);
        }

        pub(crate) fn take(&self, _: &Seat<T>) -> Option<T> {
            self.0.lock().unwrap().pop_front()
        }

        pub(crate) fn is_empty(&self) -> bool {
            self.0.lock().unwrap().is_empty()
        }
    }
}
