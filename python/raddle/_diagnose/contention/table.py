"""The contention profile as a table: by rich on a terminal that has it, else plain."""

from raddle._diagnose.report import report

MOST = 20  # rows of each table
SITES = 3  # places of one lock

_HEADING = "raddle: where threads waited for each other"
_LOCKS = ["lock", "taken", "contended", "waited", "max", "p99", "held", "max"]
_WAITS = ["other waits", "times", "waited", "max", "p99"]


def show(rows, stream=None):
    """Write the table for rows of raddle.stats() to a stream, by default stderr."""
    stream = report.stderr() if stream is None else stream
    if stream is None:
        return
    drawn = _rich(rows, stream) if _is_terminal(stream) else None
    report.show(lambda colour: drawn or text(rows), stream)


def text(rows):
    """Return it without colours and frames."""
    out = [_HEADING, ""]
    for title, lines in _tables(rows):
        widths = [max(len(cells[at]) for cells, _ in lines) for at in range(len(title))]
        widths = [max(width, len(word)) for width, word in zip(widths, title, strict=True)]
        out.append(_line(title, widths))
        for cells, places in lines:
            out.append(_line(cells, widths))
            out += [f"      {what} {spent} {at}" for what, spent, at in places]
        out.append("")
    return "\n".join([*out, *(f"  {each}" for each in _rest(rows)), ""])


def duration(seconds):
    """Return a time as people write it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 else f"{seconds:.0f} s"
    return f"{seconds * 1e9:.0f} ns" if seconds else "0"


def _tables(rows):
    """Yield (heads, [(cells, places)]) of what was waited for."""
    locks, waits = _contended(rows)
    if locks:
        yield _LOCKS, [_lock(row) for row in locks[:MOST]]
    if waits:
        yield _WAITS, [_wait(row) for row in waits[:MOST]]


def _contended(rows):
    locks = [row for row in rows if row["held"] is not None and row["contended"]]
    return locks, [row for row in rows if row["held"] is None]


def _rest(rows):
    """Yield what is to be said of the rows that the tables leave out."""
    locks, waits = _contended(rows)
    free = [row for row in rows if row["held"] is not None and not row["contended"]]
    if not locks:
        yield "No thread waited for a lock."
    if len(locks) > MOST or len(waits) > MOST:
        yield f"Left out: {max(0, len(locks) - MOST)} locks, {max(0, len(waits) - MOST)} waits."
    if free:
        taken = sum(row["acquisitions"] for row in free)
        count = sum(row["count"] for row in free)
        yield f"Never waited for: {count} locks, taken {taken} times."


def _lock(row):
    count = f" ({row['count']} locks)" if row["count"] > 1 else ""
    waited, held = row["waited"], row["held"]
    cells = [
        row["name"] + count,
        str(row["acquisitions"]),
        str(row["contended"]),
        *(duration(waited[key]) for key in ("total", "max", "p99")),
        *(duration(held[key]) for key in ("total", "max")),
    ]
    waits = {}
    for each in row["waiting"]:
        waits.setdefault(_site(each), []).append(each["total"])
    waits = sorted(((sum(spent), at) for at, spent in waits.items()), key=lambda each: -each[0])
    holds = [(each["total"], _site(each)) for each in row["holding"]]
    places = [("waited", duration(spent), f"at {_place(*at)}") for spent, at in waits[:SITES]]
    places += [("held", duration(spent), f"from {_place(*at)}") for spent, at in holds[:SITES]]
    return cells, places


def _wait(row):
    waited = [duration(row["waited"][key]) for key in ("total", "max", "p99")]
    [site] = row["waiting"]
    place = _place(*_site(site))
    return [f"{row['name']} at {place}", str(row["contended"]), *waited], []


def _site(each):
    return each["at"], each["function"], each["through"]


def _place(at, function, through):
    if at is None:
        return function or "an unknown place"
    where = at if function == "<module>" else f"{at} in {function}"
    return f"{where} (through {through})" if through else where


def _line(cells, widths):
    first, *others = zip(cells, widths, strict=True)
    row = f"  {first[0]:<{first[1]}}" + "".join(f"  {cell:>{width}}" for cell, width in others)
    return row.rstrip()


def _is_terminal(stream):
    try:
        return stream.isatty()
    except Exception:  # It is closed.
        return False


def _rich(rows, stream):
    """Return the text that rich makes of it; None where it is not installed."""
    try:
        from rich import box, console, table
        from rich.text import Text
    except ImportError:
        return None
    face = console.Console(file=stream, highlight=False)

    def show(heads, lines, left):
        shown = table.Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for at, head in enumerate(heads):
            if at in left:
                shown.add_column(Text(head), overflow="fold")
            else:
                shown.add_column(Text(head), justify="right", no_wrap=True)
        for line in lines:
            shown.add_row(*(Text(cell, "" if at else "bold") for at, cell in enumerate(line)))
        face.print(shown)

    with face.capture() as drawn:
        face.print(Text(_HEADING, "bold"))
        for heads, lines in _tables(rows):
            show(heads, [cells for cells, _ in lines], {0})
            places = [(cells[0], *place) for cells, all_of in lines for place in all_of]
            if places:
                show(["lock", "", "", "where"], places, {0, 3})
        for each in _rest(rows):
            face.print(Text(each))
    return drawn.get()
