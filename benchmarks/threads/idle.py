"""Waiting must cost nothing, and a machine with one core must not suffer.

Fifty threads blocked in a primitive, half of them with a timeout: the CPU time of the
process over a second is what their waiting costs. Then the round trips again, in a child
that may use one core only, where spinning for an answer keeps it from coming.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from _thread import allocate_lock
from pathlib import Path
from time import monotonic, perf_counter_ns, process_time_ns, sleep

from benchmarks.rows import Bench, Row, at_least, at_most

CROWD = 50
LONG = 120.0
SETTLE = 0.2

# Each takes the module and returns (wait, let_go): `wait(timeout)` blocks until
# `let_go()` is called; `timeout` is None or seconds that never pass.


def _unless_none(timeout):
    return -1 if timeout is None else timeout


def in_lock(threading, kind="Lock"):
    lock = getattr(threading, kind)()
    lock.acquire()

    def wait(timeout):
        lock.acquire(True, _unless_none(timeout))
        lock.release()

    return wait, lock.release


def in_rlock(threading):
    return in_lock(threading, "RLock")


def in_event(threading):
    event = threading.Event()
    return event.wait, event.set


def in_condition(threading):
    condition, over = threading.Condition(), []

    def wait(timeout):
        with condition:
            condition.wait_for(lambda: over, timeout)

    def let_go():
        with condition:
            over.append(True)
            condition.notify_all()

    return wait, let_go


def in_semaphore(threading):
    semaphore = threading.Semaphore(0)

    def wait(timeout):
        semaphore.acquire(True, timeout)

    return wait, lambda: semaphore.release(CROWD)


def in_barrier(threading):
    barrier = threading.Barrier(CROWD + 1)
    return barrier.wait, barrier.wait


def in_join(threading):
    gate = allocate_lock()
    gate.acquire()
    thread = threading.Thread(target=gate.acquire, daemon=True)
    thread.start()
    return thread.join, gate.release


def crowd(block, seconds):
    """Return a setup whose run gives CPU ns per second of CROWD threads blocked."""

    @contextlib.contextmanager
    def setup(threading):
        def run(n):
            wait, let_go = block(threading)
            arrived = []

            def body(timeout):
                arrived.append(None)
                wait(timeout)

            threads = [
                threading.Thread(target=body, args=(LONG if k % 2 else None,), daemon=True)
                for k in range(CROWD)
            ]
            for thread in threads:
                thread.start()
            deadline = monotonic() + LONG
            while len(arrived) < CROWD and monotonic() < deadline:
                sleep(0.005)
            sleep(SETTLE)
            began, spent = perf_counter_ns(), process_time_ns()
            sleep(seconds)
            spent, wall = process_time_ns() - spent, perf_counter_ns() - began
            let_go()
            for thread in threads:
                thread.join()
            return (spent / wall * 1e9,)

        yield run

    return setup


ONE_CORE = ("Event round trip", "Condition round trip", "Semaphore round trip")


def one_core(subject, quick):
    """Run the round trips in a child pinned to one core; return their figures."""
    core = min(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder, "one-core.json")
        command = [sys.executable, "-m", "benchmarks", "--cpu", str(core), "--subject", subject]
        for word in ("event", "condition", "semaphore", "round trip"):
            command += ["--only", word]
        subprocess.run(
            [*command, "--json", str(found), *(["--quick"] if quick else [])],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=120,
        )
        rows = {row["name"]: row for row in json.loads(found.read_text())["rows"]}
    return [rows[name] for name in ONE_CORE]


BLOCKS = {
    "Lock": in_lock,
    "RLock": in_rlock,
    "Event": in_event,
    "Condition": in_condition,
    "Semaphore": in_semaphore,
    "Barrier": in_barrier,
    "Thread.join": in_join,
}

BENCHES = [
    *(
        Bench(
            # Five milliseconds in a second is half a hundredth of one core.
            (Row(f"{CROWD} threads idle in {name}, CPU per s", at_most(5e6), unit="ns"),),
            crowd(block, 1.0),
            fixed=(1, 1),
        )
        for name, block in BLOCKS.items()
    ),
    Bench(
        tuple(Row(f"{name}, one core", at_least(1.0), wakeups=2) for name in ONE_CORE),
        elsewhere=one_core,
    ),
]
