"""Where and when a run was made, and how much else the machine was doing."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[1]


def tag() -> str:
    """Return the interpreter's short name, such as "3.14t"."""
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return "{}.{}".format(*sys.version_info) + ("t" if free_threaded else "")


def cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def commit() -> str | None:
    """Return the commit that is checked out, "+" added where files differ; None without."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ("git", *arguments), cwd=ROOT, capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.strip()


def describe() -> dict:
    """Return what identifies a run: machine, interpreter, date and commit."""
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return {
        "tag": tag(),
        "python": platform.python_version(),
        "compiler": platform.python_compiler(),
        "gil": gil,
        "machine": {
            "cpu": cpu_model(),
            "cores": os.cpu_count(),
            "usable": usable or os.cpu_count(),
            "architecture": platform.machine(),
            "system": f"{platform.system()} {platform.release()}",
        },
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
    }


class Elsewhere:
    """How busy other processes kept the machine since this object was made."""

    def __init__(self) -> None:
        self._before = self._read()

    @staticmethod
    def _read() -> tuple[float, float, float] | None:
        """Return (busy, all, ours) in seconds, summed over the cores; None where unknown."""
        try:
            first = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        except (OSError, IndexError):
            return None
        tick = os.sysconf("SC_CLK_TCK")
        ticks = [int(field) / tick for field in first]
        idle = ticks[3] + ticks[4]
        return sum(ticks) - idle, sum(ticks), sum(os.times()[:4])

    def cores(self) -> float | None:
        """Return the average number of cores that others kept busy; None where unknown."""
        before, after = self._before, self._read()
        if before is None or after is None:
            return None
        busy, total, ours = (b - a for a, b in zip(before, after, strict=True))
        if total <= 0:
            return None
        return max(0.0, busy - ours) / total * (os.cpu_count() or 1)
