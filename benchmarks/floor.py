"""The floor: what a hand-off costs on this machine with nothing of Python or raddle in it.

How many times as fast as the stdlib's a hand-off is, depends on what a wake-up costs, and that
differs from machine to machine and from day to day. So it is measured in the same run, in plain
Rust (`crates/raddle/examples/floor.rs`), and raddle's hand-offs are told as multiples of it.

"spinning" and "parked" are round trips between two threads; "parked, one core" is one between
two threads that share a core; "attach + detach" is what giving the interpreter up and taking it
back costs a thread that is alone.
"""

from __future__ import annotations

import ctypes
import os
import statistics
import subprocess
from itertools import repeat
from pathlib import Path
from time import perf_counter_ns

ROOT = Path(__file__).parents[1]
EXAMPLE = ["cargo", "run", "--quiet", "--release", "-p", "raddle", "--example", "floor", "--"]

NAMES = ("spinning", "parked", "parked, one core", "attach + detach")
"""The floors that a run measures."""

SAMPLES, CALLS = 15, 20_000


def measure() -> dict[str, float]:
    """Return the floors in nanoseconds; without those that cannot be had here (no cargo)."""
    found = {}
    try:
        found |= _ping_pong("spinning", "parked")
        core = min(os.sched_getaffinity(0))
        found["parked, one core"] = _ping_pong("parked", core=core)["parked"]
    except (OSError, subprocess.SubprocessError, AttributeError) as error:
        print(f"no floor of hand-offs: {error}")
    found["attach + detach"] = _attach()
    return found


def _ping_pong(*words: str, core: int | None = None) -> dict[str, float]:
    """Run the example, on that core; it is built if it has to be."""
    pinned = ["taskset", "--cpu-list", str(core)] if core is not None else []
    done = subprocess.run(
        [*pinned, *EXAMPLE, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    lines = (line.rsplit(" ", 1) for line in done.stdout.splitlines())
    return {word: float(nanos) for word, nanos in lines}


def _calls(function) -> float:
    began = perf_counter_ns()
    for _ in repeat(None, CALLS):
        function(1)
    return (perf_counter_ns() - began) / CALLS


def _attach() -> float:
    """What a call of a C function takes longer if the thread detaches around it."""
    detaching, attached = ctypes.CDLL(None).abs, ctypes.PyDLL(None).abs
    samples = [_calls(detaching) - _calls(attached) for _ in range(SAMPLES)]
    return statistics.median(samples)


def beside(row: dict, floors: dict[str, float]) -> dict[str, float]:
    """Return a row's figure as multiples of the round trips that it can be held against."""
    one_core = row["name"].endswith("one core")
    names = NAMES[2:3] if one_core else NAMES[:2]
    ours = row["subject"]["median"]
    return {name: ours / floors[name] for name in names if floors.get(name)}
