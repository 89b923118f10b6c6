//! Which two accesses that are not ordered can do harm, and which.
//!
//! | one thread         | the other one      | harm                                              |
//! |--------------------|--------------------|---------------------------------------------------|
//! | a write            | a write            | `Update` or `Check` if one belongs to a read;     |
//! |                    |                    | else `Unordered`, unless both write one constant  |
//! | a write            | a read that is used | `Unordered`, unless the write is the first, or a |
//! |                    |                    | flag                                              |
//! | a walk             | a put, a take      | `Walk`                                            |
//! | a take after a check | a take           | `Check`; a put likewise                           |
//!
//! A lock that both hold is enough; where a write belongs to a read, it is enough only if it was
//! held from the read on.

use std::sync::atomic::{AtomicBool, Ordering};

use super::access::{Access, Flags, Flow, Kind, Pair, Value};
use super::held::meet;

static STRICT: AtomicBool = AtomicBool::new(false);

/// What two accesses can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Harm {
    /// A value is read and written back; what another thread writes meanwhile is lost.
    Update,
    /// What was checked is no longer true when it is acted upon.
    Check,
    /// A container is changed while it is walked.
    Walk,
    /// It is not settled which of two writes counts, or whether a read sees a write.
    Unordered,
}

/// Has all be told that is not ordered, or not; returns whether that is another way than before.
pub(super) fn strict(on: bool) -> bool {
    STRICT.swap(on, Ordering::Relaxed) != on
}

/// The harm that two accesses of one place by two threads can do, which are not ordered.
pub(super) fn harm(one: &Access, other: &Access) -> Option<Harm> {
    use Kind::{ItemRead, ItemWrite, Look, Put, Read, Take, Walk, Write};
    let harm = match (one.kind, other.kind) {
        (Write, Write) | (ItemWrite, ItemWrite) => writes(one, other),
        (Read, Write) | (ItemRead, ItemWrite) => read(one, other),
        (Write, Read) | (ItemWrite, ItemRead) => read(other, one),
        (Look, Put | Take) => check(one, other),
        (Put | Take, Look) => check(other, one),
        (Walk, Put | Take) | (Put | Take, Walk) => {
            (!meet(&one.locks, &other.locks)).then_some(Harm::Walk)
        }
        (Take, Take) | (Put, Put) => torn(one, other).max(torn(other, one)).map(harm_of),
        _ => None,
    };
    harm.or_else(|| any(one, other))
}

/// In strict mode, whatever is unordered is told.
fn any(one: &Access, other: &Access) -> Option<Harm> {
    let told = STRICT.load(Ordering::Relaxed)
        && (one.kind.writes() || other.kind.writes())
        && !(one.flags.has(Flags::ATOMIC) && other.flags.has(Flags::ATOMIC))
        && !(one.flags.has(Flags::UPDATED) || other.flags.has(Flags::UPDATED))
        && !meet(&one.locks, &other.locks);
    told.then_some(Harm::Unordered)
}

/// What the write has to do with a read of its own, where the other write can come between the
/// two.
fn torn(write: &Access, other: &Access) -> Option<Flow> {
    let torn = write.pairs().filter(|pair| !meet(&pair.locks, &other.locks));
    torn.map(|pair| pair.flow).max()
}

fn harm_of(flow: Flow) -> Harm {
    match flow {
        Flow::Update => Harm::Update,
        Flow::Check | Flow::Absent => Harm::Check,
    }
}

fn writes(one: &Access, other: &Access) -> Option<Harm> {
    if one.flags.has(Flags::INITIAL) || other.flags.has(Flags::INITIAL) {
        return None;
    }
    if let Some(flow) = torn(one, other).max(torn(other, one)) {
        return Some(harm_of(flow));
    }
    let is_same = one.flags.has(Flags::CONSTANT)
        && other.flags.has(Flags::CONSTANT)
        && one.value == other.value;
    let harmless = is_same
        || meet(&one.locks, &other.locks)
        || one.flags.has(Flags::ATOMIC) && other.flags.has(Flags::ATOMIC);
    (!harmless).then_some(Harm::Unordered)
}

/// A read and a write: the read may be the check of another write that was not needed this time.
fn read(read: &Access, write: &Access) -> Option<Harm> {
    let harmless = !read.flags.has(Flags::USED)
        || read.flags.has(Flags::UPDATED)
        || write.flags.has(Flags::INITIAL)
        || write.flags.has(Flags::ATOMIC)
        || !write.flags.has(Flags::REPLACING)
        || matches!(write.value, Value::Flag(_))
        || write.pairs().any(|pair| pair.flow == Flow::Absent)
        || is_copy_on_write(write)
        || meet(&read.locks, &write.locks);
    check(read, write).or_else(|| (!harmless).then_some(Harm::Unordered))
}

/// Whether a write puts something new in the place of what was there, made of that under a lock:
/// whoever reads it has the whole of one or of the other.
fn is_copy_on_write(write: &Access) -> bool {
    let mut updates = write.pairs().filter(|pair| pair.flow == Flow::Update);
    write.value == Value::Reference && updates.any(|pair| pair.locks.is_some())
}

/// A check, and a write that came of the same check in another thread.
fn check(read: &Access, write: &Access) -> Option<Harm> {
    let pairs = write.pairs().filter(|pair| pair.flow != Flow::Update);
    let mut torn = pairs.filter(|pair| !meet(&pair.locks, &read.locks));
    let same = match write.kind {
        Kind::Take => Flags::TAKES,
        Kind::Put => Flags::PUTS,
        _ => Flags::DECIDES,
    };
    (read.flags.has(same) && torn.next().is_some()).then_some(Harm::Check)
}

/// Whether another thread's write, which came before the read that a write belongs to, and which
/// nothing but a lock has ordered, can come between the two next time.
pub(super) fn can_come_between(write: &Access, pair: &Pair, before: &Access) -> bool {
    write.kind.writes()
        && write.kind == before.kind
        && !write.flags.has(Flags::INITIAL)
        && !before.flags.has(Flags::INITIAL)
        && !meet(&pair.locks, &before.locks)
}
