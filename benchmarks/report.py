"""Put the figures of several interpreters together: `python -m benchmarks.report`.

Reads the JSON that `python -m benchmarks` wrote, one file per interpreter, and writes a
README.md (rows by interpreters) and speed.svg beside them. From the repository's own results
come the tables of its pages as well, see excerpt.py.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from . import chart, excerpt, floor, rows, table

RESULTS = Path(__file__).with_name("results")

MARKS = {"met": "", "level": " ≈", "missed": " ✗", "": ""}


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.report",
        description="Merge the figures of several interpreters into tables and one chart.",
    )
    parser.add_argument(
        "json", nargs="*", type=Path, help="files to merge (default: FOLDER/3.*.json)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=RESULTS,
        help="where README.md and speed.svg go (default: benchmarks/results)",
    )
    return parser.parse_args(argv)


def order(run: dict) -> tuple[int, ...]:
    """Sort by version, free-threaded builds last."""
    tag = run["tag"]
    return (tag.endswith("t"), *map(int, re.findall(r"\d+", tag)))


def of(folder: Path) -> list[Path]:
    """Return the files of a folder that have these rows; those of `races` are others."""
    return sorted(folder.glob("3.*.json"))


def read(paths: list[Path]) -> list[dict]:
    """Return the runs, oldest interpreter first; the later of two with one tag wins."""
    by_tag: dict[str, dict] = {}
    for path in paths:
        run = json.loads(path.read_text(encoding="utf-8"))
        earlier = by_tag.get(run["tag"])
        if earlier is None or earlier["date"] <= run["date"]:
            by_tag[run["tag"]] = run
    return sorted(by_tag.values(), key=order)


def by_name(runs: list[dict]) -> dict[str, list[dict | None]]:
    """Return for each row, in the order of the words, its entry in every run."""
    tables = [{row["name"]: row for row in run["rows"]} for run in runs]
    words = {row["name"]: row["word"] for run in runs for row in run["rows"]}
    names = sorted(words, key=lambda name: rows.WORDS.index(words[name]))
    return {name: [one.get(name) for one in tables] for name in names}


def ratio_cell(row: dict | None) -> str:
    if row is None:
        return ""
    if "error" in row:
        return "**failed** ✗"
    if table.judged_by_value(row):
        shown = table.quantity(row["subject"]["median"], row["unit"])
    else:
        shown = table.ratio(row["ratio"]["median"])
    verdict = row["verdict"]
    shown = f"**{shown}{MARKS[verdict]}**" if verdict == "missed" else shown + MARKS[verdict]
    return f"{shown} ({table.target(row)})" if row["target"] else shown


def cost_cell(row: dict | None) -> str:
    if row is None or "error" in row:
        return ""
    theirs, ours = (
        table.quantity(row[side]["median"], row["unit"]) for side in ("stdlib", "subject")
    )
    return f"{theirs} → {ours}"


def head(runs: list[dict]) -> list[str]:
    """Return the first lines of a Markdown table with a column for each interpreter."""
    tags = [run["tag"] for run in runs]
    return ["| | " + " | ".join(tags) + " |", "|---|" + "---:|" * len(tags)]


def floor_cell(row: dict | None) -> str:
    """Return raddle's figure of a hand-off, and how many times a floor that is."""
    if row is None or not row.get("floor"):
        return ""
    ours = table.quantity(row["subject"]["median"], row["unit"])
    multiples = (f"{table.ratio(each)} x {name}" for name, each in row["floor"].items())
    return f"{ours}: {', '.join(multiples)}"


def floors(runs: list[dict]) -> list[str]:
    """Return the section of hand-offs, if any run has floors."""
    measured = [run.get("floors", {}) for run in runs]
    if not any(measured):
        return []
    lines = [
        "## Hand-offs beside their floor",
        "",
        "What a round trip between two threads takes in plain Rust, in the same run: where "
        "both look all the time (spinning), and where each sleeps until the other wakes it "
        "(parked; one core: both on the same). Then raddle's round trips, and how many times "
        "the floor that is. A ratio above depends on what a wake-up costs on the machine; "
        "these multiples depend on it less.",
        "",
        *head(runs),
    ]
    for name in floor.NAMES:
        cells = (table.quantity(each[name], "ns") if name in each else "" for each in measured)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for name, entries in by_name(runs).items():
        if any(entry and entry.get("floor") for entry in entries):
            cells = " | ".join(floor_cell(entry) for entry in entries)
            lines.append(f"| {name} | {cells} |")
    return [*lines, ""]


def grid(runs: list[dict], cell) -> list[str]:
    """Return a Markdown table of rows by interpreters."""
    lines = head(runs)
    for name, entries in by_name(runs).items():
        lines.append(f"| {name} | " + " | ".join(cell(entry) for entry in entries) + " |")
    return lines


def markdown(runs: list[dict]) -> str:
    machine = runs[0]["machine"]
    lines = [
        "# All figures",
        "",
        "Written by `python -m benchmarks.report` from the JSON files beside it; "
        "`make bench` measures anew.",
        "",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['architecture']}, "
        f"{machine['system']}.",
        "",
    ]
    if any(run["machine"] != machine for run in runs):
        lines += ["**The files come from different machines;** the first is named.", ""]
    lines += ["| interpreter | compiler | date | commit | targets |", "|---|---|---|---|---|"]
    for run in runs:
        name = f"{run['python']}{'' if run['gil'] else ' free-threaded'}"
        remarks = table.tally(run["rows"])
        if run["quick"]:
            remarks += "; quick run"
        if run["subject"] != "raddle.threading":
            remarks += f"; measured: {run['subject']}"
        if warning := table.noise(run):
            remarks += f"; {warning}"
        lines.append(
            f"| {name} | {run['compiler']} | {run['date'][:10]} | "
            f"{run['commit'] or 'unknown'} | {remarks} |"
        )
    lines += [
        "",
        "![How many times as fast as the stdlib's threading](speed.svg)",
        "",
        "## Ratios",
        "",
        "Stdlib / raddle, the median of paired rounds in one process, with the target in "
        "brackets; above 1 raddle is ahead. **✗** misses its target; ≈ is short of it by less "
        "than the measurement can tell. Rows with a unit are raddle's own figure.",
        "",
        *grid(runs, ratio_cell),
        "",
        "## Costs",
        "",
        "Stdlib → raddle, the median of each.",
        "",
        *grid(runs, cost_cell),
        "",
        *floors(runs),
    ]
    return "\n".join(lines)


def plain_cell(row: dict | None) -> str:
    """Return a row's figure for readers that know no targets."""
    return "" if row is None or "error" in row else table.ratio(row["ratio"]["median"])


def page(text: str, runs: list[dict]) -> str:
    """Return a page of the repository with the tables that these runs make."""
    entries = by_name(runs)

    def made(name: str, shown: dict[str, str]) -> list[str]:
        cell = plain_cell if name == "five" else ratio_cell
        return head(runs) + [
            f"| {label} | " + " | ".join(map(cell, entries[row])) + " |"
            for label, row in shown.items()
        ]

    return excerpt.filled(text, made)


def main() -> int:
    options = parse()
    paths = options.json or of(options.folder)
    if not paths:
        sys.exit(f"no figures in {options.folder}: run `python -m benchmarks` first")
    runs = read(paths)
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("README.md", markdown(runs)), ("speed.svg", chart.of_runs(runs))):
        (options.folder / name).write_text(text, encoding="utf-8")
        print(options.folder / name)
    if options.folder == RESULTS:
        for path in excerpt.PAGES:
            path.write_text(page(path.read_text(encoding="utf-8"), runs), encoding="utf-8")
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
