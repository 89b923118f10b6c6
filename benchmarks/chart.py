"""Bars on a logarithmic scale as SVG, written by hand: nothing to install.

The drawing brings its own background and follows the reader's light or dark preference.
"""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

# GIL builds are shades of one hue, older to newer; free-threaded builds are another hue.
GIL = ("#9ecae8", "#6aaed6", "#3a8bc2", "#1f6aa5", "#174f80")
FREE = ("#e8843c", "#c4601a")
GIL_DARK = ("#28577d", "#3877a8", "#4f97cc", "#7ab5e0", "#abd2f0")
FREE_DARK = ("#e8843c", "#f3ae78")

NAMES, PLOT, RIGHT, TOP = 330, 450, 60, 74
BAR, GAP, GROUP_GAP = 10, 2, 8

STYLE = """
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
  .title { font-size: 16px; font-weight: 600 }
  .small { font-size: 11px; fill: #57606a }
  .value { font-size: 11px; fill: #57606a }
  .paper { fill: #ffffff } .grid { stroke: #d8dee4 } .one { stroke: #24292f; stroke-width: 2 }
  .aim { stroke: #cf222e; stroke-width: 2 }
"""

DARK = """
    text { fill: #e6edf3 } .small, .value { fill: #9da7b1 }
    .paper { fill: #0d1117 } .grid { stroke: #30363d } .one { stroke: #e6edf3 }
    .aim { stroke: #ff7b72 }
"""


def _palette(tags: list[str]) -> tuple[list[str], list[str]]:
    light, dark, free, gil = [], [], 0, max(0, len(GIL) - sum(t[-1] != "t" for t in tags))
    for tag in tags:
        if tag.endswith("t"):
            light.append(FREE[free % len(FREE)])
            dark.append(FREE_DARK[free % len(FREE_DARK)])
            free += 1
        else:
            light.append(GIL[gil % len(GIL)])
            dark.append(GIL_DARK[gil % len(GIL_DARK)])
            gil += 1
    return light, dark


def _number(value: float) -> str:
    return f"{value:.3g}"


def draw(
    title: str, note: str, tags: list[str], groups: list[tuple[str, list[tuple | None]]]
) -> str:
    """Return an SVG of grouped bars.

    groups: (name, one entry per tag), an entry being (ratio, target or None) or None where
    that interpreter has no figure. The bold line is 1.0: as fast as the stdlib.
    """
    ratios = [e[0] for _, entries in groups for e in entries if e and 0 < e[0] < math.inf]
    aims = [e[1] for _, entries in groups for e in entries if e and e[1]]
    low = min(0.5, *ratios, 0.5) if ratios else 0.5
    high = max(10.0, *ratios, *aims)
    bottom, span = math.log10(low), math.log10(high * 1.15) - math.log10(low)

    def x(value: float) -> float:
        return NAMES + PLOT * (math.log10(min(max(value, low), high * 1.15)) - bottom) / span

    group = len(tags) * (BAR + GAP) + GROUP_GAP
    width, height = NAMES + PLOT + RIGHT, TOP + len(groups) * group + 34
    end = height - 30
    light, dark = _palette(tags)
    colours = "".join(f"  .b{i} {{ fill: {c} }}\n" for i, c in enumerate(light))
    colours_dark = "".join(f"    .b{i} {{ fill: {c} }}\n" for i, c in enumerate(dark))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}{colours}  @media (prefers-color-scheme: dark) {{{DARK}"
        f"{colours_dark}  }}\n</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
        f'<text class="title" x="14" y="24">{escape(title)}</text>',
        f'<text class="small" x="14" y="42">{escape(note)}</text>',
    ]
    for index, tag in enumerate(tags):
        left = 14 + index * 72
        out.append(f'<rect class="b{index}" x="{left}" y="51" width="12" height="10"/>')
        out.append(f'<text class="small" x="{left + 16}" y="60">{escape(tag)}</text>')
    left = 14 + len(tags) * 72
    out.append(f'<line class="aim" x1="{left + 2}" x2="{left + 2}" y1="50" y2="62"/>')
    out.append(f'<text class="small" x="{left + 8}" y="60">target</text>')
    for power in range(math.floor(bottom), math.ceil(bottom + span) + 1):
        for step in (1, 2, 5):
            value = step * 10.0**power
            if low <= value <= high * 1.15:
                kind = "one" if value == 1 else "grid"
                place = f"{x(value):.1f}"
                out.append(
                    f'<line class="{kind}" x1="{place}" x2="{place}" '
                    f'y1="{TOP - 6}" y2="{end}"/>'
                    f'<text class="small" text-anchor="middle" x="{place}" y="{end + 13}">'
                    f"{_number(value)}x</text>"
                )
    for number, (name, entries) in enumerate(groups):
        y = TOP + number * group
        middle = y + (group - GROUP_GAP) / 2 + 4
        out.append(
            f'<text text-anchor="end" x="{NAMES - 10}" y="{middle:.1f}">{escape(name)}</text>'
        )
        for index, entry in enumerate(entries):
            if not entry:
                continue
            value, aim = entry
            top = y + index * (BAR + GAP)
            start, stop = sorted((x(1.0), x(value)))
            out.append(
                f'<rect class="b{index}" x="{start:.1f}" y="{top}" '
                f'width="{max(stop - start, 1):.1f}" height="{BAR}">'
                f"<title>{escape(f'{name}, {tags[index]}: {_number(value)}')}</title></rect>"
                f'<text class="value" x="{stop + 4:.1f}" y="{top + BAR - 0.5:.1f}">'
                f"{_number(value)}</text>"
            )
            if aim and aim != 1:
                at = f"{x(aim):.1f}"
                out.append(
                    f'<line class="aim" x1="{at}" x2="{at}" y1="{top}" y2="{top + BAR}"/>'
                )
    out.append(
        f'<text class="small" x="{NAMES}" y="{height - 4}">'
        "stdlib / raddle, logarithmic; right of the bold line raddle is ahead</text></svg>"
    )
    return "\n".join(out) + "\n"


def of_runs(runs: list[dict]) -> str:
    """Draw one chart of several runs (the JSON of `python -m benchmarks`), one per tag."""
    tags = [run["tag"] for run in runs]
    by_tag = [{row["name"]: row for row in run["rows"] if "error" not in row} for run in runs]
    # Bytes are in the tables: a bar for them would not read as speed.
    names = dict.fromkeys(
        n for rows in by_tag for n, row in rows.items() if row["unit"] == "ns"
    )
    groups = []
    for name in names:
        entries: list[tuple | None] = []
        for rows in by_tag:
            row = rows.get(name)
            if row is None or (row["target"] or {}).get("sense") == "value<=":
                entries.append(None)
                continue
            aim = row["target"]["value"] if row["target"] else None
            entries.append((row["ratio"]["median"], aim))
        if any(entries):
            groups.append((name, entries))
    machine = runs[0]["machine"]
    note = f"{machine['cpu']}, {machine['cores']} cores; {runs[0]['date'][:10]}; " + ", ".join(
        f"CPython {run['python']}{' free-threaded' if not run['gil'] else ''}" for run in runs
    )
    return draw("How many times as fast as the stdlib's threading", note, tags, groups)
