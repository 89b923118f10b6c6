"""Futures: made and read, waited for in bulk, and the memory of a pending one."""

import contextlib
import importlib
import json
import os
import subprocess
import sys
from itertools import repeat
from pathlib import Path
from time import perf_counter_ns

from benchmarks.futures.executor import module
from benchmarks.pair import alone
from benchmarks.rows import Bench, Row, above, at_least
from benchmarks.threads.memory import deep_size

MANY = 1_000
RESIDENT = 20_000


def made(threading):
    make = module(threading).Future

    def loop(n):
        for _ in repeat(None, n):
            future = make()
            future.set_running_or_notify_cancel()
            future.set_result(1)
            future.result()

    return alone(loop)


def called_back(threading):
    make = module(threading).Future

    def loop(n):
        for _ in repeat(None, n):
            future = make()
            future.add_done_callback(abs_of)
            future.set_result(1)

    return alone(loop)


def abs_of(future):
    return None


def done(futures):
    made = [futures.Future() for _ in repeat(None, MANY)]
    for future in made:
        future.set_result(1)
    return made


def over_done(take):
    """A set-up whose `Run` is `take(futures, made)` over futures that are done."""

    @contextlib.contextmanager
    def setup(threading):
        futures = module(threading)
        made = done(futures)

        def run(n):
            began = perf_counter_ns()
            for _ in repeat(None, n):
                take(futures, made)
            return (perf_counter_ns() - began,)

        yield run

    return setup


def over_pending(take):
    """The same over futures that another thread ends meanwhile."""

    @contextlib.contextmanager
    def setup(threading):
        futures = module(threading)
        with futures.ThreadPoolExecutor(1) as executor:

            def end(made):
                for future in made:
                    future.set_result(1)

            def run(n):
                total = 0
                for _ in repeat(None, n):
                    made = [futures.Future() for _ in repeat(None, MANY)]
                    began = perf_counter_ns()
                    ender = executor.submit(end, made)
                    take(futures, made)
                    total += perf_counter_ns() - began
                    ender.result()
                return (total,)

            yield run

    return setup


def as_completed(futures, made):
    for _ in futures.as_completed(made):
        pass


def wait(futures, made):
    futures.wait(made)


def wait_first(futures, made):
    futures.wait(made, return_when=futures.FIRST_COMPLETED)


@contextlib.contextmanager
def graph(threading):
    futures = module(threading)
    yield lambda n: (deep_size(futures.Future()),)


def resident_bytes(name, count):
    """Return the growth in resident bytes per pending future, alone and in an executor."""
    futures = importlib.import_module(name)
    page = os.sysconf("SC_PAGE_SIZE")

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    futures.Future()
    room = [None] * count
    before = resident()
    for index in range(count):
        room[index] = futures.Future()
    alone = (resident() - before) / count
    go = importlib.import_module("threading").Event()
    with futures.ThreadPoolExecutor(1) as executor:
        executor.submit(go.wait)
        calls = [None] * count
        before = resident()
        for index in range(count):
            calls[index] = executor.submit(abs, -1)
        queued = (resident() - before) / count
        go.set()
    return [alone, queued]


def resident(subject, quick):
    """Measure both sides, each in its own fresh process."""
    from benchmarks.harness import summary

    count = RESIDENT // 4 if quick else RESIDENT
    figures = []
    for name in ("concurrent.futures", "raddle.futures"):
        ran = subprocess.run(
            [sys.executable, "-m", f"{__package__}.future", name, str(count)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            check=True,
            timeout=120,
        )
        figures.append(json.loads(ran.stdout))
    return [summary([theirs], [ours]) for theirs, ours in zip(*figures, strict=True)]


BENCHES = [
    Bench((Row("future made, run, ended and read", above(1.0)),), made),
    Bench((Row("future with a callback, ended", above(1.0)),), called_back),
    Bench((Row("as_completed, done: a future"),), over_done(as_completed), ops=MANY),
    Bench((Row("as_completed, pending: a future"),), over_pending(as_completed), ops=MANY),
    Bench((Row("wait for all, done: a future"),), over_done(wait), ops=MANY),
    Bench((Row("wait for all, pending: a future"),), over_pending(wait), ops=MANY),
    Bench((Row("wait for the first, done: a future"),), over_done(wait_first), ops=MANY),
    Bench(
        (Row("pending future, bytes with all it holds", at_least(2), unit="B"),),
        graph,
        fixed=(1, 1),
    ),
    Bench(
        (
            Row("pending future, resident bytes", at_least(2), unit="B"),
            Row("pending call, resident bytes", unit="B"),
        ),
        elsewhere=resident,
    ),
]

if __name__ == "__main__":
    json.dump(resident_bytes(sys.argv[1], int(sys.argv[2])), sys.stdout)
