"""How a failure came about: the steps of its run, a column for each thread."""

import linecache
import os

WIDTH = 34  # of a column, at most
MOST = 60  # steps that are shown


def columns(steps):
    """Return the lines of a table of steps, in the order in which they were made."""
    names = list(dict.fromkeys(each.thread for each in steps))
    texts = [f"{each.call} :{each.line}" for each in steps]
    width = {
        name: min(
            WIDTH,
            max(
                len(name),
                *(len(t) for t, s in zip(texts, steps, strict=True) if s.thread == name),
            ),
        )
        for name in names
    }
    out = ["  " + "  ".join(f"{name[: width[name]]:<{width[name]}}" for name in names).rstrip()]
    hidden = max(0, len(steps) - MOST)
    if hidden:
        out.append(f"  ... {hidden} steps before these")
    for text, step in list(zip(texts, steps, strict=True))[hidden:]:
        cells = (f"{text[: width[n]] if n == step.thread else '':<{width[n]}}" for n in names)
        out.append("  " + "  ".join(cells).rstrip())
    return out


def lines(steps):
    """Return the source of the lines that the steps are at, once each."""
    out = []
    for file, line in dict.fromkeys((each.file, each.line) for each in steps):
        source = linecache.getline(file, line).strip()
        out.append(f"  {os.path.basename(file)}:{line}  {source}".rstrip())
    return out
