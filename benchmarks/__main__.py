"""Run the benchmark on this interpreter: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import threading
import time
from pathlib import Path

from . import chart, floor, harness, machine, rows, table

RESULTS = Path(__file__).with_name("results")


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure raddle and the stdlib's threading side by side.",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="WORD",
        help=f"a word ({', '.join(rows.WORDS)}) or a part of a row's name; may be repeated",
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="PATH",
        help="where the figures go (default: benchmarks/results/TAG.json for a whole run, "
        "benchmarks/results/local/TAG.json for any other)",
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, under a minute")
    parser.add_argument("--chart", action="store_true", help="draw TAG.svg beside the JSON")
    parser.add_argument(
        "--subject",
        default="raddle.threading",
        metavar="MODULE",
        help="the module to hold against `threading` (default: raddle.threading); "
        "`threading` itself shows the noise",
    )
    parser.add_argument("--cpu", type=int, metavar="N", help="use this core only")
    parser.add_argument("--list", action="store_true", help="list the rows and targets")
    return parser.parse_args(argv)


def default_json(options: argparse.Namespace) -> Path:
    whole = not (options.only or options.quick or options.cpu is not None)
    folder = RESULTS if whole and options.subject == "raddle.threading" else RESULTS / "local"
    return folder / f"{machine.tag()}.json"


def save(path: Path, text: str) -> None:
    """Write at once or not at all: an interrupted run leaves the last whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def start(row: rows.Row, word: str, kind: str) -> dict:
    aim = row.target.on(kind) if row.target else None
    return {"word": word, "name": row.name, "unit": row.unit, "target": aim}


def finish(entry: dict, figures: dict, level: float) -> None:
    for key in ("rounds", "stdlib", "subject", "ratio"):
        entry[key] = figures[key]
    entry["verdict"] = harness.verdict(entry, entry["target"], level)


def refuse_mixture() -> None:
    """Stop where `threading` is raddle already: both sides would be the same."""
    raddle = sys.modules.get("raddle")
    if raddle is not None and raddle.installed():
        sys.exit("raddle is installed over threading in this process; unset RADDLE and rerun")


def main() -> int:
    options = parse()
    kind = rows.build_kind()
    chosen = list(rows.select(options.only))
    if not chosen:
        sys.exit(f"no row matches {', '.join(options.only)}")
    if options.list:
        for word, _, bench in chosen:
            for row in bench.rows:
                entry = start(row, word, kind)
                print(table.text((row.name, word, "", "", "", table.target(entry), "")))
        return 0
    refuse_mixture()
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})
    try:
        subject = importlib.import_module(options.subject)
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing}; run this with a Python that has it, or name another --subject")

    run = machine.describe()
    run["build"] = kind
    run["subject"] = options.subject
    package = sys.modules[options.subject.partition(".")[0]]
    run["subject_version"] = getattr(package, "__version__", None)
    run["quick"] = options.quick
    run["rows"] = []
    handoffs = any(row.wakeups for _, _, bench in chosen for row in bench.rows)
    run["floors"] = floor.measure() if handoffs and options.cpu is None else {}
    print(table.about(run))
    for name, nanos in run["floors"].items():
        print(f"{name}: {table.quantity(nanos, 'ns')}")
    if kind == "ft" and run["gil"]:
        print("WARNING: a free-threaded build, but something has switched the GIL on")
    print()
    print(table.text(table.header(options.subject)), flush=True)

    others, began = machine.Elsewhere(), time.monotonic()
    for word, theirs, ours in chosen:
        entries = [start(row, word, kind) for row in ours.rows]
        meanwhile = machine.Elsewhere()
        try:
            figures = harness.measure(theirs, ours, threading, subject, options.quick)
        except Exception as error:
            for entry in entries:
                entry["error"] = f"{type(error).__name__}: {error}"
        else:
            for entry, one, row in zip(entries, figures, ours.rows, strict=True):
                finish(entry, one, row.level)
                if row.wakeups:
                    entry["floor"] = floor.beside(entry, row.wakeups, run["floors"])
        for entry in entries:
            entry["elsewhere"] = meanwhile.cores()
            print(table.text(table.line(entry)), flush=True)
        run["rows"] += entries
    run["elsewhere"] = others.cores()
    run["seconds"] = round(time.monotonic() - began, 1)

    print(f"\n{table.tally(run['rows'])}; {run['seconds']:.0f} s")
    if warning := table.noise(run):
        print(warning)
    path = options.json or default_json(options)
    save(path, json.dumps(run, indent=1) + "\n")
    print(f"figures: {os.path.relpath(path)}")
    if options.chart:
        drawing = path.with_suffix(".svg")
        save(drawing, chart.of_runs([run]))
        print(f"chart: {os.path.relpath(drawing)}")
    return 1 if any("error" in row for row in run["rows"]) else 0


if __name__ == "__main__":
    sys.exit(main())
