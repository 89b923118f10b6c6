"""One lock that several threads want all the time, as the tutorial's shared counter has it.

An empty critical section would hide what contention costs: what it protects has to move from
one core to another as well. So each section adds to a counter, once (short) or twenty times
(long), and the threads have as much of their own to do between two of them, or nothing. Queues
and pools that all threads use have such locks inside.
"""

import contextlib
from itertools import repeat
from time import perf_counter_ns

from benchmarks.futures.executor import module as futures
from benchmarks.pair import against
from benchmarks.queues.queue import module as queues
from benchmarks.rows import Bench, Row, at_least

SHORT, LONG = 1, 20
CROWDS = (2, 4, 8)
FEW = 10
"""Calls that a thread has submitted before it reads their results."""
ROUNDS = 21
"""Samples of each row: they are long, and there are many rows."""
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


def one_queue(kind):
    """One queue that all threads use: each puts an object, and takes one that is there."""

    def loops(threading, threads):
        queue = getattr(queues(threading), kind)()

        def loop(n):
            put, get = queue.put, queue.get
            for _ in repeat(None, n):
                put(object())
                get()

        return contextlib.nullcontext([loop] * threads)

    return loops


@contextlib.contextmanager
def one_pool(threading, threads):
    """One pool with two workers: each thread submits calls, a few at a time, and reads them."""
    with futures(threading).ThreadPoolExecutor(2) as executor:

        def loop(n):
            submit = executor.submit
            for start in range(0, n, FEW):
                calls = [submit(abs, -1) for _ in range(start, min(start + FEW, n))]
                for call in calls:
                    call.result()

        yield [loop] * threads


def sharing(use, threads):
    """That many threads that use one thing in such a way."""

    @contextlib.contextmanager
    def setup(threading):
        with use(threading, threads) as loops, against(threading, *loops, cpu=True) as run:
            yield run

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

SHARED = (
    ("Queue, put + get", one_queue("Queue")),
    ("SimpleQueue, put + get", one_queue("SimpleQueue")),
    ("ThreadPoolExecutor, submit + result", one_pool),
)

TIME, CPU = at_least(0.9, ft=1.0), at_least(0.9, ft=1.0)


def bench(use, threads, setup):
    rows = (Row(f"{use}: {threads} threads", TIME), Row(f"{use}: {threads} threads, CPU", CPU))
    # (Under a GIL a thread runs for 5 ms at least, and a sample is the time of all together.)
    return Bench(rows, setup, ops=threads, sample_ms=max(40.0, 15.0 * threads), rounds=ROUNDS)


BENCHES = [
    *(
        bench(use, threads, crowd(make, way, inside, outside, threads))
        for use, make, way, inside, outside in USES
        for threads in CROWDS
    ),
    *(
        bench(name, threads, sharing(use, threads))
        for name, use in SHARED
        for threads in CROWDS
    ),
    *(
        Bench(
            (Row(f"Lock: longest wait, {threads} threads", at_least(0.9, ft=1.0)),),
            longest(threads),
            ops=threads,
            sample_ms=LONGEST_MS,
            rounds=ROUNDS,
        )
        for threads in CROWDS
    ),
]
