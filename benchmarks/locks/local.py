"""local: a thread's own attribute, read and written."""

from itertools import repeat

from benchmarks.pair import alone
from benchmarks.rows import Bench, Row, at_least


def read(threading):
    mine = threading.local()
    mine.value = 1

    def loop(n):
        local = mine
        for _ in repeat(None, n):
            local.value  # noqa: B018 (the read is what is measured)
            local.value  # noqa: B018
            local.value  # noqa: B018
            local.value  # noqa: B018
            local.value  # noqa: B018

    return alone(loop)


def write(threading):
    mine = threading.local()

    def loop(n):
        local = mine
        for _ in repeat(None, n):
            local.value = 1
            local.value = 1
            local.value = 1
            local.value = 1
            local.value = 1

    return alone(loop)


BENCHES = [
    Bench((Row("local attribute read", at_least(1.0)),), read, ops=5),
    Bench((Row("local attribute write", at_least(1.0)),), write, ops=5),
]
