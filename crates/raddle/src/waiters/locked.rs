//! A list of waiters whose latch is held: which threads are in line, in which order, and which is
//! chosen.

use std::cell::Cell;
use std::ptr;

use super::{Links, WaitList, Waiter};
use crate::os::sync::Ordering;
use crate::os::{LatchGuard, Wakeup, deadline, fork};

/// A locked wait list.
#[must_use]
pub(crate) struct Locked<'a> {
    pub(super) list: &'a WaitList,
    pub(super) guard: LatchGuard<'a>,
    pub(super) stale: Cell<bool>,
}

impl Locked<'_> {
    fn head(&self) -> *const Waiter {
        // SAFETY: `self` proves that the latch is held.
        self.list.head.with(|head| unsafe { *head })
    }

    fn set_head(&self, waiter: *const Waiter) {
        // SAFETY: `self` proves that the latch is held.
        self.list.head.with_mut(|head| unsafe { *head = waiter });
    }

    /// Lends the links of a waiter of this list (or one about to join it).
    fn links<R>(&self, waiter: *const Waiter, change: impl FnOnce(&mut Links) -> R) -> R {
        // SAFETY: linked waiters are alive (their threads unlink them before returning), links
        // are touched under the latch only, which `self` proves, and `change` is not re-entrant.
        unsafe { (*waiter).links.with_mut(|links| change(&mut *links)) }
    }

    /// Whether a parent process left what this latch guards; says so once.
    pub(crate) fn take_stale(&self) -> bool {
        self.stale.take()
    }

    /// Unlocks; if a parent process left this, and nobody was told, the next holder will be.
    pub(super) fn unlock_untold(self) {
        if self.stale.get() {
            self.guard.leave_stale();
        }
    }

    /// Whether a parent process was changing what this latch guards when it forked.
    pub(crate) fn is_torn(&self) -> bool {
        self.guard.torn()
    }

    /// Whether nobody has chosen `waiter`: it is in line, or was when the process forked.
    pub(super) fn is_linked(&self, waiter: &Waiter) -> bool {
        self.links(waiter, |links| !links.next.is_null())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head().is_null()
    }

    pub(crate) fn count(&self) -> usize {
        let head = self.head();
        let mut waiter = head;
        let mut count = 0;
        while !waiter.is_null() {
            count += 1;
            waiter = self.links(waiter, |links| links.next);
            if waiter == head {
                break;
            }
        }
        count
    }

    /// Adds `waiter` at the end of the line.
    ///
    /// The waiter is to be passed to [`WaitList::block`] next, which unlinks it before returning.
    pub(crate) fn push_back(&self, waiter: &Waiter) {
        let new = ptr::from_ref(waiter);
        let head = self.head();
        self.links(new, |links| links.generation = fork::generation());
        if head.is_null() {
            self.links(new, |links| (links.next, links.previous) = (new, new));
            self.set_head(new);
            return;
        }
        let last = self.links(head, |links| std::mem::replace(&mut links.previous, new));
        self.links(last, |links| links.next = new);
        self.links(new, |links| (links.next, links.previous) = (head, last));
    }

    /// Adds `waiter` at the front: it was chosen and then overtaken.
    pub(crate) fn push_front(&self, waiter: &Waiter) {
        self.push_back(waiter);
        self.set_head(waiter);
    }

    /// Adds `waiter` to the line: at its front if it was chosen before, and `overtaken`.
    pub(crate) fn push(&self, waiter: &Waiter, overtaken: bool) {
        if overtaken {
            self.push_front(waiter);
        } else {
            self.push_back(waiter);
        }
    }

    /// Removes `waiter`, which is linked.
    pub(super) fn unlink(&self, waiter: &Waiter) {
        let target = ptr::from_ref(waiter);
        let (next, previous, generation) = self.links(target, |links| {
            let linked = (links.next, links.previous, links.generation);
            (links.next, links.previous) = (ptr::null(), ptr::null());
            linked
        });
        if generation != fork::generation() {
            return; // Its neighbours' threads are a parent process's, and so was its line.
        }
        if next == target {
            self.set_head(ptr::null());
        } else {
            self.links(previous, |links| links.next = next);
            self.links(next, |links| links.previous = previous);
            if self.head() == target {
                self.set_head(next);
            }
        }
    }

    /// Whether the first in line starves: it has waited for longer than it lets others overtake it.
    pub(crate) fn first_is_starving(&self) -> bool {
        let head = self.head();
        !head.is_null() && self.links(head, |links| links.starves_at) < deadline::present()
    }

    /// What the first in line wants its chooser to know.
    pub(crate) fn first_token(&self) -> Option<usize> {
        let head = self.head();
        // SAFETY: a linked waiter is alive while the latch is held.
        (!head.is_null()).then(|| unsafe { (*head).token })
    }

    /// Takes the first in line out of it; it has to be chosen before the list is unlocked.
    pub(crate) fn take_front(&self) -> Option<Taken<'_>> {
        let head = self.head();
        if head.is_null() {
            return None;
        }
        // SAFETY: a linked waiter is alive, and its thread does not return before it is either
        // notified or gets the latch, which `self` holds.
        let waiter = unsafe { &*head };
        let starves_at = self.links(head, |links| links.starves_at);
        self.list.starves_at.store(super::moment(starves_at), Ordering::Relaxed);
        self.unlink(waiter);
        Some(Taken(waiter))
    }

    /// [`take_front`](Self::take_front) of the first one with this token.
    pub(crate) fn take_token(&self, token: usize) -> Option<Taken<'_>> {
        let head = self.head();
        let mut next = head;
        while !next.is_null() {
            // SAFETY: as in `take_front`.
            let waiter = unsafe { &*next };
            if waiter.token == token {
                self.unlink(waiter);
                return Some(Taken(waiter));
            }
            next = self.links(next, |links| links.next);
            if next == head {
                break;
            }
        }
        None
    }

    /// Chooses the first in line, leaving it `verdict`. `None` if nobody waits.
    pub(crate) fn choose(&self, verdict: u8) -> Option<Choice> {
        self.take_front().map(|front| front.choose(verdict))
    }

    /// Chooses up to `limit` waiters and wakes them; returns how many.
    ///
    /// `on_empty` runs under the latch if nobody is left in line.
    pub(crate) fn choose_many(
        self,
        limit: usize,
        verdict: u8,
        on_empty: impl FnOnce(),
    ) -> usize {
        let mut chosen = 0;
        let mut last = None;
        while chosen < limit {
            let Some(choice) = self.choose(verdict) else { break };
            // The common single waiter is woken after unlocking; a crowd does not need the
            // latch to return, so the calls for the others are made on the way.
            if let Some(earlier) = last.replace(choice) {
                Choice::wake(earlier);
            }
            chosen += 1;
        }
        if self.is_empty() {
            on_empty();
        }
        drop(self);
        if let Some(last) = last {
            last.wake();
        }
        chosen
    }
}

/// A waiter that was taken out of line and has not been told yet.
///
/// It borrows the locked list: the latch is what keeps the waiter where it is.
#[must_use]
pub(crate) struct Taken<'a>(&'a Waiter);

impl Taken<'_> {
    /// Chooses the waiter, leaving it `verdict`: it may run, and return, at once.
    pub(crate) fn choose(self, verdict: u8) -> Choice {
        self.0.verdict.store(verdict, Ordering::Relaxed);
        Choice(self.0.parker.notify())
    }
}

/// A chosen waiter that may still have to be woken.
#[must_use]
pub(crate) struct Choice(Option<Wakeup>);

impl Choice {
    /// Wakes it if it sleeps; to be called without the latch where possible.
    pub(crate) fn wake(self) {
        if let Some(wakeup) = self.0 {
            wakeup.deliver();
        }
    }
}
