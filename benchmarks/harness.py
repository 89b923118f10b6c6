"""Measure the two sides of a bench in turn, round by round, in one process.

Each round takes one sample of either side, close together, and the order changes from
round to round: what disturbs the machine for longer than a sample disturbs both, and drift
cancels. The figure of a row is the median over the rounds of (stdlib / subject); nothing
is subtracted, so the loop's own cost counts against the faster side.

Every few rounds both sides are set up anew, each coming first in turn. Where two threads
land, and where an object lies in memory, stays the same for as long as they live: the
interpreter's own round trip costs 20 µs or 50 µs by nothing else than whether the kernel
has put both threads on one core. A single set-up would measure that draw.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import math
import statistics
from collections.abc import Iterator
from types import ModuleType

from .rows import Bench, Run

ROUNDS, SETUPS = 63, 21
QUICK_ROUNDS, QUICK_SETUPS = 12, 6
HANG_S = 60.0
"""Seconds that one bench may take before every thread's traceback ends the run."""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection meanwhile, and a hang ends with every thread's traceback."""
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        if was_enabled:
            gc.enable()


class _Side:
    """One side of a bench: how it is set up, its step count, and the samples so far."""

    def __init__(self, bench: Bench, threading: ModuleType) -> None:
        self._bench = bench
        self._threading = threading
        self._goal = bench.sample_ms * 1e6
        self._n = 0
        self._run: Run | None = None
        self.samples: list[tuple[float, ...]] = []

    @contextlib.contextmanager
    def ready(self) -> Iterator[None]:
        """Set the bench up, run it in, and take it down at the end."""
        assert self._bench.setup is not None
        with self._bench.setup(self._threading) as self._run:
            if self._bench.fixed:
                self._n = 1
            elif self._n:
                self._run(self._n)
            else:
                self._calibrate(self._run)
            yield

    def _calibrate(self, run: Run) -> None:
        """Find the step count whose sample takes about `sample_ms`; warms up as well."""
        self._n = 1
        while (wall := run(self._n)[0]) < self._goal / 4:
            self._n = self._scaled(wall, most=16)
        self._n = self._scaled(wall, most=4)
        run(self._n)

    def _scaled(self, wall: float, most: float) -> int:
        factor = min(most, self._goal / max(wall, 1.0))
        return max(1, math.ceil(self._n * factor))

    def sample(self) -> None:
        assert self._run is not None
        totals = self._run(self._n)
        ops = self._n * self._bench.ops
        self.samples.append(tuple(total / ops for total in totals))
        if not self._bench.fixed:
            self._adapt(totals[0])

    def _adapt(self, wall: float) -> None:
        """Follow a side that has become much faster or slower since it was calibrated.

        The budget of a spin adapts too, and may need a while to find its level.
        """
        if not self._goal / 2 <= wall <= self._goal * 2:
            factor = min(2.0, max(0.5, self._goal / wall))
            self._n = max(1, math.ceil(self._n * factor))


def measure(
    theirs: Bench, ours: Bench, stdlib: ModuleType, subject: ModuleType, quick: bool
) -> list[dict]:
    """Return one `summary` per row of the bench."""
    if ours.elsewhere is not None:
        return ours.elsewhere(subject.__name__, quick)
    rounds, setups = (QUICK_ROUNDS, QUICK_SETUPS) if quick else (ROUNDS, SETUPS)
    if ours.rounds and not quick:
        rounds, setups = ours.rounds, ours.rounds // 3
    if ours.fixed:
        rounds = setups = ours.fixed[quick]
    sides = [_Side(theirs, stdlib), _Side(ours, subject)]
    with quiet():
        for index in range(setups):
            order = sides if index % 2 == 0 else sides[::-1]
            with order[0].ready(), order[1].ready():
                for _ in range(rounds // setups):
                    for side in order:
                        side.sample()
                    order = order[::-1]
    left, right = (list(zip(*side.samples, strict=True)) for side in sides)
    return [summary(a, b) for a, b in zip(left, right, strict=True)]


def summary(stdlib, subject) -> dict:
    """Reduce paired samples, in the row's unit, to medians, quartiles and the ratio.

    The ratio is the median of the paired ratios; `low` and `high` hold the median of
    repeated runs in about 95 of 100 (order statistics; no distribution is assumed).
    """
    ratios = sorted(a / b if b else math.inf for a, b in zip(stdlib, subject, strict=True))
    count = len(ratios)
    reach = math.ceil(0.98 * math.sqrt(count))
    return {
        "rounds": count,
        "stdlib": _spread(stdlib),
        "subject": _spread(subject),
        "ratio": {
            "median": statistics.median(ratios),
            "low": ratios[max(0, count // 2 - reach)],
            "high": ratios[min(count - 1, count // 2 + reach)],
        },
    }


def _spread(values) -> dict:
    if len(values) == 1:
        return dict.fromkeys(("median", "q1", "q3"), values[0])
    q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": median, "q1": q1, "q3": q3}


def verdict(figures: dict, target: dict | None, level: float) -> str:
    """Return "met", "level", "missed", or "" for a row that is not judged.

    "level" is short of the target by less than the measurement can tell, and by no more
    than `level` (0.97: three parts in a hundred).
    """
    if target is None:
        return ""
    aim, ratio = target["value"], figures["ratio"]
    if target["sense"] == "value<=":
        return "met" if figures["subject"]["median"] <= aim else "missed"
    if target["sense"] == "ratio>":
        return "met" if ratio["median"] > aim else "missed"
    if ratio["median"] >= aim:
        return "met"
    near = ratio["high"] >= aim and ratio["median"] >= aim * level
    return "level" if near else "missed"
