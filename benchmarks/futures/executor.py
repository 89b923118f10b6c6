"""The executor: many tiny calls, one call at a time, and map().

What runs is `abs` of a small number, so that the row is the executor's own cost.
"""

import contextlib
import importlib
from itertools import repeat
from time import perf_counter_ns, sleep

from benchmarks.rows import Bench, Row, at_least, at_most, build_kind

MANY = 5_000
WORKERS = 2
IDLE_S = 0.005
"""How long the workers are left alone in the row about idle ones."""


def module(threading):
    """Return the module of futures that goes with a module like `threading`."""
    return importlib.import_module(
        "raddle.futures" if threading.__name__.startswith("raddle") else "concurrent.futures"
    )


def with_executor(step, workers=WORKERS):
    """A set-up whose `Run` is `step(executor, n)`, which returns nanoseconds."""

    @contextlib.contextmanager
    def setup(threading):
        with module(threading).ThreadPoolExecutor(workers) as executor:
            executor.submit(abs, -1).result()
            yield lambda n: (step(executor, n),)

    return setup


def burst(executor, n):
    """Submit many, then take all results."""
    began = perf_counter_ns()
    for _ in repeat(None, n):
        submit = executor.submit
        calls = [submit(abs, -1) for _ in repeat(None, MANY)]
        for call in calls:
            call.result()
    return perf_counter_ns() - began


def one_at_a_time(executor, n):
    began = perf_counter_ns()
    for _ in repeat(None, n):
        executor.submit(abs, -1).result()
    return perf_counter_ns() - began


def one_after_a_pause(executor, n):
    total = 0
    for _ in repeat(None, n):
        sleep(IDLE_S)
        began = perf_counter_ns()
        executor.submit(abs, -1).result()
        total += perf_counter_ns() - began
    return total


def mapped(executor, n):
    began = perf_counter_ns()
    for _ in repeat(None, n):
        for _ in executor.map(abs, range(MANY)):
            pass
    return perf_counter_ns() - began


def from_within(executor, n):
    """A call that submits the next, as a chain."""
    began = perf_counter_ns()

    def chain(left):
        return executor.submit(chain, left - 1) if left else None

    future = executor.submit(chain, n * MANY)
    while future is not None:
        future = future.result()
    return perf_counter_ns() - began


@contextlib.contextmanager
def life(threading):
    """Make an executor, have it make one call, shut it down."""
    make = module(threading).ThreadPoolExecutor

    def run(n):
        began = perf_counter_ns()
        for _ in repeat(None, n):
            with make(1) as executor:
                executor.submit(abs, -1).result()
        return (perf_counter_ns() - began,)

    yield run


# Where there is a GIL, the time counts as well as the ratio.
OWN_TIME = [
    Bench(
        (Row("the same, raddle's own time a call", at_most(800)),),
        with_executor(burst),
        ops=MANY,
        sample_ms=30,
    )
]

BENCHES = [
    Bench(
        (Row(f"submit {MANY:,}, then results: a call", at_least(10)),),
        with_executor(burst),
        ops=MANY,
        sample_ms=30,
    ),
    *(OWN_TIME if build_kind() != "ft" else []),
    Bench(
        (Row("submit one and wait for it", at_least(12), wakeups=2),),
        with_executor(one_at_a_time),
    ),
    Bench(
        (Row("submit one after 5 ms and wait", at_least(1.5, ft=1.2)),),
        with_executor(one_after_a_pause),
        sample_ms=1,
    ),
    Bench((Row("executor.map, a call"),), with_executor(mapped), ops=MANY, sample_ms=30),
    Bench(
        (Row("a chain of calls, a call"),), with_executor(from_within), ops=MANY, sample_ms=30
    ),
    Bench((Row("an executor made, used once, shut down"),), life),
]
