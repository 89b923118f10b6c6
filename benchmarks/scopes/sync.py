"""`raddle.sync` beside the interpreter's own, and beside what is installed of its peers."""

from __future__ import annotations

import functools
import importlib
import threading as stock
from collections.abc import Callable

from raddle import sync, threading

from .. import rows
from .measure import Row, ns, ratio, timed

READERS = (2, 4, 8)
ARTICLES = ("loom", "shuttle", "heddle", "reed", "warp")
THREADS = (1, 2, 4, 8)


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


def calls(function: Callable[[], int]) -> Callable[[int], None]:
    """Return what calls a function over and over; it has been called before."""
    function()

    def body(n: int) -> None:
        for _ in range(n):
            function()

    return body


def reading(guard) -> Callable[[int], None]:
    """Return what looks prices up, `guard` being what `with` takes, or what makes that."""
    prices = {name: len(name) for name in ARTICLES}

    def body(n: int) -> None:
        for _ in range(n):
            with guard:
                for name in ARTICLES:
                    prices[name]

    def body_with_another_each_time(n: int) -> None:
        for _ in range(n):
            with guard():
                for name in ARTICLES:
                    prices[name]

    return body if hasattr(guard, "__enter__") else body_with_another_each_time


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
    others = {"Lock": lock, "threading.Lock": stock.Lock()}
    if (fasteners := peer("fasteners")) is not None:
        others["fasteners"] = fasteners.ReaderWriterLock().read_lock
    if (module := peer("readerwriterlock.rwlock")) is not None:
        others["readerwriterlock"] = module.RWLockFair().gen_rlock
    for threads in READERS:
        for name, guard in others.items():
            n = 5_000 if name in ("fasteners", "readerwriterlock") else 50_000
            quicker = ratio(
                together(reading(guard), threads),
                together(reading(held), threads),
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
    """Threads that count together, each calling the method as programs do."""
    number, lock = sync.AtomicInt(), stock.Lock()
    total = 0

    def by_add(n: int) -> None:
        for _ in range(n):
            number.add()

    def by_lock(n: int) -> None:
        nonlocal total
        for _ in range(n):
            with lock:
                total += 1

    others: dict[str, tuple[Callable[[int], None], float]] = {"with lock: n += 1": (by_lock, 3)}
    if (cereggii := peer("cereggii")) is not None:
        theirs = cereggii.AtomicInt64(0)

        def by_cereggii(n: int) -> None:
            for _ in range(n):
                theirs.increment_and_get()

        others["cereggii"] = by_cereggii, 1
    if (ft := peer("ft_utils.concurrency")) is not None:
        counter = ft.AtomicInt64(0)

        def by_ft(n: int) -> None:
            for _ in range(n):
                counter.incr()

        others["ft_utils"] = by_ft, 1
    return [
        Row(
            f"{threads} threads: {name}, by AtomicInt.add",
            ratio(together(body, threads), together(by_add, threads), 100_000, options.rounds),
            "x",
            ">=",
            target,
        )
        for threads in THREADS
        for name, (body, target) in others.items()
    ]


def once(options) -> list[Row]:
    mine, theirs = sync.once(lambda: 7), functools.cache(lambda: 7)
    quicker = ratio(timed(calls(theirs)), timed(calls(mine)), 50_000, options.rounds)
    return [Row("functools.cache, by once", quicker, "x", ">=", 0.9)]
