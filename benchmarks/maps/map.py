"""raddle.map: tiny tasks, tasks that wait, tasks that compute; and what else people use.

In the rows that name a peer, the left side is that peer on the same work. The rows of bare
threads and processes have no pool at all: they are what the machine itself gives, in the same
rounds.
"""

import _thread
import importlib.util
import marshal
import os
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from pathlib import Path
from time import perf_counter_ns

from benchmarks.rows import Bench, Row, at_least, at_most

TINY = 100_000
SLEEPS, SLEEPERS, NAP = 12_800, 64, 0.001
CHUNKS, WORK = 40, 60_000
PEER_ITEMS = 20_000
FILES = 200
GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


def compute(number):
    """Keep one core busy in pure Python for some milliseconds."""
    total = number
    for step in range(WORK):
        total = (total * 31 + step) % 1_000_003
    return total


compute.__module__ = "__main__"  # Sent to processes as it is: they cannot import this file.
# As if this file had come from a .pyc file. Without a GIL, threads contend for the constants of
# code that an import has just compiled, and the row would measure that.
compute.__code__ = marshal.loads(marshal.dumps(compute.__code__))


def nap(_):
    time.sleep(NAP)


def timed(call):
    began = perf_counter_ns()
    call()
    return perf_counter_ns() - began


def paired(*calls, rounds):
    """Return the times of calls that take turns, a list for each, after one run of each."""
    for call in calls:
        call()
    times = [[] for _ in calls]
    for index in range(rounds):
        for turn in range(len(calls))[:: 1 if index % 2 == 0 else -1]:
            times[turn].append(timed(calls[turn]))
    return times


def bare_threads(count, body):
    """Run `body()` in `count` threads that nothing looks after, and wait for all."""

    def run(over):
        try:
            body()
        finally:
            over.release()

    started = []
    for _ in range(count):
        over = _thread.allocate_lock()
        over.acquire()
        _thread.start_new_thread(run, (over,))
        started.append(over)
    for over in started:
        over.acquire()


def bare_processes(count, body):
    """Run `body()` in `count` forked children, and wait for all."""
    children = []
    for _ in range(count):
        with warnings.catch_warnings():
            # Of threads that a child would miss; it does nothing but compute.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            status = 1
            try:
                body()
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    for child in children:
        _, status = os.waitpid(child, 0)
        assert status == 0, "a process without a pool failed"


def over(items, times):
    return [took / items for took in times]


def tiny(subject, quick):
    from raddle import map as raddle_map

    from benchmarks.harness import summary

    with ThreadPoolExecutor(2) as executor:
        theirs, ours = paired(
            lambda: list(executor.map(abs, range(TINY))),
            lambda: list(raddle_map(abs, range(TINY), workers=2)),
            rounds=3 if quick else 9,
        )
    return [summary(over(TINY, theirs), over(TINY, ours))]


def chunked(subject, quick):
    """The stdlib's pool, which hands out a list in eight parts and waits for all of them.

    raddle's map() starts its threads each time, its Pool has them as the stdlib's has.
    """
    from raddle import Pool
    from raddle import map as raddle_map

    from benchmarks.harness import summary

    with ThreadPool(2) as pool, Pool(2) as standing:
        theirs, ours, stood = paired(
            lambda: pool.map(abs, range(TINY)),
            lambda: list(raddle_map(abs, range(TINY), workers=2)),
            lambda: list(standing.map(abs, range(TINY))),
            rounds=5 if quick else 25,
        )
    theirs = over(TINY, theirs)
    return [summary(theirs, over(TINY, ours)), summary(theirs, over(TINY, stood))]


def corpus(subject, quick):
    """The demo's job: hash files and count their words."""
    from raddle import Pool

    from benchmarks.harness import summary

    path = Path(__file__).parents[2] / "examples" / "corpus.py"
    spec = importlib.util.spec_from_file_location("corpus", path)
    job = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(job)
    paths = job.corpus(FILES)
    with ThreadPool(2) as theirs, Pool(2) as ours:
        left, right = paired(
            lambda: theirs.map(job.read, paths),
            lambda: list(ours.map(job.read, paths)),
            rounds=3 if quick else 7,
        )
    return [summary(over(FILES, left), over(FILES, right))]


def sleeping(subject, quick):
    from raddle import Pool

    from benchmarks.harness import summary

    def naps():
        for _ in range(SLEEPS // SLEEPERS):
            nap(None)

    ideal = SLEEPS * NAP * 1e9 / SLEEPERS
    with ThreadPoolExecutor(SLEEPERS) as executor, Pool(SLEEPERS) as pool:
        theirs, ours, single, bare = paired(
            lambda: list(executor.map(nap, range(SLEEPS))),
            lambda: list(pool.map(nap, range(SLEEPS))),
            naps,
            lambda: bare_threads(SLEEPERS, naps),
            rounds=5 if quick else 7,
        )
    return [
        summary(over(ideal, theirs), over(ideal, ours)),
        summary(over(ideal, single), over(ideal, bare)),
    ]


def computing(subject, quick):
    """One worker against two, on the backend for this build; then the stdlib's threads."""
    from raddle import Pool

    from benchmarks.harness import summary

    def compute_some(number):
        for _ in range(CHUNKS // number):
            compute(number)

    backend, bare = ("processes", bare_processes) if GIL else ("threads", bare_threads)
    with (
        Pool(1, backend) as one,
        Pool(2, backend) as two,
        ThreadPoolExecutor(2) as executor,
    ):
        alone, both, theirs, bare_alone, bare_both = paired(
            lambda: list(one.map(compute, range(CHUNKS))),
            lambda: list(two.map(compute, range(CHUNKS))),
            lambda: list(executor.map(compute, range(CHUNKS))),
            lambda: bare(1, lambda: compute_some(1)),
            lambda: bare(2, lambda: compute_some(2)),
            rounds=5 if quick else 9,
        )
    return [
        summary(over(CHUNKS, alone), over(CHUNKS, both)),
        summary(over(CHUNKS, bare_alone), over(CHUNKS, bare_both)),
        summary(over(CHUNKS, theirs), over(CHUNKS, both)),
    ]


def peers(subject, quick):
    """joblib with threads and with loky, each with its usual chunks."""
    from benchmarks.harness import summary

    rounds = 3 if quick else 7
    found = []
    for kind, backend in JOBLIB:
        left, right = beside_joblib(kind, backend, rounds)
        found.append(summary(over(PEER_ITEMS, left), over(PEER_ITEMS, right)))
    return found


def beside_joblib(kind, backend, rounds):
    import joblib
    from raddle import Pool

    with joblib.Parallel(2, backend=kind) as theirs, Pool(2, backend) as ours:
        return paired(
            lambda: theirs(joblib.delayed(abs)(item) for item in range(PEER_ITEMS)),
            lambda: list(ours.map(abs, range(PEER_ITEMS))),
            rounds=rounds,
        )


JOBLIB = []
if importlib.util.find_spec("joblib") is not None:
    JOBLIB.append(("threading", "threads"))
    if importlib.util.find_spec("loky") is not None:
        JOBLIB.append(("loky", "processes"))

BENCHES = [
    Bench((Row(f"map(abs), {TINY:,} items", at_least(40)),), elsewhere=tiny),
    Bench(
        (
            Row("map(abs), multiprocessing ThreadPool", at_least(1.0)),
            Row("Pool.map(abs), multiprocessing ThreadPool", at_least(1.0)),
        ),
        elsewhere=chunked,
    ),
    Bench((Row("the corpus, multiprocessing ThreadPool", at_least(1.0)),), elsewhere=corpus),
    Bench(
        (
            Row(f"map of 1 ms sleeps, {SLEEPERS} workers, / ideal", at_most(1.10), unit="x"),
            Row(f"1 ms sleeps, bare, one thread / {SLEEPERS}", unit="x"),
        ),
        elsewhere=sleeping,
    ),
    *(
        [
            Bench(
                (
                    Row("CPU-bound map, 1 worker / 2 workers", at_least(1.7)),
                    Row("CPU-bound, bare, one / two"),
                    Row("CPU-bound map, stdlib threads / raddle", at_least(1.0)),
                ),
                elsewhere=computing,
            )
        ]
        if not GIL or importlib.util.find_spec("loky") is not None
        else []
    ),
    *(
        [Bench(tuple(Row(f"map(abs), joblib {kind}") for kind, _ in JOBLIB), elsewhere=peers)]
        if JOBLIB
        else []
    ),
]
