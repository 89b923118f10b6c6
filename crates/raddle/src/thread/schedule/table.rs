//! Who has which place, and whose turn it is.
//!
//! | status    | meaning                                       | what changes it, and how           |
//! |-----------|-----------------------------------------------|------------------------------------|
//! | `Ready`   | runs, or would if it were its turn            | itself, when it has the turn       |
//! | `Asleep`  | waits for its parker, or a deadline           | itself, once it has the turn again |
//! | `Last`    | the first thread waits for the others' ends   | itself, likewise                   |
//! | `Outside` | had the turn, and waits for what is none of   | itself, at its next point          |
//! |           | the crate's; or looks at a signal             |                                    |
//! | `Ended`   | takes no turns any more                       | nobody                             |
//!
//! All of it is under one mutex. A thread that waits for its turn has a parker in its place, which
//! the thread that hands the turn on notifies under the mutex; it takes that out under the mutex
//! before it leaves the frame that the parker is in. The parker of a wait likewise stays in the
//! frame of a thread that is `Asleep`, and is looked at under the mutex only.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::AtomicI64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::time::Next;
use super::touch::Touched;
use super::{Able, Strategy};
use crate::os::threads::count;
use crate::os::turns::Touch;
use crate::os::{Parker, Wakeup, own_time};
use crate::thread::{lingering, spare};

/// How many steps a run has, at most.
const STEPS: usize = 2_000_000;

/// Bits of a thread's number that are its place; the others are its run's number.
pub(super) const PLACES: u32 = 20;

/// What a run has been like.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Run {
    /// What was chosen wherever several threads could go on, as positions among them.
    pub choices: Vec<usize>,
    /// How many times the thread that ran last could have gone on, and did not.
    pub preemptions: usize,
    /// How many times a thread was given the turn.
    pub steps: usize,
    /// Whether all threads waited for each other, and for no time.
    pub stuck: bool,
    /// Whether it was given up after very many steps, or jumps of time: `stuck` as well.
    pub endless: bool,
    /// How many threads had not ended when the first one had, and could not go on.
    pub left: usize,
    /// Whether a thread was outside: the same choices may not bring the same about.
    pub outside: bool,
    /// Whether the strategy knows this run already, but for the order of steps that do not conflict.
    pub repeats: bool,
}

/// What a thread was about to do.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) place: usize,
    /// Its name, if it has one.
    pub(super) thread: Option<String>,
    pub(super) call: &'static str,
    pub(super) at: &'static Location<'static>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ready,
    Asleep { parker: *const Parker, until: i64 },
    Last,
    Outside,
    Ended,
}

#[derive(Debug)]
pub(super) struct Place {
    pub(super) status: Status,
    /// Of a thread that waits for its turn, or null.
    pub(super) turn: *const Parker,
    /// The system's number of the thread, 0 until it has begun.
    pub(super) native: u32,
    /// What the thread itself is, as an object that others start and join.
    pub(super) itself: Touch,
    /// What its present step has touched, or its next one will, if it is not its turn.
    pub(super) touched: Touched,
    /// What the next thread is that it starts, if it has said so.
    pub(super) starts: Option<Touch>,
    /// In which step it had its turn last.
    pub(super) ran: usize,
}

impl Place {
    pub(super) fn new(native: u32, itself: Touch) -> Self {
        Self {
            status: Status::Ready,
            turn: ptr::null(),
            native,
            itself,
            touched: Touched::new(itself),
            starts: None,
            ran: 0,
        }
    }
}

pub(super) struct Table {
    pub(super) strategy: Option<Box<dyn Strategy>>,
    /// Of the present run; one more once that is over.
    pub(super) number: usize,
    pub(super) places: Vec<Place>,
    /// The place that has the turn.
    pub(super) holder: Option<usize>,
    /// The place that had it last, and how many times in a row.
    pub(super) last: usize,
    pub(super) row: usize,
    /// How many steps were made since time jumped.
    pub(super) busy: usize,
    /// How many times time has jumped since the first thread had its turn last.
    pub(super) jumps: usize,
    /// Since when, by the system's clock, nobody can go on and time does not jump.
    pub(super) paces_since: Option<i64>,
    /// How often in a row the process's other threads were seen to do nothing.
    pub(super) quiet: u32,
    /// For how many jumps in a row they were.
    pub(super) trust: u32,
    /// A signal was to come soon, and nobody has looked whether it has.
    pub(super) rings: bool,
    /// There is a thread of which nobody has said what it is: any step may touch anything.
    pub(super) coarse: bool,
    /// What the threads do, if that is to be told.
    pub(super) steps: Option<Vec<Step>>,
    /// Nobody is outside, however long it does not come to a point: a debugger may be at it.
    pub(super) held: bool,
    /// The place that is to tell that all are stuck, before the others leave their waits.
    pub(super) teller: Option<usize>,
    pub(super) run: Run,
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
    busy: 0,
    jumps: 0,
    paces_since: None,
    quiet: 0,
    trust: 0,
    rings: false,
    coarse: false,
    steps: None,
    held: false,
    teller: None,
    run: Run {
        choices: Vec::new(),
        preemptions: 0,
        steps: 0,
        stuck: false,
        endless: false,
        left: 0,
        outside: false,
        repeats: false,
    },
});

/// The time of the run, in nanoseconds.
pub(super) static NOW: AtomicI64 = AtomicI64::new(0);

pub(super) fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    /// The place of the thread with this number, if its run is the present one.
    pub(super) fn place(&self, number: usize) -> Option<usize> {
        (number >> PLACES == self.number).then_some(number & ((1 << PLACES) - 1))
    }

    /// The same, while that thread takes turns: none do once all are stuck, and that was told.
    pub(super) fn takes_turns(&self, number: usize) -> Option<usize> {
        let waits = |place: &usize| self.teller.is_some_and(|teller| teller != *place);
        self.place(number).filter(|place| !self.run.stuck || waits(place))
    }

    /// Says what a thread is at, if its run is the present one.
    pub(super) fn note(&mut self, number: usize, status: Status) {
        if let Some(place) = self.place(number) {
            self.places[place].status = status;
        }
    }

    /// Gives somebody the turn; returns the calls that wake whom that concerns, to be made once the
    /// table is unlocked.
    pub(super) fn hand_on(&mut self) -> Vec<Wakeup> {
        self.holder = None;
        if self.run.steps > STEPS || self.is_idle_for_ever() {
            self.run.endless = true;
            return self.end_all();
        }
        let able = match self.next_able() {
            Next::Able(able) => able,
            Next::Later => return Vec::new(),
            Next::Nobody => return self.give_up(),
        };
        let goes_on = able[0] == self.last;
        let chosen = match self.strategy.as_mut() {
            Some(strategy) if able.len() > 1 => {
                let able: Vec<_> = able
                    .iter()
                    .map(|place| {
                        let at = &self.places[*place];
                        let (next, itself) = (touched(self.coarse, at), at.itself);
                        Able { place: *place, next, itself }
                    })
                    .collect();
                let chosen = strategy.choose(&able, goes_on).min(able.len() - 1);
                self.run.preemptions += usize::from(goes_on && chosen != 0);
                self.run.choices.push(chosen);
                chosen
            }
            _ => 0,
        };
        self.run.steps += 1;
        self.take_time();
        own_time::begin_step();
        self.row = if self.last == able[chosen] { self.row + 1 } else { 0 };
        self.last = able[chosen];
        self.places[self.last].ran = self.run.steps;
        if self.last == 0 {
            self.jumps = 0;
        }
        self.holder = Some(self.last);
        self.wake(self.last).into_iter().collect()
    }

    /// The same, where it is this thread's to give, or nobody has it: its step is over, and the next
    /// one begins with what it touches `next`; None: with what this one has begun with.
    pub(super) fn hand_on_from(&mut self, place: usize, next: Option<Touch>) -> Vec<Wakeup> {
        let (coarse, at) = (self.coarse, &mut self.places[place]);
        if self.holder == Some(place)
            && let Some(strategy) = self.strategy.as_mut()
        {
            strategy.made(place, &touched(coarse, at));
        }
        at.touched.go_on(next);
        at.starts = None;
        let is_its = self.holder.is_none_or(|holder| holder == place);
        if is_its { self.hand_on() } else { Vec::new() }
    }

    /// Nobody can go on, and no time will help.
    fn give_up(&mut self) -> Vec<Wakeup> {
        // Another thread may yet end a wait: those that wait for turns look for that.
        if self.are_all_here() { self.stick() } else { Vec::new() }
    }

    /// Whether no thread is outside, and the process has no others.
    fn are_all_here(&self) -> bool {
        let status =
            |wanted| self.places.iter().filter(move |each| each.status == wanted).count();
        status(Status::Outside) == 0 && count().is_some_and(|all| all <= self.known())
    }

    /// How many of the process's threads are the run's, or wait to be.
    fn known(&self) -> usize {
        let here = self.places.iter().filter(|each| each.status != Status::Ended);
        here.count() + spare::natives().len()
    }

    /// All threads wait for each other: one of them tells so, while the others still wait.
    pub(super) fn stick(&mut self) -> Vec<Wakeup> {
        let asleep = |each: &Place| matches!(each.status, Status::Asleep { .. });
        let teller = self.places.iter().position(asleep);
        let Some(place) = teller else { return self.end_all() };
        self.note_end();
        self.teller = teller;
        self.wake(place).into_iter().collect()
    }

    /// Has all threads see that none of them goes on.
    pub(super) fn end_all(&mut self) -> Vec<Wakeup> {
        self.note_end();
        self.let_go()
    }

    fn note_end(&mut self) {
        if self.places[0].status == Status::Last {
            let left = self.places[1..].iter().filter(|each| each.status != Status::Ended);
            self.run.left = left.count();
        }
        self.run.stuck = true;
    }

    /// Wakes all threads, now that it was told why.
    pub(super) fn let_go(&mut self) -> Vec<Wakeup> {
        self.teller = None;
        (0..self.places.len()).filter_map(|place| self.wake(place)).collect()
    }

    fn wake(&self, place: usize) -> Option<Wakeup> {
        let turn = self.places[place].turn;
        if turn.is_null() {
            return None;
        }
        // SAFETY: alive while it is in the place, see the module's head.
        unsafe { (*turn).notify() }
    }

    /// Has the thread that has the turn lose it, if it `dozes`: it waits for what is none of the
    /// crate's.
    pub(super) fn pass_over(&mut self, dozes: bool) -> Vec<Wakeup> {
        match self.holder {
            // (One that has not begun, or waits for a core, does so in the end.)
            Some(holder) if dozes && !self.held && self.places[holder].turn.is_null() => {
                self.places[holder].status = Status::Outside;
                (self.run.outside, self.coarse) = (true, true);
                self.hand_on()
            }
            Some(_) => Vec::new(),
            // Somebody outside may have woken one.
            None => self.hand_on(),
        }
    }
}

/// What a thread touches in the step that it is about to make, or is in.
fn touched(coarse: bool, place: &Place) -> Touched {
    if coarse { Touched::ANYTHING } else { place.touched }
}

/// Whether the process has no threads but those that take turns.
#[must_use]
pub fn are_alone() -> bool {
    let is_all = || {
        let all = count(); // (No system call is made under the mutex.)
        all.is_some_and(|all| all <= table().known())
    };
    // One that is done may be on its way out still.
    is_all() || (lingering::see_off(lingering::SHORT) && is_all())
}
