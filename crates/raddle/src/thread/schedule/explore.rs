//! A function under many schedules, or under one.

use std::any::Any;
use std::env;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::columns::columns;
use super::mix::Mix;
use super::smaller::smallest;
use super::strategy::{Choices, Replay, Strategy};
use super::table::{Run, Step};
use super::{begin, finish, takes_turns, token, turn};

/// How many schedules are tried, if nobody says.
const RUNS: usize = 200;

/// How many runs make a failure small.
const TRIES: usize = 200;

/// With fewer preemptions than this, a failure is looked for.
const MOST: usize = 3;

/// The variable that names the one schedule to be run.
const REPLAY: &str = "RADDLE_REPLAY";

/// One exploration at a time: tests run beside each other.
static ALONE: Mutex<()> = Mutex::new(());

/// What an exploration has done, where nothing has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explored {
    /// How many schedules were tried.
    pub runs: usize,
    /// Whether there are no others.
    pub complete: bool,
}

/// Settings of an exploration.
///
/// ```
/// use raddle::thread::schedule::{Choices, Explorer};
///
/// let two = || {
///     let thread = raddle::spawn(|| 1);
///     assert_eq!(thread.join().unwrap(), 1);
/// };
/// let all = Explorer::new().strategy(Choices::new(usize::MAX)).runs(1_000).explore(two);
/// assert!(all.complete);
/// ```
#[must_use = "it explores when `explore` is called"]
pub struct Explorer {
    runs: usize,
    limit: Option<Duration>,
    seed: u64,
    strategy: Option<Box<dyn Strategy>>,
}

impl Explorer {
    /// At most 200 schedules of a [`Mix`], with the seed 0.
    pub fn new() -> Self {
        Self { runs: RUNS, limit: None, seed: 0, strategy: None }
    }

    /// So many schedules at most.
    pub fn runs(mut self, runs: usize) -> Self {
        self.runs = runs;
        self
    }

    /// No schedule is begun any more once this has passed.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The seed of what the [`Mix`] chooses by chance.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Another strategy.
    pub fn strategy(mut self, strategy: impl Strategy + 'static) -> Self {
        self.strategy = Some(Box::new(strategy));
        self
    }

    /// Calls `body` under one schedule after the other, see [`explore`].
    ///
    /// # Panics
    /// As `body` has under one of them; or the calling thread takes turns already.
    pub fn explore(self, body: impl Fn()) -> Explored {
        if let Ok(word) = env::var(REPLAY) {
            replay(&word, body);
            return Explored { runs: 1, complete: false };
        }
        let alone = alone();
        let until = self.limit.map(|limit| Instant::now() + limit);
        let mut strategy = self.strategy.unwrap_or_else(|| Box::new(Mix::new(self.seed)));
        let quiet = Quiet::new();
        for runs in 1..=self.runs {
            let run = attempt(strategy, &body, false);
            strategy = run.strategy;
            if let Some(failure) = run.failure {
                let choices = smaller(run.run.choices, &failure, &body);
                drop(quiet);
                fail(&format!("schedule {runs}"), &choices, &body, alone, failure);
            }
            if !strategy.advance() {
                return Explored { runs, complete: true };
            }
            if until.is_some_and(|until| Instant::now() > until) {
                return Explored { runs, complete: false };
            }
        }
        Explored { runs: self.runs, complete: false }
    }
}

impl Default for Explorer {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Explorer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Explorer")
            .field("runs", &self.runs)
            .field("limit", &self.limit)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Calls `body` under 200 schedules of its threads, until it panics under one.
///
/// The threads that it starts take turns, and so does the calling one. Which of them goes on is
/// chosen where they use one of the crate's primitives, if the feature `explore` is on; without
/// it, where they wait, start or end, or call [`point`](super::point). `body` has to do the same
/// in each call.
///
/// A failure is made small and shown: which thread did what, in which order. Then the variable
/// `RADDLE_REPLAY` has any `explore` run that schedule alone. Python's `raddle.explore`.
///
/// # Panics
/// As `body` has under a schedule; or the calling thread takes turns already. Where all threads wait
/// for each other, the process ends, unless their [`Blocking`](crate::Blocking) ends the waits.
///
/// ```
/// use std::sync::Arc;
///
/// let done = raddle::explore(|| {
///     let total = Arc::new(raddle::Lock::new(0));
///     let add = || {
///         let total = Arc::clone(&total);
///         raddle::spawn(move || *total.acquire() += 1)
///     };
///     let both = [add(), add()];
///     both.into_iter().for_each(|thread| thread.join().unwrap());
///     assert_eq!(*total.acquire(), 2);
/// });
/// assert!(done.runs > 1);
/// ```
pub fn explore(body: impl Fn()) -> Explored {
    Explorer::new().explore(body)
}

/// Calls `body` under the schedule that a word stands for, and shows how it fails.
///
/// # Panics
/// As `body` does; if `word` stands for no schedule; or the calling thread takes turns already.
///
/// ```
/// // The schedule with the fewest switches.
/// raddle::replay("r1", || assert_eq!(raddle::spawn(|| 1).join().unwrap(), 1));
/// ```
pub fn replay(word: &str, body: impl Fn()) {
    let Some(choices) = token::decode(word) else {
        panic!("{word:?} is no schedule, such as \"r1-5.1-2.1\"");
    };
    let alone = alone();
    let run = attempt(Box::new(Replay::new(choices.clone())), &body, true);
    if let Some(failure) = run.failure {
        show("this schedule", &run.run, &run.steps, &choices);
        drop(alone);
        panic::resume_unwind(failure);
    }
}

/// Choices that fail likewise, with as few preemptions and switches as are found.
fn smaller(choices: Vec<usize>, failure: &Failure, body: &impl Fn()) -> Vec<usize> {
    let is_like = |made: &Attempt| {
        made.failure.as_ref().is_some_and(|other| text(other) == text(failure))
    };
    let cut = |choices: Vec<usize>| {
        let fails = |choices: &[usize]| {
            let again = attempt(Box::new(Replay::new(choices.to_vec())), body, false);
            Ok::<_, ()>(is_like(&again))
        };
        smallest(&choices, TRIES, fails).unwrap_or(choices)
    };
    let choices = cut(choices);
    let again = attempt(Box::new(Replay::new(choices.clone())), body, false);
    for bound in 0..again.run.preemptions.min(MOST) {
        let mut strategy: Box<dyn Strategy> = Box::new(Choices::new(bound));
        for _ in 0..TRIES {
            let made = attempt(strategy, body, false);
            if is_like(&made) {
                return cut(made.run.choices);
            }
            strategy = made.strategy;
            if !strategy.advance() {
                break;
            }
        }
    }
    choices
}

fn alone() -> MutexGuard<'static, ()> {
    assert!(!takes_turns(), "schedules are explored already, by this thread");
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

type Failure = Box<dyn Any + Send>;

struct Attempt {
    run: Run,
    strategy: Box<dyn Strategy>,
    failure: Option<Failure>,
    steps: Vec<Step>,
}

fn attempt(strategy: Box<dyn Strategy>, body: &impl Fn(), tells: bool) -> Attempt {
    assert!(begin(strategy).is_ok(), "schedules are explored already, by another thread");
    if tells {
        turn::tell();
    }
    let failure = panic::catch_unwind(AssertUnwindSafe(body)).err();
    let (run, strategy) = finish(false);
    let stuck = run.stuck && run.left == 0;
    let failure = failure
        .or_else(|| stuck.then(|| Box::new("all threads wait for each other") as Failure));
    Attempt { run, strategy, failure, steps: turn::told() }
}

/// Shows the failure, and panics with it.
fn fail(
    which: &str,
    choices: &[usize],
    body: &impl Fn(),
    alone: MutexGuard<'_, ()>,
    failure: Failure,
) -> ! {
    let again = attempt(Box::new(Replay::new(choices.to_vec())), body, true);
    show(which, &again.run, &again.steps, choices);
    drop(alone);
    panic::resume_unwind(again.failure.unwrap_or(failure))
}

fn show(which: &str, run: &Run, steps: &[Step], choices: &[usize]) {
    let times = match run.preemptions {
        0 => String::from("no preemption"),
        1 => String::from("1 preemption"),
        many => format!("{many} preemptions"),
    };
    eprintln!("raddle: {which} fails, with {times}:\n\n{}", columns(steps));
    if run.outside {
        eprintln!("A thread waited for what raddle does not see: it may not come again.");
    }
    eprintln!("Again: {REPLAY}={}", token::encode(choices));
}

/// What a panic says.
fn text(failure: &Failure) -> Option<&str> {
    let text = failure.downcast_ref::<&str>().copied();
    text.or_else(|| failure.downcast_ref::<String>().map(String::as_str))
}

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// While it is there, threads that take turns panic in silence: most failures are seen many times
/// until they are small.
struct Quiet(Option<Arc<Hook>>);

impl Quiet {
    fn new() -> Self {
        let before: Arc<Hook> = Arc::from(panic::take_hook());
        let hook = Arc::clone(&before);
        panic::set_hook(Box::new(move |info| {
            if !takes_turns() {
                hook(info);
            }
        }));
        Self(Some(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // (Not in a thread that panics: none does while this is there.)
        if let Some(before) = self.0.take().filter(|_| !std::thread::panicking()) {
            panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}
