//! Libraries whose code is not looked at: what they read under their locks is not seen.

use std::cell::Cell;

use raddle::race::{self, Site};

use crate::sites::owner;
use crate::sites::table::may_hand_over;

const RECENT: usize = 32;

thread_local! {
    /// Sites whose answer the calling thread knows, by number; 0 is none.
    static KNOWN: [Cell<(usize, bool)>; RECENT] =
        const { [const { Cell::new((0, false)) }; RECENT] };
}

/// Has those folders be looked at, besides the program's own code.
pub(super) fn watch(folders: Vec<String>) {
    owner::look_at(folders);
    race::watched_by(is_watched);
}

/// Whether what a thread does with a lock that it takes at a site is seen. (It need not be
/// attached.)
fn is_watched(site: Site) -> bool {
    let Site::Foreign(number) = site else { return true };
    let number = number.get();
    KNOWN.with(|known| {
        let cell = &known[number % RECENT];
        let (last, answer) = cell.get();
        if last == number {
            return answer;
        }
        let answer = !may_hand_over(site);
        cell.set((number, answer));
        answer
    })
}
