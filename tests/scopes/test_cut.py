"""Each wait, ended by its scope: it raises at once, and nothing is lost by it."""

import threading as stock
import time

import pytest
import raddle
from waits import WAITS, ended

pytestmark = pytest.mark.raddle_only
LONG = 1000  # seconds that nothing here takes


def each(kinds):
    return pytest.mark.parametrize("wait", kinds, ids=lambda kind: kind.__name__, indirect=True)


@pytest.fixture
def wait(request, threading, queue, futures, spawn):
    with ended(request.param(threading, queue, futures, spawn)) as made:
        yield made


@each(WAITS)
def test_a_cancelled_wait_raises_and_loses_nothing(wait, spawn, asleep):
    scopes = []

    def run():
        with raddle.deadline(None) as scope:
            scopes.append(scope)
            with pytest.raises(raddle.Cancelled) as raised:
                wait.wait()
            assert raised.value.wait == wait.says
            assert not raised.value.late
            raise raised.value

    waiter = spawn(run)
    asleep(waiter)
    assert scopes[0].cancel() is True
    assert scopes[0].cancel() is False, "only the first call is the first"
    waiter.result()
    wait.give()
    wait.take()


@each(WAITS)
def test_a_deadline_that_has_passed_ends_the_wait(wait):
    with pytest.raises(TimeoutError, match=wait.says) as raised, raddle.deadline(0.001):
        wait.wait()
    assert isinstance(raised.value.__cause__, raddle.Cancelled)
    assert raised.value.__cause__.late
    wait.give()
    wait.take()


@each([kind for kind in WAITS if kind.lasts])
def test_a_scope_that_ended_before_ends_the_wait_again_and_again(wait):
    with raddle.deadline(LONG) as scope:
        scope.cancel()
        for _ in range(3):
            with pytest.raises(raddle.Cancelled):
                wait.wait()
        raddle.checkpoint()
    wait.give()
    wait.take()


@each([kind for kind in WAITS if kind.given])
def test_a_shield_keeps_it_away(wait, spawn, asleep):
    began = stock.Event()

    def run():
        with raddle.deadline(LONG) as scope:
            scope.cancel()
            with raddle.shield():
                began.set()
                wait.wait()
            with pytest.raises(raddle.Cancelled):
                raddle.checkpoint()
            raddle.checkpoint()

    waiter = spawn(run)
    began.wait()
    asleep(waiter)
    wait.give()
    waiter.result()


def test_a_wait_that_need_not_wait_is_not_ended(threading, queue):
    with raddle.deadline(0):
        lock = threading.Lock()
        with lock:
            assert not lock.acquire(False), "an attempt is no wait"
        items = queue.Queue()
        items.put(1)
        assert items.get() == 1
        with pytest.raises(queue.Empty):
            items.get(False)
        assert threading.Event().wait(0) is False


def test_a_timeout_of_its_own_that_is_sooner_is_one(threading, queue):
    with raddle.deadline(LONG):
        assert threading.Event().wait(0.001) is False
        with pytest.raises(queue.Empty):
            queue.Queue().get(timeout=0.001)


def test_a_deadline_is_never_early():
    start = time.perf_counter_ns()
    with pytest.raises(TimeoutError), raddle.deadline(0.05):
        raddle.sleep(LONG)
    assert time.perf_counter_ns() - start >= 50_000_000
