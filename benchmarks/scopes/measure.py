"""What the parts share: a row of the table, and what times two bodies side by side."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable

WIDTHS = (62, 12, 12, 10)
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
