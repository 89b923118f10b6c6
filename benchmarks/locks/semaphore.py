"""Semaphore: alone, and two threads that answer each other through a pair of them."""

from itertools import repeat
from time import sleep

from benchmarks.pair import alone, answered
from benchmarks.rows import Bench, Row, at_least


def with_block(threading):
    semaphore = threading.Semaphore()

    def loop(n):
        mine = semaphore
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

    return alone(loop)


def _conversation(threading, delay):
    """Return the two loops: one asks and waits; one waits, takes `delay` s, and answers."""
    asked, told = threading.Semaphore(0), threading.Semaphore(0)

    def ask(n):
        ask, wait = asked.release, told.acquire
        for _ in repeat(None, n):
            ask()
            wait()

    def answer(n):
        wait, tell = asked.acquire, told.release
        for _ in repeat(None, n):
            wait()
            tell()

    def answer_late(n):
        wait, tell = asked.acquire, told.release
        for _ in repeat(None, n):
            wait()
            sleep(delay)
            tell()

    return ask, answer_late if delay else answer


def round_trip(threading):
    return answered(threading, *_conversation(threading, 0))


def late(threading):
    return answered(threading, *_conversation(threading, 0.001), cpu=True)


def create(threading):
    def loop(n):
        make = threading.Semaphore
        for _ in repeat(None, n):
            make()
            make()
            make()
            make()
            make()

    return alone(loop)


BENCHES = [
    Bench((Row("with Semaphore", at_least(5)),), with_block, ops=5),
    Bench(
        (Row("Semaphore round trip", at_least(15, ft=25), wakeups=2),),
        round_trip,
        sample_ms=30,
    ),
    Bench(
        (
            Row("Semaphore answered 1 ms late, wall", at_least(1.0)),
            Row("Semaphore answered 1 ms late, CPU", at_least(1.0), level=0.95),
        ),
        late,
        sample_ms=30,
    ),
    Bench((Row("create a Semaphore", at_least(5)),), create, ops=5),
]
