//! Values of Rust programs whose accesses are checked.

use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;

use super::access::{Access, Flags, Flow, Kind, Link, Step, Value};
use super::rules::Harm;
use super::shadow;
use crate::os::Latch;
use crate::os::guarded::Guarded;

/// Where the numbers of places in Rust begin; those below are an embedder's.
const FIRST: u32 = 1 << 24;
/// Races that are remembered.
const KEPT: usize = 1000;

static PLACES: Guarded<Places> = Guarded::new();
static RACES: Guarded<Vec<Race>> = Guarded::new();

#[derive(Default)]
struct Places {
    numbers: HashMap<usize, u32>,
    known: Vec<&'static Location<'static>>,
}

/// The number of a place in Rust.
fn number(place: &'static Location<'static>) -> u32 {
    PLACES.with(|Places { numbers, known }| {
        *numbers.entry(std::ptr::from_ref(place).addr()).or_insert_with(|| {
            known.push(place);
            FIRST + known.len() as u32 - 1
        })
    })
}

fn place(number: u32) -> Option<&'static Location<'static>> {
    PLACES.with(|Places { known, .. }| known.get((number - FIRST) as usize).copied())
}

/// Two accesses of one [`Tracked`] value that nothing orders.
#[derive(Clone, Debug)]
pub struct Race {
    /// What they can do.
    pub harm: Harm,
    /// Where the two are, and whether each writes.
    pub accesses: [(&'static Location<'static>, bool); 2],
}

impl fmt::Display for Race {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(one, _), (other, _)] = &self.accesses;
        write!(
            f,
            "{one} and {other} access one value, and nothing orders them: {:?}",
            self.harm
        )
    }
}

/// The races of [`Tracked`] values that were found, the oldest first; each two places once.
#[must_use]
pub fn races() -> Vec<Race> {
    RACES.with(|races| races.clone())
}

/// A value that threads share without a lock, while [`check`](super::check) looks whether that is
/// right: each access that nothing orders after another one is a [`Race`].
///
/// An access by itself is always whole, as that of an atomic. What orders accesses are this
/// crate's primitives, and its [`spawn`](crate::spawn) and [`scope`](crate::scope()); what `std`
/// orders is not known.
///
/// ```
/// use raddle::race::{self, Tracked};
///
/// race::check(true, false);
/// let hits = Tracked::new(0);
/// raddle::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| hits.update(|hits| hits + 1)); // a lock is missing
///     }
/// });
/// assert_eq!(race::races().len(), 1);
/// # race::check(false, false);
/// ```
pub struct Tracked<T> {
    latch: Latch,
    /// Read and written under the latch.
    value: UnsafeCell<T>,
}

// SAFETY: the value is copied in and out under the latch, and can be sent.
unsafe impl<T: Copy + Send> Sync for Tracked<T> {}

impl<T: Copy> Tracked<T> {
    /// A value to be shared.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { latch: Latch::new(), value: UnsafeCell::new(value) }
    }

    /// Reads the value.
    #[track_caller]
    pub fn get(&self) -> T {
        self.tell(Kind::Read, Flags::USED, &[], Location::caller());
        self.read()
    }

    /// Replaces the value.
    #[track_caller]
    pub fn set(&self, value: T) {
        self.tell(Kind::Write, Flags::REPLACING, &[], Location::caller());
        self.write(value);
    }

    /// Reads the value and writes what `new` makes of it, in two steps: what another thread
    /// writes in between is lost.
    #[track_caller]
    pub fn update(&self, new: impl FnOnce(T) -> T) {
        let here = Location::caller();
        let read = Flags::LINKED.with(Flags::UPDATED).with(Flags::WRITTEN_BACK);
        self.tell(Kind::Read, read, &[], here);
        let value = new(self.read());
        let link = Link { site: number(here), flow: Flow::Update };
        self.tell(Kind::Write, Flags::REPLACING, &[link], here);
        self.write(value);
    }

    fn read(&self) -> T {
        let _held = self.latch.lock();
        // SAFETY: the latch is held, and the value is copied.
        unsafe { *self.value.get() }
    }

    fn write(&self, value: T) {
        let _held = self.latch.lock();
        // SAFETY: the latch is held; nothing is dropped.
        unsafe { *self.value.get() = value };
    }

    fn tell(&self, kind: Kind, flags: Flags, links: &[Link], here: &'static Location<'static>) {
        if !super::checks() || !super::is_shared() {
            return;
        }
        let object = std::ptr::from_ref(self).addr();
        let (value, site) = (Value::Other, number(here));
        let step =
            Step { object, name: 0, kind, site, flags, value, links, across: None, family: 0 };
        if let Some(found) = shadow::access(&step) {
            let told = |access: &Access| Some((place(access.site)?, access.kind.writes()));
            if let (Some(one), Some(other)) = (told(&found.other), told(&found.mine)) {
                let race = Race { harm: found.harm, accesses: [one, other] };
                RACES.with(|races| {
                    if races.len() < KEPT {
                        races.push(race);
                    }
                });
            }
        }
    }
}

impl<T> Drop for Tracked<T> {
    fn drop(&mut self) {
        shadow::forget(std::ptr::from_ref(self).addr());
    }
}

impl<T: Copy + fmt::Debug> fmt::Debug for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tracked").field(&self.read()).finish()
    }
}
