"""Print what the runs came to, and write the same as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path

from ending import Outcome, first_lines
from verdict import Verdict

COLUMNS = ("ok", "skip", "fail", "error", "crash", "hang", "missing")
MANY = 5
_FOLD = {"expected": "ok", "surprise": "fail", "altered": "fail", "empty": "ok"}


def counts(outcomes: list[Outcome]) -> dict[str, int]:
    """Return how many outcomes there are of each of COLUMNS."""
    found = Counter(_FOLD.get(result.kind, result.kind) for result in outcomes)
    return {name: found.get(name, 0) for name in COLUMNS}


def brief(found: dict[str, int]) -> str:
    """Return counts in words, the zeros left out: "203 ok, 6 skip"."""
    return ", ".join(f"{n} {name}" for name, n in found.items() if n) or "nothing ran"


def heading() -> str:
    return f"{'module':<45} {'stock':<32} {'raddle':<32} {'differ':>6}  seconds"


def row(record: dict) -> str:
    """Return one module's line of the table."""
    raddle = record.get("raddle")
    seconds = f"{record['stock']['seconds']:.1f}"
    if raddle:
        seconds += f" / {raddle['seconds']:.1f}"
    stock = brief(record["stock"]["counts"])
    other = brief(raddle["counts"]) if raddle else "-"
    differ = str(len(record["differences"])) if raddle else "-"
    return f"{record['module']:<45} {stock:<32} {other:<32} {differ:>6}  {seconds}"


def kinds(verdict: Verdict) -> str:
    """Return a test's runs as "ok/fail, ok/fail" (stock/raddle), the module run first."""
    text = ", ".join(f"{stock.kind}/{raddle.kind}" for stock, raddle in verdict.runs)
    if verdict.company is not None:
        text += f"; whole module again: {verdict.company.kind}"
    return text


def difference(verdict: Verdict, waived: str | None) -> list[str]:
    """Return the lines that tell of one test that differs."""
    excuse = f"  WAIVED: {waived}" if waived else ""
    lines = [f"  DIFFERS {verdict.test} ({kinds(verdict)}){excuse}"]
    stock = verdict.runs[0][0]
    # A process that crashed later took the first run's tracebacks with it.
    bad = [pair[1] for pair in verdict.runs if not pair[1].good]
    if verdict.company is not None:
        bad.append(verdict.company)
    raddle = max(bad, key=lambda result: (bool(result.detail), result is bad[0]))
    lines += [f"      {line}" for line in first_lines(raddle)]
    if not stock.good and stock.kind != "missing":
        lines += [f"      stock: {line}" for line in first_lines(stock, 2)]
    return lines


def differences(verdicts: list[Verdict], excused: dict[str, str]) -> list[str]:
    """Return the lines that tell of every difference, a crowd of missing tests as one."""
    gone = [each for each in verdicts if each.runs[0][1].kind == "missing"]
    lines = []
    if len(gone) > MANY:
        lines.append(f"  DIFFERS {len(gone)} tests are missing with raddle:")
        lines += _wrap("    ", ", ".join(each.test for each in gone))
        verdicts = [each for each in verdicts if each not in gone]
    for each in verdicts:
        lines += difference(each, excused.get(each.test))
    return lines


def failures(outcomes: dict[str, Outcome]) -> list[str]:
    """Return the lines that tell of the tests that fail on the stock interpreter."""
    lines = []
    for test, result in outcomes.items():
        if not result.good and result.kind != "skip":
            lines.append(f"  stock {result.kind}: {test}")
            lines += [f"      {line}" for line in first_lines(result, 3)]
    return lines


def origins(survey: dict) -> list[str]:
    """Return the lines that say what of threading and _thread is whose."""
    groups: dict[str, list[str]] = {}
    for name, where in survey["origins"].items():
        groups.setdefault(where, []).append(name)
    titles = {
        "rust": "raddle, in Rust",
        "python": "raddle, in Python",
        "stock": "still stock",
    }
    lines = []
    for where, title in titles.items():
        names = ", ".join(groups.get(where, ())) or "none"
        lines += _wrap(f"{title} ({len(groups.get(where, ()))}): ", names)
    return lines


def _wrap(title: str, names: str, width: int = 96) -> list[str]:
    lines, line = [], title
    for word in names.split(" "):
        if len(line) + len(word) >= width:
            lines.append(line.rstrip())
            line = "    "
        line += word + " "
    return [*lines, line.rstrip()]


def plain(value: object) -> object:
    """Return `value` as JSON can hold it."""
    if isinstance(value, Outcome):
        return value.kind if not value.detail else dataclasses.asdict(value)
    if isinstance(value, Verdict):
        record = {"test": value.test, "ruling": value.ruling, "runs": plain(value.runs)}
        return record | ({"company": plain(value.company)} if value.company else {})
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def write(path: Path, record: dict) -> None:
    """Write the whole record of a run to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain(record), indent=1) + "\n", "utf-8")
