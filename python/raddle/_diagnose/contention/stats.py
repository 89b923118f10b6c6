"""The contention profile: how often locks were taken, how long they were waited for and held.

The counting is the core's (crates/raddle/src/contention). Here it is read; at_exit.py writes it
at the end of a process that `raddle run --profile` became.
"""

import errno
import os
import stat

VARIABLE = "RADDLE_PROFILE"  # TABLE, or where the profile goes: an absolute path
TABLE = "table"
_WRITE = os.O_WRONLY | getattr(os, "O_CLOEXEC", 0)

_on = False
_switched_on = 0.0  # when, in seconds of time.monotonic(); 0: from the start

_CALLS = {
    "condition": "Condition.wait()",
    "semaphore": "Semaphore.acquire()",
    "event": "Event.wait()",
    "barrier": "Barrier.wait()",
    "queue get": "Queue.get()",
    "queue put": "Queue.put()",
    "queue join": "Queue.join()",
    "thread join": "Thread.join()",
    "future": "Future.result()",
    "futures": "wait() for futures",
    "pool": "a pool's results",
    "work": "a task to run",
    "other": "something else",
}


def stats():
    """Return what the contention profile has counted so far, the most waited for first.

    A list of dicts, ready for json.dumps(); all times are in seconds. Each is for a group of
    locks (those of one name or, without a name, those made at one place): its "kind" ("lock",
    "rlock"), "name" (without one: the variable there), where it was "made" ("file:line"), how
    many locks it has ("count"), their "acquisitions" and how often one was "contended", how
    long it was "waited" for ("total", "max", and "p99" of the waits) and "held" ("total",
    "max"), and where: "waiting" and "holding" are lists of dicts with "at" ("file:line"),
    "function", "count", "total" and "max"; those of "waiting" have where the lock had been
    taken by the line that held it ("held_at"), too. Where a library waits for the program, "at"
    is the line that called it, and "through" the library's. ("at" is None where it is unknown,
    and at the end, when "function" is "the program's exit".) Other waits have a dict for each
    kind ("event", "queue get", ...) and place, in which "made", "count", "acquisitions" and
    "held" are None.

    Empty unless raddle.configure(profile=True) or `raddle run --profile` has switched it on.
    The standard library has no counterpart.
    """
    return rows()


def rows(teller=None):
    """Return what stats() does; in another thread than that for which it is told, `teller`."""
    from raddle import _raddle
    from raddle._diagnose.contention import pending

    locks, waits = _raddle._tallies(), _raddle._waited()
    if _on:
        locks, waits = pending.added(locks, waits, _switched_on, teller)
    return sorted([*(_lock(*each) for each in locks), *_waits(waits)], key=_order)


def count_from_the_start():
    """Note that RADDLE_PROFILE in the environment has switched the profile on."""
    global _on
    _on = True


def check(on):
    """Switch the profile on or off, for locks that are made from now on and for other waits."""
    global _on, _switched_on
    import time

    from raddle import _raddle

    if on and not _on:
        _switched_on = time.monotonic()
    _on = on
    _raddle._profile(on)


def _order(row):
    return -row["waited"]["total"], -(row["acquisitions"] or 0), row["name"], row["made"] or ""


def _lock(kind, name, made, count, acquisitions, waited, held, waits, holds):
    from raddle._diagnose.program import made_at

    return {
        "kind": kind,
        "name": made_at.lock(kind, name, made),
        "made": _at(made)["at"],
        "count": count,
        "acquisitions": acquisitions,
        "contended": waited[0],
        "waited": _times(*waited),
        "held": {"total": held[1], "max": held[2]},
        "waiting": _merged(
            (_at(site) | {"held_at": _at(holder)["at"]}, spent) for site, holder, spent in waits
        ),
        "holding": _merged((_at(site), spent) for site, spent in holds),
    }


def _waits(waits):
    """Return a row for each kind and line."""
    rows = {}
    for kind, site, (count, total, longest, p99) in waits:
        at = _at(site)
        row = {
            "kind": kind,
            "name": _CALLS[kind],
            "made": None,
            "count": None,
            "acquisitions": None,
            "contended": count,
            "waited": _times(count, total, longest, p99),
            "held": None,
            "waiting": [at | {"held_at": None, "count": count, "total": total, "max": longest}],
            "holding": [],
        }
        known = rows.setdefault((kind, *at.values()), row)
        if known is not row:  # Twice in one line.
            known["contended"] += count
            for sums in known["waited"], known["waiting"][0]:
                sums["total"] += total
                sums["max"] = max(sums["max"], longest)
            known["waited"]["p99"] = max(known["waited"]["p99"], p99)
            known["waiting"][0]["count"] += count
    return list(rows.values())


def _times(_, total, longest, p99):
    return {"total": total, "max": longest, "p99": p99}


def _at(place):
    from raddle._diagnose.program import made_at

    if place is None or made_at.is_exit(place):
        function = "the program's exit" if place else None
        return {"at": None, "function": function, "through": None}
    through = made_at.through(place)
    return {"at": made_at.shown(place), "function": place[2], "through": through}


def _merged(sites):
    """Add up what belongs to one line; return the longest total first."""
    found = {}
    for at, (count, total, longest) in sites:
        row = found.setdefault(tuple(at.values()), at | {"count": 0, "total": 0.0, "max": 0.0})
        row["count"] += count
        row["total"] += total
        row["max"] = max(row["max"], longest)
    return sorted(
        found.values(), key=lambda row: (-row["total"], -row["count"], str(row["at"]))
    )


def refusal(path):
    """Return why a profile cannot be written there, or None; leaves nothing behind."""
    try:
        facts = os.stat(path)
    except FileNotFoundError:
        facts = None
    except OSError as error:
        return error.strerror
    try:
        if facts is None:
            os.close(os.open(path, _WRITE | os.O_CREAT | os.O_EXCL, 0o666))
            os.unlink(path)
        elif stat.S_ISREG(facts.st_mode):
            os.close(os.open(path, _WRITE))
        elif stat.S_ISDIR(facts.st_mode):
            return os.strerror(errno.EISDIR)
        elif not os.access(path, os.W_OK):
            return os.strerror(errno.EACCES)
    except OSError as error:
        return error.strerror
    return None
