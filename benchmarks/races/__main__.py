"""Measure what `raddle run --race` costs: `python -m benchmarks.races`.

Each program is run plainly and under `--race`, in turns, round by round; which comes first
alternates. Its figures are its own (the time of its `main`, the most memory it had), and the
ratio is the median over the rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

from .. import machine, table
from . import sample

sys.path.insert(0, str(machine.ROOT / "tools"))

import interpreters

RESULTS = machine.ROOT / "benchmarks" / "results"
OLDEST = (3, 12)

MEAN = {"3.12": 6.0, "3.13": 6.0, "3.14": 4.0}
MEAN_OF_OTHERS = 5.0
WORST, MEMORY, STDLIB = 12.0, 2.0, 1.2

WIDTHS = (14, 10, 7, 12, 7)
DESCRIBE = "import json; from benchmarks import machine; print(json.dumps(machine.describe()))"
VERSION = "import raddle; print(raddle.__version__)"


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.races",
        description="Measure what `raddle run --race` costs, on programs without races.",
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="one program; repeatable"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="default: 3")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="PATH",
        help="an interpreter that has raddle; repeatable (default: those found, in the "
        "environments that nox has built, on PATH and in RADDLE_PYTHONS)",
    )
    parser.add_argument(
        "--noise", action="store_true", help="hold plain runs against plain runs"
    )
    parser.add_argument("--save", action="store_true", help="write results/races-TAG.json")
    parser.add_argument("--list", action="store_true", help="list the programs")
    options = parser.parse_args(argv)
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    return options


def pythons(options: argparse.Namespace) -> list[str]:
    """Return the interpreters to measure on; say which were found, and which were not."""
    if options.python:
        return options.python
    found = interpreters.find()
    print(interpreters.describe(found))
    chosen = []
    for each in found:
        if number(each.tag) >= OLDEST:
            built = machine.ROOT / ".nox" / f"python-{each.tag}" / "bin" / "python"
            chosen.append(str(built) if built.exists() else each.path)
    return chosen


def number(tag: str) -> tuple[int, ...]:
    return tuple(map(int, tag.rstrip("t").split(".")))


def ask(python: str, code: str) -> str | None:
    """Return what an interpreter prints, asked in the checkout; None where it fails."""
    try:
        done = subprocess.run(
            [python, "-c", code],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=machine.ROOT,
            env=sample.environment(),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def measure(program: sample.Program, python: str, rounds: int, command) -> dict:
    """Return a row: the medians of both sides, and of the ratios round by round."""
    sides = {"plain": sample.PLAIN, "race": command}
    taken: dict[str, list[sample.Sample]] = {name: [] for name in sides}
    for turn in range(rounds):
        for name in list(sides) if turn % 2 == 0 else list(reversed(sides)):
            taken[name].append(sample.run(sides[name], python, program.path))
    row = {"name": program.name, "stdlib": program.stdlib}
    for figure in ("seconds", "kib"):
        plain, race = ([getattr(each, figure) for each in side] for side in taken.values())
        row[figure] = {
            "plain": statistics.median(plain),
            "race": statistics.median(race),
            "ratio": statistics.median(b / a for a, b in zip(plain, race, strict=True)),
        }
    row["said"] = next((each.said for each in taken["race"] if each.said), "")
    return row


def line(row: dict) -> str:
    if "error" in row:
        return text((row["name"], "", "", "", ""), f"FAILED: {row['error']}")
    seconds, kib = row["seconds"], row["kib"]
    remarks = "time is the stdlib's" if row["stdlib"] else ""
    if row["said"]:
        remarks = f"SAID: {row['said'].strip().splitlines()[0]}"
    cells = (
        row["name"],
        table.quantity(seconds["plain"] * 1e9, "ns"),
        table.ratio(seconds["ratio"]),
        f"{kib['plain'] / 1024:.1f} MiB",
        table.ratio(kib["ratio"]),
    )
    return text(cells, remarks)


def text(cells: tuple[str, ...], remarks: str = "") -> str:
    padded = [
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ]
    return "  ".join([*padded, remarks]).rstrip()


def judge(rows: list[dict], tag: str) -> list[dict]:
    """Return what the rows come to, each with its target and its verdict."""
    whole = [row for row in rows if "error" not in row]
    own = [row for row in whole if not row["stdlib"]]
    others = [row for row in whole if row["stdlib"]]

    def worst(name: str, among: list[dict], figure: str, most: float) -> dict:
        row = max(among, key=lambda each: each[figure]["ratio"])
        return {"name": f"{name} ({row['name']})", "value": row[figure]["ratio"], "most": most}

    said = []
    if own:
        mean = statistics.geometric_mean(row["seconds"]["ratio"] for row in own)
        most = MEAN.get(tag, MEAN_OF_OTHERS)
        said.append({"name": "time, geometric mean", "value": mean, "most": most})
        said.append(worst("time, the worst", own, "seconds", WORST))
        memory = statistics.geometric_mean(row["kib"]["ratio"] for row in own)
        said.append({"name": "memory, geometric mean", "value": memory, "most": MEMORY})
        said.append(worst("memory, the worst", own, "kib", MEMORY))
    if others:
        said.append(worst("time in the stdlib, the worst", others, "seconds", STDLIB))
    for each in said:
        each["verdict"] = "met" if each["value"] <= each["most"] else "missed"
    return said


def on(python: str, options: argparse.Namespace, chosen: list[sample.Program]) -> bool:
    """Measure on one interpreter; return whether each program ran, and nothing was said."""
    described = ask(python, DESCRIBE)
    if described is None:
        print(f"\n{python}: not an interpreter that can be used here")
        return False
    run = json.loads(described)
    run["subject"] = "itself" if options.noise else "raddle run --race"
    run["subject_version"] = None if options.noise else ask(python, VERSION)
    if not options.noise and run["subject_version"] is None:
        print(f"\n{run['tag']}: {python} has no raddle: `make bench-races` builds it")
        return False
    print(f"\n{table.about(run)}\n")
    header = ("program", "plain", "time x", "plain", "memory x")
    print(text(header), flush=True)
    others, began = machine.Elsewhere(), time.monotonic()
    command = sample.PLAIN if options.noise else sample.RACE
    run["rounds"], run["programs"] = options.rounds, []
    for program in chosen:
        try:
            row = measure(program, python, options.rounds, command)
        except RuntimeError as error:
            row = {"name": program.name, "stdlib": program.stdlib, "error": str(error)}
        print(line(row), flush=True)
        run["programs"].append(row)
    run["elsewhere"] = others.cores()
    run["seconds"] = round(time.monotonic() - began, 1)
    run["summary"] = judge(run["programs"], run["tag"])
    print()
    for each in run["summary"]:
        shown = f"{table.ratio(each['value'])} x  (≤ {each['most']:g})"
        print(f"{each['name']:45}  {shown}  {table.MARKS[each['verdict']]}")
    if warning := table.noise(run):
        print(warning)
    if options.save:
        path = RESULTS / f"races-{run['tag']}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
        print(f"figures: {path.relative_to(machine.ROOT)}")
    return not any("error" in row or row["said"] for row in run["programs"])


def main() -> int:
    options = parse()
    chosen = sample.programs(options.only)
    unknown = set(options.only) - {each.name for each in chosen}
    if unknown:
        sys.exit(f"no such program: {', '.join(sorted(unknown))}; --list lists them")
    if options.list:
        for each in chosen:
            about = each.path.read_text(encoding="utf-8").splitlines()[0].strip('"')
            print(f"{each.name:14}  {about}")
        return 0
    good = [on(python, options, chosen) for python in pythons(options)]
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
