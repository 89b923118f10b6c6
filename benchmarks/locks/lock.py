"""Lock: alone, and with two threads after one lock or after one each."""

from itertools import repeat

from benchmarks.pair import against, alone
from benchmarks.rows import Bench, Row, at_least


def acquire_release(threading):
    lock = threading.Lock()

    def loop(n):
        acquire, release = lock.acquire, lock.release
        for _ in repeat(None, n):
            acquire()
            release()
            acquire()
            release()
            acquire()
            release()
            acquire()
            release()
            acquire()
            release()

    return alone(loop)


def _hammer(lock):
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


def with_block(threading):
    return alone(_hammer(threading.Lock()))


def shared(threading):
    lock = threading.Lock()
    return against(threading, _hammer(lock), _hammer(lock))


def separate(threading):
    # Made one after the other, as a program would: neighbours in memory may share a line.
    left, right = threading.Lock(), threading.Lock()
    return against(threading, _hammer(left), _hammer(right))


def create(threading):
    def loop(n):
        make = threading.Lock
        for _ in repeat(None, n):
            make()
            make()
            make()
            make()
            make()

    return alone(loop)


UNCONTENDED = at_least(1.3, gil314=1.0, ft=1.0)

BENCHES = [
    Bench((Row("Lock acquire + release", UNCONTENDED),), acquire_release, ops=5),
    Bench((Row("with Lock", UNCONTENDED),), with_block, ops=5),
    # Long samples: with a GIL the threads change over only every 5 ms.
    Bench((Row("Lock, 2 threads, shared", at_least(0.9)),), shared, ops=10, sample_ms=80),
    Bench(
        (Row("Lock, 2 threads, one each", at_least(0.9, ft=1.1)),),
        separate,
        ops=10,
        sample_ms=80,
    ),
    Bench((Row("create a Lock", at_least(1.0)),), create, ops=5),
]
