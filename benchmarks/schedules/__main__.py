"""How many schedules find a mistake: `python -m benchmarks.schedules`.

Each program of tests/support/bugs is run by each strategy of raddle's, and by the peers of
peers.txt on the interpreter's own threading, until it fails: the median over some seeds. Each
tool has so many seconds for a program, all seeds together.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .. import machine
from . import peers

RESULTS = machine.ROOT / "benchmarks" / "results" / "schedules-bugs.json"
TRIAL = Path(__file__).with_name("trial.py")
STRATEGIES = ("mix", "depth", "random")
ORDER = (*STRATEGIES, "pos", "all", *peers.PEERS)
GRACE = 20
"""Seconds beyond its own until a tool is ended."""

LIST = (
    "import json, bugs; print(json.dumps([[b.__name__, b.__module__, b.__doc__] "
    "for b in bugs.BUGS]))"
)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.schedules",
        description="Count the schedules until the mistake of a program shows.",
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="one program; repeatable"
    )
    parser.add_argument(
        "--tool",
        action="append",
        default=[],
        metavar="NAME",
        help="a strategy of raddle's or a peer; repeatable (default: "
        f"{', '.join([*STRATEGIES, *peers.PEERS])})",
    )
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument(
        "--most", type=int, default=1000, metavar="N", help="schedules of a seed"
    )
    parser.add_argument("--seconds", type=float, default=60, help="default: 60")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="programs at a time")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with raddle")
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(tempfile.gettempdir()) / "schedules-peers",
        metavar="FOLDER",
        help="where the peers' environment is made, and kept",
    )
    parser.add_argument(
        "--show", action="store_true", help="print the table of what was saved, and run nothing"
    )
    parser.add_argument("--save", action="store_true", help=f"write results/{RESULTS.name}")
    parser.add_argument(
        "--keep", action="store_true", help="what is there of other tools stays in the file"
    )
    return parser.parse_args(argv)


def environment(tool: str) -> dict[str, str]:
    made = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    made["RADDLE_SUBJECT"] = "stdlib" if tool in peers.PEERS else "raddle"
    return made


def programs(python: str) -> list[list[str]]:
    """Return the name, the module and the docstring of each program."""
    done = subprocess.run(
        (python, "-c", LIST),
        capture_output=True,
        text=True,
        check=True,
        env={**environment("mix"), "PYTHONPATH": str(machine.ROOT / "tests" / "support")},
    )
    return json.loads(done.stdout)


def attempt(tool: str, program: str, options: argparse.Namespace, own: str) -> list[dict]:
    """Return what a tool found with each seed."""
    seeds = range(7, 7 + (options.seeds if peers.is_seeded(tool) else 1))
    asked = (
        *peers.command(tool, options.python, own),
        *(str(TRIAL), tool, program, "--most", str(options.most)),
        *("--seconds", str(options.seconds), "--seeds", *map(str, seeds)),
    )
    process = subprocess.Popen(
        asked,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tool),
        start_new_session=True,
    )
    said, why = "", "it hung"
    try:
        said, errors = process.communicate(timeout=options.seconds + GRACE)
        why = (errors.strip().splitlines() or [""])[-1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)  # the trial, which may be a child of its tool
        said, _ = process.communicate()
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    if process.returncode and not any("cannot" in row for row in rows):
        rows.append({"found": None, "tried": 0, "failed": why[:200]})
    return rows


def median(rows: list[dict]) -> float | None:
    """Return the median of the schedules needed; None where most seeds did not find it."""
    found = sorted(float("inf") if row["found"] is None else row["found"] for row in rows)
    middle = statistics.median_low(found) if found else float("inf")
    return None if middle == float("inf") else middle


def cell(rows: list[dict] | None) -> str:
    """Return how many schedules it took, and of how many seeds found it where not of all."""
    if not rows:
        return ""
    if "cannot" in rows[0]:
        return "cannot"
    found = sum(row["found"] is not None for row in rows)
    middle = median(rows)
    if middle is None:
        failed = any("failed" in row or row.get("why") for row in rows)
        few = "" if not found else f" ({found} of {len(rows)})"
        return ("failed" if failed and not found else "-") + few
    return f"{middle:.0f}" + ("" if found == len(rows) else f" ({found} of {len(rows)})")


def show(run: dict) -> None:
    """Print the table, in Markdown."""
    tools = run["tools"]
    print("\n| program | " + " | ".join(tools) + " |")
    print("|---|" + "---:|" * len(tools))
    for row in run["programs"]:
        cells = (cell(row["tools"].get(tool)) for tool in tools)
        print(f"| {row['name']} | " + " | ".join(cells) + " |")
    summary = {
        f"found, of {len(run['programs'])}": total,
        "cannot": lambda run, tool: sum(is_beyond(row, tool) for row in run["programs"]),
        "schedules, the median of those found": lambda run, tool: middle(run, tool, median),
        "seconds, likewise": lambda run, tool: middle(run, tool, seconds),
    }
    for name, value in summary.items():
        print(f"| **{name}** | " + " | ".join(f"{value(run, tool):g}" for tool in tools) + " |")


def total(run: dict, tool: str) -> int:
    """Return how many programs a tool found the mistake of, with most seeds."""
    return sum(median(row["tools"].get(tool, [])) is not None for row in run["programs"])


def is_beyond(row: dict, tool: str) -> bool:
    """Return whether a tool cannot run a program."""
    return any("cannot" in each for each in row["tools"].get(tool, []))


def middle(run: dict, tool: str, figure) -> float:
    """Return the median of a figure over the programs whose mistake a tool found."""
    each = [row["tools"].get(tool, []) for row in run["programs"]]
    figures = [figure(rows) for rows in each if median(rows) is not None]
    return round(statistics.median(figures), 2) if figures else float("nan")


def seconds(rows: list[dict]) -> float:
    return statistics.median(row["seconds"] for row in rows if row["found"] is not None)


def main() -> int:
    options = parse()
    if options.show:
        show(json.loads(RESULTS.read_text(encoding="utf-8")))
        return 0
    tools = options.tool or [*STRATEGIES, *peers.PEERS]
    own = ""
    if any(tool in peers.PEERS for tool in tools):
        own = peers.installed(options.python, options.home)
    chosen = [
        each for each in programs(options.python) if not options.only or each[0] in options.only
    ]
    run = machine.describe() | {"tools": tools, "most": options.most}

    def make(program: list[str]) -> dict:
        name, module, about = program
        found = {tool: attempt(tool, name, options, own) for tool in tools}
        cells = "  ".join(f"{tool} {cell(rows)}" for tool, rows in found.items())
        print(f"{name:40}  {cells}", flush=True)
        return {
            "name": name,
            "module": module.rpartition(".")[2],
            "about": about,
            "tools": found,
        }

    with ThreadPoolExecutor(options.jobs) as pool:
        run["programs"] = list(pool.map(make, chosen))
    if options.keep and RESULTS.exists():
        keep(run, json.loads(RESULTS.read_text(encoding="utf-8")))
    if options.save:
        RESULTS.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
        print(f"\nfigures: {RESULTS.relative_to(machine.ROOT)}")
    show(run)
    return 0


def keep(run: dict, saved: dict) -> None:
    """Add what was saved of other tools, and of other programs."""
    run["tools"] = [tool for tool in ORDER if tool in {*saved["tools"], *run["tools"]}]
    new = {row["name"]: row for row in run["programs"]}
    rows = []
    for row in saved["programs"]:
        found = new.pop(row["name"], None)
        rows.append(found | {"tools": row["tools"] | found["tools"]} if found else row)
    run["programs"] = rows + list(new.values())


if __name__ == "__main__":
    sys.exit(main())
