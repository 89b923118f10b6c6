"""Condition: waits and wake-ups, over its own lock, a given one, and a foreign one."""

import _thread
import gc
import re
import time
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest


class Foreign:
    """A lock that shares nothing with the library: it counts what is asked of it."""

    def __init__(self, lock):
        self.lock, self.calls = lock, []

    def acquire(self, *args, **kwargs):
        self.calls.append("acquire")
        return self.lock.acquire(*args, **kwargs)

    def release(self):
        self.calls.append("release")
        self.lock.release()

    def locked(self):
        return self.lock.locked()

    def __enter__(self):
        self.acquire()
        return "entered"

    def __exit__(self, *args):
        self.release()
        return None


LOCKS = {
    "its own": lambda m: None,
    "Lock": lambda m: m.Lock(),
    "RLock": lambda m: m.RLock(),
    "foreign": lambda m: Foreign(m.Lock()),
    "pure RLock": lambda m: m._PyRLock(),
    "stock Lock": lambda m: _thread.allocate_lock(),
}


@pytest.fixture(params=LOCKS)
def condition(request, threading):
    return threading.Condition(LOCKS[request.param](threading))


def waiting(condition):
    return int(re.search(r", (\d+)\)>$", repr(condition))[1])


def test_notify_wakes_exactly_one(condition, spawn, until):
    woken = []

    def wait():
        with condition:
            woken.append(condition.wait())

    waiters = [spawn(wait) for _ in range(3)]
    until(lambda: waiting(condition) == 3)
    for count in (1, 2, 3):
        with condition:
            condition.notify()
            assert waiting(condition) == 3 - count
        until(lambda count=count: len(woken) == count)
        assert waiting(condition) == 3 - count
    for each in waiters:
        each.result()
    assert woken == [True] * 3


@pytest.mark.parametrize(
    "n, left", [(0, 4), (-1, 4), (1, 3), (2, 2), (4, 0), (9, 0), (True, 3)]
)
def test_notify_n_wakes_at_most_n(threading, spawn, until, n, left):
    condition = threading.Condition()

    def wait():
        with condition:
            return condition.wait()

    waiters = [spawn(wait) for _ in range(4)]
    until(lambda: waiting(condition) == 4)
    with condition:
        condition.notify(n)
    until(lambda: sum(each.done() for each in waiters) == 4 - left)
    assert waiting(condition) == left
    with condition:
        condition.notify_all()
    assert [each.result() for each in waiters] == [True] * 4


def test_notify_all_wakes_everyone_and_later_waiters_block(condition, spawn, until):
    def wait(timeout):
        with condition:
            return condition.wait(timeout)

    waiters = [spawn(wait, None) for _ in range(4)]
    until(lambda: waiting(condition) == 4)
    with condition:
        condition.notify_all()
    assert [each.result() for each in waiters] == [True] * 4
    assert spawn(wait, 0.01).result() is False


@pytest.mark.parametrize("name", ["wait", "notify", "notify_all"])
def test_without_the_lock_it_raises_runtime_error(condition, name):
    with pytest.raises(RuntimeError):
        getattr(condition, name)()
    with condition:
        pass  # and the lock is free, not taken by the failed call


def test_with_another_thread_holding_the_rlock_it_raises(threading, spawn):
    condition = threading.Condition()
    with condition:
        for name in ("wait", "notify", "notify_all"):
            with pytest.raises(RuntimeError):
                spawn(getattr(condition, name)).result()


TIMEOUTS = [0, 0.0, -1, -0.5, 1e-9, 0.001, False, Fraction(1, 100)]
TIMEOUTS += [Decimal("0.01"), "1", b"", [], 1j, float("nan"), float("inf"), float("-inf")]
TIMEOUTS += [10**30, -(10**30), 1e300, object()]


@pytest.mark.parametrize("timeout", TIMEOUTS, ids=lambda t: re.sub(r" at 0x\w+", "", repr(t)))
def test_wait_treats_timeouts_as_the_stdlib(same, timeout):
    made = []

    def call(module):
        made.append(module.Condition())
        made[-1].acquire()
        return made[-1].wait(timeout)

    same(call)
    for condition in made:  # whatever happened, the lock is back and nobody is in the queue
        assert condition._lock._recursion_count() == 1 and waiting(condition) == 0


def test_wait_accepts_timeout_max_and_refuses_more(same, threading, spawn, until):
    condition = threading.Condition()

    def wait():
        with condition:
            return condition.wait(threading.TIMEOUT_MAX)

    waiter = spawn(wait)
    until(lambda: waiting(condition) == 1)
    with condition:
        condition.notify()
    assert waiter.result() is True

    def more(module):
        with (own := module.Condition()):
            return own.wait(module.TIMEOUT_MAX * 2)

    assert same(more) == ("raised", OverflowError)


@pytest.mark.parametrize("timeout", [0.001, 0.05, 1])
def test_a_timeout_is_never_early_and_leaves_no_waiter(condition, timeout):
    with condition:
        start = time.perf_counter_ns()
        assert condition.wait(timeout) is False
        assert time.perf_counter_ns() - start >= timeout * 1e9
        assert waiting(condition) == 0


def test_a_waiter_that_timed_out_takes_no_notification(condition, spawn, until):
    def wait(timeout):
        with condition:
            return condition.wait(timeout)

    assert spawn(wait, 0.01).result() is False
    waiter = spawn(wait, None)
    until(lambda: waiting(condition) == 1)
    with condition:
        condition.notify()
    assert waiter.result() is True


@pytest.mark.parametrize("kind", ["its own", "RLock", "pure RLock"])
def test_wait_frees_an_rlock_held_twice_and_restores_both_levels(threading, spawn, until, kind):
    condition = threading.Condition(LOCKS[kind](threading))

    def wait():
        with condition, condition:
            done = condition.wait()
            return done, condition._lock._recursion_count()

    waiter = spawn(wait)
    until(lambda: waiting(condition) == 1)
    with condition:
        condition.notify()
    assert waiter.result() == (True, 2)


def test_a_foreign_lock_is_called_and_its_enter_is_passed_on(threading):
    lock = Foreign(threading.Lock())
    condition = threading.Condition(lock)
    with condition as entered:
        assert entered == "entered"
        lock.calls.clear()
        assert condition.wait(0) is False
        assert lock.calls[-2:] == ["release", "acquire"]
    assert not lock.locked()


def test_a_lock_with_its_own_save_and_restore_has_them_used(threading):
    class Saving(Foreign):
        def _release_save(self):
            self.lock.release()
            return "state"

        def _acquire_restore(self, state):
            self.calls.append(state)
            self.lock.acquire()

        def _is_owned(self):
            return True

    lock = Saving(threading.Lock())
    with (condition := threading.Condition(lock)):
        condition.wait(0)
    assert "state" in lock.calls


def test_what_is_not_a_lock_is_refused_as_by_the_stdlib(same):
    same(lambda m: m.Condition(1) is None)
    same(lambda m: m.Condition(object()) is None)
    same(lambda m: m.Condition(lock=m.Lock()) is None)
    same(lambda m: m.Condition(m.Lock(), 1) is None)


def test_acquire_release_and_lock_are_those_of_the_lock(condition):
    assert condition.acquire() and condition._is_owned()
    lock = condition._lock
    condition.release()
    assert lock.acquire(False)
    lock.release()


def test_wait_for_returns_the_last_value_of_its_predicate(threading, spawn, until):
    condition, value = threading.Condition(), []

    def wait():
        with condition:
            return condition.wait_for(lambda: value and value[0])

    waiter = spawn(wait)
    for item in (0, "", "yes"):
        until(lambda: waiting(condition) == 1)
        with condition:
            value[:] = [item]
            condition.notify()
    assert waiter.result() == "yes"


@pytest.mark.parametrize("timeout", [0, -1, 0.001, 0.05])
def test_wait_for_gives_up_in_time_and_not_before(threading, timeout):
    with (condition := threading.Condition()):
        start = time.perf_counter_ns()
        assert condition.wait_for(lambda: [], timeout) == []
        assert time.perf_counter_ns() - start >= timeout * 1e9


def test_the_time_of_wait_for_begins_once_the_predicate_has_been_false(threading):
    """(If it began before, the first answer, which takes longer, would be the last.)"""
    answers = []

    def slow():
        answers.append(time.perf_counter_ns())
        time.sleep(0.02)
        return False

    with (condition := threading.Condition()):
        assert condition.wait_for(slow, 0.01) is False
    assert len(answers) == 2 and answers[1] - answers[0] >= 30_000_000


def test_wait_for_reads_its_timeout_only_once_it_has_to_wait(threading):
    with (condition := threading.Condition()):
        for timeout in ("abc", float("inf"), 10**30):
            assert condition.wait_for(lambda: "yes", timeout) == "yes"
            with pytest.raises((TypeError, OverflowError)):
                condition.wait_for(lambda: False, timeout)
    assert waiting(condition) == 0


def test_wait_for_passes_on_what_its_predicate_raises(threading):
    condition = threading.Condition()
    with pytest.raises(ZeroDivisionError), condition:
        condition.wait_for(lambda: 1 / 0)
    assert waiting(condition) == 0 and not condition._is_owned()


def test_an_overridden_wait_is_what_wait_for_calls(threading):
    class Counting(threading.Condition):
        calls = 0

        def wait(self, timeout=None):
            self.calls += 1
            return super().wait(0)

    with (condition := Counting()):
        assert condition.wait_for(lambda: condition.calls == 3) is True


def test_an_overridden_notify_is_what_notify_all_calls(threading):
    class Noting(threading.Condition):
        notified = None

        def notify(self, n=1):
            self.notified = n
            super().notify(n)

    with (condition := Noting()):
        condition.notify_all()
    assert condition.notified == 0


def test_it_has_a_dict_and_weak_references(threading):
    condition = threading.Condition()
    condition.label = "a"
    assert vars(condition)["label"] == "a"
    reference = weakref.ref(condition)
    del condition
    gc.collect()
    assert reference() is None


def test_what_is_put_in_the_place_of_its_constructor_is_called(threading, monkeypatch):
    made, init = [], threading.Condition.__init__

    def note(self, *args):
        made.append(args)
        init(self, *args)

    before = threading.Condition()
    monkeypatch.setattr(threading.Condition, "__init__", note)
    with threading.Condition(), threading.Condition(threading.Lock()), before:
        assert [len(args) for args in made] == [0, 1]
    monkeypatch.undo()
    with threading.Condition():
        assert len(made) == 2


def test_a_subclass_is_made_by_its_own_constructor(threading):
    class Counted(threading.Condition):
        def __init__(self):
            super().__init__(threading.Lock())
            self.count = 0

    class Plain(threading.Condition):
        pass

    assert Counted().count == 0 and type(Plain()) is Plain
    with pytest.raises(TypeError):
        threading.Condition(1, 2, 3)


def test_repr_shows_the_lock_and_the_waiters(threading, spawn, until):
    condition = threading.Condition(lock := threading.Lock())
    assert repr(condition) == f"<Condition({lock!r}, 0)>"

    def wait():
        with condition:
            return condition.wait()

    waiter = spawn(wait)
    until(lambda: waiting(condition) == 1)
    with condition:
        assert repr(condition) == f"<Condition({lock!r}, 1)>"
        condition.notify()
    assert waiter.result()


def test_the_old_name_warns_and_notifies(threading):
    with (condition := threading.Condition()), pytest.warns(DeprecationWarning):
        condition.notifyAll()


def test_reinit_after_a_fork_frees_the_lock(threading):
    condition = threading.Condition()
    condition.acquire()
    condition._at_fork_reinit()
    assert not condition._is_owned() and waiting(condition) == 0


def test_init_again_takes_another_lock(threading):
    condition, lock = threading.Condition(), threading.Lock()
    condition.__init__(lock)
    with condition:
        assert lock.locked()
    condition.__init__()
    with condition, condition:
        assert not lock.locked()


@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_init_again_does_not_free_a_lock_that_somebody_holds(threading, spawn, kind):
    lock = getattr(threading, kind)()
    condition = threading.Condition(lock)
    lock.acquire()
    condition.__init__(lock)
    assert not spawn(condition.acquire, False).result()
    condition.__init__()  # a lock of its own, which is free
    assert spawn(condition.acquire, False).result()
    assert not spawn(lock.acquire, False).result()
    lock.release()


@pytest.mark.raddle_only  # the stdlib lets them wait for ever
def test_who_waits_when_init_is_called_again_is_notified_and_takes_its_own_lock_back(
    threading, spawn, until
):
    lock = threading.Lock()
    condition = threading.Condition(lock)

    def wait():
        with lock:
            return condition.wait(60) and lock.locked()

    waiter = spawn(wait)
    until(lambda: waiting(condition) == 1 and not lock.locked())
    condition.__init__()
    with condition:
        condition.notify()
    assert waiter.result() and not lock.locked()
