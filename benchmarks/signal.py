"""How long a signal takes to reach its handler while the main thread is blocked.

The signal comes from another thread, at any moment: while the wait spins, falls asleep, or
sleeps. The handler raises, as Ctrl-C's does, and so ends the wait.
"""

import contextlib
import importlib
import os
import random
import signal
import time
from _thread import allocate_lock, start_new_thread
from itertools import count, cycle
from time import perf_counter_ns

from .rows import Bench, Row, at_most

LONG = 900.0
LATEST = 0.003
"""Seconds from the beginning of a wait within which the signal is sent."""


class Reached(Exception):
    """What the handler raises."""


def in_event(threading):
    return threading.Event().wait


def in_lock(threading):
    lock = threading.Lock()
    lock.acquire()
    return lambda timeout: lock.acquire(True, -1 if timeout is None else timeout)


def in_condition(threading):
    condition = threading.Condition()

    def wait(timeout):
        with condition:
            condition.wait(timeout)

    return wait


def in_semaphore(threading):
    return lambda timeout: threading.Semaphore(0).acquire(True, timeout)


def in_barrier(threading):
    return threading.Barrier(2).wait


def in_queue(threading):
    ours = threading.__name__.startswith("raddle")
    queue = importlib.import_module("raddle.queue" if ours else "queue").Queue()
    return lambda timeout: queue.get(True, timeout)


def in_join(threading):
    gate = allocate_lock()
    gate.acquire()
    thread = threading.Thread(target=gate.acquire, daemon=True)
    thread.start()

    def join(timeout):
        try:
            thread.join(timeout)
        finally:
            gate.release()

    return join


BLOCKS = (in_event, in_lock, in_condition, in_semaphore, in_barrier, in_queue, in_join)


@contextlib.contextmanager
def reached(threading):
    go, sent, came, over = allocate_lock(), [0], [0], []
    chance = random.Random(7)
    go.acquire()

    def send():
        while True:
            go.acquire()
            if over:
                return
            time.sleep(chance.random() * LATEST)
            sent[0] = perf_counter_ns()
            os.kill(os.getpid(), signal.SIGUSR1)

    def handler(number, frame):
        came[0] = perf_counter_ns()
        raise Reached

    blocks = zip(cycle(BLOCKS), count())

    def run(n):
        total = worst = 0
        for _ in range(n):
            block, number = next(blocks)
            wait = block(threading)
            with contextlib.suppress(Reached):
                go.release()
                wait(LONG if number % 2 else None)
                raise AssertionError("nothing but the signal ends the wait")
            took = came[0] - sent[0]
            total, worst = total + took, max(worst, took)
        return total, worst * n  # The rows divide both by n.

    before = signal.signal(signal.SIGUSR1, handler)
    start_new_thread(send, ())
    try:
        yield run
    finally:
        over.append(True)
        go.release()
        signal.signal(signal.SIGUSR1, before)


BENCHES = [
    Bench(
        (
            Row("signal to handler, main thread blocked", at_most(50e6)),
            Row("the same, the slowest of a sample", at_most(50e6)),
        ),
        reached,
        sample_ms=60,
    ),
]
