"""GilBoundWarning: whether threads made a map faster, judged by the workers' CPU clocks.

Wall time alone cannot tell: a slow task and a task that waits for the GIL look alike. The CPU
clocks can. Work that is bound by the GIL uses one core in sum, whatever the number of workers;
work that sleeps uses less, and work that releases the GIL more.

A machine that is busy with something else makes threads wait for a core: the kernel counts that
time apart. What the workers would have used is between what they did use and that plus what
they were made to wait. It is not all of it: a thread that waits for the GIL wakes up every five
milliseconds to ask for it, and waits for a core to do even that. So half of it is the lower
bound, and all of it the upper one. Threads that only the machine delays always have a core or
wait for one; those that wait for the GIL mostly sleep. That tells them apart. Where the workers
waited for cores about half as long as they ran, it cannot be known, and there is no warning.
"""

import sys
import warnings
from typing import NamedTuple

ENOUGH = 0.5  # seconds of work before anything is said
BUSY = 0.85  # of one core: less than that was spent waiting for something else
ONE = 1.25  # cores: more than that is more than one thread at a time
STARVED = (
    0.45  # of the CPU time: if two workers waited longer than that for a core, nobody can tell
)
ASKING = (
    0.05  # of the CPU time: what each further worker may wait for a core to ask for the GIL
)
AWAKE = 0.65  # of the time in tasks: one that has or wants a core for longer waits for no GIL


class GilBoundWarning(RuntimeWarning):
    """Threads ran CPU-bound tasks no faster than one thread would: the GIL was in the way."""

    __module__ = "raddle"


class Clocks(NamedTuple):
    """What a map's workers used, in seconds.

    `cpu` by their own CPU clocks, `busy` inside tasks by the wall clock, both summed over the
    workers; `elapsed` by the wall clock, first task to last; `most` is the largest number of
    workers that were inside a task at one time; `starved` is what they spent runnable without
    a core, where the kernel tells.
    """

    cpu: float
    busy: float
    elapsed: float
    most: int
    starved: float = 0.0


def bound(clocks, cores, parallel):
    """Return whether these clocks show tasks that the GIL kept to one core."""
    if parallel or cores < 2 or clocks.most < 2 or clocks.elapsed < ENOUGH:
        return False
    if clocks.busy < 1.5 * clocks.elapsed:
        return False  # mostly, there was no more than one task to run
    awake = clocks.cpu + clocks.starved
    if awake > AWAKE * clocks.busy:
        return False
    if clocks.starved > (STARVED + ASKING * (clocks.most - 2)) * clocks.cpu:
        return False
    least = clocks.cpu + clocks.starved / 2
    return awake >= BUSY * clocks.elapsed and least <= ONE * clocks.elapsed


def advice(clocks, interpreters):
    """Return what was measured, and what would help."""
    named = 'by processes (backend="processes")'
    if interpreters:
        named = f'by interpreters (backend="interpreters") or {named}'
    return (
        f"{clocks.most} workers used {clocks.cpu / clocks.elapsed:.2f} cores over "
        f"{clocks.elapsed:.1f} s: the tasks are CPU-bound, and this interpreter's GIL lets one "
        f"thread run Python code at a time, so threads were no faster than one. "
        f'backend="cores" runs them on every core, {named}; so do threads on a free-threaded '
        "interpreter"
    )


_told = False


def tell(clocks, cores, parallel):
    """Warn, once in a process, if the clocks show that the GIL kept the tasks to one core."""
    global _told
    if _told or not bound(clocks, cores, parallel):
        return
    _told = True
    text = advice(clocks, sys.version_info >= (3, 14))
    warnings.warn(GilBoundWarning(text), stacklevel=_user())


def _user():
    """Return how far up the caller of raddle is, as a `stacklevel`."""
    level, frame = 1, sys._getframe(1)
    package = __name__.partition(".")[0]
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name != package and not name.startswith(package + "."):
            return level
        level, frame = level + 1, frame.f_back
    return 2
