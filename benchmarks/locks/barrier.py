"""Barrier: two threads that meet, and meet again."""

from itertools import repeat

from benchmarks.pair import answered
from benchmarks.rows import Bench, Row, at_least


def round_trip(threading):
    barrier = threading.Barrier(2)

    def meet(n):
        wait = barrier.wait
        for _ in repeat(None, n):
            wait()

    return answered(threading, meet, meet)


BENCHES = [
    Bench((Row("Barrier(2) round trip", at_least(25), wakeups=1),), round_trip, sample_ms=30),
]
