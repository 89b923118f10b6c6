"""The queues: alone, between threads, and how much memory an item takes."""

import importlib
import json
import os
import subprocess
import sys
from itertools import repeat
from pathlib import Path

from .pair import against, alone
from .rows import Bench, Row, at_least

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


def put_and_get_among_others(name):
    """Priorities as they come: the items are small integers in a mixed order."""

    def setup(threading):
        queue = getattr(module(threading), name)()
        numbers = [number * 7919 % 101 for number in range(100)]
        for number in numbers[:STANDING]:
            queue.put(number)

        def loop(n):
            put, get = queue.put, queue.get
            for _ in repeat(None, n):
                for number in numbers:
                    put(number)
                    get()

        return alone(loop)

    return setup


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
    from .harness import summary

    def measured(name, kind):
        done = subprocess.run(
            [sys.executable, "-m", f"{__package__}.queue", name, kind],
            cwd=Path(__file__).parents[1],
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
