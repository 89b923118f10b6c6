"""Bytes each: a primitive with everything that it alone holds.

Two measures. The first adds `sys.getsizeof` over the object and what it refers to, and
sees only what the interpreter can see; the second makes many in a fresh process and divides
the growth of its resident memory, and sees what an object keeps outside as well.
"""

import contextlib
import gc
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

from benchmarks.rows import Bench, Row, above, at_most

MAKERS = {
    "Event": lambda threading: threading.Event(),
    "Condition": lambda threading: threading.Condition(),
    "Semaphore": lambda threading: threading.Semaphore(),
    "Barrier": lambda threading: threading.Barrier(2),
}

_SHARED = (type, ModuleType, FunctionType, str, int, float, type(None))


def deep_size(root):
    """Return the bytes of `root` and of all that it holds but does not share.

    Classes, modules, functions, strings and numbers belong to everyone and do not count.
    """
    seen, todo, total = set(), [root], 0
    while todo:
        thing = todo.pop()
        if id(thing) in seen or isinstance(thing, _SHARED):
            continue
        seen.add(id(thing))
        total += sys.getsizeof(thing)
        if isinstance(thing, BuiltinFunctionType | MethodType):
            todo.append(thing.__self__)
        # What a class written in C or Rust holds is known to its traversal alone.
        held = gc.get_referents(thing)
        todo += held
        own = getattr(thing, "__dict__", None)
        if isinstance(own, dict) and not any(own is one for one in held):
            # Asking made the dictionary. Until then the object had a bare array of values,
            # which `getsizeof` counts as the object's from 3.13 on and not before.
            seen.add(id(own))
            todo += own.values()
            if sys.version_info < (3, 13):
                total += sys.getsizeof(own) - sys.getsizeof({})
    return total


def graph(maker):
    @contextlib.contextmanager
    def setup(threading):
        yield lambda n: (deep_size(maker(threading)),)

    return setup


@contextlib.contextmanager
def lock_alone(threading):
    yield lambda n: (sys.getsizeof(threading.Lock()),)


def resident_bytes(module, count):
    """Return for each of MAKERS the growth in resident bytes per object made."""
    threading = importlib.import_module(module)
    page = os.sysconf("SC_PAGE_SIZE")

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    gc.disable()
    kept, grown = [], {}
    for name, make in MAKERS.items():
        make(threading)
        room = [None] * count
        before = resident()
        for index in range(count):
            room[index] = make(threading)
        grown[name] = (resident() - before) / count
        kept.append(room)
    return grown


def resident(subject, quick):
    """Measure both sides, each in its own fresh process."""
    from benchmarks.harness import summary

    count = 5_000 if quick else 20_000
    figures = []
    for module in ("threading", subject):
        done = subprocess.run(
            [sys.executable, "-m", f"{__package__}.memory", module, str(count)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            check=True,
            timeout=120,
        )
        figures.append(json.loads(done.stdout))
    theirs, ours = figures
    return [summary([theirs[name]], [ours[name]]) for name in MAKERS]


BENCHES = [
    *(
        Bench(
            (Row(f"{name}, bytes with all it holds", above(1.0), unit="B"),),
            graph(maker),
            fixed=(1, 1),
        )
        for name, maker in MAKERS.items()
    ),
    Bench((Row("Lock, bytes", at_most(64, ft=192), unit="B"),), lock_alone, fixed=(1, 1)),
    Bench(
        tuple(Row(f"{name}, resident bytes", unit="B") for name in MAKERS),
        elsewhere=resident,
    ),
]

if __name__ == "__main__":
    json.dump(resident_bytes(sys.argv[1], int(sys.argv[2])), sys.stdout)
