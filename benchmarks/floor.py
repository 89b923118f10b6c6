"""The floor: what a hand-off costs on this machine with nothing of Python or raddle in it.

How many times as fast as the stdlib's a hand-off is, depends on what a wake-up costs, and that
differs from machine to machine and from day to day. So it is measured in the same run, in plain
Rust (`crates/raddle/examples/floor.rs`), and raddle's hand-offs are told as multiples of it.

"spinning" and "parked" are round trips between two threads with a core of their own, "one core"
is one between two that share it and sleep in turns; "attach + detach" is what giving the
interpreter up and taking it back costs a thread that is alone.
"""

from __future__ import annotations

import ctypes
import statistics
import subprocess
from itertools import repeat
from pathlib import Path
from time import perf_counter_ns

ROOT = Path(__file__).parents[1]
EXAMPLE = ["cargo", "run", "--quiet", "--release", "-p", "raddle", "--example", "floor"]

NAMES = ("spinning", "parked", "one core", "attach + detach")
"""The floors that a run measures."""

SAMPLES, CALLS = 15, 20_000


def measure() -> dict[str, float]:
    """Return the floors in nanoseconds; without those that cannot be had here (no cargo)."""
    found = {}
    try:
        done = subprocess.run(
            EXAMPLE, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
        )
        lines = [line.rsplit(" ", 1) for line in done.stdout.splitlines()]
        found = {name: float(nanos) for name, nanos in lines}
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        print(f"no floor of hand-offs: {error}")
    found["attach + detach"] = _attach()
    return found


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


def beside(entry: dict, wakeups: int, floors: dict[str, float]) -> dict[str, float]:
    """Return a row's figure as multiples of what as many wake-ups take at the floor."""
    pinned = entry["name"].endswith("one core")
    # (Where two threads run is the system's choice: it may have them share a core.)
    names = NAMES[2:3] if pinned else NAMES[:3]
    ours = entry["subject"]["median"] * 2 / wakeups
    return {name: ours / floors[name] for name in names if floors.get(name)}
