"""Timer: it calls its function after the interval, once, unless cancelled."""

import time

import pytest


def test_it_calls_with_its_arguments_and_not_early(threading):
    got = []
    timer = threading.Timer(0.05, lambda *a, **k: got.append((a, k)), (1, 2), {"three": 3})
    start = time.perf_counter_ns()
    timer.start()
    timer.join(60)
    assert time.perf_counter_ns() - start >= 0.05e9
    assert got == [((1, 2), {"three": 3})] and timer.finished.is_set()


def test_one_cancelled_while_it_waits_ends_without_calling(threading, asleep):
    got = []
    timer = threading.Timer(3600, got.append, [1])
    timer.start()
    asleep(timer)
    assert timer.is_alive() and timer.cancel() is None
    timer.join(60)
    assert not timer.is_alive() and got == []


def test_one_cancelled_before_it_starts_never_calls(threading):
    got = []
    timer = threading.Timer(0, got.append, [1])
    timer.cancel()
    timer.start()
    timer.join(60)
    assert got == []


@pytest.mark.parametrize("interval", [0, -1, 0.0])
def test_an_interval_of_nothing_calls_at_once(threading, interval):
    got = []
    timer = threading.Timer(interval, got.append, [1])
    timer.start()
    timer.join(60)
    assert got == [1]


def test_default_arguments_are_not_shared(threading):
    one, other = threading.Timer(1, print), threading.Timer(1, print)
    one.args.append(1)
    one.kwargs["a"] = 1
    assert other.args == [] and other.kwargs == {}


def test_it_is_a_thread_that_can_be_subclassed(threading, stock):
    class Daemon(threading.Timer):
        def __init__(self, *args):
            super().__init__(*args)
            self.daemon = True

    timer = Daemon(0, print)
    assert isinstance(timer, threading.Thread) and isinstance(timer, stock.Thread)
    assert timer.daemon and threading.Timer.__module__.endswith("threading")


def test_its_attributes_are_the_stdlib_ones(threading, stock):
    assert set(vars(stock.Timer(1, print))) <= set(vars(threading.Timer(1, print)))
