"""Whether `raddle run --race` keeps its memory bounded: `python -m benchmarks.races.soak`.

Runs churn.py plainly and under `--race`, side by side, and prints what is resident in each. At
the end it says how much of that came after the first quarter.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from . import sample

PROGRAM = Path(__file__).with_name("churn.py")
LINE = re.compile(r"resident_kib: (\d+) rounds: (\d+)")


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.races.soak",
        description="Watch the memory of a program that makes and drops things, for long.",
    )
    parser.add_argument("--seconds", type=float, default=3600, help="default: an hour")
    parser.add_argument("--every", type=float, default=30, metavar="S", help="default: 30")
    parser.add_argument(
        "--python", default=sys.executable, metavar="PATH", help="one that has raddle"
    )
    parser.add_argument("--noise", action="store_true", help="two plain runs")
    return parser.parse_args(argv)


class Side:
    """One running program, and what it has told so far."""

    def __init__(self, name: str, command: tuple[str, ...], options: argparse.Namespace):
        self.name = name
        filled = [part.format(python=options.python, program=PROGRAM) for part in command]
        self.process = subprocess.Popen(
            filled,
            stdout=subprocess.PIPE,
            text=True,
            env=sample.environment(
                CHURN_SECONDS=str(options.seconds), CHURN_EVERY=str(options.every)
            ),
        )
        self._lock = threading.Lock()
        self._told: list[tuple[int, int]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            if match := LINE.match(line):
                with self._lock:
                    self._told.append((int(match[1]), int(match[2])))

    def told(self) -> list[tuple[int, int]]:
        with self._lock:
            return list(self._told)

    def end(self) -> int:
        self._reader.join()
        return self.process.wait()


def growth(side: Side) -> str:
    """Say what was added after the first quarter, by the medians of the quarters."""
    kib = [resident for resident, _ in side.told()]
    if len(kib) < 8:
        return f"{side.name}: too short to say how much it grew"
    quarter = len(kib) // 4
    early = statistics.median(kib[quarter : 2 * quarter])
    late = statistics.median(kib[-quarter:])
    return (
        f"{side.name}: {early / 1024:.1f} MiB in the second quarter, "
        f"{late / 1024:.1f} MiB in the last ({100 * (late / early - 1):+.1f} %)"
    )


def main() -> int:
    options = parse()
    other = sample.PLAIN if options.noise else sample.RACE
    sides = [Side("plain", sample.PLAIN, options), Side("--race", other, options)]
    began, shown = time.monotonic(), 0
    print(f"{'seconds':>8}" + "".join(f"  {s.name:>10}  {'rounds':>8}" for s in sides))
    while any(side.process.poll() is None for side in sides):
        time.sleep(min(1.0, options.every))
        told = [side.told() for side in sides]
        if min(map(len, told)) > shown:
            shown = min(map(len, told))
            cells = "".join(
                f"  {lines[-1][0] / 1024:>6.1f} MiB  {lines[-1][1]:>8}" for lines in told
            )
            print(f"{time.monotonic() - began:8.0f}{cells}", flush=True)
    codes = [side.end() for side in sides]
    for side, code in zip(sides, codes, strict=True):
        print(growth(side) + (f"; exit code {code}" if code else ""))
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
