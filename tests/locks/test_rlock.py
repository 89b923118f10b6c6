"""RLock: recursion, ownership, and the private surface that Condition and debuggers use."""

import copy
import gc
import pickle
import re
import sys
import time
import warnings
import weakref

import pytest
from shown import place

TIMEOUTS = [0, 0.0, 1, -1, -2, -0.5, None, "1", True, float("nan"), float("inf"), 10**30, 1e300]


@pytest.mark.parametrize("blocking", [True, False, None, "yes"])
@pytest.mark.parametrize("timeout", TIMEOUTS)
def test_acquire_takes_the_stdlib_arguments_free_and_owned(same, blocking, timeout):
    same(lambda m: m.RLock().acquire(blocking, timeout))

    def owned(module):
        lock = module.RLock()
        lock.acquire()
        return lock.acquire(blocking=blocking, timeout=timeout)

    same(owned)


def test_acquire_returns_true_at_every_level(threading):
    lock = threading.RLock()
    assert [lock.acquire(), lock.acquire(False), lock.acquire(timeout=5)] == [True] * 3
    assert lock._recursion_count() == 3
    for left in (2, 1, 0):
        assert lock.release() is None
        assert lock._recursion_count() == left
        assert lock._is_owned() is (left > 0)


def test_release_of_a_free_one_raises_runtime_error(same):
    assert same(lambda m: m.RLock().release()) == ("raised", RuntimeError)


def test_release_by_another_thread_raises_and_changes_nothing(threading, spawn):
    lock = threading.RLock()
    lock.acquire()
    with pytest.raises(RuntimeError):
        spawn(lock.release).result()
    assert lock._recursion_count() == 1
    lock.release()


def test_with_nests_and_releases_after_an_exception(threading, spawn):
    lock = threading.RLock()
    with pytest.raises(ZeroDivisionError), lock as outer, lock as inner:
        assert outer is True and inner is True
        assert lock._recursion_count() == 2
        raise ZeroDivisionError
    assert spawn(lock.acquire, False).result() is True


def test_another_thread_neither_owns_nor_enters(threading, spawn):
    lock = threading.RLock()
    with lock:
        assert spawn(lock._is_owned).result() is False
        assert spawn(lock._recursion_count).result() == 0
        assert spawn(lock.acquire, False).result() is False
        assert spawn(lock.acquire, True, 0.01).result() is False


@pytest.mark.parametrize("timeout", [0.001, 0.05, 1])
def test_a_timeout_is_never_early(threading, spawn, timeout):
    lock = threading.RLock()

    def wait():
        start = time.perf_counter_ns()
        return lock.acquire(timeout=timeout), time.perf_counter_ns() - start

    with lock:
        got, elapsed = spawn(wait).result()
    assert got is False and elapsed >= timeout * 1e9


def test_a_waiter_gets_it_only_after_the_last_release(threading, spawn, asleep):
    lock = threading.RLock()

    def wait():
        with lock:
            return lock._recursion_count()

    with lock:
        with lock:
            waiter = spawn(wait)
            asleep(waiter)
        assert not waiter.done() and lock._is_owned()
    assert waiter.result() == 1


def test_release_save_frees_all_levels_and_restore_brings_them_back(threading, spawn):
    lock = threading.RLock()
    for _ in range(3):
        lock.acquire()
    state = lock._release_save()
    assert not lock._is_owned() and lock._recursion_count() == 0

    def borrow():
        with lock:
            return lock._recursion_count()

    assert spawn(borrow).result() == 1
    lock._acquire_restore(state)
    assert lock._is_owned() and lock._recursion_count() == 3


def test_release_save_state_is_the_stdlib_one(same):
    def saved(module):
        lock = module.RLock()
        lock.acquire(), lock.acquire()
        count, owner = lock._release_save()
        return count, owner == module.get_ident()

    assert same(saved) == ("returned", (2, True))


def test_release_save_of_a_free_one_raises(same):
    assert same(lambda m: m.RLock()._release_save()) == ("raised", RuntimeError)


@pytest.mark.parametrize("state", [None, 1, "state", ("a", 2)], ids=repr)
def test_acquire_restore_refuses_what_the_stdlib_refuses(same, state):
    assert same(lambda m: m.RLock()._acquire_restore(state)) == ("raised", TypeError)


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_repr_is_the_stdlib_one(threading, stock, levels):
    texts = []
    for module in (threading, stock):
        lock = module.RLock()
        for _ in range(levels):
            lock.acquire()
        texts.append(re.sub(r" held by '.*?'| at 0x\w+", "", repr(lock)))
        assert repr(lock).endswith(f" at {place(lock)}>")
    assert texts[0] == texts[1]


def test_repr_of_a_held_lock_names_its_holder(threading, subject, spawn):
    lock = threading.RLock()
    lock.acquire()
    assert ("held by 'MainThread'" in repr(lock)) == (subject != "stdlib")
    assert spawn(lambda: repr(lock)).result() == repr(lock)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="RLock.locked is new in 3.14")
def test_locked_is_true_for_the_owner_and_for_others(threading, spawn):
    lock = threading.RLock()
    assert lock.locked() is False
    with lock:
        assert lock.locked() is True
        assert spawn(lock.locked).result() is True


def test_arguments_are_accepted_or_refused_as_by_the_stdlib(same):
    def quiet(call):
        def run(module):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                call(module)
            # (After install(), the stock factory's class is raddle's, and both of them warn.)
            return {each.category for each in caught}

        return run

    same(quiet(lambda m: m.RLock(1)))
    same(quiet(lambda m: m.RLock(reentrant=True)))


def test_it_can_be_subclassed_with_attributes(threading):
    base = type(threading.RLock())

    class Named(base):
        def __init__(self, name):
            super().__init__()
            self.name = name

    lock = Named("a")
    with lock, lock:
        assert lock._is_owned() and lock.name == "a"
    assert not lock._is_owned()


def test_a_weak_reference_dies_with_it(threading):
    lock = threading.RLock()
    reference = weakref.ref(lock)
    assert reference() is lock
    del lock
    gc.collect()
    assert reference() is None


def test_it_cannot_be_pickled_or_copied(same):
    assert same(lambda m: pickle.dumps(m.RLock())) == ("raised", TypeError)
    assert same(lambda m: copy.copy(m.RLock())) == ("raised", TypeError)


def test_type_is_named_as_in_the_stdlib(threading, stock):
    ours, theirs = type(threading.RLock()), type(stock.RLock())
    assert (ours.__module__, ours.__name__) == (theirs.__module__, theirs.__name__)
    assert set(dir(theirs)) <= set(dir(ours))


def test_reinit_after_a_fork_frees_it(threading, spawn):
    lock = threading.RLock()
    lock.acquire(), lock.acquire()
    lock._at_fork_reinit()
    assert lock._recursion_count() == 0
    assert spawn(lock.acquire, False).result() is True


def test_the_pure_python_one_works_too(threading):
    lock = threading._PyRLock()
    with lock, lock:
        assert lock._recursion_count() == 2
    with pytest.raises(RuntimeError):
        lock.release()


def test_four_threads_never_hold_it_together(threading, spawn):
    lock, inside, seen = threading.RLock(), [], []

    def work():
        for _ in range(300):
            with lock, lock:
                inside.append(1)
                seen.append(len(inside))
                inside.pop()

    for each in [spawn(work) for _ in range(4)]:
        each.result()
    assert seen == [1] * 1200
