"""Whether failures come again elsewhere: `python -m benchmarks.schedules.again PYTHON...`.

This interpreter finds failures of the programs of tests/support/bugs, by each strategy in turn;
each of the others, with raddle, is to fail likewise under the same schedules.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys

from .. import machine

MODULE = ("-m", "benchmarks.schedules.again")
STRATEGIES = ("mix", "depth", "pos", "random")
SEEDS = range(100, 111)


def programs() -> dict[str, object]:
    sys.path.insert(0, str(machine.ROOT / "tests" / "support"))
    import bugs

    known = {each.__name__: each for each in bugs.BUGS}
    return {name: known[name] for name in known if name not in bugs.MISSED}


def find() -> list[tuple[str, str, str]]:
    """Return (program, token, type of the error) for each failure that is found."""
    import raddle

    found = []
    for seed in SEEDS:
        for name, bug in programs().items():
            strategy = STRATEGIES[seed % len(STRATEGIES)]
            try:
                raddle.explore(bug, runs=1000, seed=seed, strategy=strategy)
            except Exception as error:
                (token,) = re.findall(r"replay\('([^']*)'", "\n".join(error.__notes__))
                found.append((name, token, type(error).__name__))
    return found


def replay(found: list[tuple[str, str, str]]) -> int:
    """Return how many of these failures come again."""
    import raddle

    known, count = programs(), 0
    for name, token, kind in found:
        try:
            raddle.replay(token, known[name])
        except Exception as error:
            count += type(error).__name__ == kind
    return count


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.schedules.again")
    parser.add_argument("--replay", action="store_true", help="what an interpreter is asked")
    parser.add_argument("pythons", nargs="*", help="interpreters with raddle (default: this)")
    options = parser.parse_args()
    if options.replay:
        print(replay(json.load(sys.stdin)))
        return 0
    found = find()
    print(f"{len(found)} failures found, {len(set(found))} different", flush=True)
    failed = 0
    for python in options.pythons or [sys.executable]:
        done = subprocess.run(
            (python, *MODULE, "--replay"),
            input=json.dumps(found),
            capture_output=True,
            text=True,
            check=True,
            cwd=machine.ROOT,
        )
        count = int(done.stdout.split()[-1])
        failed |= count < len(found)
        print(f"{python}: {count} of {len(found)}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
