"""Lock: arguments, timeouts, hand-over and what surrounds the object."""

import copy
import gc
import pickle
import re
import sys
import time
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest
from shown import place


class Index:
    def __index__(self):
        return 1


class Float:
    def __float__(self):
        return 0.5


BLOCKING = [True, False, 1, 0, 2, -1, None, "yes", [], 1.5, Index(), 10**30]
TIMEOUTS = [
    *[0, 0.0, -0.0, 1, 0.5, 1e-9, -1, -1.0, -2, -0.5, -1e-9, None, True, False],
    *[float("nan"), float("inf"), float("-inf"), 1e300, -1e300, 10**30, -(10**30)],
    *["1", b"1", [], 1j, Fraction(1, 2), Decimal("0.5"), Index(), Float(), object()],
]


def shown(value):
    return re.sub(r" at 0x\w+", "", repr(value))


@pytest.mark.parametrize("timeout", TIMEOUTS, ids=shown)
@pytest.mark.parametrize("blocking", [True, False])
def test_acquire_of_a_free_lock_takes_the_stdlib_arguments(same, blocking, timeout):
    same(lambda m: m.Lock().acquire(blocking, timeout))
    same(lambda m: m.Lock().acquire(blocking=blocking, timeout=timeout))


@pytest.mark.parametrize("blocking", BLOCKING, ids=shown)
def test_acquire_takes_what_the_stdlib_takes_for_blocking(same, blocking):
    same(lambda m: m.Lock().acquire(blocking))
    same(lambda m: m.Lock().acquire(blocking, -1))


@pytest.mark.parametrize("factor", [1, 1.0, 1.001, 2, 1e6])
def test_acquire_accepts_timeout_max_and_refuses_more(same, factor):
    same(lambda m: m.Lock().acquire(True, m.TIMEOUT_MAX * factor))


def test_acquire_refuses_surplus_and_unknown_arguments(same):
    same(lambda m: m.Lock().acquire(True, -1, 0))
    same(lambda m: m.Lock().acquire(wait=True))
    same(lambda m: m.Lock().release(1))
    same(lambda m: m.Lock().locked(1))
    same(lambda m: m.Lock(1))


@pytest.mark.parametrize(
    "timeout", [0, 0.0, 1e-9, 1e-4, -0.5, -2, None, "1", float("nan"), 10**30]
)
def test_acquire_of_a_held_lock_ends_as_in_the_stdlib(same, timeout):
    def call(module):
        lock = module.Lock()
        lock.acquire()
        return lock.acquire(timeout=timeout)

    same(call)


@pytest.mark.parametrize("timeout", [0.001, 0.01, 0.05, 1 / 3, 1])
def test_a_timeout_is_never_early(threading, timeout):
    lock = threading.Lock()
    lock.acquire()
    start = time.perf_counter_ns()
    assert lock.acquire(timeout=timeout) is False
    assert time.perf_counter_ns() - start >= int(timeout * 1e9)


def test_acquire_returns_true_and_then_false_without_blocking(threading):
    lock = threading.Lock()
    assert lock.acquire() is True
    assert lock.acquire(False) is False
    assert lock.locked() is True
    assert lock.release() is None
    assert lock.locked() is False


def test_with_returns_true_and_releases_after_an_exception(threading):
    lock = threading.Lock()
    with pytest.raises(ZeroDivisionError), lock as entered:
        assert entered is True and lock.locked()
        raise ZeroDivisionError
    assert not lock.locked()


def test_the_old_names_are_the_same_methods(threading):
    lock = threading.Lock()
    assert lock.acquire_lock() is True
    assert lock.locked_lock() is True
    assert lock.release_lock() is None
    assert not lock.locked()


def test_release_of_a_free_lock_raises_runtime_error(same):
    assert same(lambda m: m.Lock().release()) == ("raised", RuntimeError)


def test_exit_of_a_free_lock_raises_runtime_error(same):
    assert same(lambda m: m.Lock().__exit__(None, None, None)) == ("raised", RuntimeError)


def test_another_thread_may_release(threading, spawn):
    lock = threading.Lock()
    lock.acquire()
    spawn(lock.release).result()
    assert not lock.locked()


def test_release_wakes_exactly_one_waiter(threading, spawn, asleep, until):
    lock, passed = threading.Lock(), []
    lock.acquire()

    def wait():
        lock.acquire()
        passed.append(1)

    waiters = [spawn(wait) for _ in range(3)]
    asleep(*waiters)
    for count in (1, 2, 3):
        lock.release()
        until(lambda count=count: len(passed) == count)
        assert lock.locked()
        assert sum(each.done() for each in waiters) <= count
    lock.release()


def test_a_waiter_that_timed_out_does_not_take_the_lock(threading, spawn):
    lock = threading.Lock()
    lock.acquire()
    assert spawn(lock.acquire, True, 0.01).result() is False
    lock.release()
    assert lock.acquire(False)


def test_four_threads_never_hold_it_together(threading, spawn):
    lock, inside, seen = threading.Lock(), [], []

    def work():
        for _ in range(500):
            with lock:
                inside.append(1)
                seen.append(len(inside))
                inside.pop()

    for each in [spawn(work) for _ in range(4)]:
        each.result()
    assert seen == [1] * 2000


HOLDER = re.compile(" held by '.*?'")


def test_repr_of_a_held_lock_names_its_holder(threading, subject):
    lock = threading.Lock()
    assert "held" not in repr(lock)
    with lock:
        assert ("held by 'MainThread'" in repr(lock)) == (subject != "stdlib")
    assert "held" not in repr(lock)


def test_repr_is_the_stdlib_one(threading, stock):
    for held in (False, True):
        texts = []
        for module in (threading, stock):
            lock = module.Lock()
            if held:
                lock.acquire()
            texts.append(HOLDER.sub("", shown(lock)))
            assert repr(lock).endswith(f" at {place(lock)}>")
        assert texts[0] == texts[1]


def test_type_is_named_and_built_as_in_the_stdlib(threading, stock, same):
    ours, theirs = type(threading.Lock()), type(stock.Lock())
    assert (ours.__module__, ours.__name__) == (theirs.__module__, theirs.__name__)
    same(lambda m: m.Lock is type(m.Lock()))
    same(lambda m: type(m.Lock())() is None)
    same(lambda m: type("Sub", (type(m.Lock()),), {}) is None)
    same(lambda m: hasattr(m.Lock(), "__dict__"))
    same(lambda m: setattr(m.Lock(), "name", 1))
    assert set(dir(theirs)) <= set(dir(ours))


def test_it_cannot_be_pickled_or_copied(same):
    assert same(lambda m: pickle.dumps(m.Lock())) == ("raised", TypeError)
    assert same(lambda m: copy.copy(m.Lock())) == ("raised", TypeError)
    assert same(lambda m: copy.deepcopy(m.Lock())) == ("raised", TypeError)


def test_a_weak_reference_dies_with_it(threading):
    lock, dead = threading.Lock(), []
    reference = weakref.ref(lock, dead.append)
    assert reference() is lock
    del lock
    gc.collect()
    assert reference() is None and dead == [reference]


def test_it_is_hashable_and_equal_only_to_itself(threading):
    one, other = threading.Lock(), threading.Lock()
    assert {one: 1}[one] == 1 and one != other


def test_reinit_after_a_fork_frees_it(threading):
    lock = threading.Lock()
    lock.acquire()
    lock._at_fork_reinit()
    assert lock.acquire(False) is True


def test_it_does_not_bind_as_a_method(threading):
    class Holder:
        make = threading._allocate_lock

    assert Holder().make().acquire(False) is True


@pytest.mark.raddle_only
@pytest.mark.parametrize("factory", ["Lock", "_allocate_lock"])
def test_both_factories_make_raddle_locks(threading, stock, factory):
    assert type(getattr(threading, factory)()) is not type(stock.Lock())


def test_lock_type_is_what_thread_exposes(threading):
    if sys.version_info >= (3, 13):
        assert isinstance(threading.Lock, type)
    else:
        assert callable(threading.Lock) and not isinstance(threading.Lock, type)
