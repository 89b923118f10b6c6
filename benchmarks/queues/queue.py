"""The queues: alone, between threads, and how much memory an item takes."""

import heapq
import importlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from pathlib import Path
from time import perf_counter_ns

from benchmarks.pair import against, alone
from benchmarks.rows import Bench, Row, at_least

ROOM = 100
"""The most items in the bounded ones, as a program would choose it."""
STANDING = 50
"""Items that stay in the queue in the rows of LifoQueue and PriorityQueue."""


def module(threading):
    """Return the module of queues that goes with a module like `threading`."""
    return importlib.import_module(
        "raddle.queue" if threading.__name__.startswith("raddle") else "queue"
    )


def put_and_get(name):
    def setup(threading):
        queue = getattr(module(threading), name)()

        def loop(n):
            put, get = queue.put, queue.get
            for _ in repeat(None, n):
                put(1)
                get()
                put(1)
                get()
                put(1)
                get()
                put(1)
                get()
                put(1)
                get()

        return alone(loop)

    return setup


@dataclass(order=True)
class Job:
    """An item as the standard library's documentation makes it."""

    priority: int
    work: object = field(compare=False)


NUMBERS = [number * 7919 % 101 for number in range(100)]
"""Priorities as they come: in a mixed order."""


def alternating(put, get, items):
    """Return a loop that puts one item and gets another, among those that stay."""
    for item in items[:STANDING]:
        put(item)

    def loop(n):
        for _ in repeat(None, n):
            for item in items:
                put(item)
                get()

    return loop


def put_and_get_among_others(name, items=NUMBERS):
    def setup(threading):
        queue = getattr(module(threading), name)()
        return alone(alternating(queue.put, queue.get, items))

    return setup


def objects(subject, quick):
    """Items whose comparison is Python's own, beside a bare heap of them: that is the floor."""
    from benchmarks.harness import summary

    jobs = [Job(number, None) for number in NUMBERS]
    raddle = importlib.import_module("raddle.queue" if "raddle" in subject else "queue")
    theirs, ours = importlib.import_module("queue").PriorityQueue(), raddle.PriorityQueue()
    heap = []
    loops = [
        alternating(theirs.put, theirs.get, jobs),
        alternating(ours.put, ours.get, jobs),
        alternating(partial(heapq.heappush, heap), partial(heapq.heappop, heap), jobs),
    ]
    times = [[] for _ in loops]
    for _ in range(9 if quick else 25):
        for loop, taken in zip(loops, times, strict=True):
            began = perf_counter_ns()
            loop(10)
            taken.append((perf_counter_ns() - began) / (10 * len(jobs)))
    theirs, ours, bare = times
    return [summary(theirs, ours), summary(theirs, bare), summary(bare, ours)]


def between(name, sides, *size):
    """`sides` threads put and as many get, each one item a step."""

    def setup(threading):
        queue = getattr(module(threading), name)(*size)

        def put(n):
            put = queue.put
            for number in range(n):
                put(number)

        def get(n):
            get = queue.get
            for _ in repeat(None, n):
                get()

        return against(threading, *[put] * sides, *[get] * sides)

    return setup


MEMORY = ("Queue", "SimpleQueue", "LifoQueue", "PriorityQueue")
ITEMS = 1_000_000


def resident_bytes(name, kind):
    """Return the growth in resident bytes per queued item, with what growing leaves behind."""
    make = getattr(importlib.import_module(name), kind)
    page = os.sysconf("SC_PAGE_SIZE")

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    first = make()
    for _ in repeat(None, 1000):  # The code is in memory then.
        first.put(1)
    queue = make()
    put = queue.put
    before = resident()
    for _ in repeat(None, ITEMS):
        put(1)
    return (resident() - before) / ITEMS


def memory(subject, quick):
    """Measure either side and each class in fresh processes of their own.

    Three pairs: what else a process maps meanwhile moves the figure by a few pages.
    """
    from benchmarks.harness import summary

    def measured(name, kind):
        done = subprocess.run(
            [sys.executable, "-m", f"{__package__}.queue", name, kind],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            check=True,
            timeout=120,
        )
        return json.loads(done.stdout)

    ours = "raddle.queue" if subject.startswith("raddle") else "queue"
    pairs = {
        kind: [(measured("queue", kind), measured(ours, kind)) for _ in range(3)]
        for kind in MEMORY
    }
    return [summary(*zip(*pairs[kind], strict=True)) for kind in MEMORY]


BENCHES = [
    Bench((Row("Queue put+get", at_least(10)),), put_and_get("Queue"), ops=5),
    Bench((Row("SimpleQueue put+get", at_least(0.9)),), put_and_get("SimpleQueue"), ops=5),
    Bench(
        (Row("LifoQueue put+get", at_least(5)),), put_and_get_among_others("LifoQueue"), ops=100
    ),
    Bench(
        (Row("PriorityQueue put+get", at_least(5)),),
        put_and_get_among_others("PriorityQueue"),
        ops=100,
    ),
    Bench(
        (Row("PriorityQueue put+get, tuples", at_least(5)),),
        put_and_get_among_others(
            "PriorityQueue", [(number, index) for index, number in enumerate(NUMBERS)]
        ),
        ops=100,
    ),
    Bench(
        (
            Row("PriorityQueue put+get, objects"),
            Row("a bare heap of the same objects"),
            # Nearly all of the time is their comparison, a call of Python.
            Row("a bare heap / PriorityQueue, objects", at_least(0.8)),
        ),
        elsewhere=objects,
    ),
    Bench(
        (Row("Queue 1 to 1, maxsize 100", at_least(3, ft=2)),),
        between("Queue", 1, ROOM),
        sample_ms=30,
    ),
    Bench(
        (Row("Queue 2 to 2, maxsize 100", at_least(3, ft=1.2)),),
        between("Queue", 2, ROOM),
        ops=2,
        sample_ms=30,
    ),
    Bench((Row("SimpleQueue 1 to 1", at_least(0.9)),), between("SimpleQueue", 1), sample_ms=30),
    Bench((Row("Queue 1 to 1, unbounded"),), between("Queue", 1), sample_ms=30),
    Bench(
        tuple(Row(f"{kind}, bytes per item", at_least(1.0), unit="B") for kind in MEMORY),
        elsewhere=memory,
    ),
]

if __name__ == "__main__":
    json.dump(resident_bytes(*sys.argv[1:]), sys.stdout)
