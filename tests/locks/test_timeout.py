"""Timeouts across the words: one limit, never early, nobody lost when they run out."""

import math
import time

import pytest

WAITS = {
    "Lock": lambda m: _held(m.Lock()),
    "Condition": lambda m: _condition(m.Condition()),
    "Semaphore": lambda m: lambda t: m.Semaphore(0).acquire(timeout=t),
    "BoundedSemaphore": lambda m: lambda t: m.BoundedSemaphore(0).acquire(timeout=t),
    "Event": lambda m: m.Event().wait,
    "Barrier": lambda m: _barrier(m, m.Barrier(2)),
}


def _held(lock):
    lock.acquire()
    return lambda t: lock.acquire(timeout=t)


def _condition(condition):
    def wait(timeout):
        with condition:
            return condition.wait(timeout)

    return wait


def _barrier(module, barrier):
    def wait(timeout):
        try:
            return barrier.wait(timeout)
        except module.BrokenBarrierError:
            return False

    return wait


def _elapsed(call, *args):
    start = time.perf_counter_ns()
    assert not call(*args)
    return time.perf_counter_ns() - start


@pytest.fixture(params=list(WAITS))
def make(request):
    return WAITS[request.param]


def test_timeout_max_is_the_stdlibs(threading, stock):
    assert threading.TIMEOUT_MAX == stock.TIMEOUT_MAX


@pytest.mark.parametrize("timeout", [1e-9, 1e-6, 0.0001, 0.0015, 0.02, 1 / 7])
def test_none_is_early_in_another_thread(threading, make, spawn, timeout):
    def once():
        return _elapsed(make(threading), timeout)

    assert spawn(once).result() >= math.floor(timeout * 1e9)


def test_none_of_two_hundred_short_ones_is_early(threading, make):
    for number in range(200):
        timeout = number * 1e-5
        assert _elapsed(make(threading), timeout) >= math.floor(timeout * 1e9)


def test_whole_seconds_may_be_ints(threading, make, spawn):
    assert spawn(lambda: _elapsed(make(threading), 1)).result() >= 1_000_000_000


@pytest.mark.parametrize("timeout", ["max", 1e6, 10**6])
def test_far_deadlines_wait_until_woken(threading, spawn, asleep, timeout):
    timeout = threading.TIMEOUT_MAX if timeout == "max" else timeout
    lock, event, semaphore = threading.Lock(), threading.Event(), threading.Semaphore(0)
    condition, barrier = threading.Condition(), threading.Barrier(2)
    lock.acquire()
    thread = threading.Thread(target=event.wait)
    thread.start()

    def wait():
        with condition:
            return condition.wait(timeout)

    waiters = [
        spawn(lock.acquire, True, timeout),
        spawn(event.wait, timeout),
        spawn(semaphore.acquire, True, timeout),
        spawn(wait),
        spawn(barrier.wait, timeout),
        spawn(thread.join, timeout),
    ]
    asleep(*waiters)
    lock.release(), semaphore.release(), barrier.wait(), event.set()
    with condition:
        condition.notify()
    assert [each.result() for each in waiters] == [True, True, True, True, 0, None]


JOINS = [0, 0.0, -1, -0.5, 0.001, False, "1", [], 1j, float("nan"), float("inf"), float("-inf")]
JOINS += [10**30, -(10**30), 1e300]


@pytest.mark.parametrize("timeout", JOINS, ids=repr)
def test_join_of_a_live_thread_treats_timeouts_as_the_stdlib(same, timeout):
    made = []

    def call(module):
        go = module.Event()
        thread = module.Thread(target=go.wait, daemon=True)
        thread.start()
        made.append((go, thread))
        return thread.join(timeout), thread.is_alive()

    try:
        same(call)
    finally:
        for go, thread in made:
            go.set()
            thread.join()


@pytest.mark.parametrize("timeout", JOINS, ids=repr)
def test_join_of_an_ended_thread_treats_timeouts_as_the_stdlib(same, timeout):
    def call(module):
        thread = module.Thread(target=int)
        thread.start()
        thread.join()
        return thread.join(timeout)

    same(call)


@pytest.mark.parametrize("timeout", [0.001, 0.05, 1])
def test_join_is_never_early(threading, timeout):
    go = threading.Event()
    thread = threading.Thread(target=go.wait)
    thread.start()
    try:
        assert _elapsed(thread.join, timeout) >= timeout * 1e9
        assert thread.is_alive()
    finally:
        go.set()
        thread.join()


def test_a_deadline_outlives_wake_ups_that_were_not_meant_for_it(threading, spawn):
    # Sets that are cleared at once and releases that another takes wake a waiter early: what
    # is left of its time has to be counted from its start.
    condition, stop = threading.Condition(), threading.Event()

    def disturb():
        while not stop.is_set():
            with condition:
                condition.notify_all()

    helper = spawn(disturb)
    try:
        start = time.perf_counter_ns()
        with condition:
            assert condition.wait_for(lambda: False, 0.2) is False
        elapsed = time.perf_counter_ns() - start
    finally:
        stop.set()
        helper.result()
    assert 0.2e9 <= elapsed < 60e9


def test_a_semaphore_that_others_empty_again_keeps_its_deadline(threading, spawn):
    semaphore, stop = threading.Semaphore(0), threading.Event()

    def disturb():
        while not stop.is_set():
            semaphore.release()
            semaphore.acquire()

    helper = spawn(disturb)
    got, short = 0, []
    try:
        for _ in range(20):
            start = time.perf_counter_ns()
            if semaphore.acquire(timeout=0.01):
                got += 1
                semaphore.release()
            else:
                short.append(time.perf_counter_ns() - start)
    finally:
        stop.set()
        helper.result()
    assert got + len(short) == 20
    assert all(each >= 0.01e9 for each in short)
    assert semaphore.acquire(False) is False


def test_timed_and_untimed_waiters_share_what_is_released(threading, spawn, asleep):
    semaphore = threading.Semaphore(0)
    timed = [spawn(semaphore.acquire, True, 0.005) for _ in range(4)]
    untimed = [spawn(semaphore.acquire) for _ in range(4)]
    assert [each.result() for each in timed] == [False] * 4
    asleep(*untimed)
    semaphore.release(4)
    assert [each.result() for each in untimed] == [True] * 4
    assert semaphore.acquire(False) is False


def test_a_release_that_meets_a_timeout_is_never_lost(threading, spawn):
    # Either the waiter takes it, and says so, or it is still there afterwards.
    for number in range(300):
        semaphore = threading.Semaphore(0)
        waiter = spawn(semaphore.acquire, True, number * 1e-6)
        semaphore.release()
        assert waiter.result() is not semaphore.acquire(False)


def test_a_notification_that_meets_a_timeout_reaches_someone(threading, spawn, until):
    condition, tokens, taken = threading.Condition(), [], []

    def take(timeout):
        with condition:
            if condition.wait_for(lambda: tokens, timeout):
                taken.append(tokens.pop())

    for number in range(100):
        timed, patient = spawn(take, number * 1e-5), spawn(take, 60)
        with condition:
            tokens.append(number)
            condition.notify()
        until(lambda number=number: taken[-1:] == [number])
        timed.result()
        if not patient.done():
            with condition:
                tokens.append(None)
                condition.notify()
        patient.result()
        tokens.clear()
