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

use super::access::{Access, Flow, Kind, Value};
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

pub(super) fn strict(on: bool) {
    STRICT.store(on, Ordering::Relaxed);
}

/// The harm that two accesses of one place by two threads can do, which are not ordered.
pub(super) fn harm(one: &Access, other: &Access) -> Option<Harm> {
    use Kind::{ItemWrite, Put, Take, Walk, Write};
    let harm = match (one.kind, other.kind) {
        (Write, Write) | (ItemWrite, ItemWrite) => writes(one, other),
        (Kind::Read, Write) => read(one, other),
        (Write, Kind::Read) => read(other, one),
        (Walk, Put | Take) | (Put | Take, Walk) => {
            (!meet(&one.locks, &other.locks)).then_some(Harm::Walk)
        }
        (Take, Take) | (Put, Put) => {
            (is_torn(one, other) || is_torn(other, one)).then_some(Harm::Check)
        }
        _ => None,
    };
    harm.or_else(|| any(one, other))
}

/// In strict mode, whatever is unordered is told.
fn any(one: &Access, other: &Access) -> Option<Harm> {
    let told = STRICT.load(Ordering::Relaxed)
        && (one.kind.writes() || other.kind.writes())
        && !(one.is_atomic && other.is_atomic)
        && !(one.is_written_back || other.is_written_back)
        && !meet(&one.locks, &other.locks);
    told.then_some(Harm::Unordered)
}

/// Whether the write belongs to a read, and the other write can come between the two.
fn is_torn(write: &Access, other: &Access) -> bool {
    write.pair.as_ref().is_some_and(|pair| !meet(&pair.locks, &other.locks))
}

fn writes(one: &Access, other: &Access) -> Option<Harm> {
    if one.is_initial || other.is_initial {
        return None;
    }
    let torn = [(one, other), (other, one)]
        .map(|(one, other)| if is_torn(one, other) { one.flow() } else { None });
    match torn[0].max(torn[1]) {
        Some(Flow::Update) => return Some(Harm::Update),
        Some(Flow::Check | Flow::Absent) => return Some(Harm::Check),
        None => {}
    }
    let harmless = meet(&one.locks, &other.locks)
        || one.is_atomic && other.is_atomic
        || one.is_constant && other.is_constant && is_same(one.value, other.value);
    (!harmless).then_some(Harm::Unordered)
}

fn is_same(one: Value, other: Value) -> bool {
    one == other && matches!(one, Value::Flag(_) | Value::Constant(_))
}

fn read(read: &Access, write: &Access) -> Option<Harm> {
    let harmless = !read.is_used
        || read.is_written_back
        || write.is_initial
        || matches!(write.value, Value::Flag(_))
        || write.flow() == Some(Flow::Absent)
        || meet(&read.locks, &write.locks);
    (!harmless).then_some(Harm::Unordered)
}

/// The harm that a write does that belongs to a read, where another thread wrote before the read
/// and nothing but a lock came between: next time it may come later.
pub(super) fn harm_of_pair(write: &Access, before: &Access) -> Option<Harm> {
    let fits = match write.kind {
        Kind::Write | Kind::ItemWrite | Kind::Take | Kind::Put => write.kind == before.kind,
        _ => false,
    };
    if !fits || write.is_initial || before.is_initial || !is_torn(write, before) {
        return None;
    }
    Some(if write.flow() == Some(Flow::Update) { Harm::Update } else { Harm::Check })
}
