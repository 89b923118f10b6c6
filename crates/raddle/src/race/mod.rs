//! Races: accesses of one place by two threads, neither of which waits for the other.
//!
//! The embedder says what each thread does to which place, see [`Step`]; the primitives say what
//! orders the threads, see the room `clock`. From that it follows whether two accesses are
//! ordered, whatever the threads happened to do this time, and whether that can do harm, see
//! `rules.rs`.
//!
//! # Locks order little
//! A thread that takes a lock comes after those that held it before: this time. Next time it may
//! be the other way round, and what is done outside of the lock meets then. So a lock by itself
//! orders nothing here. Two accesses under one lock are no race; and a thread that reads, under
//! a lock, what another one has written under it is ordered after that one's release: what it
//! does then may depend on what it has read. A value that is only written back (`+=`) says
//! nothing. (Lock sets are from Eraser, Savage et al., 1997; that a critical section orders what
//! follows only where the two conflict is from "causally precedes", Smaragdakis et al., 2012.)
//!
//! # What a value brings with it
//! A reference that one thread stores and another one reads orders the second after the store:
//! what is in the object was written before, and the interpreter keeps it so. A number, a text or
//! a flag brings nothing.

mod access;
mod held;
mod map;
mod object;
mod place;
mod recent;
mod rules;
mod shadow;
mod thread;
mod tracked;

pub use access::{Access, Flags, Flow, Kind, Link, Step, Value};
pub use rules::Harm;
pub use shadow::{
    Found, access, forget, forget_family, guards, mark_told, objects, run_at_once, tell_again,
};
pub use thread::{flows, name_thread};
pub use tracked::{Race, Tracked, races};

pub use crate::card::Card;
use crate::clock;
#[doc(hidden)]
pub use crate::clock::probe;
pub use crate::wait::Site;

/// Switches the check on or off; `strict` tells of each two accesses that are not ordered. Off,
/// what was remembered of objects is forgotten.
pub fn check(on: bool, strict: bool) {
    let is_other = rules::strict(strict);
    held::listen(on);
    clock::switch(on);
    if is_other || !on {
        shadow::clear();
    }
}

/// The calling thread uses what belongs to it and to no other: it is ordered after all that it
/// did in earlier tasks of a pool.
pub fn is_same_thread() {
    clock::is_same_thread();
}

/// What modules were made of happens before what those do that have imported them.
static IMPORTS: clock::Edge = clock::Edge::new();

/// The body of a module has run, in the calling thread.
pub fn is_made() {
    IMPORTS.release();
}

/// The calling thread has imported something.
pub fn has_imported() {
    IMPORTS.acquire();
}

/// What a thread has done, for one that it hands something to in a way that is not seen.
#[derive(Clone, Debug)]
pub struct Sent(Option<clock::Stamp>);

impl Sent {
    /// What the calling thread has done so far.
    #[must_use]
    pub fn now() -> Self {
        Self(if checks() { clock::stamp() } else { None })
    }

    /// What the calling thread does from now on happens after that.
    pub fn receive(&self) {
        if let Some(stamp) = &self.0 {
            clock::follow(stamp);
        }
    }
}

/// Whether there is more than one thread.
#[inline]
#[must_use]
pub fn is_shared() -> bool {
    clock::is_shared()
}

/// `is_watched` says whether what is done under a lock that is taken at a site is told to this
/// room. Where it is not, whoever takes the lock is ordered after all that held it before.
pub fn watched_by(is_watched: fn(Site) -> bool) {
    held::watch(is_watched);
}

/// Whether accesses are checked.
#[inline]
#[must_use]
pub fn checks() -> bool {
    clock::is_on()
}
