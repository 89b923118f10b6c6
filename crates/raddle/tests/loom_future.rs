//! The future's state machine under loom.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;

use common::{Interrupted, Scripted, Step, check};
use loom::cell::UnsafeCell;
use loom::thread;
use raddle::Deadline;
use raddle::future::{Access, Changed, Completion, Phase, Refused};

/// A deadline that is not past when the wait begins, but is whenever the wait looks.
fn soon() -> Deadline {
    Deadline::after_nanos(1)
}

/// A completion with a value, as an embedder has one, and a list of observers.
///
/// The cells are loom's: a look at one of them that is not ordered after the write fails.
struct Bare {
    core: Completion,
    value: UnsafeCell<u32>,
    observers: UnsafeCell<usize>,
}

// SAFETY: the value is written under a claim and read once finished; the list is guarded by the
// latch. Loom checks both.
unsafe impl Sync for Bare {}
// SAFETY: as above.
unsafe impl Send for Bare {}

impl Bare {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            core: Completion::new(),
            value: UnsafeCell::new(0),
            observers: UnsafeCell::new(0),
        })
    }

    fn write(&self, value: u32) {
        // SAFETY: the caller holds a claim, which is the only one.
        self.value.with_mut(|place| unsafe { *place = value });
    }

    fn set(&self, value: u32) -> Result<Changed, Refused> {
        let claim = self.core.claim(Access::Free)?;
        self.write(value);
        Ok(claim.publish())
    }

    /// The value, if the phase says that it is there.
    fn get(&self) -> Option<u32> {
        // SAFETY: nobody writes to a finished one.
        (self.core.phase() == Phase::Finished)
            .then(|| self.value.with(|place| unsafe { *place }))
    }

    fn wait(&self, steps: &[Step], until: Deadline) -> Result<bool, Interrupted> {
        self.core.wait_with(&mut Scripted::new(steps), until)
    }

    /// Adds an observer unless it is too late.
    fn observe(&self, over: impl Fn(Phase) -> bool) -> bool {
        // SAFETY: `add` runs under the latch.
        self.core.observe(over, || self.observers.with_mut(|list| unsafe { *list += 1 }))
    }

    /// Takes all observers off the list: they count as told.
    fn announce(&self) -> usize {
        self.core.with_list(|| {
            // SAFETY: under the latch.
            self.observers.with_mut(|list| unsafe { std::mem::take(&mut *list) })
        })
    }

    fn tell(&self, changed: Changed) -> usize {
        if changed.observed { self.announce() } else { 0 }
    }
}

fn spawn<T: 'static>(
    bare: &Arc<Bare>,
    body: impl FnOnce(&Bare) -> T + 'static,
) -> thread::JoinHandle<T> {
    let bare = Arc::clone(bare);
    thread::spawn(move || body(&bare))
}

#[test]
fn who_sees_it_finished_sees_the_value() {
    check(6, || {
        let bare = Bare::new();
        let reader = spawn(&bare, |bare| {
            // (A single look would be explored at one moment only: loom remembers the last look
            // at an atomic, not the last one of each thread.)
            loop {
                if let Some(value) = bare.get() {
                    return value;
                }
                thread::yield_now();
            }
        });
        let _ = bare.core.begin(Access::Free).unwrap();
        let _ = bare.set(7).unwrap();
        assert_eq!(reader.join().unwrap(), 7);
    });
}

#[test]
fn of_two_claims_one_is_refused() {
    check(None, || {
        let bare = Bare::new();
        let other = spawn(&bare, |bare| bare.set(1).is_ok());
        let mine = bare.set(2).is_ok();
        let others = other.join().unwrap();
        assert!(mine != others);
        assert_eq!(bare.get(), Some(if mine { 2 } else { 1 }));
    });
}

#[test]
fn a_claim_that_is_dropped_leaves_the_task_to_the_next() {
    check(None, || {
        let bare = Bare::new();
        let other = spawn(&bare, |bare| {
            if let Ok(claim) = bare.core.claim(Access::Free) {
                bare.write(1);
                drop(claim);
            }
        });
        let mine = bare.set(2);
        other.join().unwrap();
        match mine {
            Ok(_) => assert_eq!(bare.get(), Some(2)),
            Err(refused) => {
                assert_eq!(refused, Refused::Phase(Phase::Running));
                assert_eq!(bare.core.phase(), Phase::Pending);
                let _ = bare.set(3).unwrap();
                assert_eq!(bare.get(), Some(3));
            }
        }
    });
}

#[test]
fn a_task_is_begun_or_cancelled_never_both() {
    check(None, || {
        let bare = Bare::new();
        let canceller = spawn(&bare, |bare| bare.core.cancel(Access::Free).is_ok());
        let begun = bare.core.begin(Access::Free).unwrap();
        let cancelled = canceller.join().unwrap();
        assert!(cancelled != begun.is_ok());
        let phase = bare.core.phase();
        assert_eq!(phase, if cancelled { Phase::Notified } else { Phase::Running });
    });
}

#[test]
fn a_task_is_finished_or_cancelled_never_both() {
    check(None, || {
        let bare = Bare::new();
        let canceller = spawn(&bare, |bare| bare.core.cancel(Access::Free).is_ok());
        let finished = bare.set(7).is_ok();
        let cancelled = canceller.join().unwrap();
        assert!(cancelled != finished);
        assert_eq!(bare.get(), finished.then_some(7));
        assert!(bare.core.phase().is_done());
    });
}

#[test]
fn of_a_worker_a_canceller_and_a_stranger_with_a_result_one_decides() {
    check(4, || {
        let bare = Bare::new();
        let canceller = spawn(&bare, |bare| bare.core.cancel(Access::Free).is_ok());
        let stranger = spawn(&bare, |bare| bare.set(1).is_ok());
        let begun = bare.core.begin(Access::Free);
        let worked = begun == Ok(Ok(())) && bare.set(2).is_ok();
        let (cancelled, strange) = (canceller.join().unwrap(), stranger.join().unwrap());
        assert_eq!(usize::from(cancelled) + usize::from(strange) + usize::from(worked), 1);
        assert!(bare.core.phase().is_done());
    });
}

#[test]
fn a_waiter_is_woken_by_the_end_and_sees_the_value() {
    check(6, || {
        let bare = Bare::new();
        let waiter = spawn(&bare, |bare| {
            assert_eq!(bare.wait(&[], Deadline::NEVER), Ok(true));
            bare.get()
        });
        let _ = bare.set(7).unwrap();
        assert_eq!(waiter.join().unwrap(), Some(7));
        assert_eq!(bare.core.waiting(), 0);
    });
}

#[test]
fn a_cancellation_wakes_all_waiters() {
    check(3, || {
        let bare = Bare::new();
        let waiters = [(); 2].map(|()| spawn(&bare, |bare| bare.wait(&[], Deadline::NEVER)));
        let _ = bare.core.cancel(Access::Free).unwrap();
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), Ok(true));
        }
        assert_eq!(bare.core.waiting(), 0);
    });
}

#[test]
fn the_end_wakes_all_waiters() {
    check(3, || {
        let bare = Bare::new();
        let waiters = [(); 2].map(|()| {
            spawn(&bare, |bare| {
                assert_eq!(bare.wait(&[], Deadline::NEVER), Ok(true));
                bare.get()
            })
        });
        let _ = bare.set(7).unwrap();
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), Some(7));
        }
    });
}

#[test]
fn a_wait_that_says_yes_has_seen_the_end_whatever_ended_it() {
    for step in [Step::TimeOut, Step::Interrupt, Step::Park, Step::Handle] {
        check(6, move || {
            let bare = Bare::new();
            let until = if step == Step::TimeOut { soon } else { || Deadline::NEVER };
            let waiter = spawn(&bare, move |bare| {
                let outcome = bare.wait(&[step], until());
                assert!(outcome != Ok(true) || bare.get() == Some(7));
                outcome
            });
            let _ = bare.set(7).unwrap();
            let outcome = waiter.join().unwrap();
            match step {
                Step::TimeOut => assert_ne!(outcome, Err(Interrupted)),
                Step::Interrupt => assert_ne!(outcome, Ok(false)),
                Step::Park | Step::Handle => assert_eq!(outcome, Ok(true)),
            }
            assert_eq!(bare.core.waiting(), 0);
        });
    }
}

#[test]
fn a_waiter_that_gives_up_takes_nobodys_wake_up_along() {
    for step in [Step::TimeOut, Step::Interrupt] {
        check(2, move || {
            let bare = Bare::new();
            let leaver = spawn(&bare, move |bare| bare.wait(&[step], soon()));
            let patient = spawn(&bare, |bare| bare.wait(&[], Deadline::NEVER));
            let _ = bare.set(7).unwrap();
            let _ = leaver.join().unwrap();
            assert_eq!(patient.join().unwrap(), Ok(true));
            assert_eq!(bare.core.waiting(), 0);
        });
    }
}

#[test]
fn an_observer_is_refused_or_told_once() {
    check(None, || {
        let bare = Bare::new();
        let observer = spawn(&bare, |bare| {
            let added = bare.observe(Phase::is_done);
            assert!(added || bare.get() == Some(7), "a refusal means that it is over");
            usize::from(added)
        });
        let changed = bare.set(7).unwrap();
        let told = bare.tell(changed);
        assert_eq!(told, observer.join().unwrap());
        assert_eq!(bare.announce(), 0, "nobody is left on the list");
    });
}

#[test]
fn an_observer_of_a_cancellation_is_refused_or_told_once() {
    check(None, || {
        let bare = Bare::new();
        let observer = spawn(&bare, |bare| usize::from(bare.observe(Phase::is_done)));
        let changed = bare.core.cancel(Access::Free).unwrap();
        let told = bare.tell(changed);
        assert_eq!(told, observer.join().unwrap());
        assert_eq!(bare.announce(), 0);
    });
}

#[test]
fn an_observer_of_the_notice_is_refused_or_told_once() {
    check(4, || {
        let bare = Bare::new();
        let noticed = |phase| matches!(phase, Phase::Notified | Phase::Finished);
        let observer = spawn(&bare, move |bare| usize::from(bare.observe(noticed)));
        let canceller = spawn(&bare, |bare| bare.core.cancel(Access::Free).is_ok());
        let told = match bare.core.begin(Access::Free).unwrap() {
            Ok(()) => {
                let changed = bare.set(7).unwrap();
                bare.tell(changed)
            }
            Err(changed) => bare.tell(changed),
        };
        let _ = canceller.join().unwrap();
        assert_eq!(told, observer.join().unwrap());
        assert_eq!(bare.announce(), 0);
    });
}

#[test]
fn two_observers_and_a_waiter_all_hear_of_the_end() {
    check(2, || {
        let bare = Bare::new();
        let observer = spawn(&bare, |bare| usize::from(bare.observe(Phase::is_done)));
        let waiter = spawn(&bare, |bare| bare.wait(&[], Deadline::NEVER));
        let mine = usize::from(bare.observe(Phase::is_done));
        let changed = bare.set(7).unwrap();
        let told = bare.tell(changed);
        assert_eq!(told, mine + observer.join().unwrap());
        assert_eq!(waiter.join().unwrap(), Ok(true));
    });
}

#[test]
fn what_is_read_after_opening_stays_until_a_change_with_the_lock() {
    check(None, || {
        let bare = Bare::new();
        let writer = spawn(&bare, |bare| bare.set(7).map(drop));
        bare.core.open();
        let phase = bare.core.phase();
        let outcome = writer.join().unwrap();
        assert_eq!(bare.core.phase(), phase, "nothing changes without the lock");
        match outcome {
            Ok(()) => assert_eq!(bare.get(), Some(7)),
            Err(refused) => {
                assert_eq!(refused, Refused::Open);
                let claim = bare.core.claim(Access::Locked).unwrap();
                bare.write(8);
                let _ = claim.publish();
                assert_eq!(bare.get(), Some(8));
            }
        }
    });
}

#[test]
fn opening_waits_for_a_claim_that_is_given_back() {
    check(None, || {
        let bare = Bare::new();
        let claimer = spawn(&bare, |bare| bare.core.claim(Access::Free).map(drop).is_ok());
        bare.core.open();
        assert_eq!(bare.core.phase(), Phase::Pending);
        assert!(bare.core.is_open());
        let _ = claimer.join().unwrap();
        assert_eq!(bare.core.phase(), Phase::Pending);
        assert!(bare.core.is_open());
    });
}

#[test]
fn a_waiter_is_sent_to_the_lock_when_the_future_is_opened() {
    check(6, || {
        let bare = Bare::new();
        let waiter = spawn(&bare, |bare| {
            assert_eq!(bare.wait(&[], Deadline::NEVER), Ok(true));
            assert!(bare.core.is_open());
        });
        bare.core.open();
        waiter.join().unwrap();
        assert_eq!(bare.core.waiting(), 0);
    });
}

#[test]
fn opened_and_cancelled_at_once_it_is_cancelled_or_refuses_openly() {
    check(None, || {
        let bare = Bare::new();
        let canceller = spawn(&bare, |bare| bare.core.cancel(Access::Free).map(drop));
        let opener = spawn(&bare, |bare| bare.core.open());
        bare.core.open();
        assert!(bare.core.is_open());
        opener.join().unwrap();
        match canceller.join().unwrap() {
            Ok(()) => assert_eq!(bare.core.phase(), Phase::Cancelled),
            Err(refused) => {
                assert_eq!(refused, Refused::Open);
                assert_eq!(bare.core.phase(), Phase::Pending);
            }
        }
    });
}

#[test]
fn a_flag_that_comes_during_a_claim_is_kept() {
    check(None, || {
        let bare = Bare::new();
        let observer = spawn(&bare, |bare| bare.observe(Phase::is_done));
        let claim = bare.core.claim(Access::Free).unwrap();
        bare.write(1);
        drop(claim);
        assert!(observer.join().unwrap(), "it was never done");
        let changed = bare.set(2).unwrap();
        assert_eq!(bare.tell(changed), 1);
    });
}
