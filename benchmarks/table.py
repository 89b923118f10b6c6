"""Figures as people read them: units, ratios, targets, and a table for the terminal."""

from __future__ import annotations

BUSY = 0.25
"""Cores kept busy by others from which on a row is marked; below it they hardly show."""

MARKS = {"met": "met", "level": "level", "missed": "MISSED", "": ""}


def header(subject: str) -> tuple[str, ...]:
    ours = "raddle" if subject == "raddle.threading" else subject
    return ("row", "stdlib", ours, "ratio", "95 % of medians", "target", "")


def quantity(value: float, unit: str) -> str:
    """Return three digits and a unit: 41.2 ns, 23.1 µs, 344 B, 1.04 x."""
    if unit == "x":
        return f"{value:.2f} x"
    if unit == "B":
        return f"{value:,.0f} B"
    for size, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if abs(value) >= size:
            return f"{_digits(value / size)} {name}"
    return f"{_digits(value)} ns"


def _digits(value: float) -> str:
    places = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{places}f}"


def ratio(value: float) -> str:
    return _digits(value)


def spread(side: dict) -> str:
    """Return half the distance between the quartiles, in parts of a hundred."""
    if not side["median"] or side["q1"] == side["q3"]:
        return ""
    return f" ±{50 * (side['q3'] - side['q1']) / side['median']:.0f}%"


def target(row: dict) -> str:
    """Return the row's target as text: ≥ 1.3, > 1, ≤ 64 B."""
    aim = row["target"]
    if aim is None:
        return "-"
    if aim["sense"] == "value<=":
        return f"≤ {quantity(aim['value'], row['unit'])}"
    return f"{'>' if aim['sense'] == 'ratio>' else '≥'} {aim['value']:.3g}"


def judged_by_value(row: dict) -> bool:
    return row["target"] is not None and row["target"]["sense"] == "value<="


def line(row: dict) -> tuple[str, ...]:
    """Return the cells of one row, in the order of `header`."""
    if "error" in row:
        return (row["name"], "-", "-", "-", "", target(row), f"FAILED: {row['error']}")
    theirs, ours, pair = row["stdlib"], row["subject"], row["ratio"]
    others = (row.get("elsewhere") or 0.0) if row["unit"] == "ns" else 0.0
    shown, interval = "-", ""
    if not judged_by_value(row):
        shown = ratio(pair["median"])
        if row["rounds"] > 1:
            interval = f"{ratio(pair['low'])} - {ratio(pair['high'])}"
    remarks = MARKS[row["verdict"]]
    for name, multiple in row.get("floor", {}).items():
        remarks += f" ({_digits(multiple)} x {name})"
    if others >= BUSY:
        remarks += f" (others: {others:.1f} cores)"
    return (
        row["name"],
        quantity(theirs["median"], row["unit"]) + spread(theirs),
        quantity(ours["median"], row["unit"]) + spread(ours),
        shown,
        interval,
        target(row),
        remarks.strip(),
    )


WIDTHS = (41, 15, 15, 6, 15, 9, 0)


def text(cells: tuple[str, ...]) -> str:
    """Lay one line out for a terminal."""
    padded = [
        cell.ljust(width) if index in (0, 6) else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ]
    return "  ".join(padded).rstrip()


def tally(rows: list[dict]) -> str:
    """Say how many targets were met."""
    said = [row["verdict"] for row in rows if row.get("verdict")]
    failed = sum("error" in row for row in rows)
    parts = [f"{said.count('met')} of {len(said) + failed} targets met"]
    if said.count("level"):
        parts.append(f"{said.count('level')} level within the noise")
    if said.count("missed"):
        parts.append(f"{said.count('missed')} missed")
    if failed:
        parts.append(f"{failed} failed to run")
    return ", ".join(parts)


def about(run: dict) -> str:
    """Say which machine, interpreter, date and commit a run belongs to."""
    machine = run["machine"]
    cores = f"{machine['cores']} cores"
    if machine["usable"] != machine["cores"]:
        cores += f", {machine['usable']} usable"
    gil = "with the GIL" if run["gil"] else "free-threaded, GIL off"
    return (
        f"CPython {run['python']} ({run['tag']}, {gil}), {run['compiler']}\n"
        f"{machine['cpu']}, {cores}, {machine['architecture']}, {machine['system']}\n"
        f"{run['date']}, commit {run['commit'] or 'unknown'}, "
        f"{run['subject']} {run['subject_version'] or ''}".rstrip()
    )


def noise(run: dict) -> str | None:
    """Return a warning where other processes took a part of the machine; else None."""
    elsewhere = run.get("elsewhere")
    if elsewhere is None or elsewhere < 0.1:
        return None
    return (
        f"noisy: other processes kept {elsewhere:.2f} cores busy on average meanwhile; "
        "rows with two threads suffer most"
    )
