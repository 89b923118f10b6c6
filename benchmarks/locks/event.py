"""Event: flipping it, asking it, and two threads that answer each other through it."""

from itertools import repeat
from time import sleep

from benchmarks.pair import alone, answered
from benchmarks.rows import Bench, Row, at_least


def set_clear(threading):
    event = threading.Event()

    def loop(n):
        set, clear = event.set, event.clear
        for _ in repeat(None, n):
            set()
            clear()
            set()
            clear()
            set()
            clear()
            set()
            clear()
            set()
            clear()

    return alone(loop)


def is_set(threading):
    event = threading.Event()

    def loop(n):
        is_set = event.is_set
        for _ in repeat(None, n):
            is_set()
            is_set()
            is_set()
            is_set()
            is_set()

    return alone(loop)


def _conversation(threading, delay):
    """Return the two loops: one asks and waits; one waits, takes `delay` s, and answers."""
    asked, told = threading.Event(), threading.Event()

    def ask(n):
        ask, wait, clear = asked.set, told.wait, told.clear
        for _ in repeat(None, n):
            ask()
            wait()
            clear()

    def answer(n):
        wait, clear, tell = asked.wait, asked.clear, told.set
        for _ in repeat(None, n):
            wait()
            clear()
            tell()

    def answer_late(n):
        wait, clear, tell = asked.wait, asked.clear, told.set
        for _ in repeat(None, n):
            wait()
            clear()
            sleep(delay)
            tell()

    return ask, answer_late if delay else answer


def round_trip(threading):
    return answered(threading, *_conversation(threading, 0))


def late(threading):
    return answered(threading, *_conversation(threading, 0.001), cpu=True)


def create(threading):
    def loop(n):
        make = threading.Event
        for _ in repeat(None, n):
            make()
            make()
            make()
            make()
            make()

    return alone(loop)


BENCHES = [
    Bench((Row("Event set + clear", at_least(10, ft=8)),), set_clear, ops=5),
    Bench((Row("Event is_set", at_least(1.0)),), is_set, ops=5),
    Bench((Row("Event round trip", at_least(15, ft=25), wakeups=2),), round_trip, sample_ms=30),
    Bench(
        (
            Row("Event answered 1 ms late, wall", at_least(1.0)),
            Row("Event answered 1 ms late, CPU", at_least(1.0), level=0.95),
        ),
        late,
        sample_ms=30,
    ),
    Bench((Row("create an Event", at_least(5)),), create, ops=5),
]
