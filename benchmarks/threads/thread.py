"""Thread: from nothing to joined, one at a time and ten at once."""

from itertools import repeat

from benchmarks.pair import alone
from benchmarks.rows import Bench, Row, at_least


def nothing():
    pass


def one(threading):
    def loop(n):
        for _ in repeat(None, n):
            thread = threading.Thread(target=nothing)
            thread.start()
            thread.join()

    return alone(loop)


def ten(threading):
    def loop(n):
        for _ in repeat(None, n):
            threads = [threading.Thread(target=nothing) for _ in range(10)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    return alone(loop)


BENCHES = [
    Bench((Row("Thread start + join, one", at_least(1.5, ft=2)),), one, sample_ms=20),
    Bench((Row("Thread start + join, ten at once", at_least(1.5, ft=2.5)),), ten, sample_ms=20),
]
