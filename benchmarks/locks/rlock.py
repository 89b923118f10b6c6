"""RLock: taken once, and taken again by its owner."""

from itertools import repeat

from benchmarks.pair import alone
from benchmarks.rows import Bench, Row, at_least


def with_block(threading):
    lock = threading.RLock()

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

    return alone(loop)


def nested(threading):
    lock = threading.RLock()

    def loop(n):
        mine = lock
        for _ in repeat(None, n):
            with mine, mine:
                pass
            with mine, mine:
                pass
            with mine, mine:
                pass
            with mine, mine:
                pass
            with mine, mine:
                pass

    return alone(loop)


BENCHES = [
    Bench((Row("with RLock", at_least(1.0)),), with_block, ops=5),
    Bench((Row("with RLock, nested", at_least(1.0)),), nested, ops=5),
]
