"""raddle beside other detectors of races: `python -m benchmarks.races.peers`.

Each gets the same programs: racy ones (found in every run?), quiet ones (told in any run?) and
the benchmark's, for what it costs. What is installed is in peers.txt.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from .. import machine, table
from . import sample
from .__main__ import ask, pythons

TESTS = machine.ROOT / "tests" / "races"
PINNED = Path(__file__).with_name("peers.txt")
PATIENCE = 60
"""Seconds until one of the racy or quiet programs counts as hung."""


@dataclasses.dataclass(frozen=True)
class Detector:
    """One way to look for races.

    package: what it is installed as; None for raddle, which is there or is not.
    told: what its output holds where it has told a race; clear: where it has told none.
    runs: whether it runs the program, or only reads it.
    """

    name: str
    package: str | None
    command: tuple[str, ...]
    told: re.Pattern
    clear: re.Pattern
    runs: bool = True


DETECTORS = (
    Detector(
        "raddle run --race",
        None,
        sample.RACE,
        told=re.compile(r"^raddle: (?!deadlock)", re.MULTILINE),
        clear=re.compile(""),
    ),
    Detector(
        "PyVFT",
        "pyvft",
        ("{python}", "-m", "pyvft", "--no-colour", "{program}"),
        told=re.compile(r"pyvft: \d+ DATA RACES? DETECTED"),
        clear=re.compile(r"pyvft: NO DATA RACES DETECTED"),
    ),
    Detector(
        "threadcheck run",
        "threadcheck",
        ("{python}", "-m", "threadcheck", "run", "{program}"),
        told=re.compile(r"Data races detected:"),
        clear=re.compile(r"No data races detected"),
    ),
    Detector(
        "threadcheck scan",
        "threadcheck",
        ("{python}", "-m", "threadcheck", "scan", "-q", "{program}"),
        # (Beside errors and warnings it has remarks, such as that a thread is started.)
        told=re.compile(r"[1-9]\d* error\(s\)|[1-9]\d* warning\(s\)"),
        clear=re.compile(r"0 error\(s\), 0 warning\(s\)|No data-race issues"),
        runs=False,
    ),
)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.races.peers",
        description="Hold raddle against other detectors of races in Python programs.",
    )
    parser.add_argument("--racy", type=Path, default=TESTS / "racy", metavar="FOLDER")
    parser.add_argument("--quiet", type=Path, default=TESTS / "quiet", metavar="FOLDER")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="of each; default 3")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="take the slowdown of this program only; 'none' of none; repeatable",
    )
    parser.add_argument(
        "--detector", action="append", default=[], metavar="NAME", help="as the table has it"
    )
    parser.add_argument("--python", action="append", default=[], metavar="PATH")
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(tempfile.gettempdir()) / "races-peers",
        metavar="FOLDER",
        help="where their environments are made, and kept",
    )
    parser.add_argument("--verbose", action="store_true", help="name the programs")
    return parser.parse_args(argv)


def programs(folder: Path) -> list[Path]:
    """Return a gallery's programs: in the folder, or one folder further down."""
    found = [*folder.glob("*.py"), *folder.glob("*/*.py")]
    return sorted(each for each in found if not each.name.startswith(("_", "test_")))


def requirement(package: str) -> str:
    """Return the line of peers.txt that has a package."""
    lines = PINNED.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{package}=="))


def installed(detector: Detector, python: str, tag: str, home: Path) -> str | None:
    """Return a Python that has the detector; None where there is none for it."""
    if detector.package is None:
        return python if ask(python, "import raddle") is not None else None
    folder = home / f"{detector.package}-{tag}"
    own = str(folder / "bin" / "python")
    has = f"import {detector.package}"
    if not Path(own).exists():
        subprocess.run((python, "-m", "venv", str(folder)), check=True, timeout=300)
    if ask(own, has) is None:
        pip = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install")
        asked = (own, *pip, "--only-binary=:all:", requirement(detector.package))
        subprocess.run(asked, capture_output=True, timeout=300)
    return own if ask(own, has) is not None else None


def judge(detector: Detector, python: str, program: Path) -> str:
    """Run a program under a detector; return "told", "clear" or "failed"."""
    command = [part.format(python=python, program=program) for part in detector.command]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            env=sample.environment(PYTHONDONTWRITEBYTECODE="1"),
            cwd=program.parent,
        )
    except subprocess.TimeoutExpired:
        return "failed"
    text = done.stdout + done.stderr
    if detector.told.search(text):
        return "told"
    broken = "Traceback (most recent call last)" in text or not detector.clear.search(text)
    return "failed" if broken else "clear"


@dataclasses.dataclass
class Gallery:
    """What a detector said of a folder's programs, over all runs."""

    count: int
    always: list[str]
    ever: list[str]
    failed: list[str]


def gallery(detector: Detector, python: str, folder: Path, runs: int) -> Gallery:
    found = Gallery(0, [], [], [])
    for program in programs(folder):
        found.count += 1
        answers = [judge(detector, python, program) for _ in range(runs)]
        name = str(program.relative_to(folder))
        if "told" in answers:
            found.ever.append(name)
        if set(answers) == {"told"}:
            found.always.append(name)
        if "failed" in answers:
            found.failed.append(name)
    return found


def slowdown(detector: Detector, peer: str, python: str, only: list[str]) -> list[dict]:
    """Return for each benchmark program how many times as long it takes, or why none."""
    rows = []
    for program in sample.programs(only):
        if program.stdlib and not only:
            continue
        row = {"name": program.name}
        try:
            plain = sample.run(sample.PLAIN, python, program.path)
            row["ratio"] = (
                sample.run(detector.command, peer, program.path, lenient=True).seconds
                / plain.seconds
            )
        except RuntimeError as error:
            row["error"] = str(error)
        rows.append(row)
    return rows


def cost(rows: list[dict]) -> str:
    """Say what a slowdown is over all programs, and in how many it could not be taken."""
    ratios = {row["name"]: row["ratio"] for row in rows if "ratio" in row}
    if not ratios:
        return f"all {len(rows)} failed" if rows else "-"
    worst = max(ratios, key=ratios.__getitem__)
    mean = statistics.geometric_mean(ratios.values())
    said = f"{table.ratio(mean)} x, at worst {table.ratio(ratios[worst])} x ({worst})"
    if len(ratios) < len(rows):
        said += f"; {len(rows) - len(ratios)} of {len(rows)} failed"
    return said


def names(label: str, among: list[str]) -> None:
    if among:
        print(f"    {label}: {', '.join(among)}")


def compare(python: str, options: argparse.Namespace) -> None:
    tag = ask(python, "from benchmarks import machine; print(machine.tag())")
    if tag is None:
        print(f"\n{python}: not an interpreter that can be used here")
        return
    print(f"\n{tag}", flush=True)
    print(f"{'':18}  {'found':>14}  {'false alarms':>14}  {'failed':>7}  slowdown")
    for detector in DETECTORS:
        if options.detector and detector.name not in options.detector:
            continue
        peer = installed(detector, python, tag, options.home)
        if peer is None:
            why = "not for this interpreter" if detector.package else "not installed here"
            print(f"{detector.name:18}  {why}")
            continue
        racy = gallery(detector, peer, options.racy, options.runs)
        quiet = gallery(detector, peer, options.quiet, options.runs)
        rows = []
        if detector.runs and "none" not in options.only:
            rows = slowdown(detector, peer, python, options.only)
        found = f"{len(racy.always)} of {racy.count}"
        alarms = f"{len(quiet.ever)} of {quiet.count}"
        failed = len(racy.failed) + len(quiet.failed)
        print(
            f"{detector.name:18}  {found:>14}  {alarms:>14}  {failed:>7}  {cost(rows)}",
            flush=True,
        )
        if options.verbose:
            missed = {str(each.relative_to(options.racy)) for each in programs(options.racy)}
            names("missed", sorted(missed - set(racy.always) - set(racy.failed)))
            names("false alarms", quiet.ever)
            names("failed", racy.failed + quiet.failed)
            names("failed on", [r["name"] for r in rows if "error" in r])


def main() -> int:
    options = parse()
    options.racy, options.quiet = options.racy.resolve(), options.quiet.resolve()
    for folder in (options.racy, options.quiet):
        if not programs(folder):
            sys.exit(f"no programs in {folder}")
    for python in pythons(options):
        compare(python, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
