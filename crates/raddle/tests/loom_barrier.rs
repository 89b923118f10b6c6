//! The barrier under loom: whatever happens, all parties agree on the verdict.
#![cfg(raddle_loom)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use common::{Interrupted, Scripted, Step, check};
use loom::thread;
use raddle::{Barrier, BarrierError, Blocking, Deadline, Parker, Wake};

type Outcome = Result<usize, BarrierError<Interrupted>>;

/// A deadline that is not past when the wait begins, but is whenever the wait looks.
fn soon() -> Deadline {
    Deadline::after_nanos(1)
}

fn wait(barrier: &Barrier, steps: &[Step], until: Deadline) -> Outcome {
    barrier.wait_with(&mut Scripted::new(steps), until, |_| Ok(()))
}

fn spawn(
    barrier: &Arc<Barrier>,
    steps: &'static [Step],
    until: Deadline,
) -> thread::JoinHandle<Outcome> {
    let barrier = Arc::clone(barrier);
    thread::spawn(move || wait(&barrier, steps, until))
}

#[track_caller]
fn assert_agreed(outcomes: &[Outcome]) {
    let passed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(passed == 0 || passed == outcomes.len(), "they differ: {outcomes:?}");
}

#[test]
fn three_parties_pass_together_each_with_its_own_place() {
    check(3, || {
        let barrier = Arc::new(Barrier::new(3));
        let others = [(); 2].map(|()| spawn(&barrier, &[], Deadline::NEVER));
        let mine = barrier.wait().unwrap();
        let [one, two] = others.map(|other| other.join().unwrap().unwrap());
        let mut places = [mine, one, two];
        places.sort_unstable();
        assert_eq!(places, [0, 1, 2]);
        assert_eq!(barrier.waiting(), 0);
    });
}

#[test]
fn a_round_follows_the_next_without_a_pause() {
    check(6, || {
        let barrier = Arc::new(Barrier::new(2));
        let other = {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || [(); 2].map(|()| barrier.wait().unwrap()))
        };
        let mine = [(); 2].map(|()| barrier.wait().unwrap());
        let others = other.join().unwrap();
        assert_eq!([mine[0] + others[0], mine[1] + others[1]], [1, 1]);
    });
}

#[test]
fn an_abort_fails_every_party_or_comes_too_late_for_all() {
    check(4, || {
        let barrier = Arc::new(Barrier::new(2));
        let parties = [(); 2].map(|()| spawn(&barrier, &[], Deadline::NEVER));
        barrier.abort();
        assert_agreed(&parties.map(|party| party.join().unwrap()));
        assert!(barrier.is_broken());
        assert_eq!(barrier.wait(), Err(BarrierError::Broken));
    });
}

#[test]
fn a_reset_sends_those_who_wait_away_and_serves_those_who_come() {
    check(4, || {
        let barrier = Arc::new(Barrier::new(2));
        let other = {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                let mut attempts = 1;
                while barrier.wait().is_err() {
                    attempts += 1;
                }
                attempts
            })
        };
        barrier.reset();
        barrier.wait().unwrap();
        assert!(other.join().unwrap() <= 2, "there was one reset");
        assert!(!barrier.is_broken());
    });
}

#[test]
fn a_time_out_fails_every_party_or_none() {
    check(6, || {
        let barrier = Arc::new(Barrier::new(2));
        let hasty = spawn(&barrier, &[Step::TimeOut], soon());
        let patient = wait(&barrier, &[], Deadline::NEVER);
        assert_agreed(&[patient, hasty.join().unwrap()]);
        assert_eq!(barrier.is_broken(), patient.is_err());
    });
}

#[test]
fn a_wait_without_time_fails_every_party_or_none() {
    check(6, || {
        let barrier = Arc::new(Barrier::new(2));
        let hasty = spawn(&barrier, &[], Deadline::PAST);
        let patient = wait(&barrier, &[], Deadline::NEVER);
        assert_agreed(&[patient, hasty.join().unwrap()]);
        assert_eq!(barrier.is_broken(), patient.is_err());
    });
}

#[test]
fn two_time_outs_and_an_arrival_agree() {
    check(4, || {
        let barrier = Arc::new(Barrier::new(3));
        let hasty = [(); 2].map(|()| spawn(&barrier, &[Step::TimeOut], soon()));
        let patient = wait(&barrier, &[], Deadline::NEVER);
        let [one, two] = hasty.map(|party| party.join().unwrap());
        assert_agreed(&[patient, one, two]);
    });
}

/// Says when its sleep began, and then times out.
struct Announced(Arc<AtomicBool>);

impl Blocking for Announced {
    type Interrupt = Interrupted;

    fn sleep(&mut self, _: &Parker, _: Deadline) -> Wake {
        self.0.store(true, Ordering::SeqCst);
        Wake::TimedOut
    }

    fn on_signal(&mut self) -> Result<(), Interrupted> {
        Ok(())
    }
}

#[test]
fn a_time_out_in_a_round_that_was_reset_leaves_the_next_round_alone() {
    check(6, || {
        let barrier = Arc::new(Barrier::new(2));
        let arrived = Arc::new(AtomicBool::new(false));
        let hasty = {
            let (barrier, arrived) = (Arc::clone(&barrier), Arc::clone(&arrived));
            thread::spawn(move || {
                barrier.wait_with(&mut Announced(arrived), soon(), |_| Ok(()))
            })
        };
        // An access that the model sees, so that it tries the other thread before and after.
        let _ = barrier.waiting();
        let in_the_old_round = arrived.load(Ordering::SeqCst);
        barrier.reset();
        let outcome = hasty.join().unwrap();
        assert_eq!(outcome, Err(BarrierError::Broken));
        assert!(!(in_the_old_round && barrier.is_broken()), "the reset came after the arrival");
    });
}

#[test]
fn an_interrupted_party_leaves_a_round_that_others_can_complete() {
    check(4, || {
        let barrier = Arc::new(Barrier::new(2));
        let interrupted = spawn(&barrier, &[Step::Interrupt], Deadline::NEVER);
        let patient = spawn(&barrier, &[], Deadline::NEVER);
        let outcome = interrupted.join().unwrap();
        assert!(!barrier.is_broken(), "an interrupt breaks nothing");
        if outcome == Err(BarrierError::Interrupted(Interrupted)) && barrier.waiting() == 1 {
            barrier.wait().unwrap();
        } else if outcome.is_err() {
            // The patient one has passed, or has not come yet.
            barrier.abort();
            let _ = patient.join().unwrap();
            return;
        }
        patient.join().unwrap().unwrap();
        assert_eq!(barrier.waiting(), 0);
    });
}

#[test]
fn the_action_runs_once_before_anyone_passes() {
    check(6, || {
        let barrier = Arc::new(Barrier::new(2));
        let runs = Arc::new(AtomicUsize::new(0));
        let visit = |barrier: &Barrier, runs: &AtomicUsize| {
            let mut blocking = Scripted::new(&[]);
            let act = |_: &mut Scripted| {
                runs.fetch_add(1, Ordering::SeqCst);
                Ok(())
            };
            barrier.wait_with(&mut blocking, Deadline::NEVER, act).unwrap();
            assert_eq!(runs.load(Ordering::SeqCst), 1);
        };
        let other = {
            let (barrier, runs) = (Arc::clone(&barrier), Arc::clone(&runs));
            thread::spawn(move || visit(&barrier, &runs))
        };
        visit(&barrier, &runs);
        other.join().unwrap();
    });
}

#[test]
fn a_failing_action_breaks_the_barrier_for_the_others() {
    check(6, || {
        let barrier = Arc::new(Barrier::new(2));
        let visit = |barrier: &Barrier| {
            barrier.wait_with(&mut Scripted::new(&[]), Deadline::NEVER, |_| Err(Interrupted))
        };
        let other = {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || visit(&barrier))
        };
        let outcomes = [visit(&barrier), other.join().unwrap()];
        assert!(outcomes.contains(&Err(BarrierError::Interrupted(Interrupted))));
        assert!(outcomes.contains(&Err(BarrierError::Broken)));
        assert!(barrier.is_broken());
    });
}

#[test]
fn an_abort_during_the_action_fails_all_or_comes_too_late_for_all() {
    check(3, || {
        let barrier = Arc::new(Barrier::new(2));
        let visit = |barrier: &Barrier| {
            let act = |_: &mut Scripted| {
                thread::yield_now();
                Ok(())
            };
            barrier.wait_with(&mut Scripted::new(&[]), Deadline::NEVER, act)
        };
        let others = [(); 2].map(|()| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || visit(&barrier))
        });
        barrier.abort();
        assert_agreed(&others.map(|other| other.join().unwrap()));
    });
}

#[test]
fn a_time_out_during_the_action_is_too_late_to_break_the_round() {
    // As in Python, whose action runs under the barrier's own lock: all have arrived by then.
    check(6, || {
        let barrier = Arc::new(Barrier::new(2));
        let acted = Arc::new(AtomicBool::new(false));
        let visit = |barrier: &Barrier, acted: &AtomicBool, steps: &[Step], until| {
            let act = |_: &mut Scripted| {
                acted.store(true, Ordering::SeqCst);
                Ok(())
            };
            barrier.wait_with(&mut Scripted::new(steps), until, act)
        };
        let hasty = {
            let (barrier, acted) = (Arc::clone(&barrier), Arc::clone(&acted));
            thread::spawn(move || visit(&barrier, &acted, &[Step::TimeOut], soon()))
        };
        let outcomes = [visit(&barrier, &acted, &[], Deadline::NEVER), hasty.join().unwrap()];
        assert_agreed(&outcomes);
        assert_eq!(outcomes[0].is_ok(), acted.load(Ordering::SeqCst), "{outcomes:?}");
    });
}
