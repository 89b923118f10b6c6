"""One run of one program, and the two sides that are held against each other."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from pathlib import Path

PROGRAMS = Path(__file__).with_name("programs")
PATIENCE = 300
"""Seconds until a program counts as hung."""

PLAIN = ("{python}", "{program}")
RACE = ("{python}", "-m", "raddle", "run", "--race", "{program}")
FIGURES = re.compile(r"^(seconds|peak_kib): ([\d.]+)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Program:
    """stdlib: its time is spent in the standard library or in C."""

    path: Path
    stdlib: bool

    @property
    def name(self) -> str:
        return self.path.stem


@dataclasses.dataclass(frozen=True)
class Sample:
    """said: what came on stderr, where there is nothing to be said."""

    seconds: float
    kib: float
    said: str


def programs(only: list[str] | None = None) -> list[Program]:
    """Return the programs, those at the end whose time is not their own code's."""
    found = []
    for path in sorted(PROGRAMS.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "measured.run(" in text and (not only or path.stem in only):
            found.append(Program(path, "\nSTDLIB = True\n" in text))
    return sorted(found, key=lambda each: (each.stdlib, each.name))


def environment(**more: str) -> dict[str, str]:
    """Return what a program may know: nothing that changes Python or raddle."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RADDLE"))}
    return kept | more


def run(
    command: tuple[str, ...], python: str, program: Path, *, lenient: bool = False
) -> Sample:
    """Run a program by `command` and return its own figures; RuntimeError where it fails.

    lenient: its figures are enough, whatever its exit code.
    """
    filled = [part.format(python=python, program=program) for part in command]
    try:
        done = subprocess.run(
            filled,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            env=environment(),
            cwd=program.parent,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not at its end after {PATIENCE} s") from None
    figures = dict(FIGURES.findall(done.stdout))
    if len(figures) != 2 or (done.returncode and not lenient):
        lines = done.stderr.strip().splitlines() or ["no figures, and no words"]
        raise RuntimeError(f"exit code {done.returncode}: {lines[-1]}")
    return Sample(float(figures["seconds"]), float(figures["peak_kib"]), done.stderr)
