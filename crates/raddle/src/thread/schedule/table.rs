//! Who has which place, and whose turn it is.
//!
//! | status    | meaning                                       | what changes it, and how           |
//! |-----------|-----------------------------------------------|------------------------------------|
//! | `Ready`   | runs, or would if it were its turn            | itself, when it has the turn       |
//! | `Asleep`  | waits for its parker, or a deadline           | itself, once it has the turn again |
//! | `Last`    | the first thread waits for the others' ends   | itself, likewise                   |
//! | `Outside` | had the turn, and did not come to a point;    | itself, at its next point          |
//! |           | or looks at a signal                          |                                    |
//! | `Ended`   | takes no turns any more                       | nobody                             |
//!
//! All of it is under one mutex. A thread that waits for its turn has a parker in its place, which
//! the thread that hands the turn on notifies under the mutex; it takes that out under the mutex
//! before it leaves the frame that the parker is in. The parker of a wait likewise stays in the
//! frame of a thread that is `Asleep`, and is looked at under the mutex only.

use std::cell::Cell;
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Strategy;
use crate::os::fork;
use crate::os::threads::{count, is_asleep, native_id};
use crate::os::turns::{self, Turns};
use crate::os::{Deadline, Parker, Spin, Wake, Wakeup, deadline, own_time};

/// After how many nanoseconds without a point the thread that has the turn is outside.
const PATIENCE: i64 = 200_000_000;

/// So many times longer, what is outside is waited for at the end of a run.
const LOOKS: u32 = 5;

/// For how many nanoseconds nobody can go on until all are stuck, if there are threads that take no
/// turns, and so may end a wait.
const DOUBT: i64 = 50_000_000;

/// After how many steps in a row a thread lets others go on: it may look for what they do.
const PATIENT: usize = 1_000;

/// How many steps a run has, and after the first thread's end how many times time jumps, at most.
const STEPS: usize = 10_000_000;
const JUMPS: usize = 1_000;

/// Bits of a thread's number that are its place; the others are its run's number.
const PLACES: u32 = 20;

/// How long to spin for the turn, in nanoseconds.
const SPIN: u32 = 20_000;

/// What a run has been like.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Run {
    /// What was chosen wherever several threads could go on, as positions among them.
    pub choices: Vec<usize>,
    /// How many times the thread that ran last could have gone on, and did not.
    pub preemptions: usize,
    /// How many times a thread came to a point, began to wait or ended.
    pub steps: usize,
    /// Whether all threads waited for each other, and for no time.
    pub stuck: bool,
    /// How many threads had not ended when the first one had, and could not go on.
    pub left: usize,
    /// Whether a thread was outside: the same choices may not bring the same about.
    pub outside: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Ready,
    Asleep { parker: *const Parker, until: i64 },
    Last,
    Outside,
    Ended,
}

#[derive(Debug)]
struct Place {
    status: Status,
    /// Of a thread that waits for its turn, or null.
    turn: *const Parker,
    /// The system's number of the thread, 0 until it has begun.
    native: u32,
}

impl Place {
    fn new(native: u32) -> Self {
        Self { status: Status::Ready, turn: ptr::null(), native }
    }
}

struct Table {
    strategy: Option<Box<dyn Strategy>>,
    /// Of the present run; one more once that is over.
    number: usize,
    places: Vec<Place>,
    /// The place that has the turn.
    holder: Option<usize>,
    /// The place that had it last, and how many times in a row.
    last: usize,
    row: usize,
    /// How many times time has jumped since the first thread has ended.
    jumps: usize,
    run: Run,
}

// SAFETY: the pointers are followed under the mutex only, and what they name is alive, see above.
unsafe impl Send for Table {}

static TABLE: Mutex<Table> = Mutex::new(Table {
    strategy: None,
    number: 0,
    places: Vec::new(),
    holder: None,
    last: 0,
    row: 0,
    jumps: 0,
    run: Run {
        choices: Vec::new(),
        preemptions: 0,
        steps: 0,
        stuck: false,
        left: 0,
        outside: false,
    },
});

/// Whether this is the child of a fork in a run: what the table says is the parent's.
static LEFT_BEHIND: AtomicBool = AtomicBool::new(false);

static IN_CHILD: fork::InChild = after_fork;

/// In the child of a fork: the thread that is left takes no turns, and there are no runs.
fn after_fork(_generation: u32) {
    if turns::is_mine() || RUNS.load(Ordering::Relaxed) {
        LEFT_BEHIND.store(true, Ordering::Relaxed);
    }
    own_time::keep(None);
    turns::assign(None);
    let _ = turns::has_given_up();
}

/// Whether a run is under way.
static RUNS: AtomicBool = AtomicBool::new(false);

/// The time of the run, in nanoseconds.
static NOW: AtomicI64 = AtomicI64::new(0);

thread_local! {
    /// The thread's number: of its run, and its place in that.
    static MINE: Cell<usize> = const { Cell::new(0) };
}

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    /// The place of the thread with this number, if its run is the present one.
    fn place(&self, number: usize) -> Option<usize> {
        (number >> PLACES == self.number).then_some(number & ((1 << PLACES) - 1))
    }

    /// The same, while that thread takes turns: none do once all are stuck.
    fn takes_turns(&self, number: usize) -> Option<usize> {
        self.place(number).filter(|_| !self.run.stuck)
    }

    /// Says what a thread is at, if its run is the present one.
    fn note(&mut self, number: usize, status: Status) {
        if let Some(place) = self.place(number) {
            self.places[place].status = status;
        }
    }

    fn can_go_on(&self, place: &Place) -> bool {
        match place.status {
            Status::Ready => true,
            Status::Asleep { parker, until } => {
                // SAFETY: alive while the thread is asleep, see the module's head.
                let is_touched = || unsafe { (*parker).is_touched() };
                until <= NOW.load(Ordering::Relaxed) || is_touched()
            }
            Status::Last => self.places[1..].iter().all(|each| each.status == Status::Ended),
            Status::Outside | Status::Ended => false,
        }
    }

    /// Gives somebody the turn; returns the call that wakes the thread, if it sleeps.
    fn hand_on(&mut self) -> Option<Wakeup> {
        self.holder = None;
        if self.run.steps > STEPS || self.jumps > JUMPS {
            return self.end_all();
        }
        let able = loop {
            let mut able: Vec<_> =
                (0..self.places.len()).filter(|at| self.can_go_on(&self.places[*at])).collect();
            if let Some(at) = able.iter().position(|place| *place == self.last) {
                able[..=at].rotate_right(1);
            }
            if !able.is_empty() {
                break able;
            }
            let ends = self.places.iter().filter_map(|each| match each.status {
                Status::Asleep { until, .. } if until != i64::MAX => Some(until),
                _ => None,
            });
            match ends.min() {
                Some(end) => {
                    NOW.store(end, Ordering::Relaxed);
                    self.jumps += usize::from(self.places[0].status == Status::Last);
                }
                None => return self.give_up(),
            }
        };
        let chosen = match self.strategy.as_mut() {
            Some(strategy) if able.len() > 1 => {
                let goes_on = able[0] == self.last;
                let mut chosen = strategy.choose(&able, goes_on).min(able.len() - 1);
                if goes_on && chosen == 0 && self.row >= PATIENT {
                    chosen = 1;
                }
                self.run.preemptions += usize::from(goes_on && chosen != 0);
                self.run.choices.push(chosen);
                chosen
            }
            _ => 0,
        };
        self.run.steps += 1;
        self.row = if self.last == able[chosen] { self.row + 1 } else { 0 };
        self.last = able[chosen];
        self.holder = Some(self.last);
        self.wake(self.last)
    }

    /// The same, where it is this thread's to give, or nobody has it.
    fn hand_on_from(&mut self, place: usize) -> Option<Wakeup> {
        if self.holder.is_none_or(|holder| holder == place) { self.hand_on() } else { None }
    }

    /// Nobody can go on, and no time will help.
    fn give_up(&mut self) -> Option<Wakeup> {
        // Another thread may yet end a wait: those that wait for turns look for that.
        if self.are_all_here() { self.end_all() } else { None }
    }

    /// Whether no thread is outside, and the process has no others.
    fn are_all_here(&self) -> bool {
        let status =
            |wanted| self.places.iter().filter(move |each| each.status == wanted).count();
        let here = self.places.len() - status(Status::Ended);
        status(Status::Outside) == 0 && count().is_some_and(|all| all <= here)
    }

    /// Has all threads see that none of them goes on.
    fn end_all(&mut self) -> Option<Wakeup> {
        if self.places[0].status == Status::Last {
            let left = self.places[1..].iter().filter(|each| each.status != Status::Ended);
            self.run.left = left.count();
        }
        self.run.stuck = true;
        let sleepers = (1..self.places.len()).filter_map(|place| self.wake(place));
        sleepers.collect::<Vec<_>>().into_iter().for_each(Wakeup::deliver);
        self.wake(0)
    }

    fn wake(&self, place: usize) -> Option<Wakeup> {
        let turn = self.places[place].turn;
        if turn.is_null() {
            return None;
        }
        // SAFETY: alive while it is in the place, see the module's head.
        unsafe { (*turn).notify() }
    }

    fn sleeps_elsewhere(&self, place: usize) -> bool {
        let native = self.places[place].native;
        native != 0 && is_asleep(native)
    }

    /// Has the thread that has the turn, and does not use it, lose it.
    fn pass_over(&mut self) -> Option<Wakeup> {
        match self.holder {
            // (One that has not begun, or waits for a core, does so in the end.)
            Some(holder)
                if self.places[holder].turn.is_null() && self.sleeps_elsewhere(holder) =>
            {
                self.places[holder].status = Status::Outside;
                self.run.outside = true;
                self.hand_on()
            }
            Some(_) => None,
            // Somebody outside may have woken one.
            None => self.hand_on(),
        }
    }
}

/// Unlocks, and then wakes the thread.
fn deliver(table: MutexGuard<'_, Table>, wakeup: Option<Wakeup>) {
    drop(table);
    if let Some(wakeup) = wakeup {
        wakeup.deliver();
    }
}

/// What has come of a wait for the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    /// The thread has it.
    Turn,
    /// All are stuck, or the run is over.
    Over,
    /// A signal: it is outside now.
    Signal,
}

/// Waits until the thread with this number, which is at `status`, has the turn.
fn wait_for_turn(number: usize, status: Status) -> Came {
    let mut looks = 0;
    loop {
        let parker = Parker::new();
        let mut table = table();
        let Some(place) = table.takes_turns(number) else { return Came::Over };
        if table.holder == Some(place) {
            return Came::Turn;
        }
        if table.places[place].status == Status::Outside {
            // Somebody took it for one that waits elsewhere.
            table.places[place].status = status;
            if table.holder.is_none() {
                let wakeup = table.hand_on();
                deliver(table, wakeup);
                continue;
            }
        }
        table.places[place].turn = &raw const parker;
        let (steps, few) = (table.run.steps, table.places.len() <= 3);
        let patience = if table.holder.is_none() { DOUBT } else { PATIENCE };
        drop(table);
        let mut wake = Wake::Unparked;
        if !few || !Spin::for_turn(SPIN, || parker.is_notified()) {
            wake = parker.park_here(Deadline::at(deadline::now().saturating_add(patience)));
        }
        let mut table = self::table();
        if let Some(place) = table.place(number) {
            table.places[place].turn = ptr::null();
        }
        let idle = table.run.steps == steps && table.holder != Some(place);
        let mut wakeup = None;
        if idle && table.takes_turns(number).is_some() {
            if wake == Wake::Signal && cfg!(target_os = "linux") {
                table.places[place].status = Status::Outside;
                return Came::Signal;
            }
            if wake == Wake::TimedOut {
                wakeup = table.pass_over();
                looks += 1;
            }
            if table.holder.is_none() && !table.run.stuck && wake == Wake::TimedOut {
                let outside = |each: &Place| each.status == Status::Outside;
                let is_over = status == Status::Last && looks >= LOOKS;
                if is_over || (looks > 1 && !table.places.iter().any(outside)) {
                    wakeup = table.end_all();
                }
            }
        }
        deliver(table, wakeup);
    }
}

/// Hands the turn on, as a thread of this status, until it has the turn again.
fn step(number: usize, status: Status) -> Came {
    let mut table = table();
    let Some(place) = table.takes_turns(number) else { return Came::Over };
    table.places[place].status = status;
    let wakeup = table.hand_on_from(place);
    let stays = table.holder == Some(place);
    deliver(table, wakeup);
    if stays { Came::Turn } else { wait_for_turn(number, status) }
}

/// What chooses.
struct Chooser;

impl Turns for Chooser {
    fn park(&self, parker: &Parker, until: Deadline) -> Wake {
        let (number, until) = (MINE.get(), until.nanos());
        let came = step(number, Status::Asleep { parker: &raw const *parker, until });
        // (From then on nobody looks at the parker any more.)
        match came {
            Came::Turn => {
                table().note(number, Status::Ready);
                parker.look().unwrap_or(Wake::TimedOut)
            }
            Came::Signal => parker.look().unwrap_or(Wake::Signal),
            Came::Over => {
                table().note(number, Status::Ended);
                turns::give_up();
                Wake::Signal
            }
        }
    }

    fn expect(&self) -> usize {
        let mut table = table();
        let number = MINE.get();
        if table.takes_turns(number).is_none() {
            return number; // It will see that the run is over.
        }
        table.places.push(Place::new(0));
        table.number << PLACES | (table.places.len() - 1)
    }

    fn cancel(&self, number: usize) {
        let mut table = table();
        table.note(number, Status::Ended);
        let place = table.takes_turns(number);
        let is_its = place.is_some_and(|place| table.holder == Some(place));
        let wakeup = if is_its { table.hand_on() } else { None };
        deliver(table, wakeup);
    }

    fn begin(&self, number: usize) {
        MINE.set(number);
        let mut table = table();
        if let Some(place) = table.takes_turns(number) {
            table.places[place].native = native_id();
        }
        drop(table);
        let goes_on = loop {
            match wait_for_turn(number, Status::Ready) {
                Came::Turn => break true,
                Came::Over => break false,
                Came::Signal => {}
            }
        };
        own_time::keep(goes_on.then_some(&NOW));
        if !goes_on {
            self.cancel(number);
        }
    }

    fn end(&self) {
        let (mut table, number) = (table(), MINE.get());
        table.note(number, Status::Ended);
        let place = table.takes_turns(number);
        let wakeup = place.and_then(|place| table.hand_on_from(place));
        deliver(table, wakeup);
        own_time::keep(None);
    }
}

/// Begins a run: the calling thread, and those that it will start, take turns.
///
/// # Errors
/// There is a run; the strategy is given back.
pub fn begin(strategy: Box<dyn Strategy>) -> Result<(), Box<dyn Strategy>> {
    let mut table = table();
    if table.strategy.is_some() || LEFT_BEHIND.load(Ordering::Relaxed) {
        return Err(strategy);
    }
    fork::tell(&IN_CHILD);
    table.strategy = Some(strategy);
    table.number += 1;
    table.places = vec![Place::new(native_id())];
    (table.holder, table.last, table.run) = (Some(0), 0, Run::default());
    (table.row, table.jumps) = (0, 0);
    NOW.store(deadline::now(), Ordering::Relaxed);
    MINE.set(table.number << PLACES);
    drop(table);
    let _ = turns::has_given_up();
    turns::chosen_by(&Chooser);
    RUNS.store(true, Ordering::Relaxed);
    own_time::keep(Some(&NOW));
    Ok(())
}

/// Ends the run that the calling thread has begun, once the other threads have ended, or none of
/// them can go on; returns what it has been like, and its strategy. `at_once`: the others are not
/// waited for.
///
/// # Panics
/// The calling thread has begun none.
pub fn finish(at_once: bool) -> (Run, Box<dyn Strategy>) {
    if takes_turns() && at_once {
        own_time::keep(None);
        let mut table = table();
        table.places[0].status = Status::Last;
        let wakeup = table.end_all();
        deliver(table, wakeup);
    } else if takes_turns() {
        // (A signal is looked at afterwards: then nobody is waited for any more.)
        let came = step(MINE.get(), Status::Last);
        own_time::keep(None);
        if came == Came::Signal {
            let mut table = table();
            table.places[0].status = Status::Last;
            let wakeup = table.end_all();
            deliver(table, wakeup);
        }
    }
    let mut table = table();
    let strategy = table.strategy.take().expect("a run that was begun");
    // The threads that are left see by that that it is over.
    table.number += 1;
    table.places.clear();
    RUNS.store(false, Ordering::Relaxed);
    (mem::take(&mut table.run), strategy)
}

/// Lets somebody choose who goes on: the calling thread, if it takes turns, may have to wait.
///
/// Call it before a step that other threads can see.
///
/// It returns early for a signal, so that its handler may run.
pub fn point() {
    if takes_turns() && step(MINE.get(), Status::Ready) == Came::Over {
        own_time::keep(None);
    }
}

/// Calls `start`, which starts a thread that is to take no turns.
pub fn aside<R>(start: impl FnOnce() -> R) -> R {
    let takes = takes_turns();
    own_time::keep(None);
    let result = start();
    own_time::keep(takes.then_some(&NOW));
    result
}

/// Whether the calling thread takes turns.
#[inline]
#[must_use]
pub fn takes_turns() -> bool {
    turns::is_mine()
}

/// Whether the calling thread was stuck: asked once, where its wait has ended as after a signal.
#[must_use]
pub fn is_stuck() -> bool {
    turns::has_given_up()
}

/// The time of the run in nanoseconds, if the calling thread takes turns.
#[must_use]
pub fn time() -> Option<i64> {
    own_time::now()
}
