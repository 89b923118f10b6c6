"""How soon a cancellation ends each kind of wait, and code that computes."""

from __future__ import annotations

import contextlib
import functools
import queue as stock_queue
import statistics
import threading as stock
import time
from collections.abc import Callable

import raddle
from raddle import futures, queue, sync, threading

from .measure import Row, ns, quantile


def elsewhere(call: Callable[[], object]) -> None:
    """Make a call in a thread that lives on: its identifier is nobody else's then."""
    done = stock.Event()

    def work() -> None:
        call()
        done.set()
        stock.Event().wait()

    stock.Thread(target=work, daemon=True).start()
    done.wait()


# What a thread can wait for: each returns the wait, and what makes it possible again.
def waits() -> dict[str, Callable[[], Callable[[], object]]]:
    def lock():
        made = threading.Lock()
        made.acquire()
        return made.acquire

    def rlock():
        made = threading.RLock()
        elsewhere(made.acquire)
        return made.acquire

    def condition():
        made = threading.Condition()

        def wait():
            with made:
                made.wait()

        return wait

    def put():
        made = queue.Queue(1)
        made.put(0)
        return lambda: made.put(1)

    def unfinished():
        made = queue.Queue()
        made.put(0)
        return made.join

    def thread():
        made = threading.Thread(target=threading.Event().wait, daemon=True)
        made.start()
        return made.join

    def write():
        made = sync.RWLock()
        elsewhere(made.read.acquire)
        return made.write.acquire

    return {
        "Lock": lock,
        "RLock": rlock,
        "Condition": condition,
        "Semaphore": lambda: threading.Semaphore(0).acquire,
        "Event": lambda: threading.Event().wait,
        "Barrier": lambda: threading.Barrier(2).wait,
        "Queue.get": lambda: queue.Queue().get,
        "SimpleQueue.get": lambda: queue.SimpleQueue().get,
        "Queue.put": put,
        "Queue.join": unfinished,
        "Thread.join": thread,
        "Future.result": lambda: futures.Future().result,
        "RWLock.write": write,
        "Latch": lambda: sync.Latch(1).wait,
        "sleep": lambda: functools.partial(raddle.sleep, 1000),
    }


def cancelled(make: Callable[[], Callable[[], object]], times: int) -> list[float]:
    """Return the milliseconds from a cancellation to what the wait raises."""
    wait, took = make(), []
    begun, ended = stock_queue.SimpleQueue(), stock_queue.SimpleQueue()

    def work():
        for _ in range(times):
            with raddle.deadline(None) as scope:
                begun.put(scope)
                try:
                    wait()
                finally:
                    ended.put(ns())

    worker = stock.Thread(target=work)
    worker.start()
    for _ in range(times):
        scope = begun.get()
        time.sleep(0.0003)  # It is asleep by then, most of the time.
        begin = ns()
        scope.cancel()
        took.append((ended.get() - begin) / 1e6)
    worker.join()
    return took


def cancellation(options) -> list[Row]:
    found, every = [], []
    for name, make in waits().items():
        took = cancelled(make, options.times)
        every += took
        found.append(
            Row(
                f"cancel to raise, {name}, p99 of {options.times}",
                quantile(took, 0.99),
                "ms",
                "<=",
                1,
            )
        )
    found.append(Row("cancel to raise, all, median", statistics.median(every), "ms"))
    late: list[float] = []
    for _ in range(options.rounds * 20):
        begin = ns()
        with contextlib.suppress(TimeoutError), raddle.deadline(0.02, grace=0.1):
            while True:
                pass
        late.append((ns() - begin) / 1e6 - 20 - 100)
    found.append(
        Row(
            f"a loop that computes: after deadline and grace, p99 of {len(late)}",
            quantile(late, 0.99),
            "ms",
            "<=",
            10,
        )
    )
    return found
