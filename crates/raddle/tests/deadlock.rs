//! Deadlock detection with real threads: what is told, to whom, and what is not.
#![cfg(all(not(raddle_loom), feature = "deadlock"))]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use common::{Telling, eventually, telling};
use raddle::deadlock::{self, Deadlock, Finding, Kind, Provider, Serving, Verdict};
use raddle::future::{Access, Completion};
use raddle::{Blocking, Deadline, Event, Parker, RLock, RawLock, Wake, thread_id};

#[test]
fn a_thread_that_enters_its_lock_twice_is_told_at_once_and_can_end_its_wait() {
    let (to, told) = channel();
    let lock = RawLock::new();
    assert!(lock.try_enter());
    assert_eq!(lock.enter_with(&mut telling(&to, true), Deadline::NEVER), Err(()));
    let found = told.recv().unwrap();
    assert!(found.finding == Finding::Cycle && found.surely);
    let [wait] = found.waits[..] else { panic!("one wait: {found}") };
    assert_eq!((wait.thread, wait.kind, wait.timed), (thread_id(), Kind::Lock, false));
    assert_eq!(wait.provider, Provider::Thread { thread: thread_id(), surely: true });
    assert_eq!(lock.waiting(), 0);
    assert!(lock.exit() && !lock.is_locked());
}

#[test]
fn a_thread_that_acquires_what_it_has_entered_may_be_waiting_for_anothers_release() {
    let (to, told) = channel();
    let lock = RawLock::new();
    assert!(lock.try_enter());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            eventually("the holder waits for its own lock", || lock.waiting() == 1);
            lock.release();
        });
        assert_eq!(lock.acquire_with(&mut telling(&to, true), Deadline::NEVER), Ok(true));
    });
    assert!(told.try_recv().is_err());
    lock.release();
}

#[test]
fn a_lock_that_another_thread_has_released_once_says_nothing_about_who_will() {
    let (to, told) = channel();
    let lock = Arc::new(RawLock::new());
    lock.acquire();
    std::thread::scope(|scope| scope.spawn(|| lock.release()).join().unwrap());
    assert!(lock.try_enter());
    let waiter = {
        let (lock, to) = (Arc::clone(&lock), to.clone());
        std::thread::spawn(move || {
            let mut telling = telling(&to, true);
            lock.enter_with(&mut telling, Deadline::NEVER)
        })
    };
    eventually("the other waits", || lock.waiting() == 1);
    lock.exit();
    assert_eq!(waiter.join().unwrap(), Ok(true));
    assert!(told.try_recv().is_err());
}

/// `main` takes an rlock back for `owner`, which releases it while `main` waits for `other`.
#[test]
fn an_rlock_that_was_given_back_for_another_thread_is_in_no_certain_ring() {
    let (to, told) = channel();
    let (given, wanted) = (Arc::new(RLock::new()), Arc::new(RLock::new()));
    let (go, done) = (Arc::new(Event::new()), Arc::new(Event::new()));
    let (ident, idents) = channel();
    let owner = {
        let (given, go, done) = (Arc::clone(&given), Arc::clone(&go), Arc::clone(&done));
        std::thread::spawn(move || {
            given.acquire();
            ident.send(given.release_all().unwrap()).unwrap();
            go.wait();
            given.release().unwrap();
            done.set();
        })
    };
    let held = idents.recv().unwrap();
    given.restore_with(&mut raddle::Native, held).unwrap();
    let other = {
        let (given, wanted, to) = (Arc::clone(&given), Arc::clone(&wanted), to.clone());
        let ready = Arc::new(Event::new());
        let is_ready = Arc::clone(&ready);
        let thread = std::thread::spawn(move || {
            wanted.acquire();
            ready.set();
            let taken = given.acquire_with(&mut telling(&to, false), Deadline::NEVER);
            assert_eq!(taken, Ok(true));
            given.release().unwrap();
            wanted.release().unwrap();
        });
        is_ready.wait();
        thread
    };
    eventually("the other waits for what is given", || given.waiting() == 1);
    let release = std::thread::spawn({
        let wanted = Arc::clone(&wanted);
        move || {
            eventually("the ring is closed", || wanted.waiting() == 1);
            go.set();
        }
    });
    assert_eq!(wanted.acquire_with(&mut telling(&to, false), Deadline::NEVER), Ok(true));
    wanted.release().unwrap();
    for thread in [owner, other, release] {
        thread.join().unwrap();
    }
    drop(to);
    assert!(done.is_set() && told.iter().all(|found| !found.surely));
}

#[test]
fn a_wait_with_a_timeout_is_part_of_no_ring() {
    let (to, told) = channel();
    let lock = RawLock::new();
    assert!(lock.try_enter());
    let soon = Deadline::after_nanos(2_000_000);
    assert_eq!(lock.enter_with(&mut telling(&to, true), soon), Ok(false));
    assert!(told.try_recv().is_err() && lock.exit());
}

#[test]
fn two_rlocks_both_ways_are_told_to_the_second_and_the_first_goes_on() {
    let (to, told) = channel();
    let locks = Arc::new([RLock::new(), RLock::new()]);
    let meet = Arc::new(std::sync::Barrier::new(2));
    let threads = [0, 1].map(|me| {
        let (locks, meet, to) = (Arc::clone(&locks), Arc::clone(&meet), to.clone());
        std::thread::spawn(move || {
            locks[me].acquire();
            meet.wait();
            let got = locks[1 - me].acquire_with(&mut telling(&to, true), Deadline::NEVER);
            if got == Ok(true) {
                locks[1 - me].release().unwrap();
            }
            locks[me].release().unwrap();
            (thread_id(), got)
        })
    });
    let ended = threads.map(|thread| thread.join().unwrap());
    let found = told.recv().unwrap();
    assert!(told.try_recv().is_err(), "one of the two is told");
    assert!(found.surely && found.waits.len() == 2);
    let ended_by_it: Vec<_> = ended.iter().filter(|(_, got)| got.is_err()).collect();
    assert_eq!(ended_by_it.len(), 1);
    assert_eq!(found.waits[0].thread, ended_by_it[0].0, "the one that closed it comes first");
}

/// Wakes every millisecond, as a thread with signal handlers to run does.
struct Restless(Telling, Arc<AtomicUsize>);

impl Blocking for Restless {
    type Interrupt = ();

    fn sleep(&mut self, parker: &Parker, _until: Deadline) -> Wake {
        self.1.fetch_add(1, Ordering::SeqCst);
        match parker.park(Deadline::after_nanos(1_000_000)) {
            Wake::TimedOut => Wake::Signal,
            wake => wake,
        }
    }

    fn on_signal(&mut self) -> Result<(), ()> {
        Ok(())
    }

    fn on_deadlock(&mut self, found: &Deadlock) -> Result<Verdict, ()> {
        self.0.on_deadlock(found)
    }
}

#[test]
fn a_ring_is_told_once_though_one_of_its_threads_keeps_waking() {
    let (to, told) = channel();
    let locks = Arc::new([RawLock::new(), RawLock::new()]);
    let meet = Arc::new(std::sync::Barrier::new(2));
    let sleeps = Arc::new(AtomicUsize::new(0));
    let threads = [0, 1].map(|me| {
        let (locks, meet) = (Arc::clone(&locks), Arc::clone(&meet));
        let mut restless = Restless(telling(&to, false), Arc::clone(&sleeps));
        std::thread::spawn(move || {
            assert!(locks[me].try_enter());
            meet.wait();
            locks[1 - me].enter_with(&mut restless, Deadline::NEVER)
        })
    });
    told.recv().unwrap();
    let before = sleeps.load(Ordering::SeqCst);
    eventually("both have slept again", || sleeps.load(Ordering::SeqCst) > before + 20);
    locks.iter().for_each(RawLock::release);
    threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), Ok(true)));
    assert!(told.try_recv().is_err(), "it was told before");
}

#[test]
fn who_keeps_watch_is_told_that_all_sleep_unless_a_ring_has_put_them_to_sleep() {
    let (to, told) = channel();
    let (event, lock) = (Arc::new(Event::new()), Arc::new(RawLock::new()));
    let looks = Arc::new(AtomicUsize::new(0));
    let keep_watch = || {
        let looks = Some(Arc::clone(&looks));
        let mut telling = Telling { to: to.clone(), ends: true, looks };
        let event = Arc::clone(&event);
        std::thread::spawn(move || event.wait_with(&mut telling, Deadline::NEVER))
    };
    let alone = keep_watch();
    let found = loop {
        match told.recv_timeout(std::time::Duration::from_secs(5)) {
            Ok(found) => break found,
            Err(_) => assert!(looks.load(Ordering::SeqCst) < 12, "nothing was told"),
        }
    };
    assert_eq!((found.finding, alone.join().unwrap()), (Finding::Asleep, Err(())));

    // A thread in a ring with itself, which was told and stays in it.
    let stuck = {
        let (lock, to) = (Arc::clone(&lock), to.clone());
        std::thread::spawn(move || {
            assert!(lock.try_enter());
            lock.enter_with(&mut telling(&to, false), Deadline::NEVER)
        })
    };
    assert_eq!(told.recv().unwrap().finding, Finding::Cycle);
    eventually("the other waits", || lock.waiting() == 1);
    looks.store(0, Ordering::SeqCst);
    let watcher = keep_watch();
    eventually("it has looked twice", || looks.load(Ordering::SeqCst) >= 2);
    event.set();
    assert_eq!(watcher.join().unwrap(), Ok(true));
    assert!(told.try_recv().is_err(), "the ring was enough");
    lock.release();
    assert_eq!(stuck.join().unwrap(), Ok(true));
}

#[test]
fn the_record_of_a_wait_is_there_while_it_sleeps_and_gone_after_it() {
    let event = Arc::new(Event::new());
    let (tell, ident) = channel();
    let sleeper = {
        let event = Arc::clone(&event);
        std::thread::spawn(move || {
            tell.send(thread_id()).unwrap();
            event.wait();
        })
    };
    let thread = ident.recv().unwrap();
    eventually("it sleeps", || sleeping(thread) == Some(Kind::Event));
    event.set();
    sleeper.join().unwrap();
    assert_eq!(sleeping(thread), None);
}

/// A worker of `pool`, which may have `limit`, waits for a task in its queue, and then for its end.
fn waits_as_a_worker(
    pool: usize,
    limit: usize,
    task: &Arc<Completion>,
    to: &Sender<Deadlock>,
) -> JoinHandle<usize> {
    task.queue_in(pool);
    let (task, mut telling) = (Arc::clone(task), telling(to, false));
    std::thread::spawn(move || {
        let _serving = Serving::new(pool, limit);
        assert!(deadlock::serves());
        assert_eq!(task.wait_with(&mut telling, Deadline::NEVER), Ok(true));
        thread_id()
    })
}

fn starved(pool: usize) -> Vec<Deadlock> {
    let of_pool = |wait: &deadlock::Wait| wait.provider == Provider::Pool { pool };
    let mut found = deadlock::report();
    found.retain(|one| one.finding == Finding::Starved && one.waits.iter().any(of_pool));
    found
}

/// How many wait for what is queued in a pool.
fn sleepers(pool: usize) -> usize {
    let mut count = 0;
    deadlock::visit(|wait| count += usize::from(wait.provider == Provider::Pool { pool }));
    count
}

/// What a thread waits for, if it sleeps.
fn sleeping(thread: usize) -> Option<Kind> {
    let mut kind = None;
    deadlock::visit(|wait| {
        if wait.thread == thread {
            kind = Some(wait.kind);
        }
    });
    kind
}

fn finish(task: &Completion) {
    let _ = task.claim(Access::Free).unwrap().publish();
}

#[test]
fn a_pool_is_starved_if_each_worker_waits_for_what_is_queued_there() {
    const POOL: usize = 0x1000;
    let (to, told) = channel();
    let tasks = [Arc::default(), Arc::default()];
    let first = waits_as_a_worker(POOL, 2, &tasks[0], &to);
    eventually("the first sleeps", || sleepers(POOL) == 1);
    assert!(starved(POOL).is_empty(), "another worker may come");
    let second = waits_as_a_worker(POOL, 2, &tasks[1], &to);
    let found = told.recv().unwrap();
    assert!(found.finding == Finding::Starved && !found.surely && found.waits.len() == 2);
    eventually("the one that was told sleeps again", || starved(POOL).len() == 1);
    tasks.iter().for_each(|task| finish(task));
    let mut threads = [first, second].map(|thread| thread.join().unwrap());
    threads.sort_unstable();
    assert_eq!(found.waits.iter().map(|wait| wait.thread).collect::<Vec<_>>(), threads);
    assert!(told.try_recv().is_err() && starved(POOL).is_empty(), "it is told once");
}

#[test]
fn a_pool_with_a_worker_that_can_act_is_not_starved() {
    const POOL: usize = 0x2000;
    let (to, _told) = channel();
    let (task, event) = (Arc::default(), Arc::new(Event::new()));
    let first = waits_as_a_worker(POOL, 2, &task, &to);
    let (ident, idents) = channel();
    let second = std::thread::spawn({
        let event = Arc::clone(&event);
        move || {
            let _serving = Serving::new(POOL, 2);
            ident.send(thread_id()).unwrap();
            event.wait();
        }
    });
    let other = idents.recv().unwrap();
    eventually("both sleep", || sleepers(POOL) == 1 && sleeping(other) == Some(Kind::Event));
    assert!(starved(POOL).is_empty(), "anybody may set the event");
    event.set();
    second.join().unwrap();
    finish(&task);
    first.join().unwrap();
}

/// A worker waits for the end of a thread that waits for what is queued in the worker's pool.
#[test]
fn a_pool_is_starved_through_a_thread_that_is_none_of_its_workers() {
    const POOL: usize = 0x4000;
    let (to, told) = channel();
    let [inner, outer]: [Arc<Completion>; 2] = [Arc::default(), Arc::default()];
    inner.queue_in(POOL);
    let helper = std::thread::spawn({
        let (inner, outer, mut telling) =
            (Arc::clone(&inner), Arc::clone(&outer), telling(&to, false));
        move || {
            outer.begin(Access::Free).unwrap().unwrap();
            outer.run_here();
            assert_eq!(inner.wait_with(&mut telling, Deadline::NEVER), Ok(true));
            finish(&outer);
        }
    });
    eventually("the helper sleeps", || sleepers(POOL) == 1);
    let worker = std::thread::spawn({
        let (outer, mut telling) = (Arc::clone(&outer), telling(&to, false));
        move || {
            let _serving = Serving::new(POOL, 1);
            assert_eq!(outer.wait_with(&mut telling, Deadline::NEVER), Ok(true));
        }
    });
    eventually("both sleep", || starved(POOL).len() == 1);
    let found = starved(POOL);
    assert!(matches!(&found[..], [one] if one.waits.len() == 2), "{found:?}");
    finish(&inner);
    helper.join().unwrap();
    worker.join().unwrap();
    assert!(told.try_recv().is_err());
}

#[test]
fn a_pool_that_may_grow_or_waits_at_a_gate_is_not_starved() {
    const POOL: usize = 0x8000;
    let (to, told) = channel();
    let (task, gate) = (Arc::default(), Arc::new(RawLock::new()));
    gate.acquire(); // Any thread may open it.
    let first = waits_as_a_worker(POOL, 2, &task, &to);
    let (ident, idents) = channel();
    let second = std::thread::spawn({
        let gate = Arc::clone(&gate);
        move || {
            let _serving = Serving::new(POOL, 2);
            ident.send(thread_id()).unwrap();
            gate.acquire();
        }
    });
    let other = idents.recv().unwrap();
    eventually("both sleep", || sleepers(POOL) == 1 && sleeping(other) == Some(Kind::Lock));
    assert!(starved(POOL).is_empty(), "it may be a gate");
    gate.release();
    second.join().unwrap();
    finish(&task);
    first.join().unwrap();

    let task = Arc::default();
    let only = waits_as_a_worker(POOL, 1, &task, &to);
    eventually("it is starved", || starved(POOL).len() == 1);
    deadlock::unlimit(POOL);
    assert!(starved(POOL).is_empty(), "another worker may come");
    finish(&task);
    only.join().unwrap();
    assert!(told.try_recv().is_err());
}
