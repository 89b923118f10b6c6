"""Torture: exits, forks, signals, reports, crowds, timeouts, hand-overs, queues; one at a time.

`python tests/stress/run.py` takes about half a minute; `--long` takes minutes and does what
a release has to survive. Names pick single tortures. The exit code is 0 when all passed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
TORTURES = [
    "handoff",
    "soak",
    "executors",
    "timeouts",
    "crowd",
    "signals",
    "reports",
    "forks",
    "exits",
]
LIMITS = {False: 180, True: 3600}  # seconds that one torture may take: brief, long


def run(name: str, long: bool, extra: list[str]) -> bool:
    """Run one torture; print its line; return whether it passed."""
    command = [sys.executable, "-X", "faulthandler", str(HERE / f"{name}.py"), *extra]
    start = time.monotonic()
    # its own session, so that what a hung torture started can be ended with it
    with subprocess.Popen(
        command + ["--long"] * long,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=LIMITS[long])
            code: int | str = process.returncode
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGABRT)  # faulthandler prints every thread's frames
            time.sleep(1)
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            code = f"hung for {time.monotonic() - start:.0f} s"
    passed = code == 0 and not err
    line = out.strip() or "said nothing"
    print(f"{'ok  ' if passed else 'FAIL'} {name:9} {line}", flush=True)
    if not passed:
        print(f"     ended with {code}", err, sep="\n", flush=True)
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*TORTURES, []], metavar="name")
    parser.add_argument("--long", action="store_true", help="minutes instead of seconds")
    parser.add_argument("--seed", type=int, help="repeat a run's random choices")
    arguments = parser.parse_args()
    extra = [] if arguments.seed is None else ["--seed", str(arguments.seed)]
    results = [run(name, arguments.long, extra) for name in arguments.names or TORTURES]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
