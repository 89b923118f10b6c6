"""Detection and the checking modes: what each costs a lock, beside the interpreter's own.

Each row has its own settings for the time in which its locks are made and used; the figure
without any is in lock.py's rows.
"""

import contextlib
from itertools import repeat

from benchmarks.pair import alone
from benchmarks.rows import Bench, Row, at_least


@contextlib.contextmanager
def _set(threading, on, off):
    """Configure raddle, if it is the side that is measured, until the block ends."""
    if not threading.__name__.startswith("raddle"):
        yield
        return
    import raddle

    raddle.configure(**on)
    try:
        yield
    finally:
        raddle.configure(**off)


def _with(lock):
    def loop(n):
        mine = lock
        for _ in repeat(None, n):
            with mine:
                pass
            with mine:
                pass
            with mine:
                pass
            with mine:
                pass
            with mine:
                pass

    return loop


def _nested(outer, inner):
    def loop(n):
        first, second = outer, inner
        for _ in repeat(None, n):
            with first, second:
                pass
            with first, second:
                pass
            with first, second:
                pass

    return loop


def _sleeps(event):
    def loop(n):
        wait = event.wait
        for _ in repeat(None, n):
            wait(1e-6)

    return loop


def _bench(row, work, on, off, ops):
    @contextlib.contextmanager
    def setup(threading):
        with _set(threading, on, off), alone(work(threading)) as run:
            yield run

    return Bench((row,), setup, ops=ops)


def _one(threading):
    return _with(threading.Lock())


def _two(threading):
    return _nested(threading.Lock(), threading.Lock())


def _wait(threading):
    return _sleeps(threading.Event())


OFF = ({"on_deadlock": "ignore"}, {"on_deadlock": "report"})
ON = ({}, {})
ORDER = ({"lock_order": True}, {"lock_order": False})
PROFILE = ({"profile": True}, {"profile": False})

# What the modes may cost: they are for production, too.
CHECKED, PROFILED = at_least(0.8), at_least(0.67)

BENCHES = [
    _bench(Row("with Lock, detection off"), _one, *OFF, ops=5),
    _bench(Row("with Lock, detection on"), _one, *ON, ops=5),
    _bench(Row("with Lock, order checked", CHECKED), _one, *ORDER, ops=5),
    _bench(Row("with Lock, profiled", PROFILED), _one, *PROFILE, ops=5),
    _bench(Row("one with inside another, order checked", CHECKED), _two, *ORDER, ops=3),
    _bench(Row("Event.wait(1 µs), detection off"), _wait, *OFF, ops=1),
    _bench(Row("Event.wait(1 µs), detection on"), _wait, *ON, ops=1),
]
