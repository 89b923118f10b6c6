//! Waiting for one's turn; the beginning and the end of a run.

use std::cell::Cell;
use std::mem;
use std::panic::Location;
use std::ptr;
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Strategy;
use super::table::{NOW, PLACES, Place, Run, Status, Step, Table, table};
use crate::os::fork;
use crate::os::threads::{cores, is_asleep, native_id};
use crate::os::turns::{self, Touch, Turns};
use crate::os::{Deadline, Parker, Spin, TELLS_SIGNALS, Wake, Wakeup, deadline, own_time};

/// After how many nanoseconds without a point the thread that has the turn is outside.
const PATIENCE: i64 = 200_000_000;

/// For how many nanoseconds what is outside is waited for at the end of a run.
const AT_END: i64 = 500_000_000;

/// After how many looks in vain a thread that sleeps looks for signals.
const SIGNALS: u32 = 5;

/// How many looks after they are stuck the others leave, whether or not that was told.
const TELLING: u32 = 200;

/// How long to spin for the turn, in nanoseconds.
const SPIN: u32 = 20_000;

/// Whether a run is under way.
static RUNS: AtomicBool = AtomicBool::new(false);

/// Whether this is the child of a fork in a run: what the table says is the parent's, and a thread
/// that is not there may hold its mutex.
static LEFT_BEHIND: AtomicBool = AtomicBool::new(false);

static IN_CHILD: fork::InChild = after_fork;

/// In the child of a fork: the thread that is left takes no turns, and there are no runs.
fn after_fork(_generation: u32) {
    LEFT_BEHIND.fetch_or(RUNS.load(Ordering::Relaxed), Ordering::Relaxed);
    leave();
    turns::assign(None);
    let _ = turns::has_given_up();
}

thread_local! {
    /// The thread's number: of its run, and its place in that.
    static MINE: Cell<usize> = const { Cell::new(0) };
}

/// The calling thread takes no turns any more.
fn leave() {
    own_time::keep(None);
    cores::leave();
}

/// Unlocks, and then wakes the threads.
fn deliver(table: MutexGuard<'_, Table>, wakeups: Vec<Wakeup>) {
    drop(table);
    wakeups.into_iter().for_each(Wakeup::deliver);
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
    let mut waiting = Waiting { number, status, looks: 0, since: None };
    loop {
        if let Some(came) = waiting.once() {
            return came;
        }
    }
}

/// A thread that waits for its turn.
struct Waiting {
    number: usize,
    status: Status,
    /// How often it has looked around in vain.
    looks: u32,
    /// When it did so first while nobody had the turn.
    since: Option<i64>,
}

impl Waiting {
    /// Sleeps once, and looks around; returns what has come of it, if anything has.
    fn once(&mut self) -> Option<Came> {
        let parker = Parker::new();
        let mut table = table();
        let Some(place) = table.takes_turns(self.number) else { return Some(Came::Over) };
        if table.holder == Some(place) {
            return Some(Came::Turn);
        }
        if table.places[place].status == Status::Outside {
            // Somebody took it for one that waits elsewhere.
            table.places[place].status = self.status;
            if table.holder.is_none() {
                let wakeups = table.hand_on();
                deliver(table, wakeups);
                return None;
            }
        }
        table.places[place].turn = &raw const parker;
        let (steps, few) = (table.run.steps, table.places.len() <= 3);
        let holder = table.holder.map(|holder| table.places[holder].native);
        let patience = if holder.is_none() { table.patience() } else { PATIENCE };
        drop(table);
        let wake = sleep(&parker, few, patience);
        // (Before the table is locked: whoever has the turn may wait for just that.)
        let dozes = wake == Wake::TimedOut
            && holder.is_some_and(|native| native != 0 && is_asleep(native));
        let mut table = self::table();
        if let Some(place) = table.place(self.number) {
            table.places[place].turn = ptr::null();
        }
        if table.run.stuck && table.teller.is_some() {
            self.looks += 1;
            let goes = wake == Wake::TimedOut && self.looks >= TELLING;
            let wakeups = if goes { table.let_go() } else { Vec::new() };
            deliver(table, wakeups);
            return None;
        }
        if table.takes_turns(self.number).is_none() || table.holder == Some(place) {
            return None; // It will see that.
        }
        match wake {
            Wake::Signal if TELLS_SIGNALS => table.may_leave(place).then_some(Came::Signal),
            Wake::TimedOut if table.run.steps == steps => self.look_around(table, place, dozes),
            _ => None,
        }
    }

    /// Nothing has happened for a while; `dozes`: whoever has the turn waits for something.
    fn look_around(
        &mut self,
        mut table: MutexGuard<'_, Table>,
        place: usize,
        dozes: bool,
    ) -> Option<Came> {
        let mut wakeups = table.pass_over(dozes);
        self.looks += 1;
        let waits = matches!(self.status, Status::Asleep { .. });
        if table.holder.is_some() {
            let looks_out = waits && self.looks.is_multiple_of(SIGNALS);
            let leaves = looks_out && table.may_leave(place);
            deliver(table, wakeups);
            return leaves.then_some(Came::Signal); // One may have come just before the sleep.
        }
        if !table.run.stuck {
            let now = deadline::now();
            let began = *self.since.get_or_insert(now);
            if self.status == Status::Last && now - began > AT_END {
                wakeups = table.end_all();
            } else if table.is_hopeless() && table.others_are_quiet() {
                // A signal may have come between two sleeps; the first thread is to look.
                let is_asleep = matches!(table.places[0].status, Status::Asleep { .. });
                if TELLS_SIGNALS && table.rings && is_asleep {
                    let leaves = place == 0 && table.may_leave(place);
                    table.rings &= place != 0;
                    deliver(table, wakeups);
                    return leaves.then_some(Came::Signal);
                }
                wakeups = table.stick();
            }
        }
        deliver(table, wakeups);
        None
    }
}

/// Sleeps until the parker is notified, for so many nanoseconds at most; one of few threads that are
/// on several cores spins first.
fn sleep(parker: &Parker, few: bool, patience: i64) -> Wake {
    if few && !cores::is_shared() && Spin::for_turn(SPIN, || parker.is_notified()) {
        return Wake::Unparked;
    }
    let end = Deadline::at(deadline::now().saturating_add(patience));
    loop {
        let wake = parker.park_here(end);
        if wake != Wake::Signal || TELLS_SIGNALS {
            return wake;
        }
    }
}

/// Hands the turn on, as a thread of this status, until it has the turn again. Its next step
/// touches `next`; None: what this one does.
fn step(number: usize, status: Status, next: Option<Touch>) -> Came {
    let mut table = table();
    let Some(place) = table.takes_turns(number) else { return Came::Over };
    table.places[place].status = status;
    let wakeups = table.hand_on_from(place, next);
    let stays = table.holder == Some(place);
    deliver(table, wakeups);
    if stays { Came::Turn } else { wait_for_turn(number, status) }
}

/// What chooses.
struct Chooser;

impl Turns for Chooser {
    fn point(&self, next: Touch, call: &'static str, at: &'static Location<'static>) {
        let came = step(MINE.get(), Status::Ready, Some(next));
        if came == Came::Over {
            leave();
        }
        let mut table = table();
        if let Some(place) = table.takes_turns(MINE.get())
            && let Some(steps) = table.steps.as_mut()
        {
            let thread = std::thread::current().name().map(String::from);
            steps.push(Step { place, thread, call, at });
        }
    }

    fn word(&self) -> String {
        super::token::encode(&table().run.choices)
    }

    fn starts(&self, thread: Touch) {
        let mut table = table();
        if let Some(place) = table.takes_turns(MINE.get()) {
            table.places[place].starts = Some(thread);
        }
    }

    fn park(&self, parker: &Parker, until: Deadline) -> Wake {
        let (number, until) = (MINE.get(), until.nanos());
        let asleep = Status::Asleep { parker: &raw const *parker, until };
        let mut came = step(number, asleep, None);
        while came == Came::Signal && parker.look().is_some() {
            came = wait_for_turn(number, asleep); // It goes on when it is its turn.
        }
        // (From then on nobody looks at the parker any more.)
        match came {
            Came::Turn => {
                table().note(number, Status::Ready);
                parker.look().unwrap_or(Wake::TimedOut)
            }
            Came::Signal => Wake::Signal,
            Came::Over => {
                table().note(number, Status::Ended);
                turns::give_up();
                cores::leave();
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
        // (It begins before its starter's next step.)
        let itself = table.place(number).and_then(|place| table.places[place].starts.take());
        table.coarse |= itself.is_none();
        table.places.push(Place::new(0, itself.unwrap_or(Touch::ANYTHING)));
        table.number << PLACES | (table.places.len() - 1)
    }

    fn cancel(&self, number: usize) {
        let mut table = table();
        table.note(number, Status::Ended);
        let is_its = table.takes_turns(number).is_some_and(|place| table.holder == Some(place));
        let wakeups = if is_its { table.hand_on() } else { Vec::new() };
        deliver(table, wakeups);
    }

    fn begin(&self, number: usize) {
        MINE.set(number);
        cores::join();
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
        if goes_on {
            own_time::keep(Some(&NOW));
        } else {
            cores::leave();
            self.cancel(number);
        }
    }

    fn end(&self) {
        let (mut table, number) = (table(), MINE.get());
        table.note(number, Status::Ended);
        let place = table.takes_turns(number);
        let wakeups = place.map_or_else(Vec::new, |place| {
            let at = &mut table.places[place];
            at.touched.end(at.itself);
            table.hand_on_from(place, None)
        });
        own_time::keep(None);
        deliver(table, wakeups);
    }
}

/// Begins a run: the calling thread, and those that it will start, take turns.
///
/// # Errors
/// There is a run, or this is the child of a fork in one; the strategy is given back.
pub fn begin(strategy: Box<dyn Strategy>) -> Result<(), Box<dyn Strategy>> {
    if LEFT_BEHIND.load(Ordering::Relaxed) {
        return Err(strategy);
    }
    let mut table = table();
    if table.strategy.is_some() {
        return Err(strategy);
    }
    fork::tell(&IN_CHILD);
    table.strategy = Some(strategy);
    table.steps = None;
    table.number += 1;
    table.places = vec![Place::new(native_id(), Touch::ANYTHING)];
    (table.coarse, table.held, table.teller) = (false, false, None);
    (table.holder, table.last, table.run) = (Some(0), 0, Run::default());
    (table.row, table.busy, table.jumps, table.paces_since) = (0, 0, 0, None);
    (table.quiet, table.trust, table.rings) = (0, 0, false);
    NOW.store(deadline::now(), Ordering::Relaxed);
    MINE.set(table.number << PLACES);
    drop(table);
    let _ = turns::has_given_up();
    turns::chosen_by(&Chooser);
    RUNS.store(true, Ordering::Relaxed);
    cores::share();
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
    let mine = takes_turns();
    // (A signal is looked at afterwards: then nobody is waited for any more.)
    let ends = mine
        && (at_once || step(MINE.get(), Status::Last, Some(Touch::ANYTHING)) == Came::Signal);
    leave();
    let mut table = table();
    if ends {
        table.places[0].status = Status::Last;
        let sleepers = table.end_all();
        deliver(table, sleepers);
        table = self::table();
        table.run.stuck = false; // It was ended.
    }
    let strategy = table.strategy.take().expect("a run that was begun");
    table.run.repeats = strategy.repeats();
    // The threads that are left see by that that it is over.
    table.number += 1;
    table.places.clear();
    RUNS.store(false, Ordering::Relaxed);
    (mem::take(&mut table.run), strategy)
}

/// Lets somebody choose who goes on: the calling thread, if it takes turns, may have to wait.
///
/// Call it before a step that other threads can see. It returns early for a signal, so that the
/// handler may run. What the step is about nobody knows: say it to [`point_at`] where you can.
#[track_caller]
pub fn point() {
    point_at(Touch::ANYTHING);
}

/// A [`point`] before a step that touches this only, up to the thread's next point. Some strategies
/// need not try both orders of two steps that do not [conflict](Touch::conflicts).
#[track_caller]
pub fn point_at(next: Touch) {
    if let Some(turns) = turns::mine() {
        turns.point(next, "point", Location::caller());
    }
}

/// Says that the calling thread's present step may touch anything.
pub fn touch_anything() {
    if takes_turns() {
        let mut table = table();
        if let Some(place) = table.takes_turns(MINE.get()) {
            table.places[place].touched.add_anything();
        }
    }
}

/// From here on, each thread of the run keeps its turn until its next point, however long that takes:
/// somebody looks at it with a debugger.
pub fn hold() {
    if takes_turns() {
        table().held = true;
    }
}

/// Says what the next thread is, as an object, that the calling one starts in its present step:
/// starting, looking at and joining it are to touch that. Where nobody says so, it is taken that
/// the steps of such a run may touch anything.
pub fn starts(thread: Touch) {
    if let Some(turns) = turns::mine() {
        turns.starts(thread);
    }
}

/// Calls `start`, which starts a thread that is to take no turns.
pub fn aside<R>(start: impl FnOnce() -> R) -> R {
    let takes = takes_turns();
    own_time::keep(None);
    let result = cores::on_all_cores(start);
    own_time::keep(takes.then_some(&NOW));
    result
}

/// The run's time is this at least, in nanoseconds, if the calling thread takes turns: it has waited
/// for the system meanwhile.
pub fn move_time(nanos: i64) {
    if takes_turns() {
        NOW.fetch_max(nanos, Ordering::Relaxed);
    }
}

/// Has the steps of the present run noted, from here on.
pub(super) fn tell() {
    table().steps = Some(Vec::new());
}

/// What was noted.
pub(super) fn told() -> Vec<Step> {
    table().steps.take().unwrap_or_default()
}

/// Whether the calling thread takes turns.
#[inline]
#[must_use]
pub fn takes_turns() -> bool {
    turns::is_mine()
}

/// Whether the calling thread is the one that has begun its run.
#[must_use]
pub fn is_first() -> bool {
    MINE.get() & ((1 << PLACES) - 1) == 0
}

/// Whether the calling thread was stuck: asked once, where its wait has ended as after a signal.
#[must_use]
pub fn is_stuck() -> bool {
    when_stuck(|| ())
}

/// [`is_stuck`], which calls `tell` in one of the threads that are, while the others still wait for
/// what they wait for.
pub fn when_stuck(tell: impl FnOnce()) -> bool {
    if !turns::has_given_up() {
        return false;
    }
    let tells = |table: &Table| {
        let place = table.place(MINE.get());
        place.is_some() && table.teller == place
    };
    if tells(&table()) {
        tell();
        let mut table = table();
        let wakeups = if tells(&table) { table.let_go() } else { Vec::new() };
        deliver(table, wakeups);
    }
    true
}

/// The time of the run in nanoseconds, if the calling thread takes turns; each look takes some.
#[must_use]
pub fn time() -> Option<i64> {
    own_time::look();
    own_time::now()
}
