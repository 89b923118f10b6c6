//! Lock orders that contradict are told, once, whether or not anything hangs; others are not.
#![cfg(all(not(raddle_loom), feature = "deadlock"))]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use raddle::deadlock::Kind;
use raddle::lock_order::{Card, Inversion, Site, check_order, inversions};
use raddle::{Deadline, Lock, Native, RLock, RawLock, RawRwLock};

/// The checks are the process's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    check_order(true);
    alone
}

/// Those that name a lock that begins with `prefix`.
fn of(prefix: &str) -> Vec<Inversion> {
    let named = |found: &Inversion| {
        let mut names = found.links.iter().filter_map(|link| link.lock.name.as_deref());
        names.any(|name| name.starts_with(prefix))
    };
    inversions().into_iter().filter(named).collect()
}

fn nest(outer: &Lock<()>, inner: &Lock<()>) {
    let _outer = outer.acquire();
    let _inner = inner.acquire();
}

#[test]
fn two_orders_are_told_once_with_four_places() {
    let _alone = alone();
    let (tree, index) = (Lock::checked("two tree", ()), Lock::checked("two index", ()));
    nest(&tree, &index);
    assert!(of("two").is_empty());
    let line = line!() + 2;
    std::thread::scope(|scope| {
        scope.spawn(|| drop((index.acquire(), tree.acquire())));
    });
    let found = of("two");
    assert_eq!(found.len(), 1);
    let text = found[0].to_string();
    let here = format!("{}:{line}:", file!());
    assert!(text.starts_with("lock order:\n  two index (taken at "), "{text}");
    assert_eq!(text.matches(&here).count(), 2, "{text}");
    assert_eq!(text.matches(file!()).count(), 4, "{text}");
    nest(&index, &tree);
    nest(&tree, &index);
    assert_eq!(of("two").len(), 1);
}

#[test]
fn one_order_is_no_inversion() {
    let _alone = alone();
    let locks = ["one a", "one b", "one c"].map(|name| Lock::checked(name, ()));
    nest(&locks[0], &locks[1]);
    nest(&locks[1], &locks[2]);
    nest(&locks[0], &locks[2]);
    assert!(of("one").is_empty());
}

#[test]
fn a_ring_of_three_is_told() {
    let _alone = alone();
    let locks = ["three a", "three b", "three c"].map(|name| Lock::checked(name, ()));
    nest(&locks[0], &locks[1]);
    nest(&locks[1], &locks[2]);
    nest(&locks[2], &locks[0]);
    let found = of("three");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].links.len(), 3);
}

#[test]
fn a_lock_around_both_orders_keeps_them_apart() {
    let _alone = alone();
    let gate = Lock::checked("gate", ());
    let (a, b) = (Lock::checked("gate a", ()), Lock::checked("gate b", ()));
    for (outer, inner) in [(&a, &b), (&b, &a)] {
        let _gate = gate.acquire();
        nest(outer, inner);
    }
    assert!(of("gate").is_empty());
    nest(&b, &a); // A thread that takes them without it may meet one that has it.
    assert_eq!(of("gate").len(), 1);
}

#[test]
fn a_lock_of_the_ring_that_is_held_besides_keeps_it_apart() {
    let _alone = alone();
    let [a, b, c] = ["apart a", "apart b", "apart c"].map(|name| Lock::checked(name, ()));
    {
        let _a = a.acquire();
        nest(&b, &c);
    }
    {
        let _b = b.acquire();
        nest(&c, &a); // Inside `b`, which whoever has `a` wants first.
    }
    let found = of("apart");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].links.len(), 2); // `b` inside `a`, and `a` inside `b`.
}

#[test]
fn attempts_and_timeouts_make_no_order_but_hold() {
    let _alone = alone();
    let (a, b) = (Lock::checked("try a", ()), Lock::checked("try b", ()));
    nest(&a, &b);
    {
        let _b = b.acquire();
        assert!(a.try_acquire().is_some());
        assert!(a.acquire_timeout(Duration::from_millis(1)).is_some());
    }
    assert!(of("try").is_empty());
    let _b = b.try_acquire().unwrap();
    let _a = a.acquire();
    assert_eq!(of("try").len(), 1);
}

#[test]
fn a_lock_that_is_taken_again_by_its_owner_makes_no_order() {
    let _alone = alone();
    let (a, b) = (RLock::checked("again a"), RLock::checked("again b"));
    a.acquire();
    b.acquire();
    a.acquire();
    assert!(of("again").is_empty());
    for lock in [&a, &b, &a] {
        lock.release().unwrap();
    }
}

#[test]
fn what_is_gone_is_remembered_by_the_place_where_it_was_made() {
    let _alone = alone();
    let registry = Lock::checked("gone registry", ());
    let make = || Lock::checked("gone account", ());
    nest(&registry, &make());
    nest(&make(), &registry);
    assert_eq!(of("gone").len(), 1);
}

#[test]
fn locks_made_at_one_place_are_told_apart_while_they_live() {
    let _alone = alone();
    let registry = Lock::checked("live registry", ());
    let [first, second] = [0, 1].map(|_| Lock::checked("live account", ()));
    nest(&registry, &first);
    nest(&second, &registry);
    assert!(of("live").is_empty());
    nest(&first, &registry);
    assert_eq!(of("live").len(), 1);
}

#[test]
fn locks_of_one_make_have_no_order_once_they_are_gone() {
    let _alone = alone();
    let make = || Lock::checked("make account", ());
    for _ in 0..2 {
        nest(&make(), &make());
    }
    assert!(of("make").is_empty());
}

#[test]
fn a_lock_that_another_thread_releases_is_a_signal_and_has_no_order() {
    let _alone = alone();
    let made = |name| {
        let lock = RawLock::new();
        assert!(lock.check(Card::new(Kind::Lock, Some(name), Site::caller())));
        lock
    };
    let (done, other) = (made("signal done"), made("signal other"));
    done.acquire();
    other.acquire(); // Inside `done`, as it seems.
    std::thread::scope(|scope| {
        scope.spawn(|| done.release());
    });
    done.acquire(); // Inside `other`.
    assert!(of("signal").is_empty());
    done.release();
    other.release();
}

#[test]
fn who_holds_very_many_locks_makes_no_order_with_more() {
    let _alone = alone();
    let many: Vec<_> = (0..2000).map(|_| Lock::checked("handful many", ())).collect();
    let few: Vec<_> = (0..20).map(|_| Lock::checked("handful few", ())).collect();
    for locks in [&many, &few] {
        let in_order: Vec<_> = locks.iter().map(Lock::acquire).collect();
        drop(in_order);
    }
    nest(&many[1999], &many[1998]); // (2,000,000 edges with 2,000 guards each would not do.)
    assert!(of("handful").is_empty());
    nest(&few[19], &few[18]);
    assert_eq!(of("handful").len(), 1);
}

#[test]
fn off_means_off() {
    let _alone = alone();
    let (a, b) = (Lock::checked("off a", ()), Lock::checked("off b", ()));
    check_order(false);
    nest(&a, &b);
    nest(&b, &a);
    assert!(of("off").is_empty());
}

#[test]
fn a_lock_without_a_card_is_not_checked() {
    let _alone = alone();
    let before = inversions().len();
    let (a, b) = (Lock::new(()), Lock::new(()));
    nest(&a, &b);
    nest(&b, &a);
    assert_eq!(inversions().len(), before);
}

/// A lock that is checked, and not called anything.
#[track_caller]
fn checked() -> RawLock {
    let lock = RawLock::new();
    lock.check(Card::new(Kind::Lock, None, Site::caller()));
    lock
}

#[test]
fn a_lock_that_is_gone_while_it_was_held_is_not_held_any_more() {
    let _alone = alone();
    let (lost, next) = (checked(), checked());
    let card = lost.card().unwrap();
    lost.acquire();
    drop(lost);
    next.acquire();
    next.release();
    assert_eq!(Arc::strong_count(&card), 1);
}

#[test]
fn what_a_thread_only_tries_for_and_others_release_does_not_pile_up() {
    let _alone = alone();
    let signal = checked();
    let card = signal.card().unwrap();
    for _ in 0..200 {
        assert!(signal.try_acquire());
        std::thread::scope(|scope| {
            scope.spawn(|| signal.release());
        });
    }
    assert!(Arc::strong_count(&card) < 10);
    let cards: Vec<_> = std::iter::repeat_with(|| {
        let lost = checked();
        assert!(lost.try_acquire());
        lost.card().unwrap()
    })
    .take(1000)
    .collect();
    let kept = cards.iter().filter(|card| Arc::strong_count(card) > 1).count();
    assert!(kept < 200, "{kept}");
}

#[test]
fn a_gate_that_is_gone_kept_those_apart_that_are_gone_with_it() {
    let _alone = alone();
    for _ in 0..3 {
        let gate = Lock::checked("portal", ());
        let (one, other) = (Lock::checked("portal one", ()), Lock::checked("portal other", ()));
        let _inside = gate.acquire();
        nest(&one, &other);
        nest(&other, &one);
    }
    let found = of("portal");
    assert!(found.is_empty(), "{found:?}");
}

/// A lock to read and write, as one that is checked is made.
fn shared(name: &str) -> RawRwLock {
    let lock = RawRwLock::new();
    assert!(lock.check(Card::new(Kind::RwLock, Some(name), Site::Unknown)));
    lock
}

fn read<R>(lock: &RawRwLock, inside: impl FnOnce() -> R) -> R {
    assert_eq!(lock.read_with(&mut Native, Deadline::NEVER), Ok(true));
    let result = inside();
    lock.end_read().unwrap();
    result
}

fn write<R>(lock: &RawRwLock, inside: impl FnOnce() -> R) -> R {
    assert_eq!(lock.write_with(&mut Native, Deadline::NEVER), Ok(true));
    let result = inside();
    lock.end_write().unwrap();
    result
}

#[test]
fn a_lock_that_is_read_in_one_order_and_written_in_another_is_told() {
    let _alone = alone();
    let (prices, stock) = (shared("rw prices"), Lock::checked("rw stock", ()));
    read(&prices, || drop(stock.acquire()));
    write(&prices, || drop(stock.acquire()));
    assert!(of("rw").is_empty());
    let held = stock.acquire();
    read(&prices, || ());
    drop(held);
    let found = of("rw");
    assert_eq!(found.len(), 1);
    assert!(found[0].links.iter().any(|link| link.lock.kind == Kind::RwLock));
}

#[test]
fn a_read_inside_a_read_is_no_order_and_what_was_given_back_is_not_held() {
    let _alone = alone();
    let (prices, stock) = (shared("reread prices"), Lock::checked("reread stock", ()));
    read(&prices, || drop(stock.acquire()));
    read(&prices, || read(&prices, || ()));
    let held = stock.acquire();
    drop(held);
    read(&prices, || ());
    assert!(of("reread").is_empty());
    assert_eq!(prices.try_write(), Ok(true));
    drop(stock.try_acquire());
    prices.end_write().unwrap();
    assert!(of("reread").is_empty());
}

#[test]
fn a_lock_that_both_only_read_keeps_no_orders_apart() {
    let _alone = alone();
    for (one, other, told) in [(true, true, 1), (true, false, 0), (false, false, 0)] {
        let name = format!("readers {one} {other}");
        let gate = shared(&format!("{name} gate"));
        let (a, b) = (Lock::checked(&name, ()), Lock::checked(&name, ()));
        let within = |reads: bool, inside: &dyn Fn()| {
            if reads { read(&gate, inside) } else { write(&gate, inside) }
        };
        within(one, &|| nest(&a, &b));
        within(other, &|| nest(&b, &a));
        assert_eq!(of(&name).len(), told, "{name}");
    }
    let (gate, a, b) =
        (shared("weaker gate"), Lock::checked("weaker a", ()), Lock::checked("weaker b", ()));
    write(&gate, || nest(&a, &b));
    read(&gate, || nest(&b, &a));
    assert!(of("weaker").is_empty());
    read(&gate, || nest(&a, &b)); // (It was held alone before.)
    assert_eq!(of("weaker").len(), 1);
}

#[test]
fn what_is_given_back_while_nothing_is_checked_is_not_held_later() {
    let _alone = alone();
    let (prices, stock) = (shared("back prices"), Lock::checked("back stock", ()));
    assert_eq!(prices.try_read(), Ok(true));
    check_order(false);
    prices.end_read().unwrap();
    check_order(true);
    drop(stock.acquire());
    let held = stock.acquire();
    read(&prices, || ());
    drop(held);
    assert!(of("back").is_empty());
}
