//! Every schedule, on demand: threads that take turns, and whose turn it is is chosen.
//!
//! One of the threads runs at a time. Where it calls [`point`], blocks or ends, a [`Strategy`]
//! chooses which one goes on. The choices that were made are a schedule; [`Replay`] makes them
//! again. Time stands still while a thread runs; when all of them wait, it is that of the earliest
//! deadline. When they wait and there is none, they are [stuck](Run::stuck), and each wait ends as
//! after a signal: a [`Blocking`](crate::Blocking) asks [`is_stuck`] then. One that cannot end a
//! wait, such as [`Native`](crate::Native), ends the process.
//!
//! A thread that does not come to its next point for a while, since it waits for what is not the
//! crate's (a socket, another lock), is *outside* until it does, and others go on: a schedule
//! with such threads may not come about again.
//!
//! The threads of a run share one core, where the system offers that: a turn passes on sooner. What
//! they start has it, too, if it takes no turns; see [`on_all_cores`].
//!
//! The first thread has the place 0, and each other the next number when it is started. A choice is
//! the position among those that can go on: the thread that ran last, if it can, and then the
//! others by their places. So a schedule of noughts is the one with the fewest switches.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
//! use raddle::thread::schedule::{self, Choices};
//!
//! let (mut choices, mut lost, mut runs): (Box<dyn schedule::Strategy>, _, _) =
//!     (Box::new(Choices::new(1)), 0, 0);
//! loop {
//!     assert!(schedule::begin(choices).is_ok());
//!     let total = Arc::new(AtomicU32::new(0));
//!     let add = || {
//!         let total = Arc::clone(&total);
//!         raddle::spawn(move || {
//!             let seen = total.load(Relaxed);
//!             schedule::point();
//!             total.store(seen + 1, Relaxed);
//!         })
//!     };
//!     let threads = [add(), add()];
//!     threads.into_iter().for_each(|each| each.join().unwrap());
//!     let (_run, back) = schedule::finish(false);
//!     (choices, runs) = (back, runs + 1);
//!     lost += u32::from(total.load(Relaxed) == 1);
//!     if !choices.advance() {
//!         break; // Those with at most one preemption are all tried.
//!     }
//! }
//! assert!(lost > 0 && lost < runs);
//! ```
//!
//! [`explore`] makes such runs until one fails. With the feature `explore`, uses of the crate's
//! primitives are points as well.
//!
//! Threads that are started otherwise than by [`spawn`](crate::spawn), a [`Builder`](super::Builder)
//! or [`run_raw`](super::run_raw), and with that feature by [`scope`](crate::scope) or a
//! [`group`](crate::group()), take no turns.

mod columns;
mod dice;
mod explore;
mod mix;
mod orders;
mod pos;
mod smaller;
mod strategy;
mod table;
mod time;
pub mod token;
mod touch;
mod turn;

pub use explore::{Explored, Explorer, explore, replay};
pub use mix::Mix;
pub use orders::Orders;
pub use pos::PartialOrder;
pub use smaller::smallest;
pub use strategy::{Able, Choices, Depth, Random, Replay, Strategy};
pub use table::{Run, are_alone};
pub use touch::Touched;
pub use turn::{
    aside, begin, finish, hold, is_first, is_stuck, move_time, point, point_at, starts,
    takes_turns, time, touch_anything, when_stuck,
};

pub use super::spare::reuse;
pub use crate::os::threads::cores::{before_sharing, choose_cores, on_all_cores};
pub use crate::os::turns::Touch;

#[cfg(test)]
mod tests;
