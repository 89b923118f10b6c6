"""Semaphore and BoundedSemaphore: the counter, its bounds, and the threads that wait for it."""

import gc
import re
import time
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest

KINDS = ["Semaphore", "BoundedSemaphore"]

# NaN is absent: the stdlib's own loop never ends on it.
TIMEOUTS = [0, 0.0, -1, -0.5, 1e-9, 0.001, False, None, Decimal(0), "1", [], 1j]
TIMEOUTS += [Fraction(1, 100), float("inf"), float("-inf"), 10**30, -(10**30), 1e300, object()]


def shown(value):
    return re.sub(r" at 0x\w+", "", repr(value))


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.mark.parametrize("timeout", TIMEOUTS, ids=shown)
@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("value", [0, 1])
def test_acquire_treats_its_arguments_as_the_stdlib(same, kind, value, blocking, timeout):
    if value == 0 and blocking and timeout is None:
        timeout = 0.002  # None would wait for ever
    same(lambda m: getattr(m, kind)(value).acquire(blocking, timeout))
    same(lambda m: getattr(m, kind)(value).acquire(blocking=blocking, timeout=timeout))


@pytest.mark.parametrize("blocking", [None, 0, 1, "", "yes", []])
def test_blocking_is_taken_for_its_truth(same, kind, blocking):
    same(lambda m: getattr(m, kind)(1).acquire(blocking))
    same(lambda m: getattr(m, kind)(0).acquire(blocking or False, None if not blocking else 0))


@pytest.mark.parametrize(
    "value", [0, 1, 5, -1, 10**9, 2**31, 2**63 - 1, None, "1", [], 1j], ids=repr
)
def test_initial_values_are_accepted_or_refused_as_by_the_stdlib(same, kind, value):
    def call(module):
        return shown(getattr(module, kind)(value))

    same(call)


@pytest.mark.parametrize("n", [0, -1, 1, 2, 5, None, "1", False, True], ids=repr)
@pytest.mark.parametrize("taken", [0, 1, 3])
def test_release_n_adds_or_refuses_as_the_stdlib(same, kind, taken, n):
    def call(module):
        semaphore = getattr(module, kind)(3)
        for _ in range(taken):
            semaphore.acquire()
        try:
            return semaphore.release(n), shown(semaphore)
        except Exception as error:
            return type(error), shown(semaphore)

    same(call)


def test_a_bounded_one_refuses_one_release_too_many_and_keeps_its_value(threading):
    semaphore = threading.BoundedSemaphore(2)
    semaphore.acquire()
    with pytest.raises(ValueError):
        semaphore.release(2)
    assert "value=1/2" in repr(semaphore)
    semaphore.release()
    with pytest.raises(ValueError):
        semaphore.release()
    assert "value=2/2" in repr(semaphore)


def test_a_plain_one_grows_past_its_first_value(threading):
    semaphore = threading.Semaphore(0)
    semaphore.release(1000)
    assert sum(semaphore.acquire(False) for _ in range(1001)) == 1000


def test_with_takes_one_and_gives_it_back(threading, kind):
    semaphore = getattr(threading, kind)(1)
    with pytest.raises(ZeroDivisionError), semaphore as entered:
        assert entered is True
        assert semaphore.acquire(blocking=False) is False
        raise ZeroDivisionError
    assert semaphore.acquire(blocking=False) is True


@pytest.mark.parametrize("timeout", [0.001, 0.05, 1])
def test_a_timeout_is_never_early(threading, kind, timeout):
    semaphore = getattr(threading, kind)(0)
    start = time.perf_counter_ns()
    assert semaphore.acquire(timeout=timeout) is False
    assert time.perf_counter_ns() - start >= timeout * 1e9


def test_each_release_lets_exactly_one_through(threading, spawn, asleep, until):
    semaphore, passed = threading.Semaphore(0), []

    def wait():
        passed.append(semaphore.acquire())

    waiters = [spawn(wait) for _ in range(4)]
    asleep(*waiters)
    for count in (1, 2):
        semaphore.release()
        until(lambda count=count: len(passed) == count)
        assert semaphore.acquire(False) is False
    semaphore.release(2)
    for each in waiters:
        each.result()
    assert passed == [True] * 4 and semaphore.acquire(False) is False


def test_a_waiter_that_timed_out_does_not_eat_a_release(threading, kind, spawn):
    semaphore = getattr(threading, kind)(1)
    semaphore.acquire()
    assert spawn(semaphore.acquire, True, 0.01).result() is False
    semaphore.release()
    assert semaphore.acquire(False) is True


def test_no_more_than_value_threads_are_inside(threading, kind, spawn):
    semaphore, inside, most, lock = getattr(threading, kind)(2), 0, 0, threading.Lock()

    def work():
        nonlocal inside, most
        for _ in range(300):
            with semaphore:
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1

    for each in [spawn(work) for _ in range(4)]:
        each.result()
    assert inside == 0 and 1 <= most <= 2
    assert semaphore.acquire(False) and semaphore.acquire(False)
    assert not semaphore.acquire(False)


def test_init_again_sets_the_number_of_permits(threading, kind):
    semaphore = getattr(threading, kind)(3)
    assert semaphore.acquire()
    semaphore.__init__(2)
    assert [semaphore.acquire(False) for _ in range(3)] == [True, True, False]
    semaphore.release(2)
    assert semaphore._value == 2


@pytest.mark.raddle_only  # the stdlib lets them wait for ever
def test_init_again_lets_those_in_who_wait(threading, spawn, until, kind):
    semaphore = getattr(threading, kind)(0)
    waiters = [spawn(semaphore.acquire) for _ in range(3)]
    until(lambda: semaphore._waiting() == 3)
    semaphore.__init__(2)
    until(lambda: sum(waiter.done() for waiter in waiters) == 2)
    assert (semaphore._waiting(), semaphore._value) == (1, 0)
    semaphore.release()
    assert all(waiter.result() for waiter in waiters)
    assert semaphore._value == 0


def test_subclasses_have_a_dict_and_weak_references(threading, kind):
    class Named(getattr(threading, kind)):
        def __init__(self, value, name):
            super().__init__(value)
            self.name = name

        def release(self, n=1):
            self.name += "!"
            super().release(n)

    semaphore = Named(1, "a")
    semaphore.acquire()
    semaphore.release()
    assert vars(semaphore)["name"] == "a!"
    reference = weakref.ref(semaphore)
    del semaphore
    gc.collect()
    assert reference() is None


def test_with_on_a_subclass_calls_what_the_stdlib_calls(threading, stock, kind):
    seen = []
    for module in (threading, stock):
        calls = []

        class Noting(getattr(module, kind)):
            def acquire(self, *args, calls=calls, **kwargs):
                calls.append("acquire")
                return super().acquire(*args, **kwargs)

            def release(self, *args, calls=calls, **kwargs):
                calls.append("release")
                return super().release(*args, **kwargs)

        with Noting(1):
            pass
        seen.append(calls)
    assert seen[0] == seen[1]


def test_bounded_is_a_semaphore_and_both_are_named_as_in_the_stdlib(threading):
    assert issubclass(threading.BoundedSemaphore, threading.Semaphore)
    for name in KINDS:
        assert getattr(threading, name).__module__ == "threading"
        assert getattr(threading, name).__qualname__ == name


def test_repr_is_the_stdlib_one_and_names_the_subclass(threading, stock, kind):
    texts = [shown(getattr(module, kind)(3)) for module in (threading, stock)]
    assert texts[0] == texts[1]
    sub = type("Sub", (getattr(threading, kind),), {"__module__": "here"})
    assert shown(sub(1)).startswith("<here.Sub: value=1")


def test_surplus_arguments_are_refused_as_by_the_stdlib(same, kind):
    same(lambda m: getattr(m, kind)(1, 2) is None)
    same(lambda m: getattr(m, kind)(value=2) is None)
    same(lambda m: getattr(m, kind)(1).acquire(True, 0, 0))
    same(lambda m: getattr(m, kind)(1).release(1, 1))


@pytest.mark.raddle_only
@pytest.mark.parametrize("method", ["__index__", "__float__"])
@pytest.mark.parametrize(
    "use",
    [
        lambda threading, n: threading.Semaphore(n),
        lambda threading, n: threading.Semaphore().release(n),
        lambda threading, n: threading.Barrier(n),
    ],
    ids=["Semaphore", "release", "Barrier"],
)
def test_ctrl_c_in_the_methods_of_a_number_is_not_lost(threading, method, use):
    def raises(self):
        raise KeyboardInterrupt  # As the handler does, which runs between any two steps.

    number = type("Number", (), {"__lt__": lambda *_: False, "__float__": lambda _: 1.0})
    setattr(number, method, raises)
    with pytest.raises(KeyboardInterrupt):
        use(threading, number())
