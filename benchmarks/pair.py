"""Two threads that are up and waiting before a sample starts.

The start line is the interpreter's own plain lock on both sides, so that nothing of the
module under test is used to measure it. A thread that waits here is parked in the kernel and
takes no part in the other side's sample.
"""

from __future__ import annotations

import contextlib
from _thread import allocate_lock
from collections.abc import Callable, Iterator
from time import perf_counter_ns, process_time_ns
from types import ModuleType

from .rows import Run

Loop = Callable[[int], object]


def _held():
    lock = allocate_lock()
    lock.acquire()
    return lock


class _Runner:
    """A started thread that runs `loop(n)` each time it is told to."""

    def __init__(self, threading: ModuleType, loop: Loop) -> None:
        self._loop = loop
        self._go, self.ready, self._done = _held(), _held(), _held()
        self._count = 0
        self.began = self.ended = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        loop = self._loop
        while True:
            self._go.acquire()
            count = self._count
            if not count:
                return
            self.ready.release()
            self.began = perf_counter_ns()
            loop(count)
            self.ended = perf_counter_ns()
            self._done.release()

    def start(self, n: int) -> None:
        self._count = n
        self._go.release()

    def finish(self) -> None:
        self._done.acquire()

    def close(self) -> None:
        self.start(0)
        self._thread.join()


@contextlib.contextmanager
def answered(
    threading: ModuleType, lead: Loop, follow: Loop, cpu: bool = False
) -> Iterator[Run]:
    """Time `lead(n)` in this thread while a peer runs `follow(n)`.

    With `cpu`, the CPU time of the whole process comes as a second figure.
    """
    peer = _Runner(threading, follow)

    def run(n: int) -> tuple[float, ...]:
        peer.start(n)
        peer.ready.acquire()
        spent = process_time_ns()
        began = perf_counter_ns()
        lead(n)
        wall = perf_counter_ns() - began
        spent = process_time_ns() - spent
        peer.finish()
        return (wall, spent) if cpu else (wall,)

    yield run
    # Reached only when nothing failed: after a failure the peer may never come back,
    # and as a daemon it does not hold up the exit.
    peer.close()


@contextlib.contextmanager
def against(threading: ModuleType, *loops: Loop, cpu: bool = False) -> Iterator[Run]:
    """Run every `loop(n)` at once; time from the first start to the last end.

    With `cpu`, the CPU time of the whole process comes as a second figure.
    """
    runners = [_Runner(threading, loop) for loop in loops]

    def run(n: int) -> tuple[float, ...]:
        spent = process_time_ns()
        for runner in runners:
            runner.start(n)
        for runner in runners:
            runner.ready.acquire()
        for runner in runners:
            runner.finish()
        spent = process_time_ns() - spent
        wall = max(r.ended for r in runners) - min(r.began for r in runners)
        return (wall, spent) if cpu else (wall,)

    yield run
    for runner in runners:
        runner.close()


@contextlib.contextmanager
def alone(loop: Loop) -> Iterator[Run]:
    """Time `loop(n)` in this thread, with no other about."""

    def run(n: int) -> tuple[float, ...]:
        began = perf_counter_ns()
        loop(n)
        return (perf_counter_ns() - began,)

    yield run
