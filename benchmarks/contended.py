"""One lock that several threads want all the time, as the tutorial's shared counter has it.

An empty critical section would hide what contention costs: what it protects has to move from
one core to another as well. So each section adds to a counter, once (short) or twenty times
(long), and the threads have as much of their own to do between two of them, or nothing.
"""

import contextlib
from itertools import repeat
from time import perf_counter_ns

from .pair import against
from .rows import Bench, Row, at_least

SHORT, LONG = 1, 20
CROWDS = (2, 4, 8)
LONGEST_MS = 250.0
"""How long a sample takes in which the longest wait is looked for."""


def with_block(lock, inside, outside):
    """Take `lock` with a `with` block, add `inside` times, and then do `outside` steps."""
    count = [0]

    def loop(n):
        mine, total = lock, count
        for _ in repeat(None, n):
            with mine:
                for _ in repeat(None, inside):
                    total[0] += 1
            for _ in repeat(None, outside):
                pass

    return loop


def by_call(lock, inside, outside):
    """The same by acquire() and release()."""
    count = [0]

    def loop(n):
        acquire, release, total = lock.acquire, lock.release, count
        for _ in repeat(None, n):
            acquire()
            for _ in repeat(None, inside):
                total[0] += 1
            release()
            for _ in repeat(None, outside):
                pass

    return loop


def crowd(make, way, inside, outside, threads):
    """That many threads that do this to one lock."""

    def setup(threading):
        loop = way(make(threading), inside, outside)
        return against(threading, *repeat(loop, threads), cpu=True)

    return setup


def longest(threads):
    """That many threads; the longest time that one of them has waited for the lock."""

    @contextlib.contextmanager
    def setup(threading):
        lock, worst = threading.Lock(), [0] * threads

        def waiting(number):
            def loop(n):
                now, mine, most = perf_counter_ns, lock, 0
                for _ in repeat(None, n):
                    before = now()
                    with mine:
                        waited = now() - before
                    if waited > most:
                        most = waited
                worst[number] = most

            return loop

        with against(threading, *map(waiting, range(threads))) as run:

            def most(n):
                run(n)
                return (max(worst) * n * threads,)  # The rows divide it by both.

            yield most

    return setup


def lock(threading):
    return threading.Lock()


def rlock(threading):
    return threading.RLock()


def condition(threading):
    return threading.Condition()


def semaphore(threading):
    return threading.Semaphore(1)


USES = (
    ("Lock, acquire + release, short", lock, by_call, SHORT, 0),
    ("Lock, with, short", lock, with_block, SHORT, 0),
    ("Lock, with, short, work outside", lock, with_block, SHORT, LONG),
    ("Lock, with, long", lock, with_block, LONG, 0),
    ("Lock, with, long, work outside", lock, with_block, LONG, 2 * LONG),
    ("RLock, with, short", rlock, with_block, SHORT, 0),
    ("RLock, with, long", rlock, with_block, LONG, 0),
    ("Condition, with, short", condition, with_block, SHORT, 0),
    ("Condition, with, long", condition, with_block, LONG, 0),
    ("Semaphore(1), with, short", semaphore, with_block, SHORT, 0),
    ("Semaphore(1), with, long", semaphore, with_block, LONG, 0),
)

TIME, CPU = at_least(0.9, ft=1.0), at_least(0.9, ft=1.0)

BENCHES = [
    Bench(
        (
            Row(f"{use}: {threads} threads", TIME),
            Row(f"{use}: {threads} threads, CPU", CPU),
        ),
        crowd(make, way, inside, outside, threads),
        ops=threads,
        sample_ms=40.0,
    )
    for use, make, way, inside, outside in USES
    for threads in CROWDS
] + [
    Bench(
        (Row(f"Lock: longest wait, {threads} threads", at_least(0.9, ft=1.0)),),
        longest(threads),
        ops=threads,
        sample_ms=LONGEST_MS,
    )
    for threads in CROWDS
]
