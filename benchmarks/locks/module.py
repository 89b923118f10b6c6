"""Looking a name up in a module: what every `threading.Lock()` pays before it calls anything.

The interpreter specializes such a look-up, unless the module has a `__getattr__`. The package
`raddle` has no counterpart; it is held against the standard library's `threading`, too.
"""

import importlib
from itertools import repeat

from benchmarks.futures.executor import module as futures
from benchmarks.pair import alone
from benchmarks.rows import Bench, Row, at_least


def lock(threading):
    def loop(n):
        module = threading
        for _ in repeat(None, n):
            module.Lock  # noqa: B018 (the look-up is what is measured)
            module.Lock  # noqa: B018
            module.Lock  # noqa: B018
            module.Lock  # noqa: B018
            module.Lock  # noqa: B018

    return alone(loop)


def executor(threading):
    found = futures(threading)
    found.ThreadPoolExecutor  # noqa: B018 (loads what is loaded late)

    def loop(n):
        module = found
        for _ in repeat(None, n):
            module.ThreadPoolExecutor  # noqa: B018
            module.ThreadPoolExecutor  # noqa: B018
            module.ThreadPoolExecutor  # noqa: B018
            module.ThreadPoolExecutor  # noqa: B018
            module.ThreadPoolExecutor  # noqa: B018

    return alone(loop)


def package(threading):
    def theirs(n):
        module = threading
        for _ in repeat(None, n):
            module.enumerate  # noqa: B018
            module.enumerate  # noqa: B018
            module.enumerate  # noqa: B018
            module.enumerate  # noqa: B018
            module.enumerate  # noqa: B018

    def ours(n):
        module = raddle
        for _ in repeat(None, n):
            module.map  # noqa: B018
            module.map  # noqa: B018
            module.map  # noqa: B018
            module.map  # noqa: B018
            module.map  # noqa: B018

    if not threading.__name__.startswith("raddle"):
        return alone(theirs)
    raddle = importlib.import_module("raddle")
    raddle.map  # noqa: B018 (loads what is loaded late)
    return alone(ours)


LEVEL = at_least(0.97)

BENCHES = [
    Bench((Row("threading.Lock looked up", LEVEL, level=1.0),), lock, ops=5),
    Bench((Row("futures.ThreadPoolExecutor looked up", LEVEL, level=1.0),), executor, ops=5),
    Bench((Row("raddle.map looked up", LEVEL, level=1.0),), package, ops=5),
]
