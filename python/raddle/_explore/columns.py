"""How a failure came about: the steps of its run, a column for each thread."""

import linecache
import os

WIDTH = 34  # of a column, at most
MOST = 60  # steps that are shown


def columns(steps):
    """Return the lines of a table of steps, in the order in which they were made."""
    texts = [f"{each.call} :{each.line}" for each in steps]
    heads = _heads(steps)
    widths = dict.fromkeys(heads, 0)
    for step, text in zip(steps, texts, strict=True):
        thread = id(step.thread)  # (A class of the program's may not be hashable.)
        widths[thread] = max(widths[thread], len(heads[thread]), len(text))

    def row(cells):
        shown = (
            f"{cells.get(thread, '')[:WIDTH]:<{min(width, WIDTH)}}"
            for thread, width in widths.items()
        )
        return "  " + "  ".join(shown).rstrip()

    out = [row(heads)]
    hidden = max(0, len(steps) - MOST)
    if hidden:
        out.append(f"  ... {hidden} steps before these")
    both = list(zip(steps, texts, strict=True))[hidden:]
    return out + [row({id(step.thread): text}) for step, text in both]


def _heads(steps):
    """Return what each thread is called, by its id; those of one name are numbered."""
    heads, known = {}, {}
    for thread in {id(each.thread): each.thread for each in steps}.values():
        known[thread.name] = count = known.get(thread.name, 0) + 1
        heads[id(thread)] = thread.name if count == 1 else f"{thread.name} ({count})"
    return heads


def lines(steps):
    """Return the source of the lines that the steps are at, once each."""
    out = []
    for file, line in dict.fromkeys((each.file, each.line) for each in steps):
        source = linecache.getline(file, line).strip()
        out.append(f"  {os.path.basename(file)}:{line}  {source}".rstrip())
    return out
