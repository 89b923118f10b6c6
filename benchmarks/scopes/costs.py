"""What a scope costs where nothing is cancelled."""

from __future__ import annotations

import statistics
import threading as stock
from collections.abc import Callable

import raddle
from raddle import threading

from .measure import Row, ratio, timed


def costs(options) -> list[Row]:
    lock = threading.Lock()

    def plain(n: int) -> None:
        for _ in range(n):
            lock.acquire()
            lock.release()

    def within(n: int) -> None:
        deadline = raddle.deadline
        for _ in range(n):
            with deadline(5):
                lock.acquire()
                lock.release()

    def inside(n: int) -> None:
        with raddle.deadline(1000):
            plain(n)

    def least(n: int) -> None:
        for _ in range(n):
            with memoryview(b""):
                lock.acquire()
                lock.release()

    def more(body: Callable[[int], None]) -> float:
        a, b = timed(body), timed(plain)
        return statistics.median(a(20_000) - b(20_000) for _ in range(options.rounds))

    def group(n: int) -> None:
        for _ in range(n):
            with raddle.Group() as made:
                for _ in range(10):
                    made.start(int)

    def threads(n: int) -> None:
        for _ in range(n):
            made = [stock.Thread(target=int) for _ in range(10)]
            for each in made:
                each.start()
            for each in made:
                each.join()

    return [
        Row(
            "with raddle.deadline(5): lock, beside the lock alone", more(within), "ns", "<=", 60
        ),
        Row("with memoryview(b''), the same (a new object's block, in C)", more(least), "ns"),
        Row("a lock inside of a deadline, beside outside", more(inside), "ns", "<=", 60),
        Row(
            "a group of 10 threads, time by that of 10 of the stdlib's",
            ratio(timed(group), timed(threads), 20, options.rounds),
            "x",
            "<=",
            1.1,
        ),
    ]
