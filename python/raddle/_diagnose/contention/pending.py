"""The waits that go on, as the contention profile counts them: what they have lasted so far."""

import time

from raddle._diagnose.program import made_at, stack
from raddle._diagnose.report import sentences

_NEVER = (0, 0.0, 0.0, 0.0)


def added(tallies, waited, since, teller=None):
    """Add the waits that go on to what `_tallies()` and `_waited()` gave; return both.

    Nothing before `since`, in seconds of time.monotonic(), is counted. `teller` is the ident of
    the thread for which this is told in another one, and what that had waited for before.
    """
    from raddle import _raddle

    rows = {(row[0], row[1] or row[2]): row for row in tallies}
    waited = list(waited)
    for kind, value, place, lasting in _going_on(since, *(teller or (None, ()))):
        if kind not in sentences.LOCKS:
            waited.append((kind, place, (1, lasting, lasting, lasting)))
        elif value is not None and (known := _raddle._counted(value)) is not None:
            name, made, holder = known
            row = rows.get((kind, name or made))
            if row is None:
                row = (kind, name, made, 1, 0, _NEVER, (0, 0.0, 0.0), [], [])
            rows[kind, name or made] = _longer(row, place, holder, lasting)
    return list(rows.values()), waited


def _longer(row, place, holder, lasting):
    kind, name, made, count, taken, (times, total, longest, p99), held, waits, holds = row
    waited = times + 1, total + lasting, max(longest, lasting), max(p99, lasting)
    waits = [*waits, (place, holder, (1, lasting, lasting))]
    return kind, name, made, count, taken, waited, held, waits, holds


def _going_on(since, teller, before):
    """Return (kind, object, place, seconds) of the waits that the program's threads are in."""
    found = []
    with stack.Moment() as moment:
        now = time.monotonic()
        waits = [each for each in moment.waits if each[0] != teller]
        for ident, kind, value, _, began, _ in [*waits, *before]:
            seen = moment.of(ident)
            if not seen:
                continue  # A worker that has nothing to do, or a thread of raddle's own.
            found.append((kind, value, made_at.of(seen), max(0.0, now - max(began, since))))
    return found
