"""Measure scopes, groups and `raddle.sync`: `python -m benchmarks.scopes`.

Where there is a peer, both sides run in turns in this process, and the figure is the median of
the rounds' ratios. What is installed of the peers that are no part of Python is measured, too.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import gc
import importlib
import json
import queue as stock_queue
import statistics
import threading as stock
import time
from collections.abc import Callable

import raddle
from raddle import queue, sync, threading

from .. import machine, rows

RESULTS = machine.ROOT / "benchmarks" / "results"
WIDTHS = (62, 12, 12, 10)
READERS = (2, 4, 8)
THREADS = (1, 2, 4, 8)
ns = time.perf_counter_ns


@dataclasses.dataclass
class Row:
    """One line: what was measured, and what it must reach ("<=", ">=", or "" for nothing)."""

    name: str
    value: float
    unit: str
    sense: str = ""
    target: float = 0.0

    @property
    def verdict(self) -> str:
        if not self.sense:
            return ""
        met = self.value <= self.target if self.sense == "<=" else self.value >= self.target
        return "met" if met else "MISSED"

    def cells(self) -> tuple[str, str, str, str]:
        target = f"{self.sense} {self.target:g}" if self.sense else ""
        return self.name, f"{self.value:.3g} {self.unit}", target, self.verdict


def line(cells: tuple[str, ...]) -> str:
    pairs = zip(cells, WIDTHS, strict=True)
    return "".join(cell.ljust(width) for cell, width in pairs).rstrip()


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def ratio(
    one: Callable[[int], float], other: Callable[[int], float], n: int, rounds: int
) -> float:
    """Return the median of `one`'s time by `other`'s."""
    found = []
    for number in range(rounds):
        if number % 2:
            b, a = other(n), one(n)
        else:
            a, b = one(n), other(n)
        found.append(a / b)
    return statistics.median(found)


def timed(body: Callable[[int], object]) -> Callable[[int], float]:
    def run(n: int) -> float:
        begin = ns()
        body(n)
        return (ns() - begin) / n

    return run


# What a thread can wait for: each returns the wait, and what makes it possible again.
def waits() -> dict[str, Callable[[], Callable[[], object]]]:
    def lock():
        made = threading.Lock()
        made.acquire()
        return made.acquire

    def rlock():
        made = threading.RLock()
        stock.Thread(target=made.acquire).start()
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
        stock.Thread(target=made.read.acquire).start()
        return made.write.acquire

    from raddle import futures

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
    for _ in range(options.rounds * 4):
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
        Row("a lock inside of a deadline, beside outside", more(inside), "ns", "<=", 60),
        Row(
            "a group of 10 threads, time by that of 10 of the stdlib's",
            ratio(timed(group), timed(threads), 20, options.rounds),
            "x",
            "<=",
            1.1,
        ),
    ]


def peer(module: str):
    """Return a module that may not be installed, or None."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def together(body: Callable[[int], object], threads: int) -> Callable[[int], float]:
    """Return what measures `body(n)` in so many threads at once: nanoseconds for a turn."""

    def run(n: int) -> float:
        barrier = stock.Barrier(threads + 1)

        def work() -> None:
            barrier.wait()
            body(n)

        made = [stock.Thread(target=work) for _ in range(threads)]
        for each in made:
            each.start()
        barrier.wait()
        begin = ns()
        for each in made:
            each.join()
        return (ns() - begin) / (n * threads)

    return run


def reading(guard: Callable[[], object]) -> Callable[[int], None]:
    value = list(range(10))

    def body(n: int) -> None:
        for _ in range(n):
            with guard():
                sum(value)

    return body


def readers(options) -> list[Row]:
    lock, shared = threading.Lock(), sync.RWLock()
    held = shared.read

    def by_lock(n: int) -> None:
        for _ in range(n):
            with lock:
                pass

    def by_read(n: int) -> None:
        for _ in range(n):
            with held:
                pass

    found = [
        Row(
            "with RWLock().read, time by that of `with lock:`",
            ratio(timed(by_read), timed(by_lock), 50_000, options.rounds),
            "x",
            "<=",
            1.5,
        )
    ]
    others = {"Lock": lambda: lock, "threading.Lock": (lambda made: lambda: made)(stock.Lock())}
    if (fasteners := peer("fasteners")) is not None:
        others["fasteners"] = fasteners.ReaderWriterLock().read_lock
    if (module := peer("readerwriterlock.rwlock")) is not None:
        others["readerwriterlock"] = module.RWLockFair().gen_rlock
    for threads in READERS:
        for name, guard in others.items():
            n = 2_000 if name in ("fasteners", "readerwriterlock") else 5_000
            quicker = ratio(
                together(reading(guard), threads),
                together(reading(lambda: held), threads),
                n,
                options.rounds,
            )
            is_free = rows.build_kind() == "ft"
            sense = ">=" if is_free or "ock" not in name[-4:] else ""
            found.append(
                Row(f"{threads} readers: {name}, by RWLock.read", quicker, "x", sense, 1)
            )
    return found


def atomics(options) -> list[Row]:
    number, lock = sync.AtomicInt(), stock.Lock()
    total = 0

    def add(n: int) -> None:
        plus = number.add
        for _ in range(n):
            plus()

    def by_lock(n: int) -> None:
        nonlocal total
        for _ in range(n):
            with lock:
                total += 1

    others: dict[str, tuple[Callable[[int], None], float]] = {"with lock: n += 1": (by_lock, 3)}
    if (cereggii := peer("cereggii")) is not None:
        made = cereggii.AtomicInt64(0)

        def by_cereggii(n: int) -> None:
            plus = made.increment_and_get
            for _ in range(n):
                plus()

        others["cereggii"] = by_cereggii, 1
    if (ft := peer("ft_utils.concurrent")) is not None:
        counter = ft.AtomicInt64(0)

        def by_ft(n: int) -> None:
            plus = counter.incr
            for _ in range(n):
                plus()

        others["ft_utils"] = by_ft, 1
    return [
        Row(
            f"{threads} threads: {name}, by AtomicInt.add",
            ratio(together(body, threads), together(add, threads), 10_000, options.rounds),
            "x",
            ">=",
            target,
        )
        for threads in THREADS
        for name, (body, target) in others.items()
    ]


def once(options) -> list[Row]:
    mine, theirs = sync.once(lambda: 7), functools.cache(lambda: 7)

    def calls(function: Callable[[], int]) -> Callable[[int], None]:
        function()

        def body(n: int) -> None:
            for _ in range(n):
                function()

        return body

    quicker = ratio(timed(calls(theirs)), timed(calls(mine)), 50_000, options.rounds)
    return [Row("functools.cache, by once", quicker, "x", ">=", 0.9)]


PARTS = {
    "cancellation": cancellation,
    "costs": costs,
    "readers": readers,
    "atomics": atomics,
    "once": once,
}


def main() -> None:
    """Measure, print, and write results/scopes-TAG.json if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scopes", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; repeatable")
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="default: 15")
    parser.add_argument("--times", type=int, default=10_000, metavar="N", help="of each wait")
    parser.add_argument("--save", action="store_true", help="write results/scopes-TAG.json")
    options = parser.parse_args()
    if options.rounds < 1 or options.times < 1:
        parser.error("--rounds, --times: at least 1")
    gc.disable()
    facts = machine.describe()
    print(f"{facts['python']} ({facts['tag']}), {facts['date']}, commit {facts['commit']}\n")
    print(line(("what", "", "to reach", "")))
    found = []
    for name in options.only or PARTS:
        for row in PARTS[name](options):
            found.append(row)
            print(line(row.cells()), flush=True)
    if options.save:
        made = [dataclasses.asdict(row) | {"verdict": row.verdict} for row in found]
        path = RESULTS / f"scopes-{facts['tag']}.json"
        path.write_text(json.dumps(facts | {"rows": made}, indent=1) + "\n")
        print(f"figures: {path.relative_to(machine.ROOT)}")


if __name__ == "__main__":
    main()
