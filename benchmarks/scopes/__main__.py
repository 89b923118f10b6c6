"""Measure scopes, groups and `raddle.sync`: `python -m benchmarks.scopes`.

Where there is a peer, both sides run in turns in this process, and the figure is the median of
the rounds' ratios. What is installed of the peers that are no part of Python is measured, too.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json

from .. import machine
from . import cancellation, costs, measure, service, sync

RESULTS = machine.ROOT / "benchmarks" / "results"

PARTS = {
    "cancellation": cancellation.cancellation,
    "costs": costs.costs,
    "readers": sync.readers,
    "atomics": sync.atomics,
    "once": sync.once,
    "service": service.service,
}


def main() -> None:
    """Measure, print, and write results/scopes-TAG.json if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scopes", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; repeatable")
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="default: 15")
    parser.add_argument("--times", type=int, default=10_000, metavar="N", help="of each wait")
    parser.add_argument("--save", action="store_true", help="write results/scopes-TAG.json")
    options = parser.parse_args()
    if options.rounds < 1 or options.times < 1:
        parser.error("--rounds, --times: at least 1")
    gc.disable()
    facts = machine.describe()
    print(f"{facts['python']} ({facts['tag']}), {facts['date']}, commit {facts['commit']}\n")
    print(measure.line(("what", "", "to reach", "")))
    found = []
    for name in options.only or PARTS:
        for row in PARTS[name](options):
            found.append(row)
            print(measure.line(row.cells()), flush=True)
    if options.save:
        made = [dataclasses.asdict(row) | {"verdict": row.verdict} for row in found]
        path = RESULTS / f"scopes-{facts['tag']}.json"
        path.write_text(json.dumps(facts | {"rows": made}, indent=1) + "\n")
        print(f"figures: {path.relative_to(machine.ROOT)}")


if __name__ == "__main__":
    main()
